"""Face: what the auditor found."""

from fastapi import APIRouter
from pydantic import Field

from escalation.audit_store import AuditStore
from schemas.base import Instant, Schema
from services.http import ResourcesDep
from services.paging import Limit

routes = APIRouter(prefix="/v1/supervision", tags=["escalation"])


class Audit(Schema):
    """A round of the auditor: every overdue deadline, and a sample of the others, worked out once more."""

    number: int
    began_at: Instant
    finished_at: Instant | None = Field(description="Null: under way.")
    looked_at: int = Field(description="Deadlines.")
    found: dict[str, int] = Field(description="How many differ, by kind; nothing when all is right.")
    examples: list[tuple[str, str]] = Field(
        description="Which, and how: a deadline, or a ticket without one."
    )


@routes.get("/audits")
async def list_audits(resources: ResourcesDep, limit: Limit = 50) -> list[Audit]:
    """List the auditor's rounds, newest first."""
    async with resources.database.transaction() as connection:
        rows = await AuditStore(connection).latest(limit)
    return [
        Audit(
            number=row.number,
            began_at=row.began_at,
            finished_at=row.finished_at,
            looked_at=row.looked_at,
            found={kind: count for kind, count in row.found.items() if kind != "sampled"},
            examples=row.examples,
        )
        for row in rows
    ]
