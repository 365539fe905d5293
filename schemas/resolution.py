"""Resolving a ticket: what was done, what came of it, and what a result against its caller takes."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from schemas.base import Instant, Schema, Words
from schemas.people import Official
from schemas.returns import Basis, Said
from schemas.ticket import Attachment

Answer = Annotated[Words, StringConstraints(min_length=1, max_length=4000)]


class NegativeReason(StrEnum):
    """
    What a result against the caller is (否定报备); there is no other.

    不予受理, 不能办理, 非本单位职责, 未解决, 不属实.
    """

    NOT_ACCEPTED = "not_accepted"
    CANNOT_BE_DONE = "cannot_be_done"
    NOT_OUR_DUTY = "not_our_duty"
    UNRESOLVED = "unresolved"
    UNFOUNDED = "unfounded"


NOT_SOLVED = frozenset(
    {NegativeReason.NOT_ACCEPTED, NegativeReason.CANNOT_BE_DONE, NegativeReason.UNRESOLVED}
)


class NegativeOutcome(Schema):
    """A result against the caller: what it is and why, by which law, and who reviewed it (审核人)."""

    reason: NegativeReason
    because: Said
    legal_basis: Basis
    reviewed_by: Official


class ResolveRequest(Schema):
    """
    Resolve a ticket (办结): `note` is the answer its caller gets, `internal` what the hotline alone reads.

    Whether it is true (属实), within the department's duty and solved may be left unsaid. As soon as one
    of them is denied the result is negative, and needs what `negative` says.
    """

    note: Answer
    internal: Answer | None = None
    founded: bool | None = Field(None, description="Is what the caller said true (属实)?")
    within_duty: bool | None = Field(None, description="Is it the department's duty?")
    solved: bool | None = None
    attachments: list[Attachment] = Field([], max_length=20, description="By address and digest.")
    by: Official | None = Field(None, description="Who resolves it for the department.")
    negative: NegativeOutcome | None = None

    @model_validator(mode="after")
    def _is_grounded(self) -> Self:
        denied = self.denied
        if denied and self.negative is None:
            raise ValueError(
                "a negative result names its reason, legal basis and second person in `negative`"
            )
        if self.negative and self.negative.reason not in denied:
            raise ValueError("`negative.reason` says which of founded, within_duty and solved is denied")
        return self

    @property
    def denied(self) -> frozenset[NegativeReason]:
        """The reasons that fit what is denied; none where nothing is."""
        fits = {
            NegativeReason.UNFOUNDED: self.founded is False,
            NegativeReason.NOT_OUR_DUTY: self.within_duty is False,
            **dict.fromkeys(NOT_SOLVED, self.solved is False),
        }
        return frozenset(reason for reason, is_denied in fits.items() if is_denied)


class HelpersAnswer(Schema):
    """What a department that helped answered the lead; null when it had not when the lead resolved."""

    department: str
    name: str
    answer: str | None


class Resolution(Schema):
    """
    How a ticket was resolved: the one answer of its lead and of all who helped.

    `answer` is what the caller is told, whole; `internal` is null for whom it is not meant.
    """

    ticket: str
    version: int
    department: str
    at: Instant
    answer: str
    note: str
    helpers: list[HelpersAnswer]
    internal: str | None
    founded: bool | None
    within_duty: bool | None
    solved: bool | None
    attachments: list[Attachment]
    by: Official | None
    negative: NegativeOutcome | None


class Resolutions(Schema):
    """Every time a ticket was resolved, the first one first."""

    items: list[Resolution]


class NegativeOutcomeRecord(Schema):
    """A negative result on the supervisor's list."""

    id: str
    ticket: str
    department: str
    at: Instant
    reason: NegativeReason
    because: str
    legal_basis: str
    asked_by: Official
    reviewed_by: Official
    founded: bool | None
    within_duty: bool | None
    solved: bool | None
    answer: str
