"""Use case: supervision halts (暂停督办) by two persons, for a reason, until a moment; it is no switch."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import structlog
from sqlalchemy import ColumnElement, Row, func, insert, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.domain.receivers import Role, Whose
from escalation.inform import Message, inform
from escalation.notice_tables import halts
from escalation.store import BELL
from escalation.tables import deadlines, timers
from schemas.errors import Conflict, Invalid, NotFound, SecondPersonNeeded
from schemas.events import SupervisionHalt, SupervisionHalted, SupervisionResumed
from schemas.lifecycle import Step
from services.database import ring_after_commit
from services.outbox import record
from services.resources import Resources
from services.second_person import one_person
from services.security import Principal
from services.tickets import TicketStore

LONGEST = timedelta(days=30)
OVER = "service:clock"
TOLD = (Role.HOTLINE_SUPERVISOR, Role.SUPERVISION_OFFICE)

log = structlog.get_logger()
_P = halts.c


async def held_back(
    due: Sequence[Any], connection: AsyncConnection, now: datetime
) -> tuple[list[Any], list[tuple[Any, datetime]]]:
    """
    Split deadlines that are due into those to climb and those a halt holds, each with its end.

    Nothing is lost: what is held keeps its schedule, and is climbed when the halt ends, dated when
    it fell due. Who ends a halt waits for who is held by it, so that it lets go of that too; one that
    is being ended holds nothing.
    """
    query = select(_P.scope, _P.code, _P.until_at).where(_P.state == "running", _P.until_at > now)
    query = query.with_for_update(read=True, skip_locked=True)
    ends: dict[tuple[str, str | None], datetime] = {}
    for row in await connection.execute(query):
        scope = (row.scope, row.code)
        ends[scope] = max(row.until_at, ends.get(scope, row.until_at))
    if not ends:
        return list(due), []
    free: list[Any] = []
    held: list[tuple[Any, datetime]] = []
    for each in due:
        scopes = (("ticket", each.ticket_id), ("department", each.department), ("all", None))
        until = max((ends[scope] for scope in scopes if scope in ends), default=None)
        if until is None:
            free.append(each)
        else:
            held.append((each, until))
    return free, held


class HaltStore:
    """Halts of supervision, within one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, row: dict[str, Any]) -> Row[Any]:
        """Record that a halt is asked for; return it."""
        return (await self._connection.execute(insert(halts).values(row).returning(halts))).one()  # type: ignore[no-any-return]

    async def lock(self, halt_id: UUID) -> Row[Any]:
        """Return a halt and hold it; raises `NotFound`."""
        query = select(halts).where(_P.id == halt_id).with_for_update()
        found = (await self._connection.execute(query)).one_or_none()
        if found is None:
            raise NotFound(f"There is no halt {halt_id}.")
        return found

    async def change(self, halt_id: UUID, **values: object) -> Row[Any]:
        """Note what became of a halt; return it."""
        changed = update(halts).where(_P.id == halt_id).values(values).returning(halts)
        return (await self._connection.execute(changed)).one()  # type: ignore[no-any-return]

    async def over(self, now: datetime) -> Sequence[UUID]:
        """Return the halts that run and whose end has come."""
        query = select(_P.id).where(_P.state == "running", _P.until_at <= now).order_by(_P.until_at, _P.id)
        return (await self._connection.scalars(query)).all()

    async def next_end(self) -> datetime | None:
        """Return when the first of the halts that run ends."""
        query = select(func.min(_P.until_at)).where(_P.state == "running")
        return (await self._connection.execute(query)).scalar_one()  # type: ignore[no-any-return]

    async def page(
        self, state: str | None, place: tuple[datetime, UUID] | None, limit: int
    ) -> Sequence[Row[Any]]:
        """Return halts, newest first, from a place on."""
        query = select(halts)
        if state is not None:
            query = query.where(_P.state == state)
        if place is not None:
            query = query.where(tuple_(_P.asked_at, _P.id) < place)
        newest = query.order_by(_P.asked_at.desc(), _P.id.desc()).limit(limit)
        return (await self._connection.execute(newest)).all()


async def ask(
    scope: str,
    code: str | None,
    because: str,
    until: datetime,
    principal: Principal,
    connection: AsyncConnection,
    resources: Resources,
) -> Row[Any]:
    """Ask for a halt; nothing halts before a second person grants it. Raises `Invalid`, `NotFound`."""
    now = resources.clock.now()
    if not now < until <= now + LONGEST:
        raise Invalid(f"A halt ends within {LONGEST.days} days.", pointer="/until_at")
    if scope == "ticket":
        await TicketStore(connection).get(str(code))
    row = {"id": uuid4(), "scope": scope, "code": code, "because": because, "until_at": until}
    asked = {"asked_at": now, "asked_by": principal.actor, "asked_key": principal.id, "state": "asked"}
    return await HaltStore(connection).add({**row, **asked})


