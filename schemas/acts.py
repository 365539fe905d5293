"""What an agent says with a step: a correction, a note, an urging, a callback, a withdrawal, a transfer."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from schemas.base import Instant, Schema, Text, Words
from schemas.codes import CategoryCode, DivisionCode
from schemas.linkage import EmergencyNumber, ThreePartyCall
from schemas.places import Attributes, Places
from schemas.ticket import TEXT_LENGTH, TITLE_LENGTH, Caller, Degrees, Kind, Urgency

Said = Annotated[Words, StringConstraints(min_length=1, max_length=2000)]

MAY_BE_EMPTY = ("category", "division", "address", "longitude", "latitude", "occurred_at")


class CorrectionRequest(Schema):
    """
    What a ticket should have said; what is left out stays as it is.

    What may be null becomes unknown. A corrected address or point moves the ticket to the division
    it certainly lies in, unless the division is given too.
    """

    because: Said
    category: CategoryCode | None = None
    division: DivisionCode | None = None
    address: Annotated[Text, StringConstraints(max_length=500)] | None = None
    kind: Kind | None = None
    urgency: Urgency | None = None
    live: bool | None = None
    title: Annotated[Text, StringConstraints(min_length=1, max_length=TITLE_LENGTH)] | None = None
    text: Annotated[Text, StringConstraints(min_length=1, max_length=TEXT_LENGTH)] | None = None
    longitude: Degrees | None = None
    latitude: Degrees | None = None
    occurred_at: Instant | None = None
    caller: Caller | None = Field(None, description="The caller as they are, whole.")
    places: Places | None = Field(None, description="All other places together, as they should have been.")
    attributes: Attributes | None = Field(None, description="All attributes together.")

    @model_validator(mode="after")
    def _corrects_something(self) -> Self:
        given = self.model_fields_set - {"because"}
        if not given:
            raise ValueError("a correction names at least one field")
        if empty := sorted(name for name in given - {*MAY_BE_EMPTY} if getattr(self, name) is None):
            raise ValueError(f"{empty[0]} cannot be taken away, only corrected")
        return self


class NoteRequest(Schema):
    """What is to be remembered about a ticket."""

    note: Said


class UrgeRequest(Schema):
    """The caller asks again (催单); what they said, if anything new."""

    note: Said | None = None


class Unfounded(Schema):
    """Why what the caller says of an answer is without ground (不属实), and by which provision."""

    reason: Said
    legal_basis: Said


class CallBackRequest(Schema):
    """
    What came of asking the caller (回访); `satisfied` only when they were reached.

    A caller's "unsolved", or "not satisfied", may be `unfounded`: a second person decides.
    """

    outcome: Literal["solved", "unsolved", "unreachable"]
    satisfied: bool | None = None
    note: Said | None = None
    unfounded: Unfounded | None = None

    @model_validator(mode="after")
    def _was_reached(self) -> Self:
        if self.outcome == "unreachable" and self.satisfied is not None:
            raise ValueError("a caller who was not reached has not said whether they are satisfied")
        if self.unfounded is not None and self.outcome != "unsolved" and self.satisfied is not False:
            raise ValueError("only what a caller says is unsolved or unsatisfactory can be unfounded")
        return self


class WithdrawRequest(Schema):
    """The caller takes the matter back (撤回), and why."""

    because: Said


class TransferRequest(Schema):
    """
    One-key transfer: which emergency platform takes it, and what it was told.

    `call` is the three-party call that was held when the case was not clear; what it left
    with 12345 stays. `partner_number` is the platform's own number for the matter.
    """

    to: EmergencyNumber = Field(
        description="Police, fire, medical emergency, traffic accident, rescue at sea."
    )
    note: Said
    call: ThreePartyCall | None = None
    partner_number: Annotated[Text, StringConstraints(min_length=1, max_length=64)] | None = None
