"""Loop: calls that wait at the same moment are registered in one transaction (group commit)."""

import asyncio
from collections import deque
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field

from asyncpg import UniqueViolationError
from sqlalchemy.ext.asyncio import AsyncConnection

from intake.admit import advice_of
from intake.domain.repeats import marks
from intake.entry import Arrival, Registered, entries, register_new
from intake.register import look, register, tied
from intake.repeats import NOTHING, Look, hold_callers, since, unless_called_meanwhile
from intake.store import NumberBlock
from intake.view import fields_of
from schemas.admission import Registration
from schemas.errors import HotlineError, Unavailable
from schemas.evidence import Fault
from services.database import DriverConnection, LostRace
from services.idempotency import Answer, Once, claim, keep, kept
from services.outbox import BELL
from services.resources import Resources
from services.security import Principal
from services.tables import idempotency_keys

MOST_AT_ONCE = 64


@dataclass(eq=False)
class Waiting:
    """A call at the counter, what was found when it was looked up, and where its answer goes."""

    arrival: Arrival
    principal: Principal
    once: Once | None
    answer: asyncio.Future[Answer] = field(default_factory=asyncio.Future)
    looked: Look = NOTHING
    marks: set[Hashable] = field(init=False)

    def __post_init__(self) -> None:
        self.marks = {*marks(self.arrival.call.call), *([self.key] if self.key else [])}

    @property
    def key(self) -> tuple[str, str] | None:
        """What this call may take effect only once under."""
        return (self.once.caller, self.once.key) if self.once else None


