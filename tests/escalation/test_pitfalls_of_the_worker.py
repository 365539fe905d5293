"""Pitfalls of the worker, each by its number: rungs given twice, lost or never looked at again."""

import asyncio
import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event
from structlog.testing import capture_logs

from escalation.auditor import audit_some
from escalation.consumer import supervision
from escalation.timer import timer
from schemas.wire import Message
from services.bus.handling import handle
from services.resources import Resources
from tests.escalation.test_auditor import audit
from tests.escalation.test_climb import Resting
from tests.escalation.test_notices import notices
from tests.escalation.timekeeping import NOISE, local
from tests.inprocess import Answer, InProcess

MOMENT = timedelta(microseconds=1)

EVERYTHING = "SELECT topic, key, headers, body FROM outbox ORDER BY id"
GIVEN = """
    SELECT (SELECT count(*) FROM deadlines) AS clocks, (SELECT count(*) FROM escalations) AS cards,
           (SELECT count(*) FROM supervision_notices) AS notices,
           (SELECT count(*) FROM ticket_history WHERE step = 'escalate') AS noted,
           (SELECT count(*) FROM outbox WHERE headers ->> 'ce_type' = 'ticket.escalated') AS events
"""
NEXT = """
    SELECT min(next_rung_at) AS at FROM timers JOIN deadlines ON deadlines.id = deadline_id
    WHERE ticket_id = :ticket
"""


async def given(hotline: InProcess) -> Answer:
    """How many clocks there are, and cards with all that comes with them."""
    (row,) = await hotline.rows(GIVEN)
    return dict(row._mapping)


async def never(*_: object) -> None:
    raise AssertionError("Nothing is set apart here.")


async def worker(hotline: InProcess) -> Resources:
    """What another process would hold; its timer ends when it would sleep."""
    own, clock = hotline.resources, Resting(hotline.clock.now())
    return Resources(own.settings, clock, own.database, own.wakeups)


async def climb_until_it_rests(resources: Resources) -> None:
    try:
        await timer(resources)
    except asyncio.CancelledError:
        assert isinstance(resources.clock, Resting)


async def test_e1_two_workers_and_every_event_a_hundred_times_give_each_card_and_notice_once(
    hotline: InProcess,
) -> None:
    ticket = await hotline.call(**NOISE)
    clocks = (await given(hotline))["clocks"]
    await hotline.rows("DELETE FROM inbox WHERE consumer = 'escalation' RETURNING 1")
    hotline.clock.time += timedelta(minutes=31)
    workers = [await worker(hotline) for _ in range(2)]

    async def work(resources: Resources) -> None:
        for _ in range(50):
            messages = [Message(**row._mapping) for row in await hotline.rows(EVERYTHING)]
            await handle(supervision, messages, resources, never)
            await climb_until_it_rests(resources)

    await asyncio.gather(*map(work, workers))
    expected = dict.fromkeys(("cards", "notices", "noted", "events"), 2)
    assert await given(hotline) == {"clocks": clocks, **expected}
    cards = await hotline.cards(ticket["id"])
    assert [(each["stage"], each["level"]) for each in cards] == [("sign", 0), ("sign", 1)]


async def test_e3_twenty_restarts_give_no_card_and_no_notice_again(hotline: InProcess) -> None:
    """Each begins with nothing but the database, and is handed again what it did not see through."""
    ticket = await hotline.call(**NOISE)
    await hotline.later(timedelta(days=14))
    before = await given(hotline)
    cards, shown = await hotline.cards(ticket["id"]), await hotline.ticket(ticket["id"])
    for _ in range(20):
        await hotline.rows("UPDATE outbox SET published_at = NULL RETURNING id")
        await hotline.drain()
        await climb_until_it_rests(await worker(hotline))
    assert before["cards"] > 6
    assert await given(hotline) == before
    assert (await hotline.cards(ticket["id"]), await hotline.ticket(ticket["id"])) == (cards, shown)


LEFT_ALONE = """
    sign       0 催办     yellow 11-23 09:22 operator           联络员     提醒经办人,经办人不在时提醒其B岗
    sign       1 督办     red    11-23 09:30 department_contact 联络员     一个工作日内书面说明,抄送热线督办员
    contact    0 催办     yellow 11-23 17:30 operator           联络员     提醒经办人,经办人不在时提醒其B岗
    contact    1 督办     red    11-24 17:30 department_contact 联络员     一个工作日内书面说明,抄送热线督办员
    completion 0 催办     yellow 11-27 17:30 operator           联络员     提醒经办人,经办人不在时提醒其B岗
    completion 1 督办     red    11-30 17:30 department_contact 联络员     一个工作日内书面说明,抄送热线督办员
    completion 2 领导督办 None   12-01 17:30 department_leader  分管负责人 列入每日通报,抄送区分管领导
    completion 3 挂牌督办 None   12-03 17:30 supervision_office 督查专员   市政府督查室挂牌督办,可提级办理
    completion 4 效能告诫 None   12-07 17:30 efficiency_centre  受理负责人 转效能投诉中心,启动效能告诫程序
"""
"""Assigned on Monday 2026-11-23 at 09:00 with five working days: stage, level, name, card, date, whom."""


