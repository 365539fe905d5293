"""Text to match with: one writing and one width, so that what was typed otherwise is found all the same."""

import re

from schemas.traditional import SIMPLIFIED

_ALNUM = [code for code in range(0x21, 0x7F) if chr(code).isalnum()]
_FULL_WIDTH = {chr(code + 0xFEE0): chr(code) for code in _ALNUM}
_FOLDED = str.maketrans({**SIMPLIFIED, **_FULL_WIDTH})
_TO_FOLD = re.compile(f"[{''.join(SIMPLIFIED)}{''.join(_FULL_WIDTH)}]")


def folded(text: str) -> str:
    """Return text to match with: simplified characters, letters and digits half as wide; never stored."""
    return text if _TO_FOLD.search(text) is None else text.translate(_FOLDED)
