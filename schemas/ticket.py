"""A call as it is handed in, and the ticket it becomes."""

from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints

from schemas.base import Instant, Schema, Text
from schemas.codes import CategoryCode, DepartmentCode, DivisionCode
from schemas.lifecycle import Status, Step

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
    """Who calls: enterprises may have limits of their own."""

    PERSON = "person"
    ENTERPRISE = "enterprise"


class Caller(Schema):
    """
    The person behind a call (诉求人).

    `withheld` (保密): identity stored, never shown to the department;
    it is not the same as anonymous (不留名), where name and phone are absent.
    """

    name: Annotated[Text, StringConstraints(max_length=100)] | None = None
    phone: Annotated[Text, StringConstraints(max_length=40)] | None = None
    type: CallerType = CallerType.PERSON
    withheld: bool = False


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
    caller: Caller = Caller()


class HistoryEntry(Schema):
    """One step of a ticket's life: who did what, when, and why."""

    version: int
    step: Step
    status: Status
    at: Instant
    actor: str
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
    caller: Caller
    status: Status
    version: int
    accepted_at: Instant
    department: DepartmentCode | None
    department_name: str | None
    department_because: str | None
    due_at: Instant | None = Field(description="The date promised to the caller.")
    due_provisional: bool = Field(description="It crosses a year whose calendar is not official.")
    due_because: str | None
    actions: list[Step] = []
