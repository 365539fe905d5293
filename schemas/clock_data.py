"""What the events about a ticket's time say: more time, time that stands still, deadlines that moved."""

from typing import Literal
from uuid import UUID

from schemas.base import Instant
from schemas.event_data import DepartmentStep, Lenient, Matter


class Moved(Lenient):
    """A deadline that is another now; the caller's has no department."""

    clock: str
    stage: str
    department: str | None
    was_due_at: Instant
    due_at: Instant
    provisional: bool


class DeadlinesMoved(Lenient):
    """Deadlines of a ticket were reckoned anew, and why; `department` is the one that has the ticket."""

    moved: list[Moved]
    because: str
    department: str | None = None


class TimeAsked(DepartmentStep):
    """A department asks for time: more of it, or that none is counted; `request_id` is what is decided on."""

    request_id: UUID
    reason: str
    amount: int
    unit: str


class TimeRefused(DepartmentStep):
    """The hotline refuses the time a department asked for; its clock never stopped."""

    request_id: UUID


class Extended(TimeAsked):
    """The hotline grants more time (延期): the department's clock and the caller's moved."""

    moved: list[Moved]


class Suspended(DepartmentStep):
    """
    A ticket's clocks stand still (挂起) since `from_at`, until it is resumed, at `until_at` by itself.

    `renewed`: it stood still already, and does so for longer.
    """

    reason: str
    from_at: Instant
    until_at: Instant
    renewed: bool = False


class Resumed(DepartmentStep):
    """The clocks run on (恢复办理); what they had left they still have."""

    because: Literal["by_hand", "time_is_up"]
    from_at: Instant
    moved: list[Moved]


class ProcedureOpened(DepartmentStep):
    """Its department filed a case: until when is said by the law of that procedure (转入法定程序)."""

    procedure: str
    case_number: str | None = None
    legal_basis: str
    due_at: Instant
    provisional: bool
    matter: Matter
