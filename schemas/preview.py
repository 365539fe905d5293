"""What would become of a call if it were registered now; nothing of it is stored."""

from typing import Literal

from pydantic import Field

from schemas.admission import Advice, Candidate
from schemas.base import Instant, Schema
from schemas.evidence import Fault, Found
from schemas.ticket import Call


class LikelyCategory(Schema):
    """A category whose name the call's words come near; `score` is the part of the name that was said."""

    code: str
    name: str
    score: float
    words: list[str]


class LikelyDepartment(Schema):
    """Who would get it and why; null when a person would have to decide, among `candidates` perhaps."""

    department: str | None
    name: str | None = None
    because: str
    candidates: list[str] = []
    co_handlers: list[str] = []
    cc: list[str] = []


class LikelyDeadline(Schema):
    """
    A limit as it would be set now.

    Those of the department count from its assignment, by its own days and promises; where a person
    must say who has it, by the city's days.
    """

    clock: Literal["citizen", "department"]
    stage: str
    due_at: Instant
    provisional: bool
    rule: str
    because: str


class Preview(Schema):
    """
    A call as it would be registered, who would get it and until when, and what it may repeat.

    `categories` are there when none was given, `divisions` when the place is not certain.
    """

    call: Call
    evidence: list[Found]
    problems: list[Fault]
    divisions: list[str] = []
    landmark: str | None = None
    categories: list[LikelyCategory] = []
    department: LikelyDepartment | None = None
    deadlines: list[LikelyDeadline] = []
    advice: Advice | None = Field(None, description="Null for a call 12345 takes like any other.")
    repeats: list[Candidate] = []
