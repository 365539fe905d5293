"""Linkage: matters handed between 12345 and 110, and what sub-centres report of theirs."""

from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from schemas.base import Instant, Schema, Text

Short = Annotated[Text, StringConstraints(min_length=1, max_length=100)]
Direction = Literal["in", "out"]
EmergencyNumber = Literal["110", "119", "120", "122", "12395"]
"""Who takes a call by one-key transfer: police, fire, medical emergency, traffic accident, rescue at sea."""


class Outcome(StrEnum):
    """
    What a three-party call came to (国办发〔2022〕12号).

    The matter is the host's (12345), the partner's, handled by both, or undecided:
    then the platform that got it first accepts it.
    """

    HOST = "host"
    PARTNER = "partner"
    JOINT = "joint"
    UNDECIDED = "undecided"


class Party(Schema):
    """Who took part in a three-party call."""

    role: Literal["caller", "host", "partner", "department", "other"]
    name: Short | None = None
    number: Annotated[Text, StringConstraints(min_length=1, max_length=40)] | None = Field(
        None, description="A phone, or the number of an agent's seat."
    )


class ThreePartyCall(Schema):
    """The caller, 12345 and its partner on one line: who, when, who decided and what."""

    outcome: Outcome
    decided_by: Short | None = None
    first_received_by: Literal["host", "partner"] | None = None
    parties: list[Party] = Field([], max_length=10)
    started_at: Instant | None = None
    ended_at: Instant | None = None


class LinkageCall(ThreePartyCall):
    """A matter handed over, as it was recorded for good."""

    id: UUID
    direction: Direction
    partner: str
    partner_number: str | None
    recorded_at: Instant
    recorded_by: str


class Report(Schema):
    """What a sub-centre says of a matter it handles, under its own number."""

    source_number: Annotated[Text, StringConstraints(min_length=1, max_length=64)]
    status: Annotated[Text, StringConstraints(min_length=1, max_length=40)]
    at: Instant
    note: Annotated[Text, StringConstraints(max_length=2000)] | None = None


class MirroredReport(Report):
    """A report as it is kept; `superseded` came after one of a later moment."""

    ticket: str
    hotline: str
    handled_by: str
    superseded: bool
    received_at: Instant


class Linkage(Schema):
    """How a ticket's line binds it: who handles it, by which law, what was handed over and reported."""

    ticket: str
    hotline: str
    handled_by: str | None = Field(description="The sub-centre that keeps the matter.")
    statutory_procedure: str | None
    calls: list[LinkageCall]
    reports: list[MirroredReport]
