"""A call as it is handed in, and the ticket it becomes."""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from schemas.base import Instant, Schema, Text
from schemas.codes import CategoryCode, DepartmentCode, DivisionCode
from schemas.credit_code import CreditCode
from schemas.lifecycle import Status, Step
from schemas.places import Attributes, Places

ClosedAs = Literal["solved", "no_answer", "unfounded"]

TITLE_LENGTH = 200
TEXT_LENGTH = 10_000


class Kind(StrEnum):
    """What the caller wants (国办发〔2020〕53号: 咨询 求助 投诉 举报 意见建议; DB12/T 1438-2025: 表扬)."""

    CONSULT = "consult"
    HELP = "help"
    COMPLAINT = "complaint"
    REPORT = "report"
    SUGGESTION = "suggestion"
    PRAISE = "praise"
    OTHER = "other"


class Urgency(StrEnum):
    """U1-U4 of `HK-DEFAULT-1`: danger to life, livelihood, general, complex."""

    URGENT = "urgent"
    LIVELIHOOD = "livelihood"
    GENERAL = "general"
    COMPLEX = "complex"


class CallerType(StrEnum):
    """
    Who calls: an enterprise has a lane and limits of its own.

    A proxy (代办员) calls for somebody else: two identities. Media and deputies
    (人大代表、政协委员) supervise; their tickets are watched.
    """

    PERSON = "person"
    ENTERPRISE = "enterprise"
    PROXY = "proxy"
    MEDIA = "media"
    DEPUTY = "deputy"


Degrees = Annotated[float, Field(ge=-180, le=180)]
Name = Annotated[Text, StringConstraints(max_length=100)]
Phone = Annotated[Text, StringConstraints(max_length=40)]


class Proxy(Schema):
    """Who speaks for the caller (代办员), from a village, a community or an enterprise's office."""

    name: Name
    phone: Phone | None = None
    organisation: Name | None = None


class Caller(Schema):
    """
    The person or enterprise behind a call (诉求人), whose matter it is.

    `withheld` (保密): identity stored, never shown to the department;
    it is not the same as `anonymous` (不留名), where name and phone are absent
    and nobody is promised a reply.
    """

    name: Name | None = None
    phone: Phone | None = None
    type: CallerType = CallerType.PERSON
    withheld: bool = False
    anonymous: bool = False
    id_number: Annotated[Text, StringConstraints(max_length=30)] | None = Field(
        None, description="Never required; shown with its first six and last four characters."
    )
    credit_code: CreditCode | None = Field(
        None, description="An enterprise's unified social credit code (GB 32100-2015)."
    )
    proxy: Proxy | None = None

    @model_validator(mode="after")
    def _is_one_thing(self) -> Self:
        if self.anonymous and (self.name or self.phone or self.id_number):
            raise ValueError("an anonymous caller leaves no name, phone or ID number; to hide them, withhold")
        if (self.type is CallerType.PROXY) != (self.proxy is not None):
            raise ValueError("a call by a proxy has two identities: type `proxy` and who the proxy is")
        return self


Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Attachment(Schema):
    """A photo, recording or paper kept elsewhere: where, what it is, and the digest of its bytes."""

    url: Annotated[Text, StringConstraints(min_length=1, max_length=1000)]
    media_type: Annotated[
        str, StringConstraints(pattern=r"^(image|audio|video|application|text)/[\w.+-]{1,80}$")
    ]
    sha256: Digest
    size: int | None = Field(None, ge=1, description="Bytes.")
    name: Name | None = None


class Call(Schema):
    """A call in the canonical form every hotline's payload is turned into."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "hotline": "12345",
                    "kind": "complaint",
                    "title": "夜间施工噪声扰民",
                    "text": "滨海大道某工地夜间十一点后仍在施工,噪声很大,影响休息。",
                    "category": "020100",
                    "division": "460106002000",
                    "address": "龙华区滨海大道",
                    "caller": {"name": "王女士", "phone": "13800138000"},
                }
            ]
        }
    )

    hotline: Annotated[str, StringConstraints(pattern=r"^\d{3,6}$")] = "12345"
    source_number: Annotated[Text, StringConstraints(min_length=1, max_length=64)] | None = Field(
        None, description="The number the sending system gave the call; it is registered once."
    )
    kind: Kind = Kind.OTHER
    urgency: Urgency = Urgency.GENERAL
    live: bool = Field(False, description="The nuisance is going on now.")
    title: Annotated[Text, StringConstraints(min_length=1, max_length=TITLE_LENGTH)]
    text: Annotated[Text, StringConstraints(min_length=1, max_length=TEXT_LENGTH)]
    category: CategoryCode | None = None
    division: DivisionCode | None = Field(None, description="Where it happened; null if unknown.")
    address: Annotated[Text, StringConstraints(max_length=500)] | None = None
    longitude: Degrees | None = Field(
        None, description="WGS-84 or CGCS2000; axes that are swapped are put right."
    )
    latitude: Degrees | None = None
    occurred_at: Instant | None = None
    follows: Annotated[Text, StringConstraints(max_length=64)] | None = Field(
        None, description="An earlier ticket the caller speaks of, by its number."
    )
    places: Places = Field(
        Places(), description="Its other places, where jurisdiction may go by one: work, merchant, household."
    )
    attributes: Attributes = Field(
        {}, description="What was established that no category says, like `parking_place`: `road`."
    )
    attachments: list[Attachment] = Field([], max_length=20)
    caller: Caller = Caller()


class HistoryEntry(Schema):
    """One step of a ticket's life: who did what, when and why, by name where known (挂牌上岗制)."""

    version: int
    step: Step
    status: Status
    at: Instant
    actor: str
    unit: str | None = Field(None, description="A department's code, or the hotline's number.")
    person: str | None = None
    post: str | None = None
    note: str | None = None


class Ticket(Schema):
    """
    A ticket (工单) as this caller may see it.

    `department_because` and `due_because` are sentences for the agent;
    `actions` are the steps this caller may take now.
    """

    id: str
    hotline: str
    source_number: str | None
    kind: Kind
    urgency: Urgency
    live: bool
    title: str
    text: str
    category: str | None
    division: str | None
    address: str | None
    longitude: float | None = None
    latitude: float | None = None
    occurred_at: Instant | None = None
    follows: str | None = None
    reopens: str | None = Field(
        None, description="The answered ticket whose matter this one takes up again; see its links."
    )
    statutory_procedure: str | None = Field(
        None, description="What a law prescribes for the matters of its line, once a case is filed."
    )
    places: Places = Places()
    attributes: dict[str, str] = {}
    parent: str | None = Field(None, description="The ticket this one was joined to: same matter.")
    urged: int = Field(0, description="How often the caller has asked again (催单).")
    caller: Caller
    status: Status
    version: int
    accepted_at: Instant
    department: DepartmentCode | None
    department_name: str | None
    department_because: str | None
    return_until_at: Instant | None = Field(
        None, description="Until when its department may return it; null: not at all."
    )
    due_at: Instant | None = Field(description="The date promised to the caller.")
    due_provisional: bool = Field(description="It crosses a year whose calendar is not official.")
    due_because: str | None
    closed_as: ClosedAs | None = Field(
        None,
        description="Once closed, what came of asking the caller; who did not answer is not satisfied, "
        "and what was unfounded counts in no rate.",
    )
    actions: list[Step] = []
