"""The life of a ticket as one table: Status x Step -> Status."""

from enum import StrEnum

from schemas.errors import IllegalTransition


class Status(StrEnum):
    """Where a ticket stands; `REGISTERED` waits to be dispatched, `TRIAGE` waits for a person."""

    REGISTERED = "registered"
    TRIAGE = "triage"
    ASSIGNED = "assigned"
    SIGNED = "signed"
    CONTACTED = "contacted"
    RETURN_PENDING = "return_pending"
    RESOLVED = "resolved"
    CLOSED = "closed"


class Step(StrEnum):
    """What can happen to a ticket; an escalation is noted in its history and leaves its status."""

    REGISTER = "register"
    ASSIGN = "assign"
    PARK = "park"
    SIGN = "sign"
    CONTACT = "contact"
    RETURN = "return"
    GRANT_RETURN = "grant_return"
    REFUSE_RETURN = "refuse_return"
    RESOLVE = "resolve"
    CLOSE = "close"
    ESCALATE = "escalate"
    WITHDRAW_ESCALATION = "withdraw_escalation"


TRANSITIONS: dict[tuple[Status, Step], Status] = {
    (Status.REGISTERED, Step.ASSIGN): Status.ASSIGNED,
    (Status.REGISTERED, Step.PARK): Status.TRIAGE,  # none, or more than one, has jurisdiction
    (Status.TRIAGE, Step.ASSIGN): Status.ASSIGNED,
    (Status.ASSIGNED, Step.SIGN): Status.SIGNED,
    (Status.SIGNED, Step.CONTACT): Status.CONTACTED,
    (Status.ASSIGNED, Step.RETURN): Status.RETURN_PENDING,
    (Status.SIGNED, Step.RETURN): Status.RETURN_PENDING,
    (Status.CONTACTED, Step.RETURN): Status.RETURN_PENDING,
    (Status.RETURN_PENDING, Step.GRANT_RETURN): Status.REGISTERED,  # routed again, without it
    (Status.RETURN_PENDING, Step.REFUSE_RETURN): Status.SIGNED,  # its clock never stopped
    (Status.SIGNED, Step.RESOLVE): Status.RESOLVED,
    (Status.CONTACTED, Step.RESOLVE): Status.RESOLVED,
    (Status.RESOLVED, Step.CLOSE): Status.CLOSED,
}

ENDED = frozenset({Status.RESOLVED, Status.CLOSED})


def advance(status: Status, step: Step) -> Status:
    """Return the status after `step`, or raise `IllegalTransition`."""
    try:
        return TRANSITIONS[status, step]
    except KeyError:
        allowed = [str(each) for each in steps_from(status)]
        raise IllegalTransition(
            f"A ticket that is {status} cannot {step}.", ticket_status=str(status), allowed=allowed
        ) from None


def steps_from(status: Status) -> list[Step]:
    """Every step the lifecycle knows from here, in the table's order."""
    return [step for (origin, step) in TRANSITIONS if origin is status]
