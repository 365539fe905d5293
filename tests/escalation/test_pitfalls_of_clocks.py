"""What other systems get wrong about clocks that stop, move and end: each pitfall by its name."""

import asyncio
import random
from datetime import datetime, timedelta
from typing import Any

import pytest

from escalation.climb import climb_due
from escalation.domain.ladder import rung_times
from escalation.domain.reckoning import Pause, Terms, reckon
from escalation.domain.worktime import Amount, Unit, utc
from escalation.rulebook import PublishedRules, Rulebook
from schemas.wire import Message, from_message
from tests.escalation.policies import in_force, publish, recompute
from tests.escalation.test_bouncing import BURST_PIPE, running
from tests.escalation.test_scenarios import CITIZEN, DEPARTMENT, FEEDBACK, SIGN, at, called, cards, due
from tests.escalation.test_suspend import with_hours
from tests.escalation.timekeeping import (
    LONGER,
    NOISE,
    STILL,
    extended,
    post,
    promised,
    resumed,
    signed,
    suspended,
)
from tests.inprocess import Answer, InProcess

JOBS = (DEPARTMENT, CITIZEN)
MORNING = at("2026-11-16 10:00")


async def correct(hotline: InProcess, ticket: Answer, **changes: Any) -> None:
    """The hotline corrects what a ticket says."""
    client = await hotline.client()
    answer = await client.post(f"/v1/tickets/{ticket['id']}/correct", json={"because": "更正", **changes})
    assert answer.status_code == 200, answer.text
    await hotline.drain()


async def moves(hotline: InProcess, ticket: Answer) -> list[str]:
    """What the history says of deadlines that moved."""
    found = await hotline.rows(
        "SELECT note FROM ticket_history WHERE ticket_id = :id AND step = 'move_deadline' ORDER BY version",
        id=ticket["id"],
    )
    return [each.note for each in found]


async def test_p1_a_pause_and_an_extension_are_kept_when_the_kind_of_a_matter_changes(
    hotline: InProcess,
) -> None:
    ticket = await signed(hotline, "2026-11-16 10:00")
    await suspended(hotline, ticket, "2026-11-18 15:00")
    await resumed(hotline, ticket, "2026-11-25 10:00")
    await extended(hotline, ticket, amount=2)
    assert await due(hotline, ticket, *JOBS) == ["2026-12-02 17:30"] * 2
    await correct(hotline, ticket, kind="suggestion")  # 10 days instead of 5
    assert await due(hotline, ticket, *JOBS) == ["2026-12-09 17:30"] * 2
    assert await promised(hotline, ticket) == "2026-12-09 17:30"
    assert (
        await moves(hotline, ticket)
        == [
            "更正后时限重算(更正):办结时限由2026-12-02 17:30改为2026-12-09 17:30;"
            "市民时限由2026-12-02 17:30改为2026-12-09 17:30"
        ]
        or len(await moves(hotline, ticket)) == 1
    )
    await correct(hotline, ticket, kind="complaint")
    assert await due(hotline, ticket, *JOBS) == ["2026-12-02 17:30"] * 2


async def test_p1_a_limit_in_minutes_keeps_its_pause_when_the_urgency_changes(hotline: InProcess) -> None:
    ticket = await signed(hotline, "2026-11-16 10:00", urgency="urgent")
    await suspended(hotline, ticket, "2026-11-16 10:10", reason="force_majeure")
    await resumed(hotline, ticket, "2026-11-16 12:10")
    assert await due(hotline, ticket, *JOBS) == ["2026-11-17 12:00"] * 2
    await correct(hotline, ticket, urgency="general")
    assert await due(hotline, ticket, *JOBS) == ["2026-11-23 17:30"] * 2
    assert (await hotline.deadlines(ticket["id"]))["department", "feedback"]["settled_because"] == "corrected"
    await correct(hotline, ticket, urgency="urgent")
    assert await due(hotline, ticket, *JOBS) == ["2026-11-17 12:00"] * 2


async def test_p1_what_stands_still_stands_still_after_a_correction_too(hotline: InProcess) -> None:
    ticket = await signed(hotline, "2026-11-16 10:00")
    await suspended(hotline, ticket, "2026-11-18 15:00")
    await correct(hotline, ticket, kind="suggestion")
    await hotline.advance(at("2026-12-17 09:00"))
    assert await cards(hotline, ticket, "completion") == []
    await resumed(hotline, ticket, "2026-12-17 10:00")
    assert await due(hotline, ticket, *JOBS) == ["2026-12-29 17:30"] * 2  # 2 of 10 days were used


