"""What happened to a ticket's time, as told to the rest of the world: see `schemas.events`."""

from typing import Literal

from schemas.clock_data import (
    DeadlinesMoved,
    Extended,
    ProcedureOpened,
    Resumed,
    Suspended,
    TimeAsked,
    TimeRefused,
)
from schemas.event import Event


class TicketExtensionAsked(Event):
    type: Literal["ticket.extension_asked"] = "ticket.extension_asked"
    data: TimeAsked


class TicketExtensionGranted(Event):
    type: Literal["ticket.extension_granted"] = "ticket.extension_granted"
    data: Extended


class TicketExtensionRefused(Event):
    type: Literal["ticket.extension_refused"] = "ticket.extension_refused"
    data: TimeRefused


class TicketSuspensionAsked(Event):
    type: Literal["ticket.suspension_asked"] = "ticket.suspension_asked"
    data: TimeAsked


class TicketSuspended(Event):
    type: Literal["ticket.suspended"] = "ticket.suspended"
    data: Suspended


class TicketSuspensionRefused(Event):
    type: Literal["ticket.suspension_refused"] = "ticket.suspension_refused"
    data: TimeRefused


class TicketResumed(Event):
    type: Literal["ticket.resumed"] = "ticket.resumed"
    data: Resumed


class TicketProcedureOpened(Event):
    type: Literal["ticket.procedure_opened"] = "ticket.procedure_opened"
    data: ProcedureOpened


class TicketDeadlinesMoved(Event):
    type: Literal["ticket.deadlines_moved"] = "ticket.deadlines_moved"
    data: DeadlinesMoved
