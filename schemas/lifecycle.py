"""
The life of a ticket as one table: each step, where it leads, who takes it, when, and with what.

What the API offers and whom it lets take a step come from here, and so does `docs/lifecycle.md`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from schemas.errors import IllegalTransition
from schemas.guards import CO_HANDLER, LEAD, SERVICE, STAFF, SUPERVISORS, Guard, Who


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
    beside its lead (`CO_...`): see `schemas.helping`. A caller was asked (`CALL_BACK`), or could not be
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
    ASK_SUPPLEMENT = "ask_supplement"
    SUPPLEMENT = "supplement"
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

HAD = (*LED, Status.RETURN_PENDING, Status.DISPUTED)
"""A department has it, or still has it until the hotline has decided."""

AT_WORK = (Status.SIGNED, Status.CONTACTED, Status.IN_PROCEDURE)
"""Signed for, and its clocks run: more time may be asked for."""

RETURNABLE = (Status.ASSIGNED, Status.SIGNED, Status.CONTACTED)

CO_STEPS = frozenset({Step.CO_SIGN, Step.CO_CONTACT, Step.CO_FEEDBACK, Step.CO_ANSWER})


@dataclass(frozen=True, slots=True)
class Rule:
    """
    One step: where it leads from where, who takes it, when, and what must be said.

    A step without `moves` stands in the history only: it leaves a ticket as it is, wherever that is.
    """

    step: Step
    moves: Mapping[Status, Status]
    who: frozenset[Who]
    when: tuple[Guard, ...] = ()
    what: tuple[Guard, ...] = ()


def _to(status: Status, *origins: Status) -> dict[Status, Status]:
    return dict.fromkeys(origins, status)


def _stays(*statuses: Status) -> dict[Status, Status]:
    return {each: each for each in statuses}


_RETURN = (Guard.IN_RETURN_WINDOW, Guard.RETURNABLE, Guard.NOT_ADJUDICATED)

TABLE: tuple[Rule, ...] = (
    Rule(Step.REGISTER, {}, STAFF | SERVICE),
    Rule(
        Step.ASSIGN,
        _to(Status.ASSIGNED, Status.REGISTERED, Status.TRIAGE),
        STAFF | SERVICE,
        (Guard.NOT_HELD, Guard.NOT_EXCLUDED),
        (Guard.DEPARTMENT,),
    ),
    Rule(Step.PARK, _to(Status.TRIAGE, Status.REGISTERED), SERVICE),  # no row, or more than one, decides
    Rule(Step.SIGN, _to(Status.SIGNED, Status.ASSIGNED), LEAD),
    Rule(
        Step.CONTACT,
        _to(Status.CONTACTED, Status.SIGNED) | _stays(Status.IN_PROCEDURE),  # its clock runs on
        LEAD,
    ),
    Rule(Step.FEEDBACK, _stays(*AT_WORK, Status.SUSPENDED), LEAD, (), (Guard.SAYS_WHAT,)),
    Rule(
        Step.RETURN,
        _to(Status.RETURN_PENDING, *RETURNABLE),
        LEAD,
        (*_RETURN, Guard.FIRST_RETURN),
        (Guard.RETURN_REASON,),
    ),
    Rule(  # routed again, without who returned it
        Step.GRANT_RETURN,
        _to(Status.REGISTERED, Status.RETURN_PENDING),
        STAFF,
        (Guard.NOT_EXCLUDED,),
    ),
    Rule(  # or where it stood, see `advance`; its clock never stopped
        Step.REFUSE_RETURN, _to(Status.SIGNED, Status.RETURN_PENDING), STAFF, (), (Guard.SAYS_WHY,)
    ),
    Rule(  # the step of a return that is not the first
        Step.DISPUTE,
        _to(Status.DISPUTED, *RETURNABLE),
        LEAD,
        (*_RETURN, Guard.SECOND_RETURN),
        (Guard.RETURN_REASON,),
    ),
    Rule(  # assigned to its lead in the same moment
        Step.ADJUDICATE,
        _to(Status.REGISTERED, Status.DISPUTED),
        SUPERVISORS,
        (Guard.NOT_IN_CONFIDENCE,),
        (Guard.ONE_LEAD, Guard.DEPARTMENT),
    ),
    Rule(
        Step.ASK_EXTENSION,
        _stays(*AT_WORK),
        LEAD,
        (Guard.BEFORE_DUE, Guard.EXTENDABLE, Guard.NOTHING_WAITS),
        (Guard.REASON_CODE, Guard.CALLER_TOLD),
    ),
    Rule(
        Step.GRANT_EXTENSION,
        _stays(*AT_WORK, Status.SUSPENDED),
        STAFF,
        (Guard.REQUEST_WAITS, Guard.EXTENDABLE, Guard.FURTHER_BY_SUPERVISOR),
    ),
    Rule(
        Step.REFUSE_EXTENSION,
        _stays(*AT_WORK, Status.SUSPENDED),
        STAFF,
        (Guard.REQUEST_WAITS,),
        (Guard.SAYS_WHY,),
    ),
    Rule(  # one that stands still asks to do so longer
        Step.ASK_SUSPENSION,
        _stays(*AT_WORK, Status.SUSPENDED),
        LEAD,
        (Guard.CLOCKS_RUN, Guard.BEFORE_DUE, Guard.SUSPENDABLE, Guard.NOTHING_WAITS),
        (Guard.REASON_CODE, Guard.CALLER_TOLD),
    ),
    Rule(
        Step.SUSPEND,
        _to(Status.SUSPENDED, *AT_WORK, Status.SUSPENDED),
        STAFF,
        (Guard.REQUEST_WAITS, Guard.BEFORE_DUE),
    ),
    Rule(
        Step.REFUSE_SUSPENSION,
        _stays(*AT_WORK, Status.SUSPENDED),
        STAFF,
        (Guard.REQUEST_WAITS,),
        (Guard.SAYS_WHY,),
    ),
    Rule(  # or where it stood, see `advance`
        Step.RESUME, _to(Status.SIGNED, Status.SUSPENDED), LEAD | STAFF | SERVICE, (Guard.CLOCKS_STAND,)
    ),
    Rule(
        Step.OPEN_PROCEDURE,
        _to(Status.IN_PROCEDURE, Status.SIGNED, Status.CONTACTED),
        LEAD,
        (),
        (Guard.PROCEDURE, Guard.CALLER_TOLD),
    ),
    Rule(Step.ASK_SUPPLEMENT, _stays(*AT_WORK), LEAD, (Guard.NOT_ASKED_BEFORE,), (Guard.MISSING,)),
    Rule(
        Step.SUPPLEMENT, _stays(*AT_WORK, Status.SUSPENDED), STAFF, (Guard.REQUEST_WAITS,), (Guard.SAYS_WHAT,)
    ),
    Rule(
        Step.CO_ASSIGN,
        _stays(*LED),
        LEAD | STAFF | SERVICE,
        (Guard.NOT_YET_HELPING, Guard.NOT_IN_CONFIDENCE, Guard.BEFORE_LEADS_LAST_DAY),
        (Guard.DEPARTMENT, Guard.DUE_TIME, Guard.SAYS_WHY),
    ),
    Rule(Step.CO_SIGN, _stays(*HAD), CO_HANDLER, (Guard.ASKED_TO_HELP,)),
    Rule(Step.CO_CONTACT, _stays(*HAD), CO_HANDLER, (Guard.ASKED_TO_HELP,)),
    Rule(Step.CO_FEEDBACK, _stays(*HAD), CO_HANDLER, (Guard.ASKED_TO_HELP,), (Guard.SAYS_WHAT,)),
    Rule(Step.CO_ANSWER, _stays(*HAD), CO_HANDLER, (Guard.ASKED_TO_HELP,), (Guard.SAYS_WHAT,)),
    Rule(Step.CO_END, {}, SERVICE),
    Rule(  # suspended: what it waited for has come, and is its answer; joined: answered with its parent
        Step.RESOLVE,
        _to(Status.RESOLVED, *AT_WORK, Status.SUSPENDED, Status.JOINED),
        LEAD,
        (),
        (Guard.SAYS_WHAT, Guard.RESULT, Guard.SECOND_PERSON),
    ),
    Rule(Step.REDO, _to(Status.REGISTERED, Status.RESOLVED), SERVICE),  # assigned in the same moment
    Rule(Step.CLOSE, _to(Status.CLOSED, Status.RESOLVED, Status.TRANSFERRED, Status.WITHDRAWN), STAFF),
    Rule(Step.ARCHIVE, _to(Status.ARCHIVED, Status.CLOSED), SERVICE),
    Rule(Step.CORRECT, _stays(*OPEN), STAFF, (Guard.LANE_BEFORE_DEPARTMENT,), (Guard.CHANGE,)),
    Rule(Step.RECALL, _to(Status.REGISTERED, *LED), SERVICE),  # corrected: another department's matter
    Rule(Step.HAND_OVER, {}, SERVICE),
    Rule(
        Step.JOIN,
        _to(Status.JOINED, Status.REGISTERED, Status.TRIAGE, Status.JOINED),  # with its parent, to another
        STAFF | SERVICE,
        (Guard.NOT_HELD, Guard.ONE_MATTER, Guard.NOT_ADJUDICATED),
        (Guard.SAYS_WHY,),
    ),
    Rule(
        Step.PART,
        _to(Status.REGISTERED, Status.JOINED),
        STAFF | SERVICE,
        (Guard.NOT_HELD,),
        (Guard.SAYS_WHY,),
    ),
    Rule(
        Step.NOTE,
        _stays(*(each for each in Status if each not in FINISHED)),
        STAFF | SERVICE,
        (),
        (Guard.SAYS_WHAT,),
    ),
    Rule(Step.URGE, _stays(*OPEN), STAFF | SERVICE),
    Rule(Step.CALL_BACK, _stays(Status.RESOLVED), STAFF, (Guard.ATTEMPTS_LEFT,), (Guard.OUTCOME,)),
    Rule(Step.NO_ANSWER, _stays(Status.RESOLVED), STAFF, (Guard.ATTEMPTS_LEFT,)),
    Rule(
        Step.CLAIM_UNFOUNDED,
        _to(Status.UNFOUNDED_PENDING, Status.RESOLVED),
        STAFF,
        (Guard.ATTEMPTS_LEFT,),
        (Guard.OUTCOME, Guard.RESULT),
    ),
    Rule(
        Step.GRANT_UNFOUNDED,
        _to(Status.CLOSED, Status.UNFOUNDED_PENDING),
        SUPERVISORS,
        (Guard.SECOND_TO_DECIDE,),
        (Guard.SAYS_WHY,),
    ),
    Rule(  # and done again
        Step.REFUSE_UNFOUNDED,
        _to(Status.RESOLVED, Status.UNFOUNDED_PENDING),
        SUPERVISORS,
        (Guard.SECOND_TO_DECIDE,),
        (Guard.SAYS_WHY,),
    ),
    Rule(Step.WITHDRAW, _to(Status.WITHDRAWN, *OPEN), STAFF, (), (Guard.SAYS_WHY,)),
    Rule(
        Step.TRANSFER, _to(Status.TRANSFERRED, *OPEN), STAFF | SERVICE, (Guard.NOT_HELD,), (Guard.PLATFORM,)
    ),
    Rule(Step.MOVE_DEADLINE, {}, SERVICE),
    Rule(Step.ESCALATE, {}, SERVICE),
    Rule(Step.WITHDRAW_ESCALATION, {}, SERVICE),
)
"""The whole life: what is not here cannot happen. A rule for each step, in their order."""

INSTEAD: Mapping[Step, Step] = {
    Step.DISPUTE: Step.RETURN,
    Step.NO_ANSWER: Step.CALL_BACK,
    Step.CLAIM_UNFOUNDED: Step.CALL_BACK,
}
"""Steps that are taken in place of the one that was asked for, by what was said with it or came before."""

RULES: Mapping[Step, Rule] = {rule.step: rule for rule in TABLE}

TRANSITIONS: Mapping[tuple[Status, Step], Status] = {
    (origin, rule.step): after for rule in TABLE for origin, after in rule.moves.items()
}

ANSWERED = FINISHED | {Status.RESOLVED, Status.UNFOUNDED_PENDING}
"""Its caller was, or is about to be, told an answer; what was withdrawn or handed over has none."""

ENDED = ANSWERED | {Status.TRANSFERRED, Status.WITHDRAWN}


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