async def test_p1_a_stage_that_a_correction_brings_stands_still_with_the_others(hotline: InProcess) -> None:
    """Suspended until Wed 12-02: complex since 11-26, it is fed back within five days from 12-03 on."""
    ticket = await signed(hotline, "2026-11-23 09:00")
    await suspended(hotline, ticket, "2026-11-25 15:00")
    await hotline.advance(at("2026-11-26 10:00"))
    await correct(hotline, ticket, urgency="complex")
    assert (await hotline.deadlines(ticket["id"]))[FEEDBACK]["paused_at"] is not None
    await resumed(hotline, ticket, "2026-12-02 10:00")
    assert await due(hotline, ticket, FEEDBACK) == ["2026-12-09 17:30"]


async def test_a_rung_is_not_dated_before_the_correction_that_made_it_due(hotline: InProcess) -> None:
    ticket = await signed(hotline, "2026-11-16 10:00", kind="suggestion")
    await hotline.advance(at("2026-11-25 10:00"))
    await correct(hotline, ticket, kind="complaint")  # due on 11-23, two days ago
    await hotline.advance(at("2026-11-25 10:00"))
    assert await due(hotline, ticket, DEPARTMENT) == ["2026-11-23 17:30"]
    fired = sorted(await cards(hotline, ticket, "completion"))
    assert fired == [(level, "2026-11-25 10:00") for level in (0, 1, 2)]


async def test_p5_ending_one_clock_leaves_every_other_as_it_was(hotline: InProcess) -> None:
    ticket = await called(hotline, "2026-11-16 10:00", **NOISE)
    await hotline.advance(at("2026-11-16 10:20"))
    before = await hotline.deadlines(ticket["id"])
    await hotline.step(ticket, "sign")
    after = await hotline.deadlines(ticket["id"])
    assert after[SIGN]["settled_because"] == "signed"
    for clocks in (before, after):
        del clocks[SIGN]
    assert after == before


async def test_p7_a_due_that_was_set_for_who_helps_is_moved_by_nothing(hotline: InProcess) -> None:
    ticket = await signed(hotline, "2026-11-16 10:00")
    said = {"department": "water-affairs", "due_at": "2026-11-19T17:30:00+08:00", "reason": "核实"}
    client = await hotline.client("department", ticket["department"])
    answer = await client.post(f"/v1/tickets/{ticket['id']}/co-handling", json=said)
    assert answer.status_code == 201, answer.text
    await hotline.drain()
    helper = {("water-affairs", "sign"): "11-16 10:30", ("water-affairs", "completion"): "11-19 17:30"}
    assert await running(hotline, ticket, "co_handling") == helper
    await extended(hotline, ticket)
    await suspended(hotline, ticket, "2026-11-16 10:20")
    await correct(hotline, ticket, kind="suggestion")
    await resumed(hotline, ticket, "2026-11-18 10:00")
    assert await running(hotline, ticket, "co_handling") == helper


async def test_p9_a_ticket_joined_to_another_waits_for_nobody_at_the_desk(hotline: InProcess) -> None:
    """Whatever the timer did before the news arrived, no card stands that is dated after the joining."""
    first = await called(hotline, "2026-11-24 09:05", **BURST_PIPE)
    second = await called(hotline, "2026-11-24 09:05", text="还是那个水管", caller={"phone": "13900000001"})
    assert second["status"] == "triage"
    hotline.clock.time = at("2026-11-24 11:04")  # a minute before the desk is late
    agent = await hotline.client()
    joining = {"parent": first["id"], "note": "同一事项"}
    answer = await agent.post(f"/v1/tickets/{second['id']}/join", json=joining)
    assert answer.status_code == 200, answer.text
    await hotline.advance(at("2026-11-24 11:06"))  # the timer comes before the news
    await hotline.advance(at("2026-11-25 17:00"))
    standing = [each for each in await hotline.cards(second["id"]) if not each["withdrawn_at"]]
    assert all(each["fell_due_at"] < "2026-11-24T03:04:00Z" for each in standing)
    query = "SELECT stage FROM deadlines WHERE ticket_id = :id AND settled_at IS NULL"
    assert [each.stage for each in await hotline.rows(query, id=second["id"])] == ["completion"]


