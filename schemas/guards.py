"""Who takes a step of a ticket's life, and what must hold and be said for it."""

from enum import Enum, StrEnum


class Who(StrEnum):
    """
    Who takes a step: of a ticket's departments the lead or one that helps, or somebody of the hotline.

    `SERVICE` is the service itself, by a rule or at a moment; nobody takes such a step by hand.
    """

    LEAD = "lead"
    CO_HANDLER = "co_handler"
    AGENT = "agent"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"
    SERVICE = "service"


LEAD = frozenset({Who.LEAD})
CO_HANDLER = frozenset({Who.CO_HANDLER})
STAFF = frozenset({Who.AGENT, Who.SUPERVISOR, Who.ADMIN})
SUPERVISORS = frozenset({Who.SUPERVISOR, Who.ADMIN})
SERVICE = frozenset({Who.SERVICE})


class Guard(Enum):
    """
    What a step takes beside the right person and the right status.

    Each says it in a sentence and names the problems (`code`) that refuse a step for want of it. Whoever
    takes the step asks, as most answers lie in the database: the table says that it is asked.
    """

    # when
    NOT_HELD = "nobody else works on it at the desk", "held"
    NOT_EXCLUDED = "the department has not returned it, and is not what it is about", "department_excluded"
    IN_RETURN_WINDOW = "before the return window of the assignment ends", "return_too_late"
    RETURNABLE = "not urgent (act first), not to be done again", "not_returnable"
    NOT_ADJUDICATED = "who handles it was not adjudicated", "adjudication_binds"
    FIRST_RETURN = ("nobody has returned it yet (the second return is a dispute)",)
    SECOND_RETURN = ("somebody has returned it before, whoever that was",)
    BEFORE_DUE = "before the department's deadline", "asked_too_late"
    NOTHING_WAITS = "no request of the kind waits", "already_asked"
    NOT_ASKED_BEFORE = "the department has not asked the caller before", "asked_once"
    REQUEST_WAITS = "a request of the kind waits", "nothing_asked"
    FURTHER_BY_SUPERVISOR = "a further extension by a supervisor only", "forbidden"
    EXTENDABLE = "the city gives such a matter that much, that often", "not_extendable"
    SUSPENDABLE = "the city lets clocks stand still for that, so long, that often", "not_suspendable"
    CLOCKS_RUN = "the clocks run; for a renewal, they stand still", "already_suspended", "not_suspended"
    CLOCKS_STAND = "the clocks stand still", "not_suspended"
    NOT_IN_CONFIDENCE = "it is not in confidence", "in_confidence"
    NOT_YET_HELPING = "the department does not have it yet", "already_co_handling"
    BEFORE_LEADS_LAST_DAY = "due before the lead's last working day", "co_handling_due_too_late"
    ASKED_TO_HELP = "the department is asked to help, and has not answered", "conflict"
    ONE_MATTER = "the other ticket is open, joined to none, in no confidence", "conflict"
    ATTEMPTS_LEFT = "three attempts at most, unanswered ones on two days", "conflict"
    LANE_BEFORE_DEPARTMENT = "into the confidential lane only while no department has it", "conflict"

    SECOND_TO_DECIDE = "another person than who asks for it", "second_person_needed"

    # what must be said
    DEPARTMENT = "a department in force", "unknown_department"
    SAYS_WHAT = "what is done, in words", "invalid"
    SAYS_WHY = "why, in words", "invalid"
    RETURN_REASON = "a reason code, with legal basis and competent unit, or every missing element", "invalid"
    ONE_LEAD = "exactly one lead, and who helps", "invalid"
    REASON_CODE = "a reason of the closed list", "invalid"
    CALLER_TOLD = "what the caller was told", "invalid"
    PROCEDURE = "a procedure the limits know, and its legal basis", "invalid"
    MISSING = "every element that is missing, at once", "invalid"
    DUE_TIME = "until when, never without", "co_handling_without_due"
    CHANGE = "at least one field, and why", "invalid"
    RESULT = "of a negative result its reason code, why, and its legal basis", "invalid"
    SECOND_PERSON = (
        "of a negative result who asks for it, and another person's review",
        "second_person_needed",
    )
    OUTCOME = "what came of asking, satisfied only who was reached", "invalid"
    PLATFORM = "which platform takes it, and what it was told", "invalid"

    def __init__(self, says: str, *codes: str) -> None:
        self.says = says
        self.codes = codes
