"""Form fields, URL-encoded or multipart; `a[b]` and `a.b` name a member of a member."""

import re
from typing import Any
from urllib.parse import unquote_to_bytes

from intake.domain.wire.encoding import decode
from intake.domain.wire.media import parameters
from schemas.errors import Invalid

MOST_FIELDS = 1_000
DEEPEST = 16
_BRACKET = re.compile(r"\[([^\[\]]*)\]")
_DISPOSITION = re.compile(rb"^content-disposition:\s*form-data\s*(;.*)$", re.IGNORECASE | re.MULTILINE)


def read_form(raw: bytes, declared: str | None) -> dict[str, Any]:
    """Return the fields of a URL-encoded form; the bytes behind its `%XX` have one encoding."""
    if raw.count(b"&") >= MOST_FIELDS:
        raise Invalid(f"The form has more than {MOST_FIELDS} fields.", pointer="")
    pairs = [each.partition(b"=") for each in raw.strip().split(b"&") if each]
    found = [(_unquoted(name), _unquoted(value)) for name, _, value in pairs]
    return _record(found, declared)


def read_multipart(raw: bytes, header: str, declared: str | None) -> dict[str, Any]:
    """
    Return the text fields of a multipart form; raises `Invalid`.

    A file is refused: photos and recordings are sent as references with the
    digest of their bytes.
    """
    boundary = parameters(header).get("boundary", "")
    if not boundary or not boundary.isascii():
        raise Invalid("The multipart body has no boundary.", pointer="header:content-type")
    mark = b"\r\n--" + boundary.encode()
    parts = (b"\r\n" + raw).split(mark)
    if len(parts) < 3 or not parts[-1].startswith(b"--") or len(parts) > MOST_FIELDS:
        raise Invalid("The multipart body is not whole, or has too many parts.", pointer="")
    return _record([_field(part) for part in parts[1:-1]], declared)


def _field(part: bytes) -> tuple[bytes, bytes]:
    head, separator, value = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
    found = _DISPOSITION.search(head.replace(b"\r\n", b"\n"))
    named = parameters(found[1].decode("latin-1")) if found else {}
    if not separator or not named.get("name"):
        raise Invalid("A part of the multipart body has no name.", pointer="")
    if "filename" in named:
        raise Invalid("Files are not taken; send a reference with the digest of its bytes.", pointer="")
    return named["name"].encode("latin-1"), value


def _unquoted(escaped: bytes) -> bytes:
    return unquote_to_bytes(escaped.replace(b"+", b" "))


def _record(found: list[tuple[bytes, bytes]], declared: str | None) -> dict[str, Any]:
    """Decode all fields alike: what one of them proves of the encoding holds for the others."""
    parts = [part for pair in found for part in pair]
    texts = decode(b"\x00".join(parts), declared).split("\x00") if parts else []
    if len(texts) != len(parts):
        raise Invalid("A form field holds a NUL character.", pointer="")
    record: dict[str, Any] = {}
    for name, value in zip(texts[::2], texts[1::2], strict=True):
        _put(record, name, value)
    return {name: _with_lists(value) for name, value in record.items()}


def _put(record: dict[str, Any], name: str, value: str) -> None:
    steps = [each for each in _BRACKET.sub(r".\1", name).split(".") if each]
    if not steps or len(steps) > DEEPEST:
        raise Invalid("A form field has no name, or a name of too many parts.", pointer="")
    here = record
    for step in steps[:-1]:
        inner = here.setdefault(step, {})
        if not isinstance(inner, dict):
            raise Invalid(f"The form field {name[:80]!r} is both a value and a group.", pointer="")
        here = inner
    known = here.get(steps[-1])
    if isinstance(known, dict):
        raise Invalid(f"The form field {name[:80]!r} is both a value and a group.", pointer="")
    if known is None:
        here[steps[-1]] = value
    else:
        here[steps[-1]] = [*(known if isinstance(known, list) else [known]), value]


def _with_lists(value: Any) -> Any:
    """Return a group whose members are 0, 1, 2 … as the list it stands for."""
    if not isinstance(value, dict):
        return value
    inner = {name: _with_lists(each) for name, each in value.items()}
    return list(inner.values()) if list(inner) == [str(index) for index in range(len(inner))] else inner
