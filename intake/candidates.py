"""The tickets a call may repeat, shown to the agent before it is registered, each with the reasons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from intake.domain.normalize import NormalizedCall
from intake.domain.repeats import Account, matter_key, same_matter
from intake.repeats import COLUMNS, HOST, MOST_TICKETS, Look, fetch
from schemas.admission import Candidate
from schemas.distance import METRES_PER_DEGREE, metres_apart
from services.access import may_see
from services.database import DriverConnection
from services.resources import Resources
from services.security import Principal
from services.wording import said as said_of

ALIKE = 0.3
MOST_ALIKE = 100
SHOWN = 10

# Each part is one index: the key's, (category, accepted_at) for what is near or reads alike, the numbers'.
LIKE_THIS = f"""
    SELECT {COLUMNS} FROM (
        (SELECT * FROM tickets WHERE matter_key = $1 AND accepted_at > $2
         ORDER BY accepted_at DESC LIMIT {MOST_TICKETS})
        UNION ALL
        (SELECT * FROM tickets WHERE category = $3 AND accepted_at > $2
         AND longitude BETWEEN $4::float8 - $6::float8 AND $4 + $6
         AND latitude BETWEEN $5::float8 - $6 AND $5 + $6
         ORDER BY accepted_at DESC LIMIT {MOST_TICKETS})
        UNION ALL
        (SELECT * FROM tickets WHERE category = $3 AND accepted_at > $2
         AND starts_with(division, $7) ORDER BY accepted_at DESC LIMIT {MOST_ALIKE})
        UNION ALL
        (SELECT * FROM tickets WHERE id = $8)
        UNION ALL
        (SELECT * FROM tickets WHERE hotline IN ('{HOST}', $9) AND source_number = $8)
    ) t
    WHERE NOT t.confidential
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Asked:
    """A call, what it says, and how near another ticket must be."""

    normalized: NormalizedCall
    said: Account
    look: Look
    near: float


async def candidates(
    connection: AsyncConnection | DriverConnection,
    normalized: NormalizedCall,
    look: Look,
    principal: Principal,
    resources: Resources,
) -> list[Candidate]:
    """
    Return tickets a call may repeat, each with the reasons.

    First the one registering would attach it to, as its `look` found; then
    one that is quoted, the caller's own, and what others have called about: at this
    place, near it, or in like words in this category and district. Never one that
    is confidential or not this reader's to see.
    """
    now, settings = resources.clock.now(), resources.settings
    asked = Asked(
        normalized, Account.of_call(normalized, said_of), look, resources.settings.joining.near_metres
    )
    others = await _others(connection, asked, now - timedelta(days=settings.repeats.candidate_days))
    own = {row["id"] for row in look.rows}
    rows = {row["id"]: row for row in (*others, *look.rows)}
    shown = [_ranked(row, asked, row["id"] in own) for row in rows.values() if may_see(row, principal)]
    worth = sorted(each for each in shown if each is not None)
    return [each.candidate for each in worth[:SHOWN]]


async def _others(
    connection: AsyncConnection | DriverConnection, asked: Asked, since: datetime
) -> Sequence[Mapping[str, Any]]:
    call = asked.normalized.call
    if call.category is None and not call.follows:
        return []
    return await fetch(
        connection,
        LIKE_THIS,
        matter_key(call, asked.normalized.landmark),
        since,
        call.category,
        call.longitude,
        call.latitude,
        1.5 * asked.near / METRES_PER_DEGREE,
        call.division[:6] if call.division else None,
        call.follows,
        call.hotline,
    )


@dataclass(frozen=True, slots=True, order=True)
class _Ranked:
    """A candidate and its place: what would be done, what was quoted, the caller's own, the likest."""

    place: tuple[bool, bool, bool, float, str]
    candidate: Candidate


def _ranked(row: Mapping[str, Any], asked: Asked, own: bool) -> _Ranked | None:
    """Return a ticket with why it is shown, or None when there is too little reason."""
    judgement = same_matter(asked.said, Account.of_ticket(row, said_of))
    repeat, earlier, quoted = asked.look.repeat, asked.look.earlier, asked.normalized.call.follows
    is_it = repeat is not None and repeat.ticket["id"] == row["id"]
    is_quoted = quoted is not None and quoted in (row["id"], row["source_number"])
    reasons = [
        *(["来电人说出该工单编号"] if is_quoted else []),
        *(["同一来电人"] if own else []),
        *_where(row, asked),
    ]
    if not reasons and judgement.score < ALIKE:
        return None
    candidate = Candidate(
        ticket=row["id"],
        title=row["title"],
        status=row["status"],
        accepted_at=row["accepted_at"],
        category=row["category"],
        score=1.0 if is_quoted else judgement.score,
        same_caller=own,
        same_matter=is_it,
        reopened=earlier is not None and earlier.reopens == row["id"],
        because=[*reasons, *judgement.because],
    )
    likely = own and (judgement.score >= ALIKE or row["category"] == asked.said.category)
    return _Ranked((not is_it, not is_quoted, not likely, -judgement.score, row["id"]), candidate)


def _where(row: Mapping[str, Any], asked: Asked) -> list[str]:
    call, place = asked.normalized.call, asked.said.place
    if row["category"] != call.category:
        return []
    if place is not None and row["matter_key"] == matter_key(call, asked.normalized.landmark):
        return [f"同一地点({place})"]
    apart = metres_apart(call.longitude, call.latitude, row["longitude"], row["latitude"])
    return [f"相距{apart:.0f}米"] if apart is not None and apart <= asked.near else []
