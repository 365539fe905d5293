"""Bytes become text: UTF-8, UTF-16 or GB18030, as declared or, when nothing is, as they prove to be."""

import codecs
import re

from schemas.errors import Invalid, UnsupportedMedia

_ENCODINGS = {
    "utf-8": ("utf-8", "utf8", "utf-8-sig", "us-ascii", "ascii"),
    "utf-16": ("utf-16", "utf16"),
    "utf-16-le": ("utf-16le", "utf-16-le"),
    "utf-16-be": ("utf-16be", "utf-16-be"),
    "gb18030": ("gb18030", "gbk", "x-gbk", "gb2312", "gb_2312-80", "cp936", "ms936", "windows-936", "euc-cn"),
}
_LABELS = {label: name for name, labels in _ENCODINGS.items() for label in labels}
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_XML_DECLARATION = re.compile(rb"""\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]{1,40})["']""")


def encoding_named(label: str) -> str:
    """
    Return the encoding a label stands for, or raise `UnsupportedMedia`.

    GBK and GB2312 are read as GB18030, which holds both: senders write the
    smaller name and send the larger set.
    """
    found = _LABELS.get(label.strip().lower())
    if found is None:
        raise UnsupportedMedia(
            f"A call is not read in the encoding {label[:40]!r}.",
            pointer="header:content-type",
            supported=sorted(_ENCODINGS),
        )
    return found


def declared_in_xml(raw: bytes) -> str | None:
    """Return the encoding an XML declaration names; a document in UTF-16 shows it by its mark."""
    found = _XML_DECLARATION.match(raw, 0)
    return found[1].decode() if found else None


def decode(raw: bytes, declared: str | None = None) -> str:
    """
    Return the text of a body without its byte order mark.

    A mark decides, then what was declared, strictly. When neither says
    anything, it is UTF-8 if it can be, else GB18030: text in GB18030 is
    hardly ever valid UTF-8, but UTF-8 often passes for GB18030.
    Raises `Invalid` when the bytes are no text in it.
    """
    for mark, name in _MARKS:
        if raw.startswith(mark):
            return _strictly(raw[len(mark) :], (name,))
    if declared is None:
        return _strictly(raw, ("utf-8", "gb18030"))
    name = encoding_named(declared)
    if name == "utf-16":
        raise Invalid("UTF-16 needs a byte order mark, or the label UTF-16LE or UTF-16BE.", pointer="")
    return _strictly(raw, (name,))


def unmarked(raw: bytes) -> bytes:
    """Return a body that is read byte by byte in UTF-8 when it bears a mark, else as it is."""
    return decode(raw).encode() if raw.startswith(tuple(mark for mark, _ in _MARKS)) else raw


def _strictly(raw: bytes, names: tuple[str, ...]) -> str:
    for name in names:
        try:
            return raw.decode(name).removeprefix("\ufeff")
        except UnicodeDecodeError:
            continue
    raise Invalid(f"The body is no text in {' or '.join(names)}.", pointer="")
