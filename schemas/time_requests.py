"""Asking for time: an extension, a suspension, a statutory procedure; what is said, and what is decided."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from schemas.base import Instant, Schema
from schemas.people import ActedBy
from schemas.returns import Basis, Item, Said

Told = Annotated[
    Said | None,
    Field(description="What the caller was told; only of who left no name nobody can be told."),
]


class ExtensionReason(StrEnum):
    """
    Why more time is needed; there is no other reason.

    情况复杂, 需多部门协调, 需检验检测, 受现场条件限制, 不可抗力.
    """

    COMPLEX = "complex"
    COORDINATION = "coordination"
    TESTING = "testing"
    SITE_CONDITIONS = "site_conditions"
    FORCE_MAJEURE = "force_majeure"


class SuspensionReason(StrEnum):
    """
    Why no time can be counted; there is no other reason.

    法定检验检测鉴定, 等待司法或仲裁结果, 诉求人要求延后, 一次性告知后材料未补齐, 不可抗力(台风等).
    """

    APPRAISAL = "appraisal"
    AWAITS_RULING = "awaits_ruling"
    LATER_BY_CALLER = "later_by_caller"
    MATERIAL_MISSING = "material_missing"
    FORCE_MAJEURE = "force_majeure"


class ExtensionRequest(Schema):
    """How much longer a department needs (延期), why, and what the caller was told of it."""

    reason: ExtensionReason
    amount: int = Field(strict=True, ge=1, le=250, examples=[5])
    unit: Literal["working_days", "calendar_days"] = "working_days"
    note: Said
    told: Told = None
    by: ActedBy = None


class SuspensionRequest(Schema):
    """For how many calendar days the clocks are to stand still (挂起), or to do so longer, and why."""

    reason: SuspensionReason
    days: int = Field(strict=True, ge=1, le=90, examples=[7])
    note: Said
    told: Told = None
    by: ActedBy = None


class TimeDecision(Schema):
    """What the hotline says with its decision."""

    note: Said | None = None


class TimeRefusal(Schema):
    """Why the time asked for is refused."""

    note: Said


class Resumption(Schema):
    """Why the clocks run on before the time is up."""

    note: Said | None = None
    by: ActedBy = None


class ProcedureRequest(Schema):
    """Which case a department has filed (转入法定程序), by which law, and what the caller was told."""

    procedure: Item | None = Field(
        None, examples=["LABOUR-INSPECTION"], description="Null: that of the line the call came by."
    )
    case_number: Item | None = None
    legal_basis: Basis
    note: Said
    told: Told = None
    by: ActedBy = None


class TimeRecord(Schema):
    """
    A request for time: by whom, how much, and what was decided; `outcome` is null while it waits.

    `due_at` is when the department was to be done as it asked: undecided then, it is late.
    """

    id: str
    ticket: str
    department: str
    kind: Literal["extension", "suspension", "renewal"]
    reason: str
    amount: int
    unit: str
    note: str
    told: str | None
    asked_at: Instant
    due_at: Instant
    outcome: Literal["granted", "refused", "dropped"] | None
    decided_at: Instant | None
    decided_by: str | None
    decided_because: str | None
