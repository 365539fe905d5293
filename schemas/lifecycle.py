"""The life of a ticket as one table: Status x Step -> Status."""

from enum import StrEnum
from functools import cache

from schemas.errors import IllegalTransition


class Status(StrEnum):
    """
    Where a ticket stands; `REGISTERED` waits to be dispatched, `TRIAGE` waits for a person.

    `DISPUTED` was returned a second time: the hotline decides with binding force.
    `SUSPENDED`: its clocks stand still. `IN_PROCEDURE`: its department has filed a case, and the
    law says until when. `JOINED` is one of several callers' tickets about one matter: its parent is handled,
    and it is answered with it. `TRANSFERRED` went to 110, 119, 120 or 122. `ARCHIVED` is closed for good:
    nothing about it changes any more. `UNFOUNDED_PENDING`: what its caller says of the answer is found
    without ground by one person, and waits for another.
    """

    REGISTERED = "registered"
    TRIAGE = "triage"
    ASSIGNED = "assigned"
    SIGNED = "signed"
    CONTACTED = "contacted"
    RETURN_PENDING = "return_pending"
    DISPUTED = "disputed"
    SUSPENDED = "suspended"
    IN_PROCEDURE = "in_procedure"
    RESOLVED = "resolved"
    UNFOUNDED_PENDING = "unfounded_pending"
    CLOSED = "closed"
    ARCHIVED = "archived"
    JOINED = "joined"
    TRANSFERRED = "transferred"
    WITHDRAWN = "withdrawn"


class Step(StrEnum):
    """
    What can happen to a ticket.

    An escalation is noted in its history and leaves its status, and so is that its
    department was merged into another (`HAND_OVER`), that deadlines were moved by a
    correction or another rule (`MOVE_DEADLINE`) and what those do who handle it
    beside its lead (`CO_...`): see `CO_TRANSITIONS`. A caller was asked (`CALL_BACK`), or could not be
    reached (`NO_ANSWER`).
    """

    REGISTER = "register"
    ASSIGN = "assign"
    PARK = "park"
    SIGN = "sign"
    CONTACT = "contact"
    FEEDBACK = "feedback"
    RETURN = "return"
    GRANT_RETURN = "grant_return"
    REFUSE_RETURN = "refuse_return"
    DISPUTE = "dispute"
    ADJUDICATE = "adjudicate"
    ASK_EXTENSION = "ask_extension"
    GRANT_EXTENSION = "grant_extension"
    REFUSE_EXTENSION = "refuse_extension"
    ASK_SUSPENSION = "ask_suspension"
    SUSPEND = "suspend"
    REFUSE_SUSPENSION = "refuse_suspension"
    RESUME = "resume"
    OPEN_PROCEDURE = "open_procedure"
    CO_ASSIGN = "co_assign"
    CO_SIGN = "co_sign"
    CO_CONTACT = "co_contact"
    CO_FEEDBACK = "co_feedback"
    CO_ANSWER = "co_answer"
    CO_END = "co_end"
    RESOLVE = "resolve"
    REDO = "redo"
    CLOSE = "close"
    ARCHIVE = "archive"
    CORRECT = "correct"
    RECALL = "recall"
    HAND_OVER = "hand_over"
    JOIN = "join"
    PART = "part"
    NOTE = "note"
    URGE = "urge"
    CALL_BACK = "call_back"
    NO_ANSWER = "no_answer"
    CLAIM_UNFOUNDED = "claim_unfounded"
    GRANT_UNFOUNDED = "grant_unfounded"
    REFUSE_UNFOUNDED = "refuse_unfounded"
    WITHDRAW = "withdraw"
    TRANSFER = "transfer"
    MOVE_DEADLINE = "move_deadline"
    ESCALATE = "escalate"
    WITHDRAW_ESCALATION = "withdraw_escalation"


