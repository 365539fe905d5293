"""What departments promise in public (服务承诺), as the router keeps it; only read here."""

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.domain.policy import Commitment, LimitRule, Stage, promised
from escalation.domain.worktime import Amount, Unit, WorkCalendar, add
from schemas.events import Matter
from schemas.ticket import Kind

_IN_FORCE = text(
    "SELECT department, category, kind, version, amount, unit, source FROM commitments"
    " WHERE department IN :departments AND valid_from <= :day AND (valid_to IS NULL OR valid_to >= :day)"
    " ORDER BY department, category, kind, version"
).bindparams(bindparam("departments", expanding=True))


async def commitments_of(
    connection: AsyncConnection, departments: Iterable[str], day: date
) -> dict[str, list[Commitment]]:
    """Return what each of these departments has promised, as in force on a day."""
    asked = {"departments": sorted(set(departments)), "day": day}
    found: dict[str, list[Commitment]] = {}
    if not asked["departments"]:
        return found
    for row in await connection.execute(_IN_FORCE, asked):
        found.setdefault(row.department, []).append(
            Commitment(
                row.category,
                Kind(row.kind) if row.kind else None,
                Amount(row.amount, Unit(row.unit)),
                f"服务承诺第{row.version}版",
                row.source,
            )
        )
    return found


def kept_promise(
    limit: LimitRule,
    commitments: Iterable[Commitment],
    matter: Matter,
    start: datetime,
    calendar: WorkCalendar,
) -> LimitRule:
    """Return the limit a department has from `start` on, its promises heard."""
    return promised(
        limit,
        commitments,
        matter.kind,
        matter.category,
        lambda amount: add(start, amount, calendar).at,
    )


def asks_promises(limits: Iterable[LimitRule], department: str | None) -> bool:
    """Say whether what a department has promised matters to these limits."""
    return department is not None and any(each.stage is Stage.COMPLETION for each in limits)


async def with_promises(
    limits: Iterable[LimitRule],
    department: str | None,
    matter: Matter,
    start: datetime,
    calendar: WorkCalendar,
    connection: AsyncConnection,
) -> tuple[LimitRule, ...]:
    """Return a department's limits, that for completion as it promised where that is shorter."""
    limits = tuple(limits)
    if department is None or not asks_promises(limits, department):
        return limits
    day = start.astimezone(calendar.zone).date()
    said = (await commitments_of(connection, [department], day)).get(department, ())
    return tuple(kept_promise(each, said, matter, start, calendar) for each in limits)
