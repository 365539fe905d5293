"""Free text as a handling department reads it: without the numbers and names that say who called."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

PHONE, ID_NUMBER, NAME = "[电话]", "[证件号]", "[姓名]"
POLITE = ("先生", "女士", "小姐", "阿姨", "大爷", "老师")
PARTS = ("name", "phone", "id_number")

CODES = frozenset(
    {
        *("hotline", "category", "division", "places", "kept_by", "reopens", "statutory_procedure", "parent"),
        *("department", "from_department", "competent", "lead", "co_handlers", "cc", "candidates", "helpers"),
        *("returned_by", "improper", "parties", "excluded", "rule", "role", "kind", "binding", "outcome"),
        *("clock", "stage", "level", "card", "receiver", "effect", "version", "valid_from", "unit"),
        *("procedure", "url", "sha256"),
    }
)
"""Fields that hold words of ours or a number, by which programs go: nobody writes there what they like."""

OPEN = frozenset({"attributes", "changed"})
"""Fields whose own names are no fields of ours: all that is in them is text."""

_GAP = r"[\s-]?"
_DAY = r"\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_ID = re.compile(
    rf"(?<![0-9A-Za-z])[1-9]\d{{5}}(?:(?:19|20){_DAY}\d{{3}}[\dXx]|{_DAY}\d{{3}})(?![0-9A-Za-z])"
)
_UUID = r"(?<![0-9A-Za-z])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9A-Za-z])"
_PHONE = re.compile(
    rf"(?P<id>{_UUID})"
    rf"|(?<!\d)(?:\+?86{_GAP})?1[3-9]\d{_GAP}\d{{4}}{_GAP}\d{{4}}(?!\d)"
    rf"|(?<!\d)(?:\(0\d{{2,3}}\)|0\d{{2,3}}){_GAP}[2-9]\d{{6,7}}(?!\d)"
)


def scrubbed(text: str, hidden: tuple[str, ...] = ()) -> str:
    """
    Return a text without phone numbers, ID numbers and these names (PIPL Art. 6: no more than is needed).

    Whoever must call back asks for the number, and that is logged. A UUID is read as it is,
    also one with digits in it that look like a phone number's.
    """
    for each in hidden:
        text = _said(each).sub(_called(each), text)
    return _PHONE.sub(lambda found: found["id"] or PHONE, _ID.sub(ID_NUMBER, text))


def _called(hidden: str) -> str:
    """Return what stands in the place of a name, or of a number that was hidden like one."""
    if _ID.fullmatch(hidden):
        return ID_NUMBER
    return PHONE if _PHONE.fullmatch(hidden) else NAME


@lru_cache(maxsize=4096)
def _said(name: str) -> re.Pattern[str]:
    """Return what finds a name; one in Latin letters stands alone, and may be written in other cases."""
    before = "(?<![A-Za-z])" if name[0].isascii() and name[0].isalpha() else ""
    after = "(?![A-Za-z])" if name[-1].isascii() and name[-1].isalpha() else ""
    return re.compile(before + re.escape(name) + after, re.IGNORECASE)


def scrubbed_all(value: Any, hidden: tuple[str, ...], codes: frozenset[str] = CODES) -> Any:
    """
    Return a value with every text in it scrubbed, however deep; codes, numbers and moments as they are.

    What is not known to hold a code is taken for text, so a new field says nobody's name.
    """
    if isinstance(value, Mapping):
        return {
            name: each
            if name in codes
            else scrubbed_all(each, hidden, codes if name not in OPEN else frozenset())
            for name, each in value.items()
        }
    if isinstance(value, list | tuple):
        return [scrubbed_all(each, hidden, codes) for each in value]
    return scrubbed(value, hidden) if type(value) is str else value  # an enum's member is a code


def names_in(caller: Mapping[str, Any], former: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """
    Return what a text must not say of a caller, the longest first, from the caller as it is stored.

    And of those a ticket's caller was taken for before it was corrected (`former`). An enterprise's
    name is public, and 王女士 is how a caller is shown anyway, unless the caller is withheld.
    """
    said: set[str] = set()
    for one in (caller, *former):
        people = [one, one.get("proxy") or {}]
        names = {str(each[part]) for each in people for part in PARTS if each.get(part)}
        if one.get("type") == "enterprise" and not caller.get("withheld"):
            names.discard(one.get("name") or "")
        said |= names
    if not caller.get("withheld"):
        said = {each for each in said if not each.endswith(POLITE)}
    return tuple(sorted((each for each in said if len(each) > 1), key=len, reverse=True))