async def test_e4_closing_in_the_last_moment_races_the_card_and_no_card_stands_unanswered(
    hotline: InProcess,
) -> None:
    """A hundred tickets are resolved around the millisecond they fall due, while two workers climb."""
    hotline.clock.time = MORNING
    numbers = [
        (await hotline.register(**NOISE, caller={"phone": f"139{each:08}"}))["id"] for each in range(100)
    ]
    await hotline.drain()
    handled = await hotline.rows("SELECT id FROM tickets WHERE department IS NOT NULL")
    department = await hotline.client("department", (await hotline.ticket(handled[0].id))["department"])
    for row in handled:
        await department.post(f"/v1/tickets/{row.id}/sign", json={})
    due_at = at("2026-11-23 17:30")
    await hotline.advance(due_at - timedelta(hours=1))
    hotline.clock.time = due_at - timedelta(milliseconds=1)
    closed = asyncio.Event()

    async def close(number: str) -> None:
        answer = await department.post(f"/v1/tickets/{number}/resolve", json={"note": "已办结"})
        assert answer.status_code == 200, answer.text

    async def work() -> None:
        while not closed.is_set():
            await hotline.resources.database.run(lambda each: climb_due(each, hotline.resources, 7))
            await asyncio.sleep(0)

    working = [asyncio.ensure_future(work()) for _ in range(2)]
    half = len(handled) // 2
    await asyncio.gather(*(close(row.id) for row in handled[:half]))
    hotline.clock.time = due_at
    await asyncio.gather(*(close(row.id) for row in handled[half:]))
    closed.set()
    await asyncio.gather(*working)
    await hotline.advance(due_at)
    raced = await hotline.rows(
        "SELECT e.withdrawn_at, (SELECT count(*) FROM ticket_history h"
        " WHERE h.ticket_id = e.ticket_id AND h.step = 'withdraw_escalation') AS withdrawals"
        " FROM escalations e JOIN deadlines d ON d.id = e.deadline_id"
        " WHERE e.stage = 'completion' AND e.fell_due_at >= d.settled_at"
    )
    assert raced
    assert all(each.withdrawn_at is not None and each.withdrawals for each in raced)
    assert len(handled) == len(numbers)


class Oracle:
    """A ticket's clocks as its events say, counted without looking at a single deadline."""

    def __init__(self, rulebook: Rulebook) -> None:
        self._rulebook = rulebook
        self.accepted = self.assigned = MORNING
        self.kind = ""
        self.pauses: list[Pause] = []
        self.extensions: list[Amount] = []
        self.since: datetime | None = None

    def hear(self, event: Any) -> None:
        match event.type:
            case "ticket.registered":
                self.accepted, self.kind = event.data.accepted_at, event.data.kind
            case "ticket.assigned":
                self.assigned = event.data.assigned_at
            case "ticket.corrected":
                self.kind = event.data.matter.kind
            case "ticket.extension_granted":
                self.extensions.append(Amount(event.data.amount, Unit(event.data.unit)))
            case "ticket.suspended" if not event.data.renewed:
                self.since = event.data.from_at
            case "ticket.resumed":
                assert self.since is not None
                self.pauses.append(Pause(self.since, event.data.from_at))
                self.since = None

    def terms(self, clock: str) -> Terms:
        days = {"complaint": 5, "suggestion": 10, "report": 15, "help": 5}[self.kind]
        start = self.accepted if clock == "citizen" else self.assigned
        limit = Amount(days, Unit.WORKING_DAYS)
        return Terms(start, limit, tuple(self.pauses), tuple(self.extensions))

    def due(self, clock: str) -> datetime:
        return reckon(self.terms(clock), self._rulebook.calendar).at

    def rungs(self, climbed: set[int]) -> dict[int, datetime]:
        """The rungs that are still to come, if no rung is dated before what moved it."""
        terms = self.terms("department")
        times = rung_times(
            self._rulebook.ladder,
            stage="completion",
            start=terms.start,
            due=self.due("department"),
            limit=terms.limit,
            calendar=self._rulebook.calendar,
        )
        return {rung.level: when for rung, when in times if rung.level not in climbed}


async def hear_everything(hotline: InProcess, ticket: Answer) -> Oracle:
    async with hotline.resources.database.transaction() as connection:
        oracle = Oracle(await hotline.resources.part(PublishedRules).current(connection))
    query = "SELECT topic, key, headers, body FROM outbox WHERE key = :id ORDER BY id"
    for row in await hotline.rows(query, id=ticket["id"]):
        oracle.hear(from_message(Message(topic=row.topic, key=row.key, headers=row.headers, body=row.body)))
    return oracle


