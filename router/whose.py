"""Whose a ticket is: its department leads, others may help, to everybody else it is not there."""

from schemas.errors import NotTheLead, TicketNotFound
from services.access import leads, may_see
from services.security import Principal
from services.tickets import TicketRow


def check_lead(ticket: TicketRow, principal: Principal) -> None:
    """Raise `TicketNotFound` for another department's ticket, `NotTheLead` for one it only helps with."""
    check_party(ticket, principal)
    if not leads(ticket._asdict(), principal):
        raise NotTheLead(f"{ticket.department_name} leads; you answer to it.", lead=ticket.department)


def check_party(ticket: TicketRow, principal: Principal) -> None:
    """Raise `TicketNotFound` for a ticket that is not there for the caller."""
    if not may_see(ticket._asdict(), principal):
        raise TicketNotFound(f"There is no ticket {ticket.id}.")