TRANSITIONS: dict[tuple[Status, Step], Status] = {
    (Status.REGISTERED, Step.ASSIGN): Status.ASSIGNED,
    (Status.REGISTERED, Step.PARK): Status.TRIAGE,  # none, or more than one, has jurisdiction
    (Status.TRIAGE, Step.ASSIGN): Status.ASSIGNED,
    (Status.ASSIGNED, Step.SIGN): Status.SIGNED,
    (Status.SIGNED, Step.CONTACT): Status.CONTACTED,
    (Status.SIGNED, Step.FEEDBACK): Status.SIGNED,
    (Status.CONTACTED, Step.FEEDBACK): Status.CONTACTED,
    (Status.ASSIGNED, Step.RETURN): Status.RETURN_PENDING,
    (Status.SIGNED, Step.RETURN): Status.RETURN_PENDING,
    (Status.CONTACTED, Step.RETURN): Status.RETURN_PENDING,
    (Status.RETURN_PENDING, Step.GRANT_RETURN): Status.REGISTERED,  # routed again, without it
    (Status.RETURN_PENDING, Step.REFUSE_RETURN): Status.SIGNED,  # its clock never stopped
    (Status.ASSIGNED, Step.DISPUTE): Status.DISPUTED,  # returned a second time, whoever it is by
    (Status.SIGNED, Step.DISPUTE): Status.DISPUTED,
    (Status.CONTACTED, Step.DISPUTE): Status.DISPUTED,
    (Status.DISPUTED, Step.ADJUDICATE): Status.REGISTERED,  # assigned to its lead in the same moment
    (Status.SIGNED, Step.OPEN_PROCEDURE): Status.IN_PROCEDURE,
    (Status.CONTACTED, Step.OPEN_PROCEDURE): Status.IN_PROCEDURE,
    (Status.IN_PROCEDURE, Step.CONTACT): Status.IN_PROCEDURE,  # its clock runs on
    (Status.IN_PROCEDURE, Step.FEEDBACK): Status.IN_PROCEDURE,
    (Status.IN_PROCEDURE, Step.RESOLVE): Status.RESOLVED,
    (Status.SUSPENDED, Step.FEEDBACK): Status.SUSPENDED,
    (Status.SUSPENDED, Step.RESOLVE): Status.RESOLVED,
    (Status.SUSPENDED, Step.RESUME): Status.SIGNED,  # or where it stood, see `advance`
    (Status.SIGNED, Step.RESOLVE): Status.RESOLVED,
    (Status.CONTACTED, Step.RESOLVE): Status.RESOLVED,
    (Status.RESOLVED, Step.REDO): Status.REGISTERED,  # assigned to who resolved it in the same moment
    (Status.RESOLVED, Step.CALL_BACK): Status.RESOLVED,
    (Status.RESOLVED, Step.NO_ANSWER): Status.RESOLVED,
    (Status.RESOLVED, Step.CLAIM_UNFOUNDED): Status.UNFOUNDED_PENDING,
    (Status.UNFOUNDED_PENDING, Step.GRANT_UNFOUNDED): Status.CLOSED,
    (Status.UNFOUNDED_PENDING, Step.REFUSE_UNFOUNDED): Status.RESOLVED,  # and done again
    (Status.RESOLVED, Step.CLOSE): Status.CLOSED,
    (Status.TRANSFERRED, Step.CLOSE): Status.CLOSED,
    (Status.WITHDRAWN, Step.CLOSE): Status.CLOSED,
    (Status.CLOSED, Step.ARCHIVE): Status.ARCHIVED,
    (Status.ASSIGNED, Step.RECALL): Status.REGISTERED,  # corrected: another department's matter
    (Status.SIGNED, Step.RECALL): Status.REGISTERED,
    (Status.CONTACTED, Step.RECALL): Status.REGISTERED,
    (Status.SUSPENDED, Step.RECALL): Status.REGISTERED,
    (Status.IN_PROCEDURE, Step.RECALL): Status.REGISTERED,
    (Status.REGISTERED, Step.JOIN): Status.JOINED,
    (Status.TRIAGE, Step.JOIN): Status.JOINED,
    (Status.JOINED, Step.JOIN): Status.JOINED,  # with its parent, to another
    (Status.JOINED, Step.PART): Status.REGISTERED,
    (Status.JOINED, Step.RESOLVE): Status.RESOLVED,
}

OPEN = (
    Status.REGISTERED,
    Status.TRIAGE,
    Status.ASSIGNED,
    Status.SIGNED,
    Status.CONTACTED,
    Status.RETURN_PENDING,
    Status.DISPUTED,
    Status.SUSPENDED,
    Status.IN_PROCEDURE,
    Status.JOINED,
)
FINISHED = frozenset({Status.CLOSED, Status.ARCHIVED})
"""Nobody adds anything to it."""

LED = (Status.ASSIGNED, Status.SIGNED, Status.CONTACTED, Status.IN_PROCEDURE, Status.SUSPENDED)
"""A department has it and works on it, or waits with it."""

