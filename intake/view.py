"""A ticket as this caller may see it."""

from collections.abc import Mapping
from typing import Any

from schemas.lifecycle import Status, Step, steps_from
from schemas.ticket import Caller, Ticket
from services.access import STEP_ROLES
from services.security import CallerRole, Principal

_COLUMNS = [name for name in Ticket.model_fields if name not in ("caller", "actions")]
_UNSET = {
    "department": None,
    "department_name": None,
    "department_because": None,
    "due_at": None,
    "due_provisional": False,
    "due_because": None,
}


def ticket_of(row: Mapping[str, Any], principal: Principal) -> Ticket:
    """Return a ticket from its row; a withheld caller is not shown to departments."""
    shown = {**_UNSET, **row}
    caller = Caller.model_validate(row["caller"])
    if caller.withheld and principal.role is CallerRole.DEPARTMENT:
        caller = Caller(type=caller.type, withheld=True)
    return Ticket(**{name: shown[name] for name in _COLUMNS}, caller=caller, actions=actions(row, principal))


def actions(row: Mapping[str, Any], principal: Principal) -> list[Step]:
    """Return the steps this caller may take now."""
    steps = steps_from(Status(row["status"]))
    return [step for step in steps if principal.role in STEP_ROLES.get(step, ())]


def may_see(row: Mapping[str, Any], principal: Principal) -> bool:
    """Say whether the ticket is this caller's to read; a department reads its own."""
    return principal.department is None or row["department"] == principal.department