async def decide(
    halt_id: UUID, *, granted: bool, principal: Principal, connection: AsyncConnection, resources: Resources
) -> Row[Any]:
    """Grant or refuse a halt, as a second person. Raises `SecondPersonNeeded`, `Conflict`."""
    store, now = HaltStore(connection), resources.clock.now()
    row = await store.lock(halt_id)
    if row.state != "asked":
        raise Conflict(f"This halt is {row.state} already.", state=row.state)
    if principal.id == row.asked_key or await one_person(connection, principal.actor, row.asked_by):
        raise SecondPersonNeeded("A halt takes a second person: whoever asked for it may not decide.")
    if granted and row.until_at <= now:
        raise Conflict("The end it was asked for has passed.")
    state = "running" if granted else "refused"
    row = await store.change(halt_id, state=state, decided_at=now, decided_by=principal.actor)
    if granted:
        words = f"暂停督办({_name(row)}),至{_shown(row.until_at, resources)}:{row.because}"
        await _announce(row, words, principal.actor, connection, resources)
    return row


async def end(halt_id: UUID, by: str, connection: AsyncConnection, resources: Resources) -> Row[Any]:
    """
    End a halt, early or because its end has come: what fell due meanwhile is climbed at once.

    Raises `Conflict` for one that does not run.
    """
    store, now = HaltStore(connection), resources.clock.now()
    row = await store.lock(halt_id)
    if row.state != "running":
        raise Conflict(f"This halt is {row.state}.", state=row.state)
    row = await store.change(halt_id, state="ended", ended_at=now, ended_by=by)
    held = await _release(row, connection, now)
    words = f"恢复督办({_name(row)}),暂停期间到期{held}项,现予补发"
    await _announce(row, words, by, connection, resources)
    ring_after_commit(connection, BELL)
    return row


async def end_what_is_over(connection: AsyncConnection, resources: Resources) -> int:
    """End the halts whose end has come, each told; return how many."""
    over = await HaltStore(connection).over(resources.clock.now())
    for halt_id in over:
        await end(halt_id, OVER, connection, resources)
    return len(over)


async def _release(row: Row[Any], connection: AsyncConnection, now: datetime) -> int:
    """Let the worker look again at what was held; return of how many deadlines a rung is due."""
    scope: list[ColumnElement[bool]] = []
    if row.scope == "ticket":
        scope = [deadlines.c.ticket_id == row.code]
    elif row.scope == "department":
        scope = [deadlines.c.department == row.code]
    at = timers.c.next_rung_at
    scope.append(deadlines.c.id == timers.c.deadline_id)
    waiting = select(func.count()).select_from(timers).where(*scope, or_(at == row.until_at, at <= now))
    count = (await connection.execute(waiting)).scalar_one()
    freed = update(timers).where(*scope, at == row.until_at, at > now).values(next_rung_at=now)
    await connection.execute(freed)
    return count


async def _announce(
    row: Row[Any], words: str, by: str, connection: AsyncConnection, resources: Resources
) -> None:
    """Tell the supervisor and the supervision office, the log, and by an event everybody concerned."""
    log.warning("supervision_halted" if row.state == "running" else "supervision_resumed", halt=str(row.id))
    ticket = row.code if row.scope == "ticket" else None
    whose = Whose(row.code if row.scope == "department" else None)
    message = Message("halt", "暂停督办", words, TOLD[:1], TOLD[1:], ticket=ticket, urgent=True)
    await inform(message, whose, connection, resources)
    store, now = TicketStore(connection), resources.clock.now()
    department = (await store.get(ticket)).department if ticket else whose.department
    data = SupervisionHalt(because=row.because, until_at=row.until_at, department=department)
    event = SupervisionHalted if row.state == "running" else SupervisionResumed
    told = event(ticket=ticket or f"supervision/{row.code or row.scope}", time=now, data=data)
    if ticket is None:
        await record(connection, [told])
    else:
        await store.note([(told, Step.NOTE, words)], actor=by)


def _name(row: Row[Any]) -> str:
    return {"ticket": f"工单{row.code}", "department": f"单位{row.code}"}.get(row.scope, "全部")


def _shown(moment: datetime, resources: Resources) -> str:
    return f"{moment.astimezone(resources.settings.zone):%Y-%m-%d %H:%M}"