AT_WORK = (Status.SIGNED, Status.CONTACTED, Status.IN_PROCEDURE)
"""Signed for, and its clocks run: more time may be asked for."""

ABOUT_TIME = frozenset(
    {
        Step.ASK_EXTENSION,
        Step.GRANT_EXTENSION,
        Step.REFUSE_EXTENSION,
        Step.ASK_SUSPENSION,
        Step.REFUSE_SUSPENSION,
    }
)
"""Asking for time and refusing it leave a ticket where it is, and so does more time."""

CO_STEPS = frozenset({Step.CO_SIGN, Step.CO_CONTACT, Step.CO_FEEDBACK, Step.CO_ANSWER})
TRANSITIONS |= {(status, Step.WITHDRAW): Status.WITHDRAWN for status in OPEN}
TRANSITIONS |= {(status, Step.TRANSFER): Status.TRANSFERRED for status in OPEN}
TRANSITIONS |= {(status, step): status for status in OPEN for step in (Step.CORRECT, Step.URGE)}
TRANSITIONS |= {(status, Step.NOTE): status for status in Status if status not in FINISHED}
TRANSITIONS |= {(status, Step.CO_ASSIGN): status for status in LED}
TRANSITIONS |= {
    (status, step): status
    for status in (*LED, Status.RETURN_PENDING, Status.DISPUTED)
    for step in Step
    if step in CO_STEPS
}
TRANSITIONS |= {(status, Step.ASK_EXTENSION): status for status in AT_WORK}
TRANSITIONS |= {
    (status, step): status
    for status in (*AT_WORK, Status.SUSPENDED)
    for step in Step
    if step in ABOUT_TIME - {Step.ASK_EXTENSION}
}
TRANSITIONS |= {(status, Step.SUSPEND): Status.SUSPENDED for status in (*AT_WORK, Status.SUSPENDED)}
ANSWERED = FINISHED | {Status.RESOLVED, Status.UNFOUNDED_PENDING}
"""Its caller was, or is about to be, told an answer; what was withdrawn or handed over has none."""

ENDED = ANSWERED | {Status.TRANSFERRED, Status.WITHDRAWN}


class CoStatus(StrEnum):
    """Where a co-handling stands; `ENDED` had no answer when its lead was done or gone."""

    ASSIGNED = "assigned"
    SIGNED = "signed"
    ANSWERED = "answered"
    ENDED = "ended"


CO_TRANSITIONS: dict[tuple[CoStatus, Step], CoStatus] = {
    (CoStatus.ASSIGNED, Step.CO_SIGN): CoStatus.SIGNED,
    (CoStatus.SIGNED, Step.CO_CONTACT): CoStatus.SIGNED,
    (CoStatus.SIGNED, Step.CO_FEEDBACK): CoStatus.SIGNED,
    (CoStatus.SIGNED, Step.CO_ANSWER): CoStatus.ANSWERED,
    (CoStatus.ASSIGNED, Step.CO_END): CoStatus.ENDED,
    (CoStatus.SIGNED, Step.CO_END): CoStatus.ENDED,
}


def co_advance(status: CoStatus, step: Step) -> CoStatus:
    """Return where a co-handling stands after `step`, or raise `IllegalTransition`."""
    try:
        return CO_TRANSITIONS[status, step]
    except KeyError:
        allowed = [str(each) for origin, each in CO_TRANSITIONS if origin is status]
        raise IllegalTransition(
            f"A co-handling that is {status} cannot {step}.", co_handling_status=str(status), allowed=allowed
        ) from None


def advance(status: Status, step: Step, before: str | None = None) -> Status:
    """
    Return the status after `step`, or raise `IllegalTransition`.

    A refused return goes back to where the ticket stood before it; one that was
    not signed for then is now, as the department has had it in its hands. A resumed
    ticket goes back to where it stood, too.
    """
    try:
        after = TRANSITIONS[status, step]
    except KeyError:
        allowed = [str(each) for each in steps_from(status)]
        raise IllegalTransition(
            f"A ticket that is {status} cannot {step}.", ticket_status=str(status), allowed=allowed
        ) from None
    if step is Step.RESUME and before in AT_WORK:
        return Status(before)
    contacted = step is Step.REFUSE_RETURN and before == Status.CONTACTED
    return Status.CONTACTED if contacted else after


@cache
def steps_from(status: Status) -> tuple[Step, ...]:
    """Every step the lifecycle knows from here, in the table's order."""
    return tuple(step for (origin, step) in TRANSITIONS if origin is status)
