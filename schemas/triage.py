"""The triage desk (人工派单台): what waits there, who works on it, what is suggested, what is learnt."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from schemas.base import Instant, Schema, Text
from schemas.departments import Says

ParkedBecause = Literal["no_row", "ambiguous", "manual_row", "no_department", "confidential"]


class ClaimRequest(Schema):
    """For how long a ticket is wanted; a supervisor may take it from whoever has it."""

    minutes: int = Field(5, ge=1, le=30)
    take_over: bool = False


class Claim(Schema):
    """Who works on a ticket, and until when."""

    by: str
    until: Instant
    mine: bool


class ParkedTicket(Schema):
    """A ticket that waits for a person, and why; the desk's own clock and the caller's."""

    id: str
    version: int
    parked_at: Instant
    reason: str
    because: str
    candidates: list[str]
    title: str
    kind: str
    category: str | None
    division: str | None
    urgency: str
    desk_due_at: Instant | None = Field(description="When the desk must have dispatched it.")
    due_at: Instant | None = Field(description="The date promised to the caller.")
    claim: Claim | None = None


class SuggestionReason(Schema):
    """Why a department may be competent, and how often such a reason is right."""

    source: Literal["table", "history", "named", "model"]
    weight: float
    says: str
    row: str | None = None
    basis: str | None = None
    words: list[str] = []


class Suggested(Schema):
    """A department that may be competent: how likely, and every reason for it."""

    department: str
    name: str
    likely: float
    reasons: list[SuggestionReason]


class DeskTicket(ParkedTicket):
    """A parked ticket with what a dispatcher needs to decide; three suggestions at most."""

    text: str
    address: str | None
    suggestions: list[Suggested]
    model: str | None = Field(description="The text model asked; null when there is none.")


class ProposedRow(Schema):
    """A row the jurisdiction table lacks, read off what people decided at the desk."""

    id: str
    category: str
    division: str
    department: str
    tickets: int
    agreement: float
    examples: list[str]
    says: str


class RowDecision(Schema):
    """Which proposed row is meant, with its department as it was shown."""

    category: Annotated[str, StringConstraints(pattern=r"^(\d{2}){1,3}$")]
    division: Annotated[str, StringConstraints(pattern=r"^(\d{4}|\d{6})$")]
    department: Annotated[Text, StringConstraints(min_length=1, max_length=41)]


class DraftRow(Schema):
    """A row as a draft of the jurisdiction table takes it; a person names its legal basis."""

    id: str
    category: str
    division: str
    department: str
    mode: str
    legal_basis: str | None
    valid_from: date
    valid_to: date | None
    note: str


class AcceptedRow(Schema):
    """An accepted proposal: the row, and the same as a line of the table's sheet."""

    row: DraftRow
    csv: str


class Threshold(Schema):
    """Above which confidence a suggestion assigns by itself in a category; `all` stands for every one."""

    category: str
    confidence: float
    source: str
    set_at: Instant
    set_by: str


class ThresholdChange(Schema):
    """A threshold as it is to be; null is never, and by which decision."""

    confidence: float | None = Field(gt=0, le=1)
    source: Says
