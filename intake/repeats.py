"""Use case: a caller asks again. The open ticket is urged, an answer that was given is told again."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

from sqlalchemy import BigInteger, bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from intake.domain.addition import addition
from intake.domain.earlier import Tie, tie
from intake.domain.normalize import NormalizedCall
from intake.domain.repeats import Account, Judgement, marks, new_facts, other_matter, same_matter
from intake.tables import source_calls
from schemas.admission import Outcome
from schemas.events import TicketUrged, Urge
from schemas.lifecycle import ANSWERED, ENDED, Status, Step
from schemas.scrubbing import names_in
from schemas.ticket import Call
from services.bulk import Check
from services.database import DriverConnection, driver_of, to_json
from services.settings import RepeatSettings
from services.tables import tickets
from services.tickets import TicketRow, TicketStore
from services.wording import said as said_of

MOST_TICKETS = 20
HOST = "12345"

_HOLD = text("SELECT pg_advisory_xact_lock(key) FROM unnest(:keys) AS key").bindparams(
    bindparam("keys", type_=ARRAY(BigInteger))
)
COLUMNS = ", ".join(f"t.{column.name}" for column in tickets.c)
_ANSWER = (
    "(SELECT h.note FROM ticket_history h WHERE h.ticket_id = t.id AND h.step = 'resolve' "
    "ORDER BY h.version DESC LIMIT 1) AS answer"
)
_IS_CALLER = "(caller ->> 'phone' = wanted.phone OR caller ->> 'id_number' = wanted.id_number)"
# Only names of our own tables and columns, and whole numbers of ours, are put into these statements.
# Who is wanted comes as JSON, of which the planner expects as much each time: by an array's length it
# would find a plan for just this one cheaper than the one it keeps, and spend a millisecond on it each time.
_OF_CALLERS = f"""
    SELECT wanted.place, wanted.quoted IN (t.id, t.source_number) AS is_quoted, {COLUMNS}, {_ANSWER}
    FROM json_to_recordset($1::text::json)
        AS wanted (place integer, phone text, id_number text, quoted text, hotline text)
    CROSS JOIN LATERAL (
        (SELECT * FROM tickets WHERE caller ->> 'phone' = wanted.phone AND accepted_at > $2
         ORDER BY accepted_at DESC LIMIT {MOST_TICKETS})
        UNION ALL
        (SELECT * FROM tickets WHERE caller ->> 'id_number' = wanted.id_number AND accepted_at > $2
         ORDER BY accepted_at DESC LIMIT {MOST_TICKETS})
        UNION ALL
        (SELECT * FROM tickets WHERE id = wanted.quoted AND {_IS_CALLER})
        UNION ALL
        (SELECT * FROM tickets WHERE hotline IN ('{HOST}', wanted.hotline)
         AND source_number = wanted.quoted AND {_IS_CALLER})
    ) t
    WHERE NOT t.confidential
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Repeat:
    """
    The ticket a caller asks about again: urge it (`DUPLICATE_OPEN`) or tell its answer (`DUPLICATE_CLOSED`).

    `ticket` is its row, `told` what the agent reads, `because` why it is the same.
    """

    outcome: Outcome
    ticket: Mapping[str, Any]
    told: str
    because: tuple[str, ...]

    def columns(self) -> dict[str, Any]:
        """Return the columns of `source_calls` that log the outcome and the text told."""
        evidence = {"because": list(self.because)}
        return {
            "ticket_id": self.ticket["id"],
            "outcome": str(self.outcome),
            "told": self.told,
            "evidence": evidence,
        }


@dataclass(frozen=True, slots=True)
class Earlier:
    """The ticket that has ended and whose matter a call that is registered comes back to."""

    ticket: Mapping[str, Any]
    tie: Tie

    @property
    def reopens(self) -> str | None:
        """The number of a ticket that is taken up again."""
        return str(self.ticket["id"]) if self.tie is Tie.REOPENS else None

    @property
    def follows(self) -> str | None:
        """The number of one that is only followed."""
        return str(self.ticket["id"]) if self.tie is Tie.FOLLOWS else None

    @property
    def told(self) -> str | None:
        """What the agent tells the caller."""
        if self.reopens is None:
            return None
        by = f"由{name}" if (name := self.ticket["department_name"]) else ""
        return f"您此前反映的同一事项已{by}办结,工单编号{self.reopens}:本次重新登记,新工单与其关联办理。"


