"""Signatures, checked by the independent library a department would use."""

import base64
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as some
from standardwebhooks import Webhook, WebhookVerificationError

from services.clock import wall_clock
from services.webhooks.domain.signing import SECRET_BYTES, show_secret, signed_headers

SECRET = show_secret(bytes(range(SECRET_BYTES)))
EVENT = UUID("11111111-2222-3333-4444-555555555555")
BODY = '{"type": "ticket.assigned", "data": {"title": "路灯不亮"}}'.encode()


def test_a_signature_is_the_one_the_specification_spells_out() -> None:
    sent_at = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
    stamp = str(int(sent_at.timestamp()))
    digest = hmac.digest(bytes(range(32)), b".".join((str(EVENT).encode(), stamp.encode(), BODY)), "sha256")
    assert signed_headers([SECRET], EVENT, sent_at, BODY) == {
        "webhook-id": str(EVENT),
        "webhook-timestamp": stamp,
        "webhook-signature": "v1," + base64.b64encode(digest).decode(),
        "content-type": "application/json; charset=utf-8",
    }


def test_a_secret_is_shown_with_its_prefix_and_says_all_its_bytes() -> None:
    assert SECRET.startswith("whsec_")
    assert base64.b64decode(SECRET.removeprefix("whsec_")) == bytes(range(SECRET_BYTES))


@given(some.dictionaries(some.text(max_size=20), some.text(max_size=50), max_size=5))
def test_what_is_signed_verifies_whatever_it_says(data: dict[str, str]) -> None:
    body = json.dumps(data, ensure_ascii=False).encode(errors="replace")
    headers = signed_headers([SECRET], EVENT, wall_clock(), body)
    assert Webhook(SECRET).verify(body, headers) == json.loads(body)


@pytest.mark.parametrize(
    ("change", "secret"),
    [
        (lambda headers: {"webhook-id": "11111111-2222-3333-4444-555555555556"}, SECRET),
        (lambda headers: {"webhook-timestamp": str(int(headers["webhook-timestamp"]) - 1)}, SECRET),
        (lambda headers: {"webhook-signature": "v1," + base64.b64encode(bytes(32)).decode()}, SECRET),
        (lambda headers: {}, show_secret(bytes(SECRET_BYTES))),
    ],
    ids=["another id", "another time", "another signature", "another secret"],
)
def test_what_was_changed_on_the_way_does_not_verify(
    change: Callable[[dict[str, str]], dict[str, str]], secret: str
) -> None:
    headers = signed_headers([SECRET], EVENT, wall_clock(), BODY)
    Webhook(SECRET).verify(BODY, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY, {**headers, **change(headers)})


def test_an_old_signature_is_refused_so_real_time_must_be_signed() -> None:
    headers = signed_headers([SECRET], EVENT, datetime(2020, 1, 1, tzinfo=UTC), BODY)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(BODY, headers)
