"""A department (承办单位) as it is entered and shown: the unit, its people, its promises, its merger."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from schemas.base import Day, Instant, Schema, Text
from schemas.codes import DepartmentCode, DivisionCode
from schemas.credit_code import CreditCode
from schemas.ticket import Kind, Name, Phone

Says = Annotated[Text, StringConstraints(min_length=1, max_length=1000)]
UnitName = Annotated[Text, StringConstraints(min_length=2, max_length=100)]
CategoryPrefix = Annotated[str, StringConstraints(pattern=r"^(\d{2}){0,3}$")]


class DepartmentChange(Schema):
    """A department as it is to be; `level` must fit the depth of its division's code."""

    name: UnitName
    level: Literal["city", "district", "township", "village"]
    division: DivisionCode
    parent: DepartmentCode | None = None
    credit_code: CreditCode | None = Field(
        None, description="Unified social credit code (GB 32100-2015); null while it is not known."
    )
    enterprise: bool = Field(False, description="It is an enterprise, not a body of the government.")
    aliases: list[UnitName] = Field([], max_length=20, description="What callers call it.")
    valid_from: Day
    valid_to: Day | None = Field(None, description="Its last day.")


class DepartmentNew(DepartmentChange):
    """A department that is to be there."""

    code: DepartmentCode


class Department(DepartmentNew):
    """A department (承办单位), the division it serves and its place in the tree."""

    depth: int = Field(description="How many are above it.")
    successor: str | None = Field(description="Who has its matters after its last day.")
    version: int


class Post(Schema):
    """Somebody with a post."""

    name: Annotated[Name, StringConstraints(min_length=1)]
    phone: Phone | None = None


class Window(Schema):
    """From a moment until another, which no longer belongs to it."""

    starts_at: Instant
    ends_at: Instant

    @model_validator(mode="after")
    def _goes_forward(self) -> Self:
        if self.ends_at <= self.starts_at:
            raise ValueError("it ends after it begins")
        return self


class AbsenceWindow(Window):
    """When post A is away."""

    because: Says | None = None


class DutyShift(Window):
    """Somebody's turn on the duty roster (值班)."""

    name: Annotated[Name, StringConstraints(min_length=1)]
    phone: Phone | None = None


class People(Schema):
    """Who handles a department's tickets: A, their deputy B (工作岗位AB制), the duty roster."""

    a: Post | None = None
    b: Post | None = None
    absences: list[AbsenceWindow] = Field([], max_length=200)
    shifts: list[DutyShift] = Field([], max_length=1000)

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        begins = [each.starts_at for each in self.absences]
        turns = [(each.starts_at, each.name) for each in self.shifts]
        if len(set(begins)) != len(begins) or len(set(turns)) != len(turns):
            raise ValueError("a window is named once")
        return self


class OnDutyNow(Schema):
    """Who is to act, and why; nobody when the department has named nobody."""

    role: Literal["A", "B", "roster"] | None
    name: str | None
    phone: str | None
    because: str


class CommitmentNew(Schema):
    """A shorter limit a department promises in public (服务承诺), by which paper and from which day."""

    category: CategoryPrefix = Field("", description="A prefix; empty is every category.")
    kind: Kind | None = Field(None, description="Null is every kind.")
    amount: int = Field(ge=1, le=100_000)
    unit: Literal["wall_minutes", "working_minutes", "working_days", "calendar_days"]
    valid_from: Day
    valid_to: Day | None = None
    source: Says

    @model_validator(mode="after")
    def _goes_forward(self) -> Self:
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise ValueError("it ends before it begins")
        return self


class Commitment(CommitmentNew):
    """A commitment as published; `version` counts those for the same category and kind."""

    version: int
    published_at: Instant
    published_by: str


class MergerNew(Schema):
    """From which day a department's matters are another's, and by which paper."""

    on: Day
    because: Says


class Merger(MergerNew):
    """A merger and how far it has come; `left` are open tickets still to be moved."""

    department: str
    successor: str
    recorded_at: Instant
    recorded_by: str
    moved: int
    left: int
    done_at: Instant | None


class Imported(Schema):
    """What a sheet of departments brought."""

    created: int
    changed: int
    unchanged: int


class DepartmentEdit(Schema):
    """One change of a department: by field, what was and what is."""

    version: int
    changed: dict[str, tuple[object, object]]
    at: Instant
    by: str
