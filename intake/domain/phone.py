"""A phone number out of what stands in the field, in E.164; what cannot be dialled stays as it was given."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple
from unicodedata import normalize as unicode_normalize

import phonenumbers

from intake.domain.evidence import Evidence, Problem
from intake.domain.text import clean

REGION = "CN"
AREA_CODE = "0898"
REMEMBERED = 4096
FIELD = "caller.phone"

ABSENT = "absent"
WITHHELD = "withheld"
IN_CONFIDENCE = "in_confidence"

_MOBILE = re.compile(r"(?:\+86)?(1[3-9][0-9]{9})").fullmatch
_DASHES = "-‐‑‒–—―−"
_GAP = rf"[{_DASHES}._\s]?"
_JOIN = rf"(?:\s?[{_DASHES}.~_/]\s?|\s)?"  # between an area code and its line
_COUNTRY = rf"(?:\+|00)?86{_GAP}"
_NUMBER = re.compile(
    rf"""(?<![0-9*])(?:
      (?:{_COUNTRY})?0?(?P<mobile>1{_GAP}[3-9](?:{_GAP}[0-9]){{9}})
    | (?:{_COUNTRY})?(?P<toll>[48]00(?:{_GAP}[0-9]){{7}})
    | (?:{_COUNTRY}\(?0?|\(?0)(?P<area>10|2[0-9]|[3-9][0-9]{{2}})\)?{_JOIN}
      (?P<line>[2-9](?:{_GAP}[0-9]){{6,7}})
    | (?P<local>[2-9][0-9]{{3}}{_GAP}[0-9]{{4}})
    | (?P<foreign>(?:\+|00)[1-9](?:[-.\s()]*[0-9]){{5,14}})
    | (?P<nearby>85[23]{_GAP}[0-9]{{8}}|886{_GAP}9?[0-9]{{8}})
    )(?:(?:[\s,;、(]*(?:转?分机号?|转|ext\.?=?)|\s*(?:\#|x|-))[\s:]*(?P<extension>[0-9]{{1,6}}))?(?![0-9*])""",
    re.VERBOSE | re.IGNORECASE,
)
_AREA_BEFORE = re.compile(r"(?<![0-9])(0[0-9]{2,3})[^0-9]{1,6}$")
_SHORT = re.compile(r"1[0-2][0-9]{1,4}|9[56][0-9]{3,6}").fullmatch
_MASKED = re.compile(r"[0-9][*xX#•·●○]{2,}[0-9]|[0-9]{3}[*xX#•·●○]{3,}$|^[*xX#•·●○]{3,}[0-9]{2}")
_NUMBER_WORD = "(?:联系)?(?:电话|手机|方式|号码|来电)(?:号码?)?"
_ABSENT = re.compile(
    rf"[*\-—_/\\.?]+|0{{1,16}}|(?:暂无|暂缺|无|没有|没|未留|未填写?|未登记|未提供|空|不详|未知|不知)(?:{_NUMBER_WORD})?|"
    rf"{_NUMBER_WORD}(?:暂无|无|没有|空|不详|未知|未提供|未留)|(?:网络|微信|网站|公众号|短信|邮件|信件|来信|来访)(?:来电|渠道|来件|来信)?|"
    r"unknown|unavailable|null|none|nan|nil|n/?a|undefined",
    re.IGNORECASE,
).fullmatch
_WITHHELD = re.compile(
    rf"(?:隐藏|私人|私密|匿名|不留|不提供|不公开|拒绝提供)(?:{_NUMBER_WORD})?|{_NUMBER_WORD}(?:已?隐藏|不公开|不显示)|"
    rf"无主叫|(?:无|未|不|无法)(?:来电)?显示(?:{_NUMBER_WORD})?|不(?:愿意?|便|想|肯|方便)(?:提供|留)(?:{_NUMBER_WORD})?|"
    r"private(?: number)?|anonymous|withheld|restricted|blocked|clir|no caller id",
    re.IGNORECASE,
).fullmatch
_SECRET = re.compile(
    rf"(?:{_NUMBER_WORD}|身份|姓名|信息)?(?:要求|需要?|请)?(?:予以)?保密(?:{_NUMBER_WORD})?|隐私(?:{_NUMBER_WORD})?|"
    rf"(?:不(?:愿意?|便|想|肯|方便)|拒绝)透露(?:{_NUMBER_WORD})?|confidential",
    re.IGNORECASE,
).fullmatch
_DAY = re.compile(r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])").fullmatch
_WRAPPING = " \t()[]{}<>【】《》「」:,;.。、/|-—和或及与转"


class Dialled(NamedTuple):
    """A number that can be dialled and where it stood."""

    number: str
    words: str
    kind: str


@dataclass(frozen=True, slots=True)
class Phone:
    """
    What a phone field said: the number, `said` beside it (a name, perhaps), and what else it showed.

    `secret` when it asks for confidence instead (保密).
    """

    number: str | None
    said: str = ""
    others: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    problems: tuple[Problem, ...] = ()
    secret: bool = False


NOTHING = Phone(None)


def phone(given: str | None) -> str | None:
    """Return the number in E.164, None when it is withheld, or as given when it cannot be dialled."""
    return None if given is None else mobile(given) or read_phone(given).number


def mobile(given: str) -> str | None:
    """Return a plain mobile number in E.164, or None if it needs `read_phone`: most calls end here."""
    found = _MOBILE(given)
    return None if found is None else f"+86{found[1]}"


def read_phone(given: str) -> Phone:
    """
    Return what a phone field says; numbers of this country and this city need no prefix.

    An extension follows as RFC 3966 writes it: `+8689866662222;ext=801`.
    """
    number = mobile(given)
    return _read(given) if number is None else Phone(number)


@lru_cache(REMEMBERED)
def _read(given: str) -> Phone:
    said = clean(unicode_normalize("NFKC", given))
    if not said:
        return NOTHING
    if (why := silent(said.strip(_WRAPPING) or said)) is not None:
        declared = Evidence(FIELD, why, "declared", said)
        return Phone(None, evidence=(declared,), secret=why == IN_CONFIDENCE)
    if _SHORT(said):
        return Phone(said)
    numbers = dialled(said)
    if not numbers:
        return Phone(clean(given), problems=(_undialled(said),))
    first, *others = numbers
    evidence = [Evidence(FIELD, first.number, "declared", first.words, first.kind)]
    evidence += [
        Evidence(f"{FIELD}.other", each.number, "declared", each.words, each.kind) for each in others
    ]
    if first.words == first.number and not others:
        evidence.clear()
    return Phone(first.number, _beside(said, numbers), tuple(each.number for each in others), tuple(evidence))


def silent(said: str) -> str | None:
    """Return why a field holds no number, of a phone or of a paper, None when it says something else."""
    if _SECRET(said):
        return IN_CONFIDENCE
    if _WITHHELD(said):
        return WITHHELD
    return ABSENT if _ABSENT(said) else None


def dialled(text: str) -> list[Dialled]:
    """Return the numbers in a text that can be dialled, each once, in its order."""
    found: dict[str, Dialled] = {}
    for match in _NUMBER.finditer(text):
        code = _AREA_BEFORE.search(text, max(0, match.start() - 10), match.start())
        if match["local"] and code and code[1] != AREA_CODE:  # a line of another city, written apart
            continue
        number, kind = _e164(match)
        if number is not None:
            found.setdefault(number, Dialled(number, match[0], kind))
    return list(found.values())


def _e164(match: re.Match[str]) -> tuple[str | None, str]:
    """Return the number and how sure it is: the area code of a local number is `computed`."""
    parts = {name: re.sub(r"[^0-9]", "", part) for name, part in match.groupdict().items() if part}
    extension = parts.pop("extension", None)
    tail = f";ext={extension}" if extension else ""
    if "mobile" in parts:
        return f"+86{parts['mobile']}{tail}", "exact"
    if "toll" in parts:
        return f"+86{parts['toll']}{tail}", "exact"
    if "line" in parts:
        number, kind = f"+86{parts['area']}{parts['line']}", "exact"
    elif "local" in parts:
        if _DAY(parts["local"]):  # 20260415 is more likely a day than a line
            return None, ""
        number, kind = f"+86{AREA_CODE[1:]}{parts['local']}", "computed"
    elif "foreign" in parts:
        number, kind = "+" + parts["foreign"].removeprefix("00"), "exact"
    else:
        number, kind = "+" + parts["nearby"], "computed"
    proper = _proper(number)
    return (f"{proper}{tail}" if proper else None), kind


def _proper(number: str) -> str | None:
    """Return a number that exists as E.164 has it: without the zero dialled at home, +44 (0)20."""
    try:
        read = phonenumbers.parse(number, REGION)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(read):
        return None
    return phonenumbers.format_number(read, phonenumbers.PhoneNumberFormat.E164)


def _undialled(said: str) -> Problem:
    if _MASKED.search(said):
        return Problem(FIELD, "phone_masked", "电话号码有几位被遮盖,无法回拨,已照原样保存。")
    return Problem(FIELD, "phone_invalid", "电话号码无法拨打,已照原样保存,请核对。")


def _beside(said: str, numbers: list[Dialled]) -> str:
    for each in numbers:
        said = said.replace(each.words, " ")
    return " ".join(part for part in (piece.strip(_WRAPPING) for piece in said.split()) if part)
