"""What a department lacks, told once and whole (一次性告知), and what the caller supplied."""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from schemas.base import Instant, Schema
from schemas.event import Event
from schemas.event_data import DepartmentStep
from schemas.people import ActedBy
from schemas.returns import Item, Said
from schemas.time_requests import Told


class SupplementRequest(Schema):
    """
    Everything a department lacks to go on; it asks once for a ticket, so the list is whole.

    `told` is what the caller was told, if the department has told them itself; else the hotline does.
    """

    missing: Annotated[list[Item], Field(min_length=1, max_length=20)]
    note: Said | None = Field(None, description="What it is needed for, and in which form.")
    told: Told = None
    by: ActedBy = None

    @model_validator(mode="after")
    def _names_each_once(self) -> Self:
        if len(set(self.missing)) < len(self.missing):
            raise ValueError("each missing element is named once")
        return self


class SupplementAnswer(Schema):
    """What the caller supplied, as they told the hotline; files are attached to the ticket."""

    note: Said


class SupplementRecord(Schema):
    """What a department asked for, once and whole, and the answer; null while it waits."""

    id: str
    ticket: str
    department: str
    missing: list[str]
    note: str | None
    told: str | None
    asked_at: Instant
    answered_at: Instant | None
    answered_by: str | None
    answer: str | None


class Supplements(Schema):
    """What was asked for on a ticket, first asked first."""

    items: list[SupplementRecord]


class SupplementAsked(DepartmentStep):
    """A department lacks something and says it once and whole; `told` if it has told the caller itself."""

    request_id: UUID
    missing: list[str]
    told: str | None = None


class Supplemented(DepartmentStep):
    """The caller has supplied what was missing, as the hotline took it down."""

    request_id: UUID
    missing: list[str]


class TicketSupplementAsked(Event):
    """A department told once and whole what it lacks; the hotline asks the caller."""

    type: Literal["ticket.supplement_asked"] = "ticket.supplement_asked"
    data: SupplementAsked


class TicketSupplemented(Event):
    """The caller supplied it."""

    type: Literal["ticket.supplemented"] = "ticket.supplemented"
    data: Supplemented
