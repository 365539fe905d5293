"""What is asked and answered about versions of the jurisdiction table."""

from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from schemas.base import Day, Instant, Schema, Text

VersionName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$")]
LONGEST_PERIOD = 366


class DraftRequest(Schema):
    """A new draft, from the version in force or, for a rollback, from an earlier one."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"version": "HK-2026-2", "source": "2026年第二次修订"}]}
    )

    version: VersionName
    source: Annotated[Text, StringConstraints(min_length=1, max_length=500)]
    based_on: VersionName | None = Field(None, description="Null: the version in force today.")


class SimulateRequest(Schema):
    """The period of the past whose tickets are tried; both days count."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"since": "2026-10-01", "until": "2026-10-31"}]}
    )

    since: Day
    until: Day

    @model_validator(mode="after")
    def _is_a_period(self) -> Self:
        if not 0 <= (self.until - self.since).days < LONGEST_PERIOD:
            raise ValueError(
                f"a period ends no earlier than it begins, and has at most {LONGEST_PERIOD} days"
            )
        return self


class PublishRequest(Schema):
    """From which day a draft is to be in force."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"valid_from": "2027-01-01"}]})

    valid_from: Day | None = Field(None, description="Null: today, at once.")


class TableVersion(Schema):
    """
    A version of the table and how far it is.

    `scheduled` is published and not yet in force; `superseded` was, until another came.
    """

    version: str
    state: Literal["draft", "scheduled", "in_force", "superseded"]
    source: str
    based_on: str | None = None
    drafted_by: list[str] = []
    changed_at: Instant | None = None
    simulated_at: Instant | None = Field(None, description="Null once the draft has changed again.")
    published_at: Instant | None = None
    published_by: str | None = None
    valid_from: date | None = None


class Faults(Schema):
    """What lint found in a version; with errors it cannot be published."""

    version: str
    rows: int
    errors: int
    warnings: int
    faults: list[dict[str, Any]]


class RowDifference(Schema):
    """A row that was added, removed or changed; for the last, by field what was and what is."""

    kind: Literal["added", "removed", "changed"]
    id: str
    changed: dict[str, tuple[str, str]] = {}


class Simulation(Schema):
    """What past tickets would have met: how many move, from where to where, which, and each one's load."""

    version: str
    compared_with: str
    since: date
    until: date
    tickets: int
    moved: int
    handled: int = Field(description="Tickets whose own department is known.")
    agree_before: int = Field(description="Of these, whose own department the table in force names.")
    agree_after: int = Field(description="Of these, whose own department the draft names.")
    matrix: list[dict[str, Any]] = Field(description="An empty department is the triage desk.")
    load: list[dict[str, Any]]
    moves: list[dict[str, Any]] = Field(description="At most the first thousand.")