@dataclass(frozen=True, slots=True)
class Look:
    """
    What looking for a call's earlier tickets found: the one it repeats, and every one of its caller.

    `earlier` is the one it comes back to where it repeats none.
    """

    repeat: Repeat | None = None
    earlier: Earlier | None = None
    rows: Sequence[Mapping[str, Any]] = ()


NOTHING = Look()


async def hold_callers(connection: AsyncConnection, calls: Iterable[Call]) -> None:
    """
    Let nobody else look for these callers' tickets and register until this transaction ends.

    Everybody takes these locks in one order, and before any row's.
    """
    if keys := _keys(calls):
        await connection.execute(_HOLD, {"keys": keys})


def unless_called_meanwhile(calls: Sequence[Call], looks: Iterable[Look], since: datetime) -> Check | None:
    """
    Return the check by which a registering statement holds its callers, as `hold_callers` does.

    It fails when one of them has a ticket the looks did not see, which went back to `since`:
    whoever looks before the lock looks again. None when no caller can be told from others.
    """
    keys = _keys(calls)
    if not keys:
        return None
    every = {each for call in calls for each in marks(call)}
    phones = [each for each in every if each.startswith("+")]
    numbers = [each for each in every if not each.startswith("+")]
    seen = [row["id"] for each in looks for row in each.rows]
    values = (keys, phones, numbers, seen, since, MOST_TICKETS)
    return Check("hold_new_callers($1, $2, $3, $4, $5, $6)", values)


def _keys(calls: Iterable[Call]) -> list[int]:
    """Return a number for each caller, in the order everybody locks them."""
    every = {each for call in calls for each in marks(call)}
    return sorted(
        int.from_bytes(blake2b(each.encode(), digest_size=8).digest(), signed=True) for each in every
    )


async def known_matters(
    connection: AsyncConnection | DriverConnection,
    calls: Sequence[NormalizedCall],
    settings: RepeatSettings,
    now: datetime,
) -> list[Look]:
    """
    Return, for each call in order, the ticket its caller asks about again, if any.

    One round trip for all of them; none when no caller can be told from others.
    Two calls of one batch are not compared: who puts a batch together takes at
    most one call of a caller into it (`marks`).
    """
    asked = [(place, each, known) for place, each in enumerate(calls) if (known := marks(each.call))]
    if not asked:
        return [NOTHING] * len(calls)
    found: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
    wanted = [
        {
            "place": place,
            "phone": next((name for name in known if name.startswith("+")), None),
            "id_number": next((name for name in known if not name.startswith("+")), None),
            "quoted": each.call.follows,
            "hotline": each.call.hotline,
        }
        for place, each, known in asked
    ]
    rows = await fetch(connection, _OF_CALLERS, to_json(wanted), since(settings, now))
    for row in rows:
        found[row["place"]].append(row)
    return [
        _look(each, found[place], settings, now) if place in found else NOTHING
        for place, each in enumerate(calls)
    ]


def since(settings: RepeatSettings, now: datetime) -> datetime:
    """Return how far back a caller's tickets are looked through."""
    return now - timedelta(days=settings.look_back_days)


async def attach(
    connection: AsyncConnection, repeat: Repeat, call: Call, *, at: datetime, actor: str
) -> tuple[TicketRow, str] | None:
    """
    Attach a call to its open ticket (并单); return the ticket and what the agent is told. No clock changes.

    It is urged once more (催单), whatever its status, with what the call adds. None
    when it has ended meanwhile: then the call is to be registered.
    """
    store = TicketStore(connection)
    ticket = await store.lock(repeat.ticket["id"])
    if Status(ticket.status) in ENDED:
        return None
    count = ticket.urged + 1
    added = addition(call, ticket._asdict())
    note = added.note()
    told = Urge(note=note, department=ticket.department, count=count)
    changes: dict[str, Any] = {"urged": count}
    if added.withholds:
        changes["caller"] = {**ticket.caller, "withheld": True}
    said_to_be = call.caller.model_dump(mode="json")
    if _names(said_to_be) - _names(ticket.caller, ticket.former_callers):
        changes["former_callers"] = [*ticket.former_callers, said_to_be]  # no text may say those either
    said = f"第{count}次催单:{note}"
    await store.advance(ticket, Step.URGE, TicketUrged, told, at=at, actor=actor, note=said, **changes)
    return await store.get(ticket.id), f"{repeat.told}{added.told}"


def _names(caller: Mapping[str, Any], former: Iterable[Mapping[str, Any]] = ()) -> set[str]:
    return set(names_in({**caller, "withheld": True}, former))


