"""The characters of a text: what cannot be seen goes, everything that was said stays."""

import re

from schemas.folding import folded

__all__ = ["clean", "folded", "one_line"]

_BLANK = " \t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_ENDS = "\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029"
_LINE_END = re.compile(f"\r\n|[{_ENDS}]")
_PICTURE = "[\u2190-\u2bff\ufe0f\U0001f000-\U0001faff]"
_HIDDEN = (
    "\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\u00ad\u061c\u180e\u200b\u200c\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"
)
# A zero-width joiner between two pictures makes one of them; anywhere else it hides.
_UNSEEN = re.compile(f"[{_HIDDEN}]|(?<!{_PICTURE})\u200d|\u200d(?!{_PICTURE})")
_HALF_PAIR = re.compile("[\ud800-\udfff]")
_BLANKS = re.compile(f"([{_BLANK}])[{_BLANK}]+")
_LINE_TAIL = re.compile(f"[{_BLANK}]+\n")
_EMPTY_LINES = re.compile("\n{3,}")
_UNTIDY = re.compile(f"[{_HIDDEN}{_ENDS}\u200d\ud800-\udfff]|[{_BLANK}][{_BLANK}\n]|\n\n\n")


def clean(text: str) -> str:
    """
    Return text without what no reader can see: control and zero-width characters, repeated blanks.

    Lines stay lines, at most one of them empty. Half a surrogate pair, which
    nothing can store, becomes U+FFFD. Width and writing stay as they were.
    """
    if (text.isprintable() and "  " not in text) or _UNTIDY.search(text) is None:
        return text.strip()
    if _HALF_PAIR.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    text = _UNSEEN.sub("", _LINE_END.sub("\n", text))
    text = _LINE_TAIL.sub("\n", _BLANKS.sub(r"\1", text))
    return _EMPTY_LINES.sub("\n\n", text).strip()


def one_line(text: str) -> str:
    """Return clean text as one line."""
    if text.isprintable() and "  " not in text:
        return text.strip()
    return " ".join(clean(text).split())
