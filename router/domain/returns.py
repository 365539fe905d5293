"""The rules of returns and disputes (退单, 争议): what may be returned, and whose return was improper."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from schemas.errors import AdjudicationBinds, Conflict, NotReturnable, ReturnTooLate

MOST_RETURNS = 2
"""Over all departments; the last of them is no return any more but a dispute."""

ADJUDICATED: Final = "adjudicated"
BINDS = "Who handles this ticket was adjudicated; it is binding: nobody returns it."


@dataclass(frozen=True, slots=True)
class Held:
    """An assignment a department would return: what binds it to it, and until when it might."""

    binding: str | None
    return_until: datetime | None
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Returned:
    """A return that was made: by whom, and since when that department's clock had counted."""

    department: str
    since: datetime


def refusal(held: Held, now: datetime, zone: ZoneInfo) -> Conflict | None:
    """Return why an assignment cannot be returned now, or None; the window's last moment is in it."""
    if held.binding == ADJUDICATED:
        return AdjudicationBinds(BINDS)
    if held.binding is not None:
        return NotReturnable("A redo stays with the department that did it first.", why=held.binding)
    if held.return_until is None:
        why = "urgent" if held.urgent else "no_window"
        said = "An urgent ticket is acted upon first" if held.urgent else "This ticket has no return window"
        return NotReturnable(f"{said}; ask the hotline to assign it to another department.", why=why)
    if now > held.return_until:
        ended = held.return_until.astimezone(zone)
        return ReturnTooLate(
            f"The ticket could be returned until {ended:%Y-%m-%d %H:%M}; the window has ended.",
            ended_at=ended.isoformat(),
        )
    return None


def opens_dispute(returns_before: int) -> bool:
    """Say whether a ticket's next return, whoever it is by, makes it a dispute."""
    return returns_before + 1 >= MOST_RETURNS


def improper(returns: Iterable[Returned], lead: str, also: Collection[str] = ()) -> tuple[str, ...]:
    """Return who made an improper return, as an adjudication finds: the lead, and those it names."""
    wrong = {lead, *also}
    return tuple(dict.fromkeys(each.department for each in returns if each.department in wrong))


def counts_from(returns: Iterable[Returned], lead: str) -> datetime | None:
    """
    Return since when the lead's clock counts: time is not given back to who returned what was its matter.

    None for a department that had not returned the ticket: its clock starts with the adjudication.
    """
    return min((each.since for each in returns if each.department == lead), default=None)
