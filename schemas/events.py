"""
What happened, as told to the rest of the world: CloudEvents 1.0, one class per event.

Events carry no personal data of the caller: whoever needs it asks the API.
Fields may be added, never removed or given another meaning; a new meaning is a new type.
"""

from collections.abc import Mapping
from typing import Annotated, Literal, get_args

from pydantic import Field

from schemas.clock_data import (
    DeadlinesMoved,
    Extended,
    Moved,
    ProcedureOpened,
    Resumed,
    Suspended,
    TimeAsked,
    TimeRefused,
)
from schemas.event import Event
from schemas.event_data import (
    Adjudication,
    Assignment,
    CallBack,
    Closing,
    CoAssignment,
    CoEnding,
    CoHandling,
    Contacted,
    Correction,
    DepartmentStep,
    DisputeOpened,
    Ending,
    EndpointDisabled,
    HandOver,
    Joining,
    Lenient,
    MassEvent,
    Matter,
    Parking,
    Publication,
    Recall,
    Redo,
    Remark,
    Resolved,
    Return,
    ReturnGranted,
    ReturnRefused,
    Rung,
    RungWithdrawn,
    SupervisionHalt,
    Transfer,
    Urge,
)
from schemas.supplements import TicketSupplementAsked, TicketSupplemented
from schemas.time_events import (
    TicketDeadlinesMoved,
    TicketExtensionAsked,
    TicketExtensionGranted,
    TicketExtensionRefused,
    TicketProcedureOpened,
    TicketResumed,
    TicketSuspended,
    TicketSuspensionAsked,
    TicketSuspensionRefused,
)

__all__ = [
    "Adjudication",
    "Assignment",
    "CallBack",
    "Closing",
    "CoAssignment",
    "CoEnding",
    "CoHandling",
    "Contacted",
    "Correction",
    "DeadlinesMoved",
    "DepartmentStep",
    "DisputeOpened",
    "Ending",
    "Event",
    "Extended",
    "HandOver",
    "Joining",
    "Lenient",
    "MassEvent",
    "Matter",
    "Moved",
    "Parking",
    "ProcedureOpened",
    "Publication",
    "Recall",
    "Redo",
    "Remark",
    "Resolved",
    "Resumed",
    "Return",
    "ReturnGranted",
    "ReturnRefused",
    "Rung",
    "RungWithdrawn",
    "SupervisionHalt",
    "Suspended",
    "TicketDeadlinesMoved",
    "TicketExtensionAsked",
    "TicketExtensionGranted",
    "TicketExtensionRefused",
    "TicketProcedureOpened",
    "TicketResumed",
    "TicketSupplementAsked",
    "TicketSupplemented",
    "TicketSuspended",
    "TicketSuspensionAsked",
    "TicketSuspensionRefused",
    "TimeAsked",
    "TimeRefused",
    "Transfer",
    "Urge",
]
"""Besides what is defined here: the data of the events, for who reads or tells one."""

TOPIC = "hotline.tickets.v1"
CONFIDENTIAL_TOPIC = "hotline.confidential.v1"
DEAD_LETTER_SUFFIX = ".dead"


class TicketRegistered(Event):
    type: Literal["ticket.registered"] = "ticket.registered"
    data: Matter


class TicketAssigned(Event):
    type: Literal["ticket.assigned"] = "ticket.assigned"
    data: Assignment


class TicketHandedOver(Event):
    type: Literal["ticket.handed_over"] = "ticket.handed_over"
    data: HandOver


class TicketParked(Event):
    type: Literal["ticket.parked"] = "ticket.parked"
    data: Parking


class TicketSigned(Event):
    type: Literal["ticket.signed"] = "ticket.signed"
    data: DepartmentStep


class TicketContacted(Event):
    type: Literal["ticket.contacted"] = "ticket.contacted"
    data: Contacted


class TicketFedBack(Event):
    type: Literal["ticket.fed_back"] = "ticket.fed_back"
    data: DepartmentStep


class TicketReturned(Event):
    type: Literal["ticket.returned"] = "ticket.returned"
    data: Return


class TicketReturnGranted(Event):
    type: Literal["ticket.return_granted"] = "ticket.return_granted"
    data: ReturnGranted


class TicketReturnRefused(Event):
    type: Literal["ticket.return_refused"] = "ticket.return_refused"
    data: ReturnRefused


class TicketReturnBarred(Event):
    type: Literal["ticket.return_barred"] = "ticket.return_barred"
    data: DepartmentStep


class TicketDisputeOpened(Event):
    type: Literal["ticket.dispute_opened"] = "ticket.dispute_opened"
    data: DisputeOpened


class TicketAdjudicated(Event):
    type: Literal["ticket.adjudicated"] = "ticket.adjudicated"
    data: Adjudication


class TicketCoAssigned(Event):
    type: Literal["ticket.co_assigned"] = "ticket.co_assigned"
    data: CoAssignment


class TicketCoSigned(Event):
    type: Literal["ticket.co_signed"] = "ticket.co_signed"
    data: CoHandling


class TicketCoContacted(Event):
    type: Literal["ticket.co_contacted"] = "ticket.co_contacted"
    data: CoHandling


