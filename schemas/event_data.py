"""
What the events say: the data of each, without its envelope.

Fields may be added, never removed or given another meaning.
"""

from typing import Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from schemas.base import Instant, Schema
from schemas.contact import ContactWay
from schemas.resolution import NegativeReason
from schemas.ticket import CallerType, ClosedAs, Kind, Urgency


class Lenient(Schema):
    """Readers of events ignore fields they do not know, so that fields can be added."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Matter(Lenient):
    """What routing and limits depend on; repeated on the events that need it."""

    hotline: str
    kind: Kind
    urgency: Urgency
    live: bool = False
    category: str | None = None
    division: str | None = None
    caller_type: CallerType = CallerType.PERSON
    places: dict[str, str] = Field({}, description="Divisions of the matter's other places, by basis.")
    attributes: dict[str, str] = {}
    accepted_at: Instant
    historical: bool = Field(False, description="A back file: nobody is woken for the past.")
    kept_by: str | None = Field(None, description="The department whose sub-centre keeps the line's calls.")
    reopens: str | None = Field(None, description="The answered ticket whose matter it takes up again.")
    statutory_procedure: str | None = Field(None, description="What a law prescribes for its line's matters.")


class Assignment(Lenient):
    """
    Which department a ticket went to, since when, and by which row of the table.

    `co_handlers` work on it beside the lead, `cc` are told. `fallback`: nobody but
    the district's government was found (兜底).
    """

    assignment_id: UUID
    department: str
    assigned_at: Instant
    because: str
    rule: str | None = None
    co_handlers: list[str] = []
    cc: list[str] = []
    fallback: bool = False
    statutory_procedure: str | None = None
    matter: Matter
    title: str
    text: str
    address: str | None = None
    role: Literal["lead"] = "lead"
    return_until_at: Instant | None = Field(None, description="No return after this; null: none at all.")
    binding: Literal["adjudicated", "redo"] | None = Field(None, description="Why nobody may return it.")
    counts_from_at: Instant | None = Field(
        None, description="The department's clock goes on from its earlier assignment, not from this one."
    )


class HandOver(Assignment):
    """The assignment `continues` goes on with another department, after a merger; no clock starts anew."""

    from_department: str
    continues: UUID


class Parking(Lenient):
    """Why a ticket waits for a person, and who might be competent."""

    reason: Literal["no_row", "ambiguous", "manual_row", "no_department", "rule_failed", "confidential"]
    because: str
    candidates: list[str] = []
    matter: Matter


class Ending(Lenient):
    """A ticket was resolved or closed; one that never had a department names none."""

    assignment_id: UUID | None = None
    department: str | None = None
    note: str | None = None


class Closing(Ending):
    """
    A ticket was closed; `result` is what came of asking its caller, null where nobody was asked.

    Who did not answer (`no_answer`) is not counted as satisfied; `unfounded` counts in no rate.
    """

    result: ClosedAs | None = None


class DepartmentStep(Ending):
    """A department acted on its assignment."""

    assignment_id: UUID
    department: str


class Contacted(DepartmentStep):
    """A department has contacted the caller: how, when; `evidence` counts what shows it."""

    way: ContactWay | None = None
    contacted_at: Instant | None = None
    evidence: int = 0


class Resolved(Ending):
    """
    A ticket was resolved; `note` is the one answer its caller gets, those of `helpers` with it.

    Any of founded, within_duty and solved that is false makes the result negative (否定报备), for `reason`.
    """

    founded: bool | None = None
    within_duty: bool | None = None
    solved: bool | None = None
    reason: NegativeReason | None = None
    legal_basis: str | None = None
    helpers: list[str] = Field([], description="The departments whose answers are part of it.")


class Return(DepartmentStep):
    """A department says the matter is not its own (退单); `competent` is whose it says it is."""

    reason: str
    reason_code: Literal["not_our_duty", "wrong_place", "element_missing"] | None = None
    legal_basis: str | None = None
    competent: str | None = None
    missing: list[str] = []


class ReturnRefused(DepartmentStep):
    """The hotline does not agree: the assignment goes on, no time is given back, the return was improper."""

    improper: bool = True


class DisputeOpened(Return):
    """The second return of a ticket makes it a dispute (争议件), which the hotline adjudicates."""

    returned_by: list[str]
    matter: Matter


class Adjudication(Lenient):
    """
    Who handles a disputed ticket, with binding force (裁定); the assignments follow as events of their own.

    `parties` are all who had the ticket or get it now, `improper` those whose return was found improper.
    """

    lead: str
    co_handlers: list[str]
    because: str
    legal_basis: str | None = None
    consulted: list[str] = []
    improper: list[str]
    parties: list[str]
    matter: Matter


class CoHandling(Lenient):
    """A department handles a ticket beside its lead (协办), or was whistled for by a street (吹哨)."""

    co_handling_id: UUID
    department: str
    lead: str
    role: Literal["co"] = "co"
    kind: Literal["co_handling", "whistle"]
    note: str | None = None


class CoAssignment(CoHandling):
    """Who is to help with what, until when; the answer goes to the lead."""

    assigned_at: Instant
    due_at: Instant
    reason: str
    binding: Literal["adjudicated"] | None = None
    matter: Matter
    title: str
    text: str
    address: str | None = None


class CoEnding(CoHandling):
    """A co-handling ended without an answer: the lead resolved the ticket, or does not have it any more."""

    because: Literal["resolved", "returned", "recalled", "adjudicated", "withdrawn", "transferred", "merged"]


class ReturnGranted(DepartmentStep):
    """The hotline agrees: the ticket is routed again, without that department."""

    matter: Matter
    excluded: list[str]


class Correction(Lenient):
    """
    The hotline corrected a ticket: what was and what is, by field, and the matter as it now is.

    `department` is the one that had the ticket at that moment, whether it stays or not.
    """

    changed: dict[str, tuple[str | None, str | None]]
    because: str
    matter: Matter
    department: str | None = None


class Recall(DepartmentStep):
    """The hotline takes an assignment back: after a correction it is another department's matter."""

    matter: Matter


