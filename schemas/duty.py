"""Who handles a department's tickets just now: A, their deputy B (工作岗位AB制), or who is on duty (值班)."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a post."""

    name: str
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class Absence:
    """When A is away; the end is the moment they are back."""

    starts_at: datetime
    ends_at: datetime
    because: str | None = None

    def covers(self, moment: datetime) -> bool:
        """Say whether A is away at that moment."""
        return self.starts_at <= moment < self.ends_at


@dataclass(frozen=True, slots=True)
class Shift:
    """Somebody's turn on the duty roster; the end is the moment the next one begins."""

    person: Person
    starts_at: datetime
    ends_at: datetime

    def covers(self, moment: datetime) -> bool:
        """Say whether it is their turn at that moment."""
        return self.starts_at <= moment < self.ends_at


@dataclass(frozen=True, slots=True)
class Staff:
    """The people of a department."""

    a: Person | None = None
    b: Person | None = None
    absences: tuple[Absence, ...] = ()
    shifts: tuple[Shift, ...] = ()


@dataclass(frozen=True, slots=True)
class OnDuty:
    """Who is on, as A, B or by the roster, and why."""

    person: Person
    role: str
    because: str


def who_is_on(staff: Staff, now: datetime, *, signed: bool = True) -> OnDuty | None:
    """
    Return who is to act on a department's ticket, None when it has named nobody.

    The roster goes before A, for it is made for nights and rest days. B takes
    over when A is away or the ticket was not `signed` in time. Somebody is
    always on as long as anybody is named: better A on leave than nobody.
    """
    away = next((each for each in staff.absences if each.covers(now)), None)
    shift = next((each for each in staff.shifts if each.covers(now)), None)
    line = [
        shift and OnDuty(shift.person, "roster", "按值班表值班"),
        staff.a and not away and OnDuty(staff.a, "A", "A岗在岗"),
        staff.b and OnDuty(staff.b, "B", _why_b(staff, away, signed=signed)),
        staff.a and OnDuty(staff.a, "A", "A岗不在岗,未设B岗"),
    ]
    there = [each for each in line if each]
    if not signed:
        there.sort(key=lambda each: each.role != "B")
    return there[0] if there else None


def _why_b(staff: Staff, away: Absence | None, *, signed: bool) -> str:
    if not signed:
        return "未按时签收,由B岗接办"
    if away is None:
        return "未设A岗"
    reason = f"({away.because})" if away.because else ""
    return f"A岗{staff.a.name if staff.a else ''}不在岗{reason},由B岗接办"