async def test_e12_a_ticket_left_alone_climbs_the_whole_ladder_each_rung_at_its_moment(
    hotline: InProcess,
) -> None:
    ticket = await hotline.call(**NOISE)
    seen: list[Answer] = []
    while due := (await hotline.rows(NEXT, ticket=ticket["id"]))[0].at:
        await hotline.advance(due - MOMENT)
        assert await hotline.cards(ticket["id"]) == seen
        await hotline.advance(due)
        before, seen = seen, await hotline.cards(ticket["id"])
        assert (len(seen), seen[:-1]) == (len(before) + 1, before)
    found = await notices(hotline, ticket=ticket["id"], limit=50)
    told = {each["id"]: each["addressee"]["post"].removeprefix("12345工单") for each in found}
    assert [line_of(each, told[each["id"]]) for each in seen] == [
        line.split() for line in LEFT_ALONE.strip().splitlines()
    ]
    assert [each["late_by"] for each in seen] == [None] * len(seen)


def line_of(card: Answer, post: str) -> list[str]:
    level, day_and_time = str(card["level"]), local(card["fell_due_at"])[5:].split()
    mark = str(card["card"])
    return [card["stage"], level, card["name"], mark, *day_and_time, card["receiver"], post, card["effect"]]


MANY_TICKETS = """
    INSERT INTO tickets SELECT copy.* FROM tickets AS given, generate_series(1, 20000) AS number,
        jsonb_populate_record(given, jsonb_build_object(
            'id', 'HK' || number, 'assignment_id', md5(number::text)::uuid)) AS copy RETURNING id
"""
MANY_ASSIGNED = """
    INSERT INTO ticket_history SELECT 'HK' || number, version, step, status,
        at - make_interval(hours => number), actor, note, event_id
    FROM ticket_history, generate_series(1, 20000) AS number WHERE step = 'assign' RETURNING version
"""
MANY_CLOCKS = """
    INSERT INTO deadlines SELECT copy.* FROM deadlines AS given, generate_series(1, 20000) AS number,
        jsonb_populate_record(given, jsonb_build_object(
            'id', md5('d' || number)::uuid, 'opened_by', md5(number::text)::uuid,
            'assignment_id', md5(number::text)::uuid, 'ticket_id', 'HK' || number)) AS copy
    WHERE given.clock = 'department' AND given.stage = 'completion' RETURNING id
"""
MANY_TIMERS = """
    INSERT INTO timers SELECT md5('d' || number)::uuid, next_rung, next_rung_at
    FROM timers, generate_series(1, 20000) AS number LIMIT 20000 RETURNING deadline_id
"""
MANY_CARDS = """
    INSERT INTO escalations SELECT copy.* FROM escalations AS given, generate_series(1, 20000) AS number,
        jsonb_populate_record(given, jsonb_build_object(
            'id', md5('e' || number)::uuid, 'deadline_id', md5('d' || number)::uuid,
            'ticket_id', 'HK' || number)) AS copy
    WHERE given.stage = 'completion' RETURNING id
"""

AUDITED = re.compile(r"^SELECT.*\sFROM (deadlines|escalations|tickets)\b", re.DOTALL)
SCANNED = re.compile(r"Seq Scan on (deadlines|timers|escalations)\b")


async def test_e5_whatever_the_auditor_asks_is_answered_by_an_index(
    hotline: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it sends in whole rounds is explained by the database itself, which has 20,000 tickets."""
    monkeypatch.setattr("escalation.auditor.SAMPLE", 3)
    await hotline.call(**NOISE)
    await hotline.later(timedelta(days=6))
    for statement in (MANY_TICKETS, MANY_ASSIGNED, MANY_CLOCKS, MANY_TIMERS, MANY_CARDS):
        assert len(await hotline.rows(statement)) >= 20_000
    database = hotline.resources.database
    asked: list[tuple[str, Any]] = []
    mine = asyncio.current_task()  # the loops of intake ask for tickets, too
    async with database.transaction() as connection:
        await connection.exec_driver_sql("ANALYZE tickets, ticket_history, deadlines, timers, escalations")

    @event.listens_for(database.engine.sync_engine, "before_cursor_execute")
    def hear(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        by_key = "WHERE deadlines.id IN" in statement or "AND deadlines.id IN" in statement
        if asyncio.current_task() is mine and AUDITED.search(statement) and not by_key:
            asked.append((statement, values))

    for _ in range(2):
        await audit(hotline)
        hotline.clock.time += timedelta(minutes=15)
    hotline.clock.time += timedelta(days=3)
    with capture_logs():  # all are overdue now, and no timer has run
        for _ in range(4):
            await audit_some(hotline.resources)
    event.remove(database.engine.sync_engine, "before_cursor_execute", hear)
    plans = []
    async with database.transaction() as connection:
        for statement, values in asked:
            plan = await connection.exec_driver_sql(f"EXPLAIN {statement}", values)
            plans.append("\n".join(plan.scalars()))
    kinds = {re.sub(r"(\$\d+::(VARCHAR|UUID)(, )?)+", "", each) for each, _ in asked}
    kinds = {re.sub(r"\$\d+", "", each) for each in kinds}
    assert len(kinds) == 5  # three of open clocks, one of their rungs, one of assignments
    assert [each for each in plans if SCANNED.search(each)] == []
