"""Whatever is sent in whatever order: no fault, no illegal state, and a history that explains it."""

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from schemas.lifecycle import INSTEAD, LED, RULES, TRANSITIONS, Status, Step, advance
from services.access import may_see, standing
from services.security import CallerRole, Principal
from tests.conftest import MONDAY, ROLES
from tests.inprocess import InProcess
from tests.journeys.commands import COMMANDS, LEADS, Command

BUDGET = settings(
    max_examples=10,
    stateful_step_count=20,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.generate,),  # what failed is printed whole; to make it shorter takes minutes
    suppress_health_check=list(HealthCheck),
)
ANYBODY = ["lead", "helper", *LEADS, "agent", "supervisor", "admin"]
AT_IT = ["lead", "lead", "lead", "helper", "agent", "supervisor"]
TURNS = st.lists(st.tuples(st.sampled_from(AT_IT), st.integers(0, 999)), min_size=3, max_size=8)
EARLY_ENDS = ("withdraw", "transfer")
PLACES = [("020100", "460106002000"), ("010100", "460106002000"), (None, None)]

ANY_STEP = {"illegal_transition", "not_the_lead", "ticket_not_found", "stale_version", "forbidden"}
FORESEEN = {
    "asked_once",
    "already_asked",
    "nothing_asked",
    "asked_too_late",
    "return_too_late",
    "in_confidence",
}
"""What an answer that offers a step knew already."""

_NOBODY = UUID(int=0)


class AnyOrder(RuleBasedStateMachine):
    """Two tickets, and everybody who may have something to do with them."""

    runner: asyncio.Runner
    hotline: InProcess
    callers = count()

    @initialize(places=st.tuples(st.sampled_from(PLACES), st.sampled_from(PLACES)))
    def two_calls_come_in(self, places: Any) -> None:
        self.hotline.clock.time = MONDAY
        self.tickets = [self.do(self._call(*place)) for place in places]

    @rule(
        which=st.integers(0, 1),
        who=st.sampled_from(ANYBODY),
        path=st.sampled_from(sorted(COMMANDS)),
        stale=st.sampled_from([False] * 9 + [True]),
        data=st.data(),
    )
    def somebody_sends_a_command(self, which: int, who: str, path: str, stale: bool, data: Any) -> None:
        self.do(self._send(which, who, path, stale, data))

    @rule(which=st.integers(0, 1), turns=TURNS, data=st.data())
    def steps_that_are_offered_are_taken(self, which: int, turns: list[tuple[str, int]], data: Any) -> None:
        """Commands by chance alone seldom come far into a ticket's life."""
        for who, pick in turns:
            self.do(self.hotline.drain())
            offered = self.do(self._offered(which, who))
            if offered:
                code = self.do(self._send(which, who, offered[pick % len(offered)], False, data))
                assert code not in FORESEEN, (offered[pick % len(offered)], code)

    @rule()
    def everybody_learns_of_it(self) -> None:
        self.do(self.hotline.drain())

    @rule(hours=st.sampled_from([1, 9, 30]))
    def time_passes(self, hours: int) -> None:
        self.do(self.hotline.later(timedelta(hours=hours)))

    @invariant()
    def history_says_how_a_ticket_came_where_it_is(self) -> None:
        for ticket_id in getattr(self, "tickets", ()):
            self.do(self._replay(ticket_id))

    def do(self, work: Any) -> Any:
        return self.runner.run(work)

    async def _call(self, category: str, division: str | None) -> str:
        number = next(self.callers)
        caller = {"name": f"诉求人{number}", "phone": f"139{number:08}"}
        call = {"category": category, "division": division, "caller": caller}
        answer = await self.hotline.call(**{key: value for key, value in call.items() if value})
        return str(answer["id"])

    async def _row(self, ticket_id: str) -> dict[str, Any]:
        (row,) = await self.hotline.rows("SELECT * FROM tickets WHERE id = :id", id=ticket_id)
        return row._asdict()  # type: ignore[no-any-return]

    async def _send(self, which: int, who: str, path: str, stale: bool, data: Any) -> str | None:
        """
        Send a command; what the table forbids is refused, and what is refused changes nothing.

        Returns the code of a refusal.
        """
        before = await self._row(self.tickets[which])
        principal = _principal(who, before)
        command = COMMANDS[path]
        drawn = data.draw(command.sent, label=path)
        body = command.body(drawn, self.hotline.clock.now(), self.tickets[1 - which])
        client = await self.hotline.client(principal.role, principal.department)
        match = {"if-match": f'"{before["version"] - 1}"'} if stale else {}
        answer = await client.post(f"/v1/tickets/{before['id']}/{path}", json=body, headers=match)
        after = await self._row(before["id"])
        if answer.is_success:
            assert not stale
            _check_allowed(command, before, principal)
            assert after["version"] > before["version"]
            return None
        assert after == before
        _check_refusal(command, before, principal, answer)
        return str(answer.json()["code"])

    async def _offered(self, which: int, who: str) -> list[str]:
        """The commands a ticket's answer offers somebody, but for those that end it early."""
        row = await self._row(self.tickets[which])
        principal = _principal(who, row)
        client = await self.hotline.client(principal.role, principal.department)
        shown = (await client.get(f"/v1/tickets/{row['id']}")).json().get("actions", ())
        return [path for path, each in COMMANDS.items() if each.step in shown and path not in EARLY_ENDS]

    async def _replay(self, ticket_id: str) -> None:
        row = await self._row(ticket_id)
        query = "SELECT * FROM ticket_history WHERE ticket_id = :id ORDER BY version"
        history = await self.hotline.rows(query, id=ticket_id)
        assert [each.version for each in history] == list(range(1, row["version"] + 1))
        assert (history[0].step, history[0].status) == (Step.REGISTER, Status.REGISTERED)
        status = Status.REGISTERED
        stood: dict[Status, Status] = {}
        for each in history[1:]:
            step, before = Step(each.step), status
            if RULES[step].moves:
                status = advance(before, step, stood.get(before))
            if status is not before:
                stood[status] = before
            assert each.status == status, (each.version, each.step)
        assert row["status"] == status