class TicketCoFedBack(Event):
    type: Literal["ticket.co_fed_back"] = "ticket.co_fed_back"
    data: CoHandling


class TicketCoAnswered(Event):
    type: Literal["ticket.co_answered"] = "ticket.co_answered"
    data: CoHandling


class TicketCoEnded(Event):
    type: Literal["ticket.co_ended"] = "ticket.co_ended"
    data: CoEnding


class TicketResolved(Event):
    type: Literal["ticket.resolved"] = "ticket.resolved"
    data: Resolved


class TicketClosed(Event):
    type: Literal["ticket.closed"] = "ticket.closed"
    data: Closing


class TicketArchived(Event):
    type: Literal["ticket.archived"] = "ticket.archived"
    data: Remark


class TicketEscalated(Event):
    type: Literal["ticket.escalated"] = "ticket.escalated"
    data: Rung


class TicketEscalationWithdrawn(Event):
    type: Literal["ticket.escalation_withdrawn"] = "ticket.escalation_withdrawn"
    data: RungWithdrawn


class TicketCorrected(Event):
    type: Literal["ticket.corrected"] = "ticket.corrected"
    data: Correction


class TicketRecalled(Event):
    type: Literal["ticket.recalled"] = "ticket.recalled"
    data: Recall


class TicketRedoOrdered(Event):
    type: Literal["ticket.redo_ordered"] = "ticket.redo_ordered"
    data: Redo


class TicketJoined(Event):
    type: Literal["ticket.joined"] = "ticket.joined"
    data: Joining


class TicketParted(Event):
    type: Literal["ticket.parted"] = "ticket.parted"
    data: Joining


class TicketNoted(Event):
    type: Literal["ticket.noted"] = "ticket.noted"
    data: Remark


class TicketUrged(Event):
    type: Literal["ticket.urged"] = "ticket.urged"
    data: Urge


class TicketCalledBack(Event):
    type: Literal["ticket.called_back"] = "ticket.called_back"
    data: CallBack


class TicketUnfoundedRefused(Event):
    type: Literal["ticket.unfounded_refused"] = "ticket.unfounded_refused"
    data: Remark


class TicketWithdrawn(Event):
    type: Literal["ticket.withdrawn"] = "ticket.withdrawn"
    data: Remark


class TicketTransferred(Event):
    type: Literal["ticket.transferred"] = "ticket.transferred"
    data: Transfer


class TicketMassEvent(Event):
    type: Literal["ticket.mass_event"] = "ticket.mass_event"
    data: MassEvent


class PoliciesPublished(Event):
    """Of no ticket: `ticket`, its subject and key, names the kind of policy."""

    type: Literal["policies.published"] = "policies.published"
    data: Publication


class SupervisionHalted(Event):
    """Of a ticket; or of none, then `ticket`, its subject and key, names the department or all."""

    type: Literal["supervision.halted"] = "supervision.halted"
    data: SupervisionHalt


class SupervisionResumed(Event):
    type: Literal["supervision.resumed"] = "supervision.resumed"
    data: SupervisionHalt


class WebhookEndpointDisabled(Event):
    """Of no ticket: `ticket`, its subject and key, names the department."""

    type: Literal["webhook.endpoint_disabled"] = "webhook.endpoint_disabled"
    data: EndpointDisabled


AnyEvent = Annotated[
    TicketRegistered
    | TicketAssigned
    | TicketHandedOver
    | TicketParked
    | TicketSigned
    | TicketContacted
    | TicketFedBack
    | TicketReturned
    | TicketReturnGranted
    | TicketReturnRefused
    | TicketReturnBarred
    | SupervisionHalted
    | SupervisionResumed
    | TicketDisputeOpened
    | TicketAdjudicated
    | TicketCoAssigned
    | TicketCoSigned
    | TicketCoContacted
    | TicketCoFedBack
    | TicketCoAnswered
    | TicketCoEnded
    | TicketResolved
    | TicketClosed
    | TicketArchived
    | TicketCorrected
    | TicketRecalled
    | TicketRedoOrdered
    | TicketJoined
    | TicketParted
    | TicketNoted
    | TicketUrged
    | TicketCalledBack
    | TicketUnfoundedRefused
    | TicketWithdrawn
    | TicketTransferred
    | TicketMassEvent
    | TicketExtensionAsked
    | TicketExtensionGranted
    | TicketExtensionRefused
    | TicketSuspensionAsked
    | TicketSuspended
    | TicketSuspensionRefused
    | TicketResumed
    | TicketProcedureOpened
    | TicketSupplementAsked
    | TicketSupplemented
    | TicketDeadlinesMoved
    | PoliciesPublished
    | WebhookEndpointDisabled
    | TicketEscalated
    | TicketEscalationWithdrawn,
    Field(discriminator="type"),
]

EVENTS: Mapping[str, type[Event]] = {
    each.model_fields["type"].default: each for each in get_args(get_args(AnyEvent)[0])
}
"""The class of each event, by its type."""


def data_class(type_: str) -> type[Lenient]:
    """Return the class of an event's data."""
    return EVENTS[type_].model_fields["data"].annotation  # type: ignore[return-value]
