"""Numbers people and organisations are known by; never required, a wrong one is kept and pointed out."""

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from unicodedata import normalize as unicode_normalize

from intake.domain.evidence import Evidence, Problem
from intake.domain.phone import silent
from intake.domain.text import clean
from schemas.credit_code import checks_out, is_credit_code

ID_FIELD = "caller.id_number"
CREDIT_FIELD = "caller.credit_code"

_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS = "10X98765432"
# GB/T 2260 provinces; 81-83 live on the mainland as residents of 港澳台, 9 is a foreigner's permit of 2023.
_AREA = re.compile("1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]|9[0-9]").match
_RESIDENT = re.compile(r"[0-9]{17}[0-9X]").fullmatch
_RESIDENT_OF_OLD = re.compile(r"[0-9]{15}").fullmatch
_OTHERS = {
    "hong_kong_macau_permit": re.compile(r"[HM][0-9]{8}(?:[0-9]{2})?"),
    "taiwan_permit": re.compile(r"[0-9]{8}|[0-9]{10}(?:[A-Z])?|T[0-9]{8}"),
    "foreigner_permit": re.compile(r"[A-Z]{3}[0-9]{12}"),
    "passport": re.compile(r"[A-Z]{1,2}[0-9]{6,9}|[A-Z][A-Z0-9][0-9]{7}|[0-9]{9}|P[0-9]{7}"),
}


@dataclass(frozen=True, slots=True)
class Identifier:
    """A number as it is written properly, and what is known or wrong about it."""

    value: str
    evidence: tuple[Evidence, ...] = ()
    problems: tuple[Problem, ...] = ()


def read_id_number(given: str, today: date | None = None) -> Identifier:
    """
    Return an ID number (GB 11643-1999) or another paper's number; a birthday after `today` is wrong.

    What is neither is kept as it was given, with a problem; a word for none (无) is no number.
    """
    if why := silent(clean(given)):
        return Identifier("", (Evidence(ID_FIELD, why, "declared", clean(given)),))
    if "*" in given or "＊" in given:
        return Identifier(clean(given), problems=(_ID_MASKED,))
    value = _compact(given)
    if _RESIDENT(value):
        return _identifier(ID_FIELD, value, "resident_id", _id_problem(value, value[6:14], today))
    if _RESIDENT_OF_OLD(value):
        problem = None if _birthday(f"19{value[6:12]}") else _ID_BIRTHDAY
        return _identifier(ID_FIELD, value, "resident_id_15", problem)
    kind = next((kind for kind, form in _OTHERS.items() if form.fullmatch(value)), None)
    if kind is None:
        return Identifier(clean(given), problems=(_ID_UNKNOWN,))
    return _identifier(ID_FIELD, value, kind, None)


def tells_apart(value: str) -> bool:
    """Say whether a number is one person's: not masked, wrong, or one filled in for want of another."""
    return len(set(value)) > 2 and not read_id_number(value).problems


@lru_cache(1024)
def read_credit_code(given: str) -> Identifier:
    """Return a unified social credit code (GB 32100-2015); a wrong one is kept, with a problem."""
    if why := silent(clean(given)):
        return Identifier("", (Evidence(CREDIT_FIELD, why, "declared", clean(given)),))
    value = _compact(given)
    if is_credit_code(value) is None:
        return Identifier(clean(given), problems=(_CREDIT_FORM,))
    problem = None if checks_out(value) else _CREDIT_CHECK
    return _identifier(CREDIT_FIELD, value, "credit_code", problem)


def id_check(first: str) -> str:
    """Return the 18th character of an ID number, by its first seventeen digits (ISO 7064 MOD 11-2)."""
    total = sum(weight * int(digit) for weight, digit in zip(_ID_WEIGHTS, first, strict=True))
    return _ID_CHECKS[total % 11]


def _compact(given: str) -> str:
    return re.sub(r"[^0-9A-Z]", "", unicode_normalize("NFKC", given).upper())


def _id_problem(value: str, birthday: str, today: date | None) -> Problem | None:
    born = _birthday(birthday)
    if born is None or (today is not None and born > today):
        return _ID_BIRTHDAY
    if _AREA(value) is None:
        return _ID_AREA
    return None if value[17] == id_check(value[:17]) else _ID_CHECK


def _birthday(digits: str) -> date | None:
    try:
        born = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None
    return born if born.year >= 1880 else None


def _identifier(field: str, value: str, kind: str, problem: Problem | None) -> Identifier:
    if problem is not None:
        return Identifier(value, problems=(problem,))
    return Identifier(value, evidence=(Evidence(f"{field}.kind", kind, "declared", "", "computed"),))


_ID_BIRTHDAY = Problem(ID_FIELD, "id_number_birthday", "身份证号中的出生日期不存在或在将来,请核对。")
_ID_AREA = Problem(ID_FIELD, "id_number_area", "身份证号前两位不是任何省份,请核对。")
_ID_CHECK = Problem(ID_FIELD, "id_number_check", "身份证号校验位不符,请核对。")
_ID_MASKED = Problem(ID_FIELD, "id_number_masked", "证件号码有几位被遮盖,已照原样保存。")
_ID_UNKNOWN = Problem(ID_FIELD, "id_number_unknown", "不是可识别的证件号码,已照原样保存。")
_CREDIT_FORM = Problem(CREDIT_FIELD, "credit_code_form", "统一社会信用代码应为十八位,已照原样保存。")
_CREDIT_CHECK = Problem(CREDIT_FIELD, "credit_code_check", "统一社会信用代码校验位不符,请核对。")