def _principal(who: str, ticket: dict[str, Any]) -> Principal:
    """Return whom a name stands for: the lead and the helper are whoever is so of this ticket."""
    helpers = ticket["co_departments"] or [LEADS[-1]]
    department = {"lead": ticket["department"] or LEADS[0], "helper": helpers[0]}.get(who, who)
    if who in ("agent", "supervisor", "admin"):
        return Principal(_NOBODY, who, CallerRole(who), None)
    return Principal(_NOBODY, "department", CallerRole.DEPARTMENT, department)


def _check_allowed(command: Command, before: dict[str, Any], principal: Principal) -> None:
    status, who = Status(before["status"]), standing(before, principal)
    assert may_see(before, principal)
    assert who in RULES[command.step].who
    first = Step.RECALL if command.step is Step.JOIN and status in LED else command.step
    assert (status, first) in TRANSITIONS


def _check_refusal(command: Command, before: dict[str, Any], principal: Principal, answer: Any) -> None:
    """A refusal is a problem with a code; where the table allows the step, one that a guard of it names."""
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    if problem["code"] == "unavailable":  # the clock of a step just taken is not opened yet
        return
    assert 400 <= answer.status_code < 500, problem
    rules = [RULES[command.step], *(RULES[each] for each, of in INSTEAD.items() if of is command.step)]
    named = {code for each in rules for guard in (*each.when, *each.what) for code in guard.codes}
    assert problem["code"] in ANY_STEP | named, problem


def test_commands_in_any_order_leave_a_ticket_that_its_history_explains(database_url: str) -> None:
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        service = InProcess.opened(database_url, ROLES, MONDAY)
        AnyOrder.runner, AnyOrder.hotline = runner, runner.run(stack.enter_async_context(service))
        try:
            run_state_machine_as_test(AnyOrder, settings=BUDGET)
        finally:
            runner.run(stack.aclose())
