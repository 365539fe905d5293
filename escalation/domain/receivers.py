"""Who is told of a rung: somebody by name, post and unit (岗位责任制), a deputy, or the next level's."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta, tzinfo
from enum import StrEnum

from schemas.duty import Person, Staff

DESK, ANY, CITY = "desk", "*", "city"
"""Scopes beside the codes of departments and districts: the hotline's own desk, any department, the city."""


SIX = 6


class Role(StrEnum):
    """As whom somebody is told."""

    OPERATOR = "operator"
    DEPARTMENT_CONTACT = "department_contact"
    DEPARTMENT_LEADER = "department_leader"
    DISTRICT_LEADER = "district_leader"
    HOTLINE_SUPERVISOR = "hotline_supervisor"
    SUPERVISION_OFFICE = "supervision_office"
    EFFICIENCY_CENTRE = "efficiency_centre"
    DISCIPLINE = "discipline"


OF_DEPARTMENT = frozenset({Role.OPERATOR, Role.DEPARTMENT_CONTACT, Role.DEPARTMENT_LEADER})


@dataclass(frozen=True, slots=True)
class Quiet:
    """When somebody is left alone, in the city's time, over midnight too; never when both are the same."""

    begins: time
    ends: time

    def covers(self, moment: time) -> bool:
        """Say whether that is a quiet time of day; the end is none any more."""
        if self.begins <= self.ends:
            return self.begins <= moment < self.ends
        return moment >= self.begins or moment < self.ends


@dataclass(frozen=True, slots=True)
class Receiver:
    """
    Somebody who is told, as the city has entered them.

    `scope` is a department's code, a district's six digits, `desk`, `city` or `*`. One without a
    name only says when the people of a department are left alone.
    """

    role: Role
    scope: str
    name: str
    post: str
    unit: str
    phone: str | None = None
    quiet: Quiet | None = None
    confirmed: bool = True


@dataclass(frozen=True, slots=True)
class Addressee:
    """Who is told, as what, and why this one; `department` when it is one of its own people."""

    role: Role
    name: str
    post: str
    unit: str
    phone: str | None
    because: str
    confirmed: bool
    quiet: Quiet | None = None
    department: str | None = None


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose rung it is: a department's, or the desk's; where; `unsigned` when it was not signed in time."""

    department: str | None
    district: str | None = None
    unsigned: bool = False


@dataclass(frozen=True, slots=True)
class Directory:
    """Everybody who may be told: receivers by role and scope, the people and names of departments."""

    receivers: Mapping[tuple[str, str], Receiver]
    zone: tzinfo
    staff: Mapping[str, Staff] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reached:
    """Who is told in the end, and the roles before them that nobody holds: each is an alarm."""

    addressee: Addressee | None
    missing: tuple[str, ...] = ()


def reach(roles: Iterable[str], whose: Whose, directory: Directory, now: datetime) -> Reached:
    """Return the first of these roles that somebody holds; at the last, the hotline's supervisor."""
    missing: list[str] = []
    for role in dict.fromkeys([*roles, Role.HOTLINE_SUPERVISOR]):
        found = addressee(role, whose, directory, now)
        if found is not None:
            return Reached(found, tuple(missing))
        missing.append(role)
    return Reached(None, tuple(missing))


def addressee(role: str, whose: Whose, directory: Directory, now: datetime) -> Addressee | None:
    """Return who holds a role for this ticket just now; None when nobody does."""
    if role == Role.OPERATOR and whose.department is not None:
        return _operator(whose.department, whose, directory, now)
    for scope in _scopes(role, whose):
        found = directory.receivers.get((role, scope))
        if found is not None and found.name:
            unit = found.unit or directory.names.get(whose.department or "", "")
            own = whose.department if role in OF_DEPARTMENT else None
            return Addressee(
                found.role,
                found.name,
                found.post,
                unit,
                found.phone,
                "" if found.confirmed else "名录待确认",
                found.confirmed,
                found.quiet,
                own,
            )
    return None


def deliver_at(now: datetime, quiet: Quiet | None, zone: tzinfo, *, urgent: bool) -> datetime:
    """Return when somebody is told: now, or when their quiet hours end; of what is urgent always now."""
    local = now.astimezone(zone)
    if quiet is None or urgent or not quiet.covers(local.time()):
        return now
    ends = datetime.combine(local.date(), quiet.ends, zone)
    return (ends if ends > local else ends + timedelta(days=1)).astimezone(now.tzinfo)


