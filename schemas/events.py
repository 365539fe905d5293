"""
What happened, as told to the rest of the world: CloudEvents 1.0, one class per event.

Events carry no personal data of the caller: whoever needs it asks the API.
Fields may be added, never removed or given another meaning; a new meaning is a new type.
"""

from typing import Annotated, Literal
from uuid import UUID, uuid4

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from schemas.base import Instant, Schema, rfc3339
from schemas.errors import Invalid
from schemas.ticket import CallerType, Kind, Urgency

TOPIC = "hotline.tickets.v1"
CONFIDENTIAL_TOPIC = "hotline.confidential.v1"
DEAD_LETTER_SUFFIX = ".dead"
SOURCE = "/hotline/12345"


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
    accepted_at: Instant
    historical: bool = Field(False, description="A back file: nobody is woken for the past.")


class Assignment(Lenient):
    """Which department a ticket went to, since when, and by which row of the table."""

    assignment_id: UUID
    department: str
    assigned_at: Instant
    because: str
    rule: str | None = None
    matter: Matter
    title: str
    text: str
    address: str | None = None


class Parking(Lenient):
    """Why a ticket waits for a person, and who might be competent."""

    reason: Literal["no_row", "ambiguous", "manual_row", "no_department"]
    because: str
    candidates: list[str] = []
    matter: Matter


class DepartmentStep(Lenient):
    """A department acted on its assignment."""

    assignment_id: UUID
    department: str
    note: str | None = None


class Return(DepartmentStep):
    """A department says the matter is not its own (退单)."""

    reason: str


class ReturnGranted(DepartmentStep):
    """The hotline agrees: the ticket is routed again, without that department."""

    matter: Matter
    excluded: list[str]


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


class RungWithdrawn(Lenient):
    """A rung is taken back: the answer had come in time and was only processed late."""

    deadline_id: UUID
    clock: str
    stage: str
    level: int
    department: str | None = None
    fell_due_at: Instant
    settled_at: Instant


class Event(Lenient):
    """The envelope; `version` counts a ticket's history, so order can be checked."""

    id: UUID = Field(default_factory=uuid4)
    ticket: str
    time: Instant
    version: int = 0


class TicketRegistered(Event):
    type: Literal["ticket.registered"] = "ticket.registered"
    data: Matter


class TicketAssigned(Event):
    type: Literal["ticket.assigned"] = "ticket.assigned"
    data: Assignment


class TicketParked(Event):
    type: Literal["ticket.parked"] = "ticket.parked"
    data: Parking


class TicketSigned(Event):
    type: Literal["ticket.signed"] = "ticket.signed"
    data: DepartmentStep


class TicketContacted(Event):
    type: Literal["ticket.contacted"] = "ticket.contacted"
    data: DepartmentStep


class TicketReturned(Event):
    type: Literal["ticket.returned"] = "ticket.returned"
    data: Return


class TicketReturnGranted(Event):
    type: Literal["ticket.return_granted"] = "ticket.return_granted"
    data: ReturnGranted


class TicketReturnRefused(Event):
    type: Literal["ticket.return_refused"] = "ticket.return_refused"
    data: DepartmentStep


class TicketResolved(Event):
    type: Literal["ticket.resolved"] = "ticket.resolved"
    data: DepartmentStep


class TicketClosed(Event):
    type: Literal["ticket.closed"] = "ticket.closed"
    data: DepartmentStep


class TicketEscalated(Event):
    type: Literal["ticket.escalated"] = "ticket.escalated"
    data: Rung


class TicketEscalationWithdrawn(Event):
    type: Literal["ticket.escalation_withdrawn"] = "ticket.escalation_withdrawn"
    data: RungWithdrawn


AnyEvent = Annotated[
    TicketRegistered
    | TicketAssigned
    | TicketParked
    | TicketSigned
    | TicketContacted
    | TicketReturned
    | TicketReturnGranted
    | TicketReturnRefused
    | TicketResolved
    | TicketClosed
    | TicketEscalated
    | TicketEscalationWithdrawn,
    Field(discriminator="type"),
]

_events: TypeAdapter[AnyEvent] = TypeAdapter(AnyEvent)


class Message(Schema):
    """An event on the wire: CloudEvents binary mode, headers `ce_*`, the data as JSON."""

    topic: str
    key: str
    headers: dict[str, str]
    body: bytes


def to_message(event: AnyEvent, topic: str = TOPIC) -> Message:
    """Put an event on the wire; the key is the ticket, so one ticket's events stay in order."""
    headers = {
        "ce_specversion": "1.0",
        "ce_id": str(event.id),
        "ce_source": SOURCE,
        "ce_type": event.type,
        "ce_subject": event.ticket,
        "ce_time": rfc3339(event.time),
        "ce_sequence": str(event.version),
        "content-type": "application/json",
    }
    body = event.data.model_dump_json().encode()
    return Message(topic=topic, key=event.ticket, headers=headers, body=body)


def from_message(message: Message) -> AnyEvent:
    """Read an event off the wire; raises `Invalid` for anything that is not one of ours."""
    headers = message.headers
    try:
        envelope = {
            "id": headers["ce_id"],
            "type": headers["ce_type"],
            "ticket": headers["ce_subject"],
            "time": headers["ce_time"],
            "version": headers["ce_sequence"],
            "data": _json.validate_json(message.body),
        }
        return _events.validate_python(envelope)
    except KeyError as missing:
        raise Invalid(f"The message has no header {missing}.") from missing
    except ValidationError as fault:
        raise Invalid(f"The message is not an event: {fault.error_count()} faults.") from fault


_json: TypeAdapter[dict[str, object]] = TypeAdapter(dict[str, object])
