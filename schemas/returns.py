"""Returning a ticket, deciding about it, adjudicating a dispute, and asking others to help: what is said."""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from schemas.base import AskedInstant, Instant, Schema, Words
from schemas.codes import DepartmentCode
from schemas.people import ActedBy

Said = Annotated[Words, StringConstraints(min_length=1, max_length=4000)]
Basis = Annotated[
    Words,
    StringConstraints(min_length=2, max_length=1000),
    Field(examples=["《海口市供水条例》第五条", "国办函〔2025〕66号:职能部门职责范围内的事项不得转派基层"]),
]
Item = Annotated[Words, StringConstraints(min_length=1, max_length=200)]

MOST_HELPERS = 20


class ReturnReason(StrEnum):
    """Why a ticket is returned: 非本单位职责, 属地有误, 要素缺失; there is no other reason."""

    NOT_OUR_DUTY = "not_our_duty"
    WRONG_PLACE = "wrong_place"
    ELEMENT_MISSING = "element_missing"


class ReturnRequest(Schema):
    """
    Why a department returns a ticket (退单).

    That a matter is not its duty wants the legal basis, and the department whose it is; what is
    missing is said once and whole (一次性告知).
    """

    note: Said
    reason: ReturnReason
    legal_basis: Basis | None = None
    competent: DepartmentCode | None = Field(None, description="The department whose matter it is.")
    missing: list[Item] = Field([], max_length=20, description="Every element that is missing.")
    by: ActedBy = None

    @model_validator(mode="after")
    def _is_grounded(self) -> Self:
        if self.reason is ReturnReason.NOT_OUR_DUTY and not (self.legal_basis and self.competent):
            raise ValueError("`not_our_duty` names its legal_basis and the competent department")
        if self.reason is ReturnReason.ELEMENT_MISSING and not self.missing:
            raise ValueError("`element_missing` lists what is missing")
        return self


class Grant(Schema):
    """Agree to a return; with a `department` the ticket goes there at once, else by the table."""

    note: Said | None = None
    department: DepartmentCode | None = None


class Refusal(Schema):
    """Why a return is refused; it was improper, and no time is given back."""

    note: Said


class Helper(Schema):
    """A department that helps the lead; without a time it has 60 % of the lead's."""

    department: DepartmentCode
    due_at: AskedInstant | None = None


class AdjudicationRequest(Schema):
    """
    Who handles a disputed ticket: exactly one lead, and who helps (裁定).

    The lead's own return was improper; `improper` names whose else was. `consulted` are the
    bodies asked where the duty was unclear (编办, 司法局).
    """

    lead: DepartmentCode
    co_handlers: list[Helper] = Field([], max_length=MOST_HELPERS)
    note: Said
    legal_basis: Basis | None = None
    consulted: list[Item] = Field([], max_length=10)
    improper: list[DepartmentCode] = Field([], max_length=2)

    @model_validator(mode="after")
    def _names_each_once(self) -> Self:
        named = [self.lead, *(each.department for each in self.co_handlers)]
        if len(set(named)) < len(named):
            raise ValueError("a department is the lead or helps, and is named once")
        return self


class CoHandlingRequest(Schema):
    """Which department is to help, with what, until when: a request without a due time is refused."""

    department: DepartmentCode
    due_at: Instant | None = Field(None, description="Required, and before the lead's last working day.")
    reason: Said
    by: ActedBy = None


class WhistleRequest(Schema):
    """A street whistles (吹哨): these departments are to report (报到), for this, until then."""

    departments: list[DepartmentCode] = Field(min_length=1, max_length=MOST_HELPERS)
    due_at: Instant | None = Field(None, description="Required, and before the street's last working day.")
    reason: Said
    by: ActedBy = None


class CoHandling(Schema):
    """A department that helps (协办): asked by whom, for what, until when, and what it answered."""

    id: str
    ticket: str
    department: str
    lead: str
    role: Literal["co"] = "co"
    kind: Literal["co_handling", "whistle"]
    status: str
    reason: str
    asked_by: str
    assigned_at: Instant
    due_at: Instant
    signed_at: Instant | None
    answer: str | None
    ended_at: Instant | None
    ended_because: str | None


class CoHandlings(Schema):
    """Everybody who helps or helped with a ticket, first asked first."""

    items: list[CoHandling]


class ReturnRecord(Schema):
    """A return: why, whose it is said to be, and what was decided; `outcome` is null while it waits."""

    id: str
    ticket: str
    department: str
    reason: ReturnReason
    legal_basis: str | None
    competent: str | None
    missing: list[str]
    note: str
    asked_at: Instant
    disputed: bool
    outcome: Literal["granted", "refused", "adjudicated", "dropped"] | None
    improper: bool
    decided_at: Instant | None
    decided_by: str | None
    decided_because: str | None


class ReturnCount(Schema):
    """A department's returns: how many, what became of them, how many were improper or made a dispute."""

    department: str
    returns: int
    granted: int
    refused: int
    improper: int
    disputes: int


class CoHandlingCount(Schema):
    """How often a department was asked to help or whistled for, how it answered, how often it whistled."""

    department: str
    asked: int
    reported: int
    answered: int
    late: int
    whistled: int