def entry_fault(role: Role, scope: str, name: str) -> str | None:
    """Say what is wrong with an entry, if anything; operators of departments have only quiet hours here."""
    if role is Role.OPERATOR and scope != DESK and name:
        return "Operators of departments are its posts A and B: enter their quiet hours, without a name."
    if not name and not (role is Role.OPERATOR and scope != DESK):
        return f"A {role} has a name."
    if role is Role.DISTRICT_LEADER:
        return None if scope.isdecimal() and len(scope) == SIX else "A district leader is of six digits."
    if (role in OF_DEPARTMENT) == (scope == CITY):
        return f"A {role} is of {'a department, * or the desk' if scope == CITY else 'the city'}."
    return None


def receiver_faults(levels: Sequence[tuple[int, str, bool, bool]], directory: Directory) -> list[str]:
    """
    Say which levels tell nobody: (level, role, told of departments' rungs, told of the desk's).

    Each department of the directory must have somebody, as its time of day has not to do with it.
    """
    faults = []
    for level, role, departments, desk in levels:
        if not role:
            continue
        if role not in set(Role):
            faults.append(f"level {level} names an unknown receiver {role!r}")
            continue
        without = [code for code in directory.names if departments and not _held(role, code, directory)]
        if without:
            faults.append(f"level {level}: nobody is {role} of {_some(without)}")
        if desk and not _held(role, None, directory):
            faults.append(f"level {level}: nobody is {role} of the desk")
    return faults


def _held(role: str, department: str | None, directory: Directory) -> bool:
    if role == Role.DISTRICT_LEADER:
        return any(each.role == role and each.name for each in directory.receivers.values())
    if role == Role.OPERATOR and department is not None:
        staff = directory.staff.get(department, Staff())
        return bool(staff.a or staff.b) or _held(Role.DEPARTMENT_CONTACT, department, directory)
    found = (directory.receivers.get((role, scope)) for scope in _scopes(role, Whose(department)))
    return any(each is not None and each.name for each in found)


def _some(codes: Sequence[str]) -> str:
    return ", ".join(codes[:3]) + (f" and {len(codes) - 3} more" if len(codes) > 3 else "")


def _scopes(role: str, whose: Whose) -> tuple[str, ...]:
    if role == Role.DISTRICT_LEADER:
        return (whose.district,) if whose.district else ()
    if role not in OF_DEPARTMENT:
        return (CITY,)
    return (DESK,) if whose.department is None else (whose.department, ANY)


def _operator(department: str, whose: Whose, directory: Directory, now: datetime) -> Addressee | None:
    """
    Return who of a department is to act: A; B when A is away or has not signed in time (工作岗位AB制).

    In their quiet hours whoever has the shift (值班) is told instead, and so they are when neither
    is there; then the department's contact.
    """
    staff = directory.staff.get(department, Staff())
    scopes = (directory.receivers.get((Role.OPERATOR, scope)) for scope in (department, ANY))
    quiet = next((each.quiet for each in scopes if each is not None), None)
    person, post, because = _post(staff, now, unsigned=whose.unsigned)
    shift = next((each for each in staff.shifts if each.covers(now)), None)
    asleep = quiet is not None and quiet.covers(now.astimezone(directory.zone).time())
    if shift is not None and (person is None or asleep):
        return _of(department, directory, shift.person, "值班", "按值班表值班")
    if person is not None:
        return _of(department, directory, person, post, because, quiet)
    return addressee(Role.DEPARTMENT_CONTACT, whose, directory, now)


def _post(staff: Staff, now: datetime, *, unsigned: bool) -> tuple[Person | None, str, str]:
    away = next((each for each in staff.absences if each.covers(now)), None)
    if staff.b is not None and (unsigned or away or staff.a is None):
        if unsigned:
            return staff.b, "B岗", "未按时签收,由B岗接办"
        return staff.b, "B岗", "A岗不在岗,由B岗接办" if staff.a else "未设A岗"
    if staff.a is not None and not away:
        return staff.a, "A岗", "未按时签收,未设B岗" if unsigned else "A岗在岗"
    return None, "", ""


def _of(
    department: str, directory: Directory, who: Person, post: str, because: str, quiet: Quiet | None = None
) -> Addressee:
    unit = directory.names.get(department, department)
    return Addressee(Role.OPERATOR, who.name, post, unit, who.phone, because, True, quiet, department)
