"""The caller of a call: name, phone and papers read together, as one often stands in the field of another."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from intake.domain.evidence import Evidence, Problem
from intake.domain.identity import Identifier, read_credit_code, read_id_number
from intake.domain.person import ABSENT, NAMED, WITHHELD, address, read_name
from intake.domain.phone import IN_CONFIDENCE, mobile, read_phone

LONGEST = {"phone": 40, "id_number": 30, "credit_code": 18}


@dataclass(slots=True)
class Notes:
    """What is learnt on the way: evidence and problems, in their order."""

    evidence: list[Evidence] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def settled_caller(said: Mapping[str, Any], notes: Notes, today: date | None = None) -> dict[str, Any]:
    """
    Return the fields of a caller that read otherwise than they were said.

    Who asks not to be named but leaves a phone is withheld (保密), not anonymous
    (不留名): somebody can be called back, and nobody else may know.
    """
    settled: dict[str, Any] = {}
    beside = _phone(said.get("phone"), settled, notes)
    if settled.pop("secret", False) and not said.get("withheld"):
        settled["withheld"] = True
        notes.evidence.append(Evidence("caller.withheld", "true", "caller.phone", IN_CONFIDENCE, "computed"))
    standing = _name(said, settled, beside, notes)
    for name, read in (("id_number", _id_number), ("credit_code", _credit_code)):
        if given := said.get(name):
            identifier = read(given, today)
            _settle(settled, name, given, identifier.value[: LONGEST[name]] or None)
            notes.evidence += identifier.evidence
            notes.problems += identifier.problems
    if standing != NAMED or said.get("anonymous"):
        _unnamed({**said, **settled}, standing, settled, notes)
    return settled


def settled_proxy(said: Mapping[str, Any], notes: Notes) -> dict[str, Any]:
    """Return the fields of a proxy (代办员) that read otherwise than they were said."""
    settled: dict[str, Any] = {}
    of_phone = Notes()
    _phone(said.get("phone"), settled, of_phone)
    settled.pop("secret", None)
    notes.evidence += [replace(each, field=_of_proxy(each.field)) for each in of_phone.evidence]
    notes.problems += [replace(each, field=_of_proxy(each.field)) for each in of_phone.problems]
    return settled


def _of_proxy(field: str) -> str:
    return field.replace("caller.", "caller.proxy.", 1)


def _phone(given: str | None, settled: dict[str, Any], notes: Notes) -> str:
    """Settle the phone; return what stood beside the number, if it is how to address somebody."""
    if not given:
        return ""
    if (number := mobile(given)) is not None:
        if number != given:
            settled["phone"] = number
        return ""
    read = read_phone(given)
    notes.evidence += read.evidence
    notes.problems += read.problems
    _settle(settled, "phone", given, read.number and read.number[: LONGEST["phone"]])
    if read.secret:
        settled["secret"] = True
    return read.said if address(read.said)[1] else ""


def _name(said: Mapping[str, Any], settled: dict[str, Any], beside: str, notes: Notes) -> str:
    given = said.get("name")
    if not given:
        if beside:
            settled["name"] = beside
            notes.evidence.append(Evidence("caller.name", beside, "phone", beside))
        return NAMED
    read = read_name(given)
    notes.evidence += read.evidence
    notes.problems += read.problems
    _settle(settled, "name", given, read.value or beside or None)
    if read.phones and not said.get("phone"):
        settled["phone"] = read.phones[0]
    return NAMED if settled.get("name") else read.standing


def _id_number(given: str, today: date | None) -> Identifier:
    return read_id_number(given, today)


def _credit_code(given: str, _today: date | None) -> Identifier:
    return read_credit_code(given)


def _unnamed(known: Mapping[str, Any], standing: str, settled: dict[str, Any], notes: Notes) -> None:
    """Decide between anonymous and withheld for a caller who left no name, or asked not to be known."""
    reachable = bool(known.get("phone") or known.get("name") or known.get("id_number"))
    asked = bool(known.get("anonymous"))
    if not reachable and standing != WITHHELD:
        if not asked and known.get("proxy") is None:
            settled["anonymous"] = True
            notes.evidence.append(Evidence("caller.anonymous", "true", "caller.name", standing, "computed"))
        return
    if asked and reachable:
        settled["anonymous"] = False
        notes.problems.append(_NOT_ANONYMOUS)
    if (asked or standing not in (NAMED, ABSENT)) and not known.get("withheld"):
        settled["withheld"] = True
        notes.evidence.append(Evidence("caller.withheld", "true", "caller.name", standing, "computed"))


def _settle(settled: dict[str, Any], name: str, given: Any, value: Any) -> None:
    if value != given:
        settled[name] = value


_NOT_ANONYMOUS = Problem(
    "caller.anonymous", "anonymous_with_identity", "匿名来电却留有姓名、电话或证件号码,已改按保密处理。"
)
