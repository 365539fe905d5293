"""Which endpoints of a department are sent an event: by type, filter, and who stands in for whom."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from schemas.ticket import Urgency
from schemas.webhooks import Filter, Standing


@dataclass(frozen=True, slots=True)
class Facts:
    """What a filter looks at: of the ticket, and what the department is to it."""

    urgency: Urgency
    category: str | None
    role: Standing


@dataclass(frozen=True, slots=True)
class Listener:
    """
    An endpoint, as it is asked whether it wants an event.

    `well`: its circuit is closed. `fallen`: it was ended, and not by its owner.
    """

    id: UUID
    post: str
    types: Sequence[str]
    filter: Filter | None
    well: bool = True
    fallen: bool = False


def passes(wanted: Filter | None, facts: Facts | None) -> bool:
    """Say whether a filter lets an event through; without facts it is of no ticket, and told to all."""
    if wanted is None or facts is None:
        return True
    return (
        (wanted.urgencies is None or facts.urgency in wanted.urgencies)
        and (wanted.categories is None or (facts.category or "").startswith(tuple(wanted.categories)))
        and (wanted.role is None or facts.role == wanted.role)
    )


def told(listeners: Sequence[Listener], event_type: str, facts: Facts | None) -> list[UUID]:
    """
    Return who of one department's endpoints is sent an event.

    Those of post A that want it; and those of post B when one of these is not well, or when
    only such as have fallen would have wanted it.
    """
    wanting = [
        each
        for each in listeners
        if each.post == "A" and event_type in each.types and passes(each.filter, facts)
    ]
    alive = [each for each in wanting if not each.fallen]
    stand_in = not all(each.well for each in alive) if alive else bool(wanting)
    second = [each.id for each in listeners if each.post == "B" and not each.fallen]
    return [each.id for each in alive] + (second if stand_in else [])
