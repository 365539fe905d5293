"""Webhooks as the API shows and takes them: endpoints, what they want, deliveries and their attempts."""

from enum import StrEnum
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from schemas.base import AskedInstant, Instant, Schema, Text
from schemas.codes import DepartmentCode
from schemas.ticket import Urgency

MOST_REPLAYED = 10_000
LONGEST_OVERLAP_HOURS = 168

Post = Literal["A", "B"]
"""Of an endpoint: A is sent what it wants, B what no endpoint of post A of its department took."""

Standing = Literal["lead", "co"]
"""What a department is to a ticket: it has it (主办), or helps with it (协办)."""

CategoryPrefix = Annotated[str, StringConstraints(pattern=r"^([0-9]{2}){1,3}$")]


class Fault(StrEnum):
    """Why an attempt was no success; `too_long` alone may be of an answer that was one."""

    REFUSED = "refused"
    RESET = "reset"
    TIMEOUT = "timeout"
    TLS = "tls"
    DNS = "dns"
    FORBIDDEN_ADDRESS = "forbidden_address"
    REDIRECT = "redirect"
    TOO_LONG = "too_long"
    STATUS = "status"
    ENDPOINT_ENDED = "endpoint_ended"
    OTHER = "other"


class Filter(Schema):
    """
    Which tickets an endpoint wants to hear of; what is left out does not matter.

    A ticket without a category begins with none of `categories`.
    """

    urgencies: list[Urgency] | None = Field(None, min_length=1)
    categories: list[CategoryPrefix] | None = Field(
        None, min_length=1, max_length=100, description="Beginnings of category codes.", examples=[["02"]]
    )
    role: Standing | None = Field(None, description="Only what the department leads, or helps with.")


class NewEndpoint(Schema):
    """
    An address that takes a department's events.

    One of post B has no `types` and `filter` of its own: it is sent what an endpoint of post A
    of the same department was to get and did not take.
    """

    department: DepartmentCode
    url: Text = Field(max_length=2000, examples=["https://oa.example.gov.cn/hooks/12345"])
    post: Post = "A"
    types: list[str] | None = Field(None, min_length=1, description="Left out: the usual ones.")
    filter: Filter | None = None

    @model_validator(mode="after")
    def _stands_in(self) -> Self:
        if self.post == "B" and (self.types is not None or self.filter is not None):
            raise ValueError("an endpoint of post B stands in for those of post A and chooses nothing")
        return self


class Endpoint(Schema):
    """A registered endpoint; `secret` is there only in the answer that made it."""

    id: UUID
    department: DepartmentCode
    url: str
    post: Post = "A"
    types: list[str]
    filter: Filter | None = None
    created_at: Instant
    rotated_at: Instant | None = None
    failures: int = Field(0, description="Attempts that failed since the last success.")
    failing_since_at: Instant | None = None
    held_until_at: Instant | None = Field(None, description="Nothing is posted before.")
    circuit: Literal["closed", "open"] = "closed"
    disabled_at: Instant | None = None
    disabled_because: str | None = None
    secret: str | None = None


class RotateRequest(Schema):
    """How long the old secret, and any before it, signs beside the new one at most; 0 for one others know."""

    overlap_hours: int = Field(24, ge=0, le=LONGEST_OVERLAP_HOURS)


class SampleRequest(Schema):
    """Which event to send an example of; none: one of every type."""

    type: str | None = None


class Queued(Schema):
    """How many deliveries were queued, and the first and last of them."""

    queued: int
    first: int | None = None
    last: int | None = None


class ReplayRequest(Schema):
    """
    Which deliveries to send again: by id, by ticket, or by when they were queued; one of these.

    Only what is over is replayed, in its old order, with its old `webhook-id` and body. `to` names
    another endpoint of the same department, as when the first has ended.
    """

    ids: list[Annotated[int, Field(ge=1, lt=2**63)]] | None = Field(None, min_length=1, max_length=1000)
    ticket: Text | None = Field(None, min_length=1, max_length=64)
    since_at: AskedInstant | None = None
    until_at: AskedInstant | None = None
    endpoint: UUID | None = Field(None, description="Only what was for this endpoint.")
    state: Literal["dead", "delivered"] | None = Field(None, description="Only what ended so.")
    to: UUID | None = None

    @model_validator(mode="after")
    def _names_one_thing(self) -> Self:
        by_time = (self.since_at, self.until_at) != (None, None)
        if by_time and None in (self.since_at, self.until_at):
            raise ValueError("a range of time has both ends")
        if self.since_at is not None and self.until_at is not None and self.until_at <= self.since_at:
            raise ValueError("a range of time ends after it begins")
        if [self.ids is not None, self.ticket is not None, by_time].count(True) != 1:
            raise ValueError("name ids, a ticket, or a range of time")
        return self


State = Literal["waiting", "delivered", "dead"]
Cause = Literal["event", "replay", "standby", "test"]


class Delivery(Schema):
    """One event for one endpoint, and how its last attempt went."""

    id: int
    ticket: str
    type: str
    event_id: UUID
    endpoint: UUID
    department: str
    url: str
    kind: Cause = Field("event", description="`standby`: post A did not take it; this is post B's.")
    origin: int | None = Field(None, description="The delivery a replay or a standby repeats.")
    state: State
    attempts: int
    created_at: Instant
    delivered_at: Instant | None
    next_attempt_at: Instant | None
    dead_at: Instant | None
    last_status: int | None
    last_fault: str | None


class Attempt(Schema):
    """
    One attempt, as it was sent and answered.

    A number that is missing is of an attempt whose process died before it could say how it went.
    """

    number: int
    at: Instant
    headers: dict[str, str]
    status: int | None
    answer: str | None = Field(description="The first 1,000 characters of what the receiver said.")
    fault: Fault | None
    detail: str | None
    took_ms: int


class LoggedDelivery(Delivery):
    """A delivery with what was sent, and every attempt, oldest first."""

    body: Any
    log: list[Attempt]