async def check(hotline: InProcess, ticket: Answer) -> None:
    """Every stored due and every stored rung is what the events say."""
    oracle = await hear_everything(hotline, ticket)
    rows = await hotline.rows(
        "SELECT d.*, next_rung, next_rung_at,"
        " array(SELECT level FROM escalations e WHERE e.deadline_id = d.id) AS climbed"
        " FROM deadlines d LEFT JOIN timers ON deadline_id = d.id"
        " WHERE ticket_id = :id AND stage = 'completion' AND settled_at IS NULL"
        " AND clock IN ('citizen', 'department')",
        id=ticket["id"],
    )
    assert len(rows) == 2
    for row in rows:
        assert row.due_at == oracle.due(row.clock), (row.clock, row.pauses, row.extensions)
        assert row.paused_at == oracle.since
        running = row.clock == "department" and oracle.since is None
        expected = expected_rungs(row, oracle) if running else {}
        assert stored_rungs(row) == expected
        assert row.next_rung_at == (min(expected.values()) if expected else None)
    shown = datetime.fromisoformat((await hotline.ticket(ticket["id"]))["due_at"])
    assert shown == oracle.due("citizen")


def expected_rungs(row: Any, oracle: Oracle) -> dict[int, datetime]:
    """The rungs ahead by the events, none dated before what moved it last."""
    moved = utc(row.changed_at or row.started_at)
    return {level: max(when, moved) for level, when in oracle.rungs(set(row.climbed)).items()}


def stored_rungs(row: Any) -> dict[int, datetime]:
    """The rungs ahead as they are stored."""
    ahead = [] if row.next_rung_at is None else row.schedule[row.next_rung :]
    return {level: datetime.fromisoformat(when) for level, when in ahead}


@pytest.mark.parametrize("seed", range(6))
async def test_p6_after_every_command_each_due_and_rung_is_what_the_events_say(
    hotline: InProcess, seed: int
) -> None:
    chance = random.Random(seed)
    ticket = await signed(hotline, "2026-11-16 10:00")
    answered: dict[str, int] = {}
    for _ in range(18):
        hotline.clock.time += timedelta(minutes=chance.choice((0, 1, 47, 600, 1440, 4000)))
        if chance.random() < 0.7:
            await hotline.advance(hotline.clock.time)
        commands: list[tuple[str, str, dict[str, Any]]] = [
            ("extensions", "department", {**LONGER, "amount": chance.randint(1, 5)}),
            ("grant-extension", "supervisor", {}),
            ("refuse-extension", "agent", {"note": "不同意"}),
            ("suspensions", "department", {**STILL, "days": chance.randint(1, 9)}),
            ("renew-suspension", "department", {**STILL, "days": 3}),
            ("grant-suspension", "agent", {}),
            ("resume", "department", {}),
            ("correct", "agent", {"because": "更正", "kind": chance.choice(("complaint", "suggestion"))}),
            ("correct", "agent", {"because": "更正", "kind": chance.choice(("report", "help"))}),
            ("contact", "department", {}),
            ("urge", "agent", {}),
        ]
        path, who, body = chance.choice(commands)
        answer = await post(hotline, ticket, path, who, **body)
        assert answer.status_code in (200, 403, 409, 422), answer.text
        answered[f"{path} {answer.status_code}"] = answered.get(f"{path} {answer.status_code}", 0) + 1
        await check(hotline, ticket)
    assert sum(count for said, count in answered.items() if said.endswith("200")) >= 5, answered


async def test_p1_a_date_that_a_publication_kept_follows_a_correction(
    hotline: InProcess,
) -> None:
    ticket = await signed(hotline, "2026-11-16 10:00")
    content = (await in_force(hotline, "calendars"))["content"]
    await publish(hotline, "calendars", "HAIKOU-2027", with_hours(content, "17:00"))
    await recompute(hotline)
    assert await due(hotline, ticket, *JOBS) == ["2026-11-23 17:30"] * 2  # kept
    await correct(hotline, ticket, kind="suggestion")
    assert await due(hotline, ticket, *JOBS) == ["2026-11-30 17:00"] * 2
    assert await promised(hotline, ticket) == "2026-11-30 17:00"
