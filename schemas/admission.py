"""What becomes of a call: whether it is accepted, where it is sent instead, and what the caller is told."""

from enum import StrEnum
from typing import Annotated, Literal, Self, get_args

from pydantic import Field, StringConstraints, model_validator

from schemas.base import Instant, Schema, Text, Words
from schemas.evidence import Fault
from schemas.linkage import EmergencyNumber
from schemas.ticket import Attachment, Call, Caller, Digest, Kind, Ticket, Urgency


class Outcome(StrEnum):
    """What becomes of a call; what is not accepted is kept and its caller told."""

    ACCEPT = "ACCEPT"
    TRANSFER_EMERGENCY = "TRANSFER_EMERGENCY"
    REDIRECT_LEGAL = "REDIRECT_LEGAL"
    REDIRECT_OTHER_CITY = "REDIRECT_OTHER_CITY"
    DUPLICATE_OPEN = "DUPLICATE_OPEN"
    DUPLICATE_CLOSED = "DUPLICATE_CLOSED"
    REFUSE_SECRET = "REFUSE_SECRET"  # noqa: S105
    REFUSE_IMPROPER = "REFUSE_IMPROPER"
    CONFIDENTIAL_LANE = "CONFIDENTIAL_LANE"


REFUSALS = frozenset({Outcome.REFUSE_SECRET, Outcome.REFUSE_IMPROPER})
REDIRECTS = frozenset({Outcome.REDIRECT_LEGAL, Outcome.REDIRECT_OTHER_CITY})

Reason = Annotated[Words, StringConstraints(min_length=1, max_length=1000)]


class Grounds(Schema):
    """What decided: a field of the call, and the words or the code that were found there."""

    field: str
    words: str


class Advice(Schema):
    """What the rules say of a call; only what is certain acts by itself."""

    outcome: Outcome
    told: str | None = Field(None, description="What the agent reads to the caller.")
    redirect: str | None = Field(None, description="The number or the body to turn to instead.")
    legal_basis: str | None = None
    certain: bool = False
    because: list[Grounds] = []


class Ruling(Schema):
    """
    The agent's own decision about a call, which goes before the rules' advice and is logged.

    Refusing is not decided here: it needs a second person (`POST /v1/refusals`).
    `ticket` is the open ticket a call is attached to by `DUPLICATE_OPEN`.
    """

    outcome: Outcome
    reason: Reason
    redirect: Annotated[Text, StringConstraints(max_length=100)] | None = None
    ticket: Annotated[Text, StringConstraints(max_length=40)] | None = None

    @model_validator(mode="after")
    def _may_be_ruled(self) -> Self:
        if self.outcome in REFUSALS:
            raise ValueError("refusing needs a second person: POST /v1/refusals")
        if self.outcome is Outcome.DUPLICATE_CLOSED:
            raise ValueError("tell the earlier answer; a call about it is accepted or attached")
        if (self.outcome is Outcome.DUPLICATE_OPEN) != (self.ticket is not None):
            raise ValueError("DUPLICATE_OPEN, and nothing else, names the ticket the call is attached to")
        transfers = self.outcome is Outcome.TRANSFER_EMERGENCY
        if transfers and self.redirect not in (None, *get_args(EmergencyNumber)):
            raise ValueError(f"a call is transferred to one of {', '.join(get_args(EmergencyNumber))}")
        return self


class CallToRegister(Call):
    """A call, and the agent's ruling if the rules' advice is not to be followed."""

    ruling: Ruling | None = None


class Registration(Ticket):
    """The ticket a call became or belongs to, and what the agent tells the caller."""

    outcome: Outcome = Outcome.ACCEPT
    told: str | None = None
    advice: Advice | None = None
    problems: list[Fault] = Field([], description="What was found wrong with the call and did not stop it.")
    divisions: list[str] = Field([], description="Where it may be, when that is not certain.")


class Corrected(Ticket):
    """A ticket after a correction, and what the rules say of it as it reads now."""

    advice: Advice | None = None


class ProposedRefusal(Schema):
    """A call an agent would refuse (否定报备): why, and by which provision."""

    call: Call
    outcome: Outcome
    reason: Reason
    legal_basis: Reason

    @model_validator(mode="after")
    def _is_a_refusal(self) -> Self:
        if self.outcome not in REFUSALS:
            raise ValueError(f"a refusal is one of {', '.join(sorted(REFUSALS))}")
        return self


class Refusal(Schema):
    """A refusal proposed, and what the second person decided; `ticket` when it was denied."""

    id: str
    call: int = Field(description="The call as it is kept, see `GET /v1/calls`.")
    outcome: Outcome
    reason: str
    legal_basis: str
    title: str
    text: str
    proposed_by: str
    proposed_at: Instant
    decided_by: str | None = None
    decided_at: Instant | None = None
    granted: bool | None = None
    note: str | None = None
    ticket: str | None = None


class Decision(Schema):
    """What the second person says about a refusal."""

    note: Reason


class KeptCall(Schema):
    """A call as it was taken down: what became of it, and what its caller was told."""

    id: int
    hotline: str
    received_at: Instant
    ticket: str | None
    outcome: str | None
    told: str | None
    fault: str | None
    actor: str | None
    refusal: Literal["pending", "granted", "denied"] | None = None


class Candidate(Schema):
    """A ticket that may be about the same matter: how alike (0 to 1), and why it is shown."""

    ticket: str
    title: str
    status: str
    accepted_at: Instant
    category: str | None
    score: float
    same_caller: bool
    same_matter: bool = Field(description="Sure enough to act by itself.")
    reopened: bool = Field(False, description="It has ended; a new ticket would take its matter up again.")
    because: list[str]


class OneMatter(Schema):
    """One of several matters of a call."""

    title: Annotated[Text, StringConstraints(min_length=1, max_length=200)]
    text: Annotated[Text, StringConstraints(min_length=1, max_length=10_000)]
    category: Annotated[str, StringConstraints(pattern=r"^\d{6}$")] | None = None
    division: Annotated[str, StringConstraints(pattern=r"^\d{12}$")] | None = None
    address: Annotated[Text, StringConstraints(max_length=500)] | None = None
    kind: Kind = Kind.OTHER
    urgency: Urgency = Urgency.GENERAL
    live: bool = False


class CallWithMatters(Schema):
    """One call that brings several matters: what is the same for all of them, and each matter."""

    hotline: Annotated[str, StringConstraints(pattern=r"^\d{3,6}$")] = "12345"
    source_number: Annotated[Text, StringConstraints(min_length=1, max_length=60)] | None = Field(
        None, description="The call's; its tickets bear it with `-1`, `-2` and so on."
    )
    occurred_at: Instant | None = None
    follows: Annotated[Text, StringConstraints(max_length=64)] | None = None
    attachments: list[Attachment] = Field([], max_length=20)
    caller: Caller = Caller()
    matters: list[OneMatter] = Field(min_length=2, max_length=10)


class FurtherMatter(OneMatter):
    """A matter a ticket speaks of beside its own, and which of the ticket's files are about it."""

    attachments: list[Digest] | None = Field(
        None, max_length=100, description="The `sha256` of each; null for all of them."
    )


class SplitRequest(Schema):
    """The further matters a ticket speaks of, beside its own, and why it is split (拆单)."""

    because: Reason
    matters: list[FurtherMatter] = Field(min_length=1, max_length=9)


class TurnedAway(Advice):
    """A matter no ticket came of, by its place in the call, counted from one."""

    matter: int


class Several(Schema):
    """The tickets one call became, in the order of its matters; linked unless confidential."""

    tickets: list[Registration]
    turned_away: list[TurnedAway] = []
