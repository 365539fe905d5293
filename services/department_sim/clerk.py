"""The department's people: each assigned ticket is signed for, its caller contacted, fed back, resolved."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from services.department_sim.book import ASSIGNED, Book
from services.department_sim.hand import Answered, Hand, Order
from services.department_sim.reception import Say

TRY_AGAIN_SECONDS = 1.0

STEPS: Mapping[str, Mapping[str, str]] = {
    "sign": {},
    "contact": {"note": "已电话联系市民,说明办理安排。", "way": "phone"},
    "feedback": {"note": "已派员到现场核实。"},
    "resolve": {"note": "已到现场处理完毕,并告知市民。"},
}
"""What is done with a ticket, in this order, and what is said."""


@dataclass
class Clerk:
    """
    Acts by one hand, `pause` seconds between two steps.

    Every step has a key of its own, made of the assignment: a clerk who died in the
    middle takes the steps again from the first, and those taken before are taken once.
    """

    hand: Hand
    book: Book
    pause: float
    say: Say
    _at_work: set[asyncio.Task[None]] = field(default_factory=set)

    def hear(self, posted: Mapping[str, Any]) -> None:
        """Begin what a new event asks for."""
        if posted["type"] == ASSIGNED:
            self.begin(posted["data"])

    def begin(self, assigned: Mapping[str, Any]) -> None:
        """Begin an assignment's work, beside everything else."""
        work = self.handle(assigned["ticket"], assigned["assignment_id"], assigned["version"])
        task = asyncio.create_task(work)
        self._at_work.add(task)
        task.add_done_callback(self._at_work.discard)

    async def leave(self) -> None:
        """Leave everything where it is."""
        for task in self._at_work:
            task.cancel()
        await asyncio.gather(*self._at_work, return_exceptions=True)

    async def handle(self, ticket: str, assignment: str, version: int) -> None:
        """Do an assignment's work to its end, or until a step is refused."""
        for step, said in STEPS.items():
            answer = await self._take(Order(ticket, step, said, f"{assignment}-{step}", version))
            self.say(f"{ticket}  {step:<8}  {answer.status} {answer.told}")
            if not answer.taken:
                break
            version = answer.version
            await asyncio.sleep(self.pause)
        self.book.done(assignment)

    async def _take(self, order: Order) -> Answered:
        """Return the service's answer, however often it must be asked for one."""
        what = f"{order.ticket}  {order.step:<8}"
        while True:
            try:
                answer = await self.hand.take(order)
                if not answer.failed:
                    return answer
                self.say(f"{what}  {answer.status}, again in a second")
            except httpx.TransportError as fault:
                self.say(f"{what}  {type(fault).__name__}, again in a second")
            await asyncio.sleep(TRY_AGAIN_SECONDS)
