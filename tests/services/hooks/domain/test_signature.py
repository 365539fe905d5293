"""What the independent library signs is known as its sender's, and nothing else is."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from schemas.hook_errors import BadSignature, SignatureExpired
from services.hooks.domain.signature import TOLERANCE, Signed, check_window, read_signed, signer

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
IDS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="."), min_size=1)


ONE, TWO = ("whsec_" + base64.b64encode(bytes([each]) * 32).decode() for each in (1, 2))


def headers(body: str, *secrets: str, message_id: str = "msg_1", at: datetime = NOW) -> dict[str, str]:
    signatures = [Webhook(each).sign(message_id, at, body) for each in secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def message(body: str, *secrets: str) -> Signed:
    return read_signed(headers(body, *secrets), body.encode())


@given(IDS.filter(lambda each: len(each) <= 200), st.text(st.characters(exclude_categories=["Cs"])))
def test_what_the_library_signs_is_from_the_holder_of_the_secret(message_id: str, body: str) -> None:
    signed = read_signed(headers(body, ONE, message_id=message_id), body.encode())
    assert signer(signed, {TWO: 2, ONE: 1}) == 1
    assert signer(signed, {TWO: 2}) is None


def test_one_good_signature_among_several_is_enough() -> None:
    assert signer(message("{}", ONE, TWO), {TWO: 2}) == 2
    many = headers("{}", ONE)
    many["webhook-signature"] = "v1a,AAAA v2,x " + many["webhook-signature"]
    assert signer(read_signed(many, b"{}"), {ONE: 1}) == 1


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("webhook-id", ""),
        ("webhook-id", "a.b"),  # "a.b" at 5 and "a" at b.5 would be signed alike
        ("webhook-id", "a b"),
        ("webhook-id", "消息"),
        ("webhook-id", "x" * 201),
        ("webhook-id", "x\n"),
        ("webhook-timestamp", ""),
        ("webhook-timestamp", "1.5"),
        ("webhook-timestamp", "-5"),
        ("webhook-timestamp", "١٢٣"),
        ("webhook-timestamp", "9" * 12),
    ],
)
def test_headers_that_are_none_are_refused(header: str, value: str) -> None:
    with pytest.raises(BadSignature):
        read_signed(headers("{}", ONE) | {header: value}, b"{}")


@pytest.mark.parametrize(
    "signature", ["", "v1", "v1,", "v1,!!!!", "v1,AAAA", "v2,AAAA", ",", "v1,AAA=A", "v1,Ä", "V1,AAAA"]
)
def test_a_signature_that_is_none_is_nobodys(signature: str) -> None:
    signed = read_signed(headers("{}", ONE) | {"webhook-signature": signature}, b"{}")
    assert signer(signed, {ONE: 1}) is None


def test_what_is_changed_on_its_way_is_nobodys() -> None:
    good = headers('{"a":1}', ONE)
    for changed in ({"webhook-id": "msg_2"}, {"webhook-timestamp": "1795395601"}):
        assert signer(read_signed(good | changed, b'{"a":1}'), {ONE: 1}) is None
    assert signer(read_signed(good, b'{"a":2}'), {ONE: 1}) is None
    assert signer(read_signed(good, b'{"a":1}'), {}) is None


@pytest.mark.parametrize("off", [TOLERANCE, -TOLERANCE, timedelta()])
def test_five_minutes_either_way_are_in_the_window(off: timedelta) -> None:
    check_window(message("{}", ONE), NOW + off)


@pytest.mark.parametrize("off", [TOLERANCE + timedelta(seconds=1), -TOLERANCE - timedelta(seconds=1)])
def test_a_second_more_is_not_and_both_times_are_told(off: timedelta) -> None:
    with pytest.raises(SignatureExpired) as refusal:
        check_window(message("{}", ONE), NOW + off)
    assert refusal.value.facts == {"signed_at": NOW.isoformat(), "now_at": (NOW + off).isoformat()}
