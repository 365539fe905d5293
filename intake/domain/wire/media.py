"""Content-Type: which format a body is in, and which encoding it says it has."""

import re
from enum import StrEnum

from schemas.errors import UnsupportedMedia

_PARAMETER = re.compile(r';\s*([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))')


class Wire(StrEnum):
    """The formats a hotline may send a call in."""

    JSON = "json"
    XML = "xml"
    FORM = "form"
    MULTIPART = "multipart"
    CSV = "csv"


MEDIA_TYPES = {
    "application/json": Wire.JSON,
    "text/json": Wire.JSON,
    "application/x-ndjson": Wire.JSON,
    "application/ndjson": Wire.JSON,
    "application/xml": Wire.XML,
    "text/xml": Wire.XML,
    "application/x-www-form-urlencoded": Wire.FORM,
    "multipart/form-data": Wire.MULTIPART,
    "text/csv": Wire.CSV,
    "application/csv": Wire.CSV,
}
_SUFFIXES = {"+json": Wire.JSON, "+xml": Wire.XML}


def parameters(header: str) -> dict[str, str]:
    """Return the parameters of a header value, names in small letters; of two alike, the first."""
    found: dict[str, str] = {}
    for name, quoted, plain in _PARAMETER.findall(header):
        found.setdefault(name.lower(), re.sub(r"\\(.)", r"\1", quoted) or plain)
    return found


def wire_of(header: str) -> Wire:
    """Return the format a Content-Type names, or raise `UnsupportedMedia` with those there are."""
    media_type = header.partition(";")[0].strip().lower()
    wire = MEDIA_TYPES.get(media_type) or next(
        (each for suffix, each in _SUFFIXES.items() if media_type.endswith(suffix)), None
    )
    if wire is None:
        raise UnsupportedMedia(
            f"A call is not read from {media_type[:80] or 'a body without a type'}.",
            pointer="header:content-type",
            supported=sorted(MEDIA_TYPES),
        )
    return wire
