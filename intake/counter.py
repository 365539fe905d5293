"""Loop: calls that wait at the same moment are registered in one transaction (group commit)."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from intake.register import Arrival, Registered, register
from intake.view import ticket_of
from schemas.errors import HotlineError, Unavailable
from services.idempotency import Answer, Once, claim, keep
from services.resources import Resources
from services.security import Principal

MOST_AT_ONCE = 64


@dataclass(eq=False)
class Waiting:
    """A call at the counter, and where its answer goes."""

    arrival: Arrival
    principal: Principal
    once: Once | None
    answer: asyncio.Future[Answer] = field(default_factory=asyncio.Future)

    @property
    def key(self) -> tuple[str, str] | None:
        """What this call may take effect only once under."""
        return (self.once.caller, self.once.key) if self.once else None


class Counter:
    """
    Takes calls one by one and registers together whatever waits when the last commit is done.

    Nobody waits for a batch to fill: alone, a call is registered alone. A call
    that fails takes no other with it: the batch is then done one by one.
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
        """Take what waits, but of two calls with one key only the first: the other finds its answer."""
        batch: list[Waiting] = []
        keys: set[tuple[str, str]] = set()
        while self._queue and len(batch) < MOST_AT_ONCE and self._queue[0].key not in keys:
            each = self._queue.popleft()
            batch.append(each)
            if each.key:
                keys.add(each.key)
        return batch

    async def _serve(self, batch: Sequence[Waiting]) -> None:
        try:
            answers = await self._together(batch)
        except Exception as fault:
            if len(batch) == 1 or isinstance(fault, Unavailable):
                for each in batch:
                    _settle(each, fault)
            else:
                for each in batch:
                    await self._serve([each])
            return
        for each, answer in zip(batch, answers, strict=True):
            _settle(each, answer)

    async def _together(self, batch: Sequence[Waiting]) -> list[Answer | HotlineError]:
        async with self._resources.database.transaction() as connection:
            keyed = [each.once for each in batch if each.once]
            known = await claim(connection, keyed, self._resources.clock.now())
            work = [each for each in batch if each.key not in known]
            results = await register(connection, [each.arrival for each in work], self._resources)
            fresh = {each: _answer(each, done) for each, done in zip(work, results, strict=True)}
            for each, answer in fresh.items():
                if each.once:
                    await keep(connection, each.once, answer)
        return [fresh[each] if each in fresh else known[each.key] for each in batch]  # type: ignore[index]


def _answer(waiting: Waiting, done: Registered) -> Answer:
    ticket = ticket_of(done.ticket, waiting.principal)
    headers = {"location": f"/v1/tickets/{ticket.id}", "etag": f'"{ticket.version}"'}
    return Answer(200 if done.merged else 201, headers, ticket.model_dump_json().encode())


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
