"""Free text as a handling department reads it: without the numbers and names that say who called."""

import re
from collections.abc import Mapping
from typing import Any

PHONE, ID_NUMBER, NAME = "[电话]", "[证件号]", "[姓名]"
POLITE = ("先生", "女士", "小姐", "阿姨", "大爷", "老师")
PARTS = ("name", "phone", "id_number")

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
        text = text.replace(each, NAME)
    return _PHONE.sub(lambda found: found["id"] or PHONE, _ID.sub(ID_NUMBER, text))


def names_in(caller: Mapping[str, Any]) -> tuple[str, ...]:
    """
    Return what a text must not say of a caller, the longest first, from the caller as it is stored.

    An enterprise's name is public, and 王女士 is how a caller is shown anyway, unless they are withheld.
    """
    people = [caller, caller.get("proxy") or {}]
    said = {str(each[part]) for each in people for part in PARTS if each.get(part)}
    if not caller.get("withheld"):
        said = {each for each in said if not each.endswith(POLITE)}
        if caller.get("type") == "enterprise":
            said.discard(caller.get("name") or "")
    return tuple(sorted((each for each in said if len(each) > 1), key=len, reverse=True))