class Counter:
    """
    Takes calls one by one and registers together whatever waits when the last commit is done.

    Nobody waits for a batch to fill: alone, a call is registered alone. A call
    that fails takes no other with it: the batch is then done one by one. A caller
    whom another process or a batch of lines registers meanwhile is looked for again.
    """

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._queue: deque[Waiting] = deque()
        self._someone = asyncio.Event()

    async def register(self, arrival: Arrival, principal: Principal, once: Once | None) -> Answer:
        """Return the answer once the ticket is safe: 201, or 200 when it was known already."""
        waiting = Waiting(arrival, principal, once)
        self._queue.append(waiting)
        self._someone.set()
        return await waiting.answer

    async def run(self) -> None:
        """Serve the queue for ever."""
        while True:
            await self._someone.wait()
            await self._serve(self._next_batch())
            if not self._queue:
                self._someone.clear()

    def _next_batch(self) -> list[Waiting]:
        """Take what waits, but of calls with one key or of one caller only the first: the next finds it."""
        batch: list[Waiting] = []
        seen: set[Hashable] = set()
        while self._queue and len(batch) < MOST_AT_ONCE and seen.isdisjoint(self._queue[0].marks):
            each = self._queue.popleft()
            batch.append(each)
            seen.update(each.marks)
        return batch

    async def _serve(self, batch: Sequence[Waiting]) -> None:
        """Register new matters in one statement, and whatever else there is in one transaction."""
        try:
            async with self._resources.database.statement(BELL) as connection:
                done = await self._at_once(batch, connection)
        except (UniqueViolationError, LostRace):  # one is known by its key or its number
            await self._answer(batch)
        except Exception as fault:
            await self._apart(batch, fault)
        else:
            for each, answer in done.items():
                _settle(each, answer)
            await self._answer([each for each in batch if each not in done])

    async def _at_once(
        self, batch: Sequence[Waiting], connection: DriverConnection
    ) -> Mapping[Waiting, Answer]:
        """
        Register and answer those calls that are new.

        Of several some caller nearly always has called before, so all are looked up first; one
        alone only when the statement that registers it finds its caller known.
        """
        if _seems_new(batch) and (done := await self._register_new(batch, connection)):
            return done
        return await self._register_new(await self._new_of(batch, connection), connection)

    async def _new_of(self, batch: Sequence[Waiting], connection: DriverConnection) -> list[Waiting]:
        """Look the calls up; return those that are to be registered and nothing else."""
        looks = await look(connection, [each.arrival for each in batch], self._resources)
        for each, found in zip(batch, looks, strict=True):
            each.looked = found
        return [each for each in batch if each.arrival.only_registered and not each.looked.repeat]

    async def _answer(self, batch: Sequence[Waiting]) -> None:
        if not batch:
            return
        try:
            answers = await self._together(batch)
        except Exception as fault:
            await self._apart(batch, fault)
        else:
            for each, answer in zip(batch, answers, strict=True):
                _settle(each, answer)

    async def _apart(self, batch: Sequence[Waiting], fault: Exception) -> None:
        """Do a failed batch one by one, that no call takes another with it; an absent database fails all."""
        absent = isinstance(fault, Unavailable) and not isinstance(fault, LostRace)
        alone = len(batch) == 1 or absent
        for each in batch:
            if alone:
                _settle(each, fault)
            else:
                await self._answer([each])

    async def _register_new(
        self, batch: Sequence[Waiting], connection: DriverConnection
    ) -> Mapping[Waiting, Answer]:
        """Register calls that are all new in one statement; none, when a caller has called meanwhile."""
        if not batch:
            return {}
        block = self._resources.part(NumberBlock)
        numbers = await block.draw(connection, len(batch))
        arrivals = tied([each.arrival for each in batch], [each.looked for each in batch])
        new = entries(arrivals, numbers, self._resources)
        answers = {each: _answer(each, entry.registered) for each, entry in zip(batch, new, strict=True)}
        now = self._resources.clock.now()
        keys = [kept(each.once, answer, now) for each, answer in answers.items() if each.once]
        asked = [each.arrival.call.call for each in batch if each.arrival.may_repeat]
        looks = [each.looked for each in batch]
        check = unless_called_meanwhile(asked, looks, since(self._resources.settings.repeats, now))
        if await register_new(connection, new, {idempotency_keys: keys}, check):
            return answers
        block.put_back(numbers)
        return {}

    async def _together(self, batch: Sequence[Waiting]) -> list[Answer | HotlineError]:
        async def work(connection: AsyncConnection) -> list[Answer | HotlineError]:
            await hold_callers(connection, [each.arrival.call.call for each in batch])
            keyed = [each.once for each in batch if each.once]
            known = await claim(connection, keyed, self._resources.clock.now())
            new = [each for each in batch if each.key not in known]
            results = await register(connection, [each.arrival for each in new], self._resources)
            fresh = {each: _answer(each, done) for each, done in zip(new, results, strict=True)}
            for each, answer in fresh.items():
                if each.once:
                    await keep(connection, each.once, answer)
            return [fresh[each] if each in fresh else known[each.key] for each in batch]  # type: ignore[index]

        return await self._resources.database.run(work)


def registration_of(done: Registered, arrival: Arrival, principal: Principal) -> Registration:
    """Return what the agent who registered a call is answered."""
    admission = arrival.admission
    return Registration(
        **fields_of(done.ticket, principal),
        outcome=done.outcome,
        told=done.told,
        advice=advice_of(admission.verdict) if admission else None,
        problems=[Fault(**each.record()) for each in arrival.call.problems],
        divisions=list(arrival.call.candidates),
    )


def _answer(waiting: Waiting, done: Registered) -> Answer:
    ticket = registration_of(done, waiting.arrival, waiting.principal)
    headers = {"location": f"/v1/tickets/{ticket.id}", "etag": f'"{ticket.version}"'}
    return Answer(200 if done.merged else 201, headers, ticket.model_dump_json().encode())


def _seems_new(batch: Sequence[Waiting]) -> bool:
    """Say whether this is a call alone that quotes no ticket; the statement itself asks for its caller."""
    arrival = batch[0].arrival
    return len(batch) == 1 and arrival.only_registered and not arrival.call.call.follows


def _settle(waiting: Waiting, outcome: Answer | Exception) -> None:
    if waiting.answer.done():  # the client has gone; the ticket stays
        return
    if isinstance(outcome, Exception):
        waiting.answer.set_exception(outcome)
    else:
        waiting.answer.set_result(outcome)


async def counter(resources: Resources) -> None:
    """Run this process's counter."""
    await resources.part(Counter).run()
