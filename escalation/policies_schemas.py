"""What is asked and answered about calendars, limits, ladders and allowances and their versions."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints

from schemas.base import Day, Instant, Schema, Text

VersionName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$")]
Cell = Annotated[Text, StringConstraints(max_length=500)]
Rows = Annotated[list[dict[str, Cell]], Field(max_length=5000)]


class Policy(StrEnum):
    """What the address of a policy names; the event and the tables say it in the singular."""

    CALENDARS = "calendars"
    LIMITS = "limits"
    LADDER = "ladder"
    ALLOWANCES = "allowances"

    @property
    def kind(self) -> str:
        """The kind of rule."""
        return "calendar" if self is Policy.CALENDARS else self.value


class CalendarContent(Schema):
    """
    A calendar: days that differ from their weekday, and the hours of the week.

    A day has `date`, `kind` (off, work, hours), `name`, `source`, `status` (official, provisional), and may
    have `layer` (national, province, city, occasion, department), `hours` like 08:00-12:00|14:30-16:00,
    `department`. A window has `weekday` (mon … sun, or daily: also on days of rest), `opens`, `closes`, and
    may have `first_day` with `last_day`, and `department`.
    """

    code: Cell
    time_zone: Cell
    first_day: Cell
    last_day: Cell
    days: Rows
    office_hours: Rows


class AllowancesContent(Schema):
    """
    How much more time may be given, for which reasons nothing is counted, and how a clock goes on.

    The columns of each row are those of the files that ship; `reopenings` says `what` (redo, reopened)
    goes on by which `policy` (fresh, restart, continue).
    """

    extensions: Rows
    suspensions: Rows
    reopenings: Rows


class DraftNew(Schema):
    """A new draft, from the version in force or, for a rollback, from an earlier one."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"version": "HK-2027.1", "source": "国办发明电〔2026〕12号"}]}
    )

    version: VersionName
    source: Annotated[Text, StringConstraints(min_length=1, max_length=500)]
    based_on: VersionName | None = Field(None, description="Null: the version in force today.")


class DraftContent(Schema):
    """The whole content of a draft: a calendar, allowances, or the rows of limits or of a ladder."""

    content: CalendarContent | AllowancesContent | Rows


class PublishPolicy(Schema):
    """As it was previewed, from a day on."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"preview": "9f86d081884c7d65…"}]})

    preview: Annotated[str, StringConstraints(max_length=64)] = Field(
        description="What the preview is known by: its `preview`."
    )
    valid_from: Day | None = Field(None, description="Null: today, at once.")


class PolicyVersion(Schema):
    """A version and how far it is; `scheduled` is published and not yet in force."""

    kind: str
    version: str
    state: Literal["draft", "scheduled", "in_force", "superseded"]
    source: str
    based_on: str | None = None
    drafted_by: list[str] = []
    changed_at: Instant | None = None
    published_at: Instant | None = None
    published_by: str | None = None
    valid_from: date | None = None


class PolicyContent(PolicyVersion):
    """A version with its whole content."""

    content: Any


class PolicyFaults(Schema):
    """What lint found; with errors it can neither be saved nor published."""

    version: str
    errors: int
    warnings: int
    faults: list[dict[str, Any]]


class Move(Schema):
    """
    A deadline that would change.

    With no `due_at` it would be over, having no limit any more. With no `was_due_at` it would begin,
    and is due then if the draft were published now.
    """

    ticket: str
    clock: str
    stage: str
    department: str | None
    was_due_at: Instant | None
    due_at: Instant | None
    provisional: bool
    would_be_due_at: Instant | None = Field(description="Earlier than it is: it keeps its date.")


class Preview(Schema):
    """Which open deadlines a draft would move; nothing was written. `confirmed`: no longer provisional."""

    version: str
    in_force: str
    preview: str
    deadlines: int
    moved: int
    kept: int
    confirmed: int
    over: int
    begun: int
    moves: list[Move] = Field(description="Some two hundred at once, those of a ticket together.")
    next: str | None = Field(description="The `cursor` of the moves that follow; null at the end.")


class Progress(Schema):
    """How far a publication has been carried to open deadlines."""

    kind: str
    version: str
    state: Literal["scheduled", "waiting", "running", "done"]
    begins_on: date
    asked_at: Instant
    began_at: Instant | None
    done_at: Instant | None
    tickets: int
    deadlines: int
    moved: int
    kept: int
    changed_tickets: int


class CalendarHorizon(Schema):
    """How far the calendar in force can be relied on; `alarm`: the next year must be published now."""

    last_official_day: date | None
    working_days_left: int
    last_day: date
    alarm: bool


class Policies(Schema):
    """What is in force today, how far the calendar reaches, and what is being recomputed."""

    in_force: dict[str, str]
    horizon: CalendarHorizon
    recomputes: list[Progress]
