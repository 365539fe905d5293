"""A ticket as this caller may see it."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from intake.domain.masking import for_co_handler, for_department, masked_id
from schemas.lifecycle import Step
from schemas.scrubbing import names_in, scrubbed, scrubbed_all
from schemas.ticket import Caller, Ticket
from services.access import leads, steps_for
from services.offers import Offers
from services.resources import Resources
from services.security import CallerRole, Principal

_COLUMNS = [name for name in Ticket.model_fields if name not in ("caller", "actions")]
FREE_TEXT = ("title", "text", "address", "places", "attributes", "department_because", "due_because")
HOTLINES_OWN = frozenset(
    {
        Step.NOTE,
        Step.CALL_BACK,
        Step.NO_ANSWER,
        Step.CLAIM_UNFOUNDED,
        Step.GRANT_UNFOUNDED,
        Step.REFUSE_UNFOUNDED,
        Step.PARK,
    }
)
"""Steps whose notes the hotline keeps to itself: they may speak of the caller."""

_UNSET = {
    "parent": None,
    "urged": 0,
    "department": None,
    "department_name": None,
    "department_because": None,
    "return_until_at": None,
    "due_at": None,
    "due_provisional": False,
    "due_because": None,
    "closed_as": None,
    "statutory_procedure": None,
}


async def ticket_of(
    row: Mapping[str, Any], principal: Principal, connection: AsyncConnection, resources: Resources
) -> Ticket:
    """Return a ticket from its row, as this caller may see it, and what they may do with it now."""
    (shown,) = await tickets_of([row], principal, connection, resources)
    return shown


async def tickets_of(
    rows: Sequence[Mapping[str, Any]], principal: Principal, connection: AsyncConnection, resources: Resources
) -> list[Ticket]:
    """Return several tickets from their rows, as `ticket_of` does."""
    may = await resources.part(Offers).of(rows, principal, connection)
    return [Ticket(**{**fields_of(each, principal), "actions": may[each["id"]]}) for each in rows]


def fields_of(row: Mapping[str, Any], principal: Principal) -> dict[str, Any]:
    """
    Return a ticket's fields from its row; of its caller a department sees only whom it will speak to.

    The actions are those of its status, which is all there is to a ticket that is new.
    """
    shown = {**_UNSET, **row}
    caller = Caller.model_validate(row["caller"])
    if principal.role is CallerRole.DEPARTMENT and (caller.withheld or caller.anonymous):
        shown["places"] = {name: place for name, place in row["places"].items() if name != "household"}
    if principal.role is CallerRole.DEPARTMENT:
        caller = for_department(caller) if leads(row, principal) else for_co_handler(caller)
        hidden = names_in(row["caller"], row.get("former_callers", ()))
        shown |= scrubbed_all({name: shown[name] for name in FREE_TEXT}, hidden, frozenset({"division"}))
    elif caller.id_number:
        caller = caller.model_copy(update={"id_number": masked_id(caller.id_number)})
    return {name: shown[name] for name in _COLUMNS} | {
        "caller": caller,
        "actions": steps_for(row, principal),
    }


def note_for(entry: Any, hidden: tuple[str, ...], principal: Principal) -> str | None:
    """Return the note of a history row this reader may see: a department its own, else nothing hidden."""
    if principal.department is None or entry.actor == principal.actor or entry.note is None:
        return entry.note  # type: ignore[no-any-return]
    return None if entry.step in HOTLINES_OWN else scrubbed(entry.note, hidden)


def history_for(steps: Sequence[Any], principal: Principal) -> list[Any]:
    """
    Return the history rows this reader may see.

    A department sees the registration and what happened since it was last assigned:
    what another had done with it before, and why, is not its own.
    """
    if principal.department is None:
        return list(steps)
    assigned = [index for index, each in enumerate(steps) if each.step == Step.ASSIGN]
    since = steps[assigned[-1] :] if assigned else []
    return [*(each for each in steps[:1] if each not in since), *since]
