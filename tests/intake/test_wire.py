"""Bytes become a record: each format by its rules, and never anything but a record or a refusal."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from intake.defaults import rows, shipped_mapping
from intake.domain.catalogue import Catalogue, Division, Hotline
from intake.domain.mapping import Mapping, record_of
from intake.domain.normalize import normalize_record
from intake.domain.wire.body import read_body
from intake.domain.wire.media import MEDIA_TYPES, Wire
from schemas.errors import HotlineError, Invalid, UnsupportedMedia
from tests.inprocess import InProcess
from tests.intake.payloads import EXAMPLES

SHIPPED = sorted({each.hotline for each in EXAMPLES})
CATALOGUE = Catalogue.of(
    [Hotline(number, number, "", "own") for number in SHIPPED],
    {str(row["code"]): str(row["name"]) for row in rows("categories")},
    [Division(*(row[name] for name in ("code", "level", "name", "parent"))) for row in rows("divisions")],  # type: ignore[arg-type]
)
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030", "latin-1", "utf-32", "big5"]
CHARSETS = ["", "; charset=utf-8", "; charset=gbk", "; charset=utf-16", "; charset=utf-16le", "; charset=x"]
HEADERS = st.one_of(
    st.none(),
    st.text(st.characters(codec="latin-1"), max_size=40),
    st.builds(
        lambda media, charset: media + charset,
        st.sampled_from([*MEDIA_TYPES, "multipart/form-data; boundary=x", "text/plain", "image/png"]),
        st.sampled_from(CHARSETS),
    ),
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


WORDS = st.text(min_size=1, max_size=20)
SAID = WORDS | WORDS | VALUES


def paths_of(mapping: Mapping) -> list[str]:
    sources = [*mapping.fields.values(), *(mapping.report or {}).values(), *(mapping.linkage or {}).values()]
    return sorted({path for source in sources for path in source.every_path} | set(mapping.division_names))


@st.composite
def records(draw: st.DrawFn) -> tuple[str, Any]:
    """A record with the members a shipped mapping reads, whatever they hold."""
    number = draw(st.sampled_from(SHIPPED))
    mapping = shipped_mapping(number)
    record: dict[str, Any] = {}
    wanted = draw(st.lists(st.sampled_from(paths_of(mapping)), max_size=8))
    for path in [*mapping.fields["text"].every_path, *wanted]:
        here: dict[str, Any] = record
        *outer, last = path.split(".")
        for step in outer:
            inner = here.setdefault(step, {})
            here = inner if isinstance(inner, dict) else {}
        here[last] = draw(SAID)
    for step in reversed(mapping.root.split(".") if mapping.root else []):
        record = {step: record}
    return number, record


def as_xml(value: Any, name: str = "a") -> str:
    """XML as a careless sender writes it: nothing is escaped."""
    if isinstance(value, dict):
        return f"<{name}>{''.join(as_xml(each, key) for key, each in value.items())}</{name}>"
    if isinstance(value, list):
        return "".join(as_xml(each, name) for each in value)
    return f"<{name}>{value}</{name}>"


def as_form(value: Any, name: str = "") -> str:
    if isinstance(value, dict):
        return "&".join(as_form(each, f"{name}[{key}]" if name else key) for key, each in value.items())
    if isinstance(value, list):
        return "&".join(as_form(each, name) for each in value)
    return f"{quote_plus(name, errors='replace')}={quote_plus(str(value), errors='replace')}"


def as_csv(value: Any) -> str:
    cells = value if isinstance(value, dict) else {"a": value}
    return ",".join(map(str, cells)) + "\n" + ",".join(f'"{each}"' for each in cells.values()) + "\n"


WRITERS: dict[str, Callable[[Any], str]] = {
    "application/json": lambda value: json.dumps(value, ensure_ascii=False),
    "text/json": json.dumps,
    "application/xml": as_xml,
    "application/x-www-form-urlencoded": as_form,
    "text/csv": as_csv,
}


@st.composite
def bodies(draw: st.DrawFn) -> tuple[str, bytes, str | None]:
    """A hotline, a body and its Content-Type: a record in some format and encoding, cut or not, or noise."""
    number, record = draw(records())
    if draw(st.integers(0, 9)) == 0:
        return number, draw(st.binary(max_size=200)), draw(HEADERS)
    header = draw(st.sampled_from(sorted(WRITERS)))
    encoding = draw(st.sampled_from(["utf-8", "utf-8", "gb18030", *ENCODINGS]))
    raw = WRITERS[header](record).encode(encoding, "replace")
    if draw(st.integers(0, 9)) == 0:
        raw = raw[: len(raw) // 2]
    charset = draw(st.sampled_from(["", "", "", *CHARSETS]))
    return number, raw, draw(HEADERS) if draw(st.integers(0, 9)) == 0 else header + charset


@settings(max_examples=400, deadline=None)
@given(raw=st.binary(max_size=300), header=HEADERS)
@example(raw=b"\x00", header="application/x-www-form-urlencoded")
@example(raw=b"%00=%00", header="application/x-www-form-urlencoded")
@example(raw=b"\xff\xfe<\x00a\x00", header="text/xml")
@example(raw=b"\xef\xbb\xbf\xef\xbb\xbf{}", header="application/json")
def test_any_bytes_are_a_record_or_a_refusal(raw: bytes, header: str | None) -> None:
    refused = None
    try:
        read_body(raw, header)
    except HotlineError as refusal:
        refused = refusal
    assert refused is None or 400 <= refused.status < 500


@settings(max_examples=400, deadline=None)
@given(sent=bodies())
def test_any_body_is_a_call_that_can_be_stored_or_a_refusal(sent: tuple[str, bytes, str | None]) -> None:
    number, raw, header = sent
    mapping = shipped_mapping(number)
    stored, refused = "", None
    try:
        record = record_of(read_body(raw, header, mapping.usual_wire, mapping.usual_encoding), mapping)
        stored = normalize_record(record, mapping, CATALOGUE).call.model_dump_json()
    except HotlineError as refusal:
        refused = refusal
    assert refused is None or 400 <= refused.status < 500
    assert "\\u0000" not in stored
    stored.encode()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sent=bodies())
async def test_any_body_is_answered_and_kept(hotline: InProcess, sent: tuple[str, bytes, str | None]) -> None:
    number, raw, header = sent
    before = (await hotline.rows("SELECT coalesce(max(id), 0) AS id FROM source_calls"))[0].id
    headers = {b"content-type": header.encode("latin-1")} if header else {}
    answer = await (await hotline.client()).post(f"/v1/calls/{number}", content=raw, headers=headers)
    kept = await hotline.rows("SELECT raw, ticket_id, fault FROM source_calls WHERE id > :id", id=before)
    assert [each.raw for each in kept] == [raw]
    if answer.status_code < 300:
        assert kept[0].ticket_id == answer.json()["id"]
    else:
        assert 400 <= answer.status_code < 500
        assert answer.headers["content-type"] == "application/problem+json"
        assert kept[0].fault.startswith(answer.json()["code"])


def test_numbers_keep_every_digit_they_were_written_with() -> None:
    sent = b'{"id": 12345678901234567890123, "price": 1.10, "zero": -0.0, "big": 1e400}'
    assert read_body(sent, "application/json") == {
        "id": "12345678901234567890123",
        "price": "1.10",
        "zero": "-0.0",
        "big": "1e400",
    }


def test_xml_attributes_repeated_elements_and_text_have_their_places() -> None:
    sent = b'<r><a k="1">t</a><b/><c>1</c><c>2</c><n:d xmlns:n="u"><n:e>x</n:e></n:d></r>'
    assert read_body(sent, "text/xml") == {
        "a": {"@k": "1", "#text": "t"},
        "b": "",
        "c": ["1", "2"],
        "d": {"e": "x"},
    }


def test_the_encoding_of_an_xml_declaration_holds_unless_the_header_says_otherwise() -> None:
    raw = '<?xml version="1.0" encoding="GBK"?><a><b>海口</b></a>'
    assert read_body(raw.encode("gbk"), "text/xml") == {"b": "海口"}
    assert read_body(raw.encode("utf-8"), "text/xml; charset=utf-8") == {"b": "海口"}
    assert read_body(raw.replace("GBK", "UTF-16").encode("utf-16"), "text/xml") == {"b": "海口"}


@pytest.mark.parametrize(
    "attack",
    [
        '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        '<!DOCTYPE a [<!ENTITY x "xx"><!ENTITY y "&x;&x;">]><a>&y;</a>',
        '<!DOCTYPE a [<!ENTITY % p SYSTEM "http://127.0.0.1/x"> %p;]><a/>',
        "<a>&undeclared;</a>",
        "<a>" + "<b/>" * 20_001 + "</a>",
    ],
)
def test_xml_with_entities_a_document_type_or_too_many_elements_is_refused(attack: str) -> None:
    with pytest.raises(Invalid):
        read_body(attack.encode(), "application/xml")


def test_form_fields_nest_by_brackets_and_dots_and_repeat_as_lists() -> None:
    sent = b"a.b=1&a[c]=2&d=3&d=4&e[0][x]=5&e[1][x]=6&f=&g=%E6%B5%B7+%2B"
    assert read_body(sent, "application/x-www-form-urlencoded") == {
        "a": {"b": "1", "c": "2"},
        "d": ["3", "4"],
        "e": [{"x": "5"}, {"x": "6"}],
        "f": "",
        "g": "海 +",
    }


def test_a_csv_cell_may_hold_line_breaks_and_commas() -> None:
    assert read_body('甲,乙\r\n"一,\n二",三\r\n\r\n'.encode(), "text/csv") == {"甲": "一,\n二", "乙": "三"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("wire", [Wire.JSON, Wire.XML, Wire.CSV, Wire.FORM])
def test_text_is_the_same_in_every_encoding_a_body_proves_to_have(wire: Wire, encoding: str) -> None:
    text = "海秀街道路灯不亮\U0002070e"
    written = {
        Wire.JSON: json.dumps({"a": text}, ensure_ascii=False),
        Wire.XML: f"<r><a>{text}</a></r>",
        Wire.CSV: f"a\n{text}\n",
        Wire.FORM: f"a={text}",
    }[wire]
    assert read_body(written.encode(encoding), None, wire) == {"a": text}


def test_a_charset_that_is_declared_is_not_second_guessed() -> None:
    sent = '{"a":"海口"}'.encode("gb18030")
    with pytest.raises(Invalid, match="utf-8"):
        read_body(sent, "application/json; charset=utf-8")
    assert read_body(sent, "application/json; charset=GB2312") == {"a": "海口"}
    with pytest.raises(UnsupportedMedia):
        read_body(sent, "application/json; charset=koi8-r")


def test_a_body_too_deep_is_refused_and_the_deepest_allowed_is_not() -> None:
    read_body(b'{"a":' + b"[" * 62 + b"]" * 62 + b"}", "application/json")
    with pytest.raises(Invalid, match="deeper"):
        read_body(b'{"a":' + b"[" * 64 + b"]" * 64 + b"}", "application/json")
    read_body(b"<a>" * 64 + b"</a>" * 64, "text/xml")
    with pytest.raises(Invalid, match="levels"):
        read_body(b"<a>" * 65 + b"</a>" * 65, "text/xml")
