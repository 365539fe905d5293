"""What the operator wrote into a text for the office: respond within so many minutes, and who should."""

import re

from intake.domain.evidence import Evidence
from schemas.named_units import DEED, END, named_units

FIELD = "hint"
OPERATORS_LINE = "operators_line"
UNIT_NAMED = "unit"

_TIME = r"(?:[0-9]{1,3}|[一二两三四五六七八九十]{1,3}|半)\s*个?\s*(?:分钟|小时)"
_OPERATORS_LINE = re.compile(
    rf"请[^请{END}]{{0,24}}?{_TIME}[^{END}]{{0,16}}?(?:{DEED})[^{END}]{{0,16}}|{_TIME}\s*(?:紧急)?办件"
    rf"|(?<=[（(]){_TIME}内[^{END}]{{0,20}}?(?:{DEED})[^{END}]{{0,16}}"
    rf"|请[^请{END}]{{0,24}}?响应\s*[，,、并]?\s*处置"
)


def hints(text: str) -> list[Evidence]:
    """
    Return the operator's line and the units a text asks to act, as evidence.

    They are recognised, never taken out: the text is stored as it was said. A
    unit that is no name (职能局, 有关部门) is passed over.
    """
    timed = "分钟" in text or "小时" in text
    if "请" not in text and not timed:
        return []
    found: dict[tuple[str, str], Evidence] = {}
    if timed or "响应" in text:
        for match in _OPERATORS_LINE.finditer(text):
            found.setdefault((OPERATORS_LINE, ""), Evidence(FIELD, OPERATORS_LINE, "text", match[0]))
    for match in named_units(text):
        unit = match["unit"]
        found.setdefault((UNIT_NAMED, unit), Evidence(f"{FIELD}.{UNIT_NAMED}", unit, "text", match[0]))
    return list(found.values())