class Redo(DepartmentStep):
    """It is not solved, says its caller: the same department does it again (重办), the `count`-th time."""

    count: int
    matter: Matter


class Remark(Lenient):
    """Somebody of the hotline noted something; `department` is the one that has the ticket."""

    note: str | None = None
    department: str | None = None


class Urge(Remark):
    """The caller asked again (催单), or a supervisor urges (催办); `count` is how often that one has."""

    count: int
    by: Literal["caller", "supervisor"] = "caller"


class SupervisionHalt(Lenient):
    """Supervision of a ticket halts or goes on: why, and until when at the latest."""

    because: str
    until_at: Instant
    department: str | None = None


class CallBack(Remark):
    """
    The caller was asked (回访) after the answer; `attempt` counts the tries.

    `unfounded`: the hotline finds what they say without ground, and a second person decides.
    """

    outcome: Literal["solved", "unsolved", "unreachable"]
    satisfied: bool | None = None
    attempt: int
    unfounded: bool = False


class Transfer(Remark):
    """Handed over to another platform by one-key transfer: 110, 119, 120, 122 or 12395."""

    to: str


class Joining(Lenient):
    """A ticket was joined to the ticket of the same matter (并单), or parted from it."""

    parent: str
    because: str


class MassEvent(Lenient):
    """
    Many call about one matter: many tickets soon after each other, or many different callers.

    The ticket is the parent; told once for each `rule`. How many and how soon are settings.
    """

    rule: Literal["many_soon", "many_callers"]
    tickets: int
    callers: int


class Rung(Lenient):
    """One rung of supervision climbed; `fell_due_at` is exact, `detected_at` when we woke."""

    deadline_id: UUID
    clock: str
    stage: str
    level: int
    name: str
    card: Literal["yellow", "red"] | None
    receiver: str
    effect: str
    department: str | None
    due_at: Instant
    fell_due_at: Instant
    detected_at: Instant
    late_by: int | None = Field(
        None, description="Seconds from the one to the other, when more than a minute."
    )


class RungWithdrawn(Lenient):
    """A rung is taken back: the answer had come in time and was only processed late."""

    deadline_id: UUID
    clock: str
    stage: str
    level: int
    department: str | None = None
    fell_due_at: Instant
    settled_at: Instant


class Publication(Lenient):
    """
    A calendar, limits, a ladder or allowances were published.

    Open tickets follow from its first day on; by allowances goes what is asked for from then on.
    """

    kind: Literal["calendar", "limits", "ladder", "allowances"]
    version: str
    valid_from: str = Field(description="The first day it is in force, an ISO date of the city.")
    source: str


class EndpointDisabled(Lenient):
    """A webhook endpoint was ended by the service, and why; `given_up` deliveries it had not taken."""

    department: str
    endpoint_id: UUID
    because: str
    given_up: int