async def was_sent(connection: AsyncConnection, ticket_id: str, raw: bytes) -> bool:
    """Say whether this very record was kept with this ticket before."""
    kept = select(source_calls.c.id).where(source_calls.c.ticket_id == ticket_id, source_calls.c.raw == raw)
    return await connection.scalar(kept.limit(1)) is not None


def follow_links(new: Sequence[Mapping[str, Any]], at: datetime) -> list[dict[str, Any]]:
    """
    Return the rows of `ticket_links` that tie new tickets to the earlier ones they speak of.

    The number is kept as it was quoted, our own or a hotline's: whose it is is
    looked up when it is shown, so a number not known today is not lost.
    """
    return [
        {"ticket_id": row["id"], "kind": str(kind), "other": other, "at": at}
        for row in new
        for other, kind in {row.get(kind): kind for kind in (Tie.FOLLOWS, Tie.REOPENS)}.items()
        if other and other != row["id"]
    ]


def _look(
    normalized: NormalizedCall, rows: Sequence[dict[str, Any]], settings: RepeatSettings, now: datetime
) -> Look:
    """Return the ticket a call repeats, or else the one that has ended and that it comes back to."""
    if any(_is_its_own(row, normalized.call) for row in rows):
        return Look(rows=rows)
    said = Account.of_call(normalized, said_of)
    judged = [(row, _judged(row, said)) for row in rows]
    same = [(row, judgement) for row, judgement in judged if judgement.same]
    same.sort(key=lambda each: (each[1].score, each[0]["accepted_at"]), reverse=True)
    repeat = _repeat(normalized, same, said, settings, now)
    return Look(repeat, None if repeat else _earlier([row for row, _ in same], settings, now), rows)


def _earlier(same: Sequence[Mapping[str, Any]], settings: RepeatSettings, now: datetime) -> Earlier | None:
    """Return the latest of the tickets about the same matter, all of which have ended."""
    latest = max(same, key=lambda row: row["accepted_at"], default=None)
    if latest is None:
        return None
    return Earlier(latest, tie(Status(latest["status"]), latest["ended_at"], now, settings.reopen_days))


def _repeat(
    normalized: NormalizedCall,
    same: Sequence[tuple[dict[str, Any], Judgement]],
    said: Account,
    settings: RepeatSettings,
    now: datetime,
) -> Repeat | None:
    for row, judgement in same:
        if Status(row["status"]) not in ENDED:
            told = f"您反映的事项已经登记,正在办理,工单编号{row['id']}:本次来电已并入该工单并予以催办。"
            return Repeat(Outcome.DUPLICATE_OPEN, row, told, judgement.because)
    answered_after = now - timedelta(days=settings.answer_days)
    for row, judgement in same:
        if _answers(row, normalized.call, said, answered_after):
            told = f"您反映的事项已经办结,工单编号{row['id']}。答复如下:{row['answer']}"
            return Repeat(Outcome.DUPLICATE_CLOSED, row, told, (*judgement.because, "没有新的事实"))
    return None


def _judged(row: Mapping[str, Any], said: Account) -> Judgement:
    """A caller who quotes the number of a ticket speaks of it, unless category or place is another."""
    earlier = Account.of_ticket(row, said_of)
    if row["is_quoted"] and not other_matter(said, earlier):
        return Judgement(True, 1.0, ("来电人说出该工单编号",))
    return same_matter(said, earlier)


def _is_its_own(row: Mapping[str, Any], call: Call) -> bool:
    """A call known by its sender's number is no repeat: it is that ticket."""
    return call.source_number is not None and (row["hotline"], row["source_number"]) == (
        call.hotline,
        call.source_number,
    )


def _answers(row: Mapping[str, Any], call: Call, said: Account, after: datetime) -> bool:
    if row["status"] not in ANSWERED or not row["answer"] or row["is_quoted"]:
        return False
    if row["ended_at"] is None or row["ended_at"] < after:
        return False
    added = addition(call, row)
    if added.raised or added.withholds:
        return False
    return new_facts(said, Account.of_ticket(row, said_of), row["ended_at"]) is None


async def fetch(
    connection: AsyncConnection | DriverConnection, statement: str, *values: Any
) -> list[dict[str, Any]]:
    """Return the rows of a statement as mappings, whichever kind of connection it is."""
    driver = await driver_of(connection) if isinstance(connection, AsyncConnection) else connection
    return [dict(row) for row in await driver.fetch(statement, *values)]
