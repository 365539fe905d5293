"""The registry of public numbers: how each was merged into 12345, since when, by which paper."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Self

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from schemas.base import Day, Instant, Schema, Text
from schemas.codes import DepartmentCode

ALWAYS = date(1900, 1, 1)
"""The first day of a line whose beginning nobody needs."""

HotlineNumber = Annotated[str, StringConstraints(pattern=r"^\d{3,6}$")]
Label = Annotated[Text, StringConstraints(min_length=1, max_length=100)]


class MergeMode(StrEnum):
    """
    How a number was merged (国办发〔2020〕53号), or why it was not.

    `merged` 整体并入, `parallel` 双号并行, `subcentre` 设分中心, `own` keeps its number
    and seats, `linked` 联动 is an enterprise's line. The last three are not accepted:
    `emergency` is transferred at once, `confidential` told in confidence.
    """

    HOST = "host"
    MERGED = "merged"
    PARALLEL = "parallel"
    SUBCENTRE = "subcentre"
    OWN = "own"
    LINKED = "linked"
    NOT_MERGED = "not_merged"
    EMERGENCY = "emergency"
    CONFIDENTIAL = "confidential"


class HotlineChange(Schema):
    """
    A line as it is to be from a day on, and the paper that says so (文号).

    `alias_of` counts its calls under another number; `redirect` is the number
    a caller of a line that is not accepted is told, by default its own.
    `department` is whose sub-centre keeps its calls: mode `subcentre` needs it, no other has it.
    Without `valid_from`, the line that is in force is replaced as it stands.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "城建服务热线",
                    "owner": "住房和城乡建设局",
                    "mode": "merged",
                    "valid_from": "2027-01-01",
                    "source": "海府办函〔2026〕1号",
                }
            ]
        }
    )

    name: Label
    owner: Label
    mode: MergeMode
    alias_of: HotlineNumber | None = None
    statutory_procedure: Annotated[Text, StringConstraints(min_length=1, max_length=40)] | None = None
    redirect: HotlineNumber | None = None
    department: DepartmentCode | None = None
    valid_from: Day | None = None
    valid_to: Day | None = None
    source: Annotated[Text, StringConstraints(min_length=1, max_length=200)]

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            raise ValueError("valid_to lies before valid_from")
        return self


class HotlineLine(Schema):
    """
    A line of the registry.

    `handled_by` is the sub-centre that keeps its calls, `department` the code its
    tickets are assigned to; 12345 mirrors what it reports. `told` is what the agent
    tells a caller when the line is not accepted. `certainty` is `found`, `memory`
    (still to be checked) or `city`.
    """

    version: int
    number: str
    name: str
    owner: str
    mode: MergeMode
    accepted: bool
    certainty: str
    alias_of: str | None
    handled_by: str | None
    department: str | None
    statutory_procedure: str | None
    redirect: str | None
    told: str | None
    valid_from: date | None = Field(description="Null: since before anybody asks.")
    valid_to: date | None


class HotlineVersion(Schema):
    """One published version of the registry, and the line as it stood in it."""

    version: int
    published_at: Instant
    published_by: str
    source: str
    lines: list[HotlineLine]
