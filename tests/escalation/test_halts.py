"""There is no switch: supervision halts by two persons, with a reason and an end, and nothing is lost."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from escalation.climb import climb_due
from tests.escalation.policies import in_force, publish, recompute
from tests.escalation.test_auditor import audit
from tests.escalation.test_scenarios import at, cards
from tests.escalation.timekeeping import extended, resumed, signed, suspended
from tests.inprocess import Answer, InProcess
from tests.router.test_merge import merge, move_all

NOISE = {"category": "020100", "division": "460106002000"}
DEPARTMENT = "ecology-environment-longhua"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SIGN_RUNGS = [("催办", "2026-11-23T01:22:30Z"), ("督办", "2026-11-23T01:30:00Z")]


async def asked(hotline: InProcess, until: datetime, scope: str = "all", code: str | None = None) -> Answer:
    client = await hotline.client("supervisor")
    body = {"scope": scope, "code": code, "because": "台风停工", "until_at": until.isoformat()}
    answer = await client.post("/v1/supervision/halts", json=body)
    assert answer.status_code == 202, answer.text
    return answer.json()  # type: ignore[no-any-return]


async def done(hotline: InProcess, halt: Answer, what: str, who: str = "admin") -> Answer:
    client = await hotline.client(who)
    answer = await client.post(f"/v1/supervision/halts/{halt['id']}/{what}")
    return {"http": answer.status_code, **answer.json()}


async def rungs(hotline: InProcess, ticket: Answer) -> list[tuple[str, str]]:
    cards = await hotline.cards(ticket["id"])
    return [(each["name"], each["fell_due_at"]) for each in cards if each["stage"] == "sign"]


@pytest.mark.parametrize("scope", ["all", "department", "ticket"])
async def test_what_falls_due_in_a_halt_is_climbed_at_its_end_dated_when_it_fell_due(
    hotline: InProcess, scope: str
) -> None:
    ticket = await hotline.call(**NOISE)
    code = {"all": None, "department": DEPARTMENT, "ticket": ticket["id"]}[scope]
    halt = await asked(hotline, hotline.clock.now() + 3 * HOUR, scope, code)
    assert (await done(hotline, halt, "grant"))["state"] == "running"
    await hotline.later(2 * HOUR)
    assert await rungs(hotline, ticket) == []
    await hotline.later(HOUR)
    assert await rungs(hotline, ticket) == SIGN_RUNGS
    announced = await hotline.rows("SELECT headers ->> 'ce_type' AS type, key FROM outbox ORDER BY id")
    key = code if scope == "ticket" else f"supervision/{code or scope}"
    assert [tuple(each) for each in announced if "supervision" in each.type] == [
        ("supervision.halted", key),
        ("supervision.resumed", key),
    ]
    (ended,) = await hotline.rows("SELECT state, ended_by FROM supervision_halts")
    assert tuple(ended) == ("ended", "service:clock")
    await hotline.later(HOUR)
    assert await rungs(hotline, ticket) == SIGN_RUNGS


async def test_a_halt_holds_nobody_elses_rungs(hotline: InProcess) -> None:
    ticket, other = (
        await hotline.call(**NOISE),
        await hotline.call(category="020100", division="460105002000"),
    )
    halt = await asked(hotline, hotline.clock.now() + 3 * HOUR, "department", DEPARTMENT)
    await done(hotline, halt, "grant")
    await hotline.later(HOUR)
    assert (await rungs(hotline, ticket), await rungs(hotline, other)) == ([], SIGN_RUNGS)


async def test_a_halt_of_a_department_holds_nothing_that_its_successor_has(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    halt = await asked(hotline, hotline.clock.now() + 3 * HOUR, "department", DEPARTMENT)
    await done(hotline, halt, "grant")
    await hotline.later(HOUR)
    assert await rungs(hotline, ticket) == []
    assert (await merge(hotline))["http"] == 202
    await move_all(hotline)
    await hotline.advance(hotline.clock.now())
    assert await rungs(hotline, ticket) == SIGN_RUNGS


async def test_a_ticket_that_comes_during_a_halt_is_held_too(hotline: InProcess) -> None:
    halt = await asked(hotline, hotline.clock.now() + 3 * HOUR, "department", DEPARTMENT)
    await done(hotline, halt, "grant")
    ticket = await hotline.call(**NOISE)
    await hotline.later(2 * HOUR)
    assert await rungs(hotline, ticket) == []
    await hotline.later(HOUR)
    assert await rungs(hotline, ticket) == SIGN_RUNGS


async def test_a_halt_that_is_ended_early_lets_go_at_once(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    halt = await asked(hotline, hotline.clock.now() + 9 * DAY)
    await done(hotline, halt, "grant")
    await hotline.later(HOUR)
    assert (await done(hotline, halt, "end", "supervisor"))["ended_by"] == "supervisor:supervisor"
    await hotline.later(timedelta(0))
    assert await rungs(hotline, ticket) == SIGN_RUNGS


async def test_a_halt_that_is_ended_while_the_worker_puts_a_rung_off_lets_go_of_that_too(
    hotline: InProcess,
) -> None:
    ticket = await hotline.call(**NOISE)
    halt = await asked(hotline, hotline.clock.now() + 9 * DAY)
    await done(hotline, halt, "grant")
    hotline.clock.time += HOUR
    waiting = (
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    async with hotline.resources.database.transaction() as worker:
        assert await climb_due(worker, hotline.resources, 500)
        ending = asyncio.create_task(done(hotline, halt, "end"))
        while not ending.done() and not await hotline.rows(waiting):
            await asyncio.sleep(0.01)
    assert (await ending)["state"] == "ended"
    await hotline.later(timedelta(0))
    assert await rungs(hotline, ticket) == SIGN_RUNGS


async def test_nothing_halts_before_a_second_person_grants_it(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    halt = await asked(hotline, hotline.clock.now() + 3 * HOUR)
    refused = await done(hotline, halt, "grant", "supervisor")
    assert (refused["http"], refused["code"]) == (409, "second_person_needed")
    await hotline.later(HOUR)
    assert await rungs(hotline, ticket) == SIGN_RUNGS
    assert (await done(hotline, halt, "refuse"))["state"] == "refused"
    assert (await done(hotline, halt, "grant"))["http"] == 409


async def test_a_halt_is_told_when_it_begins_and_when_it_ends_and_the_ticket_says_so(
    hotline: InProcess,
) -> None:
    ticket = await hotline.call(**NOISE)
    halt = await asked(hotline, hotline.clock.now() + 3 * HOUR, "ticket", ticket["id"])
    await done(hotline, halt, "grant")
    await hotline.later(3 * HOUR)
    client = await hotline.client("supervisor")
    notices = (await client.get("/v1/supervision/notices", params={"kind": "halt"})).json()["items"]
    begins, ends = [each["says"] for each in notices]
    assert begins == f"暂停督办(工单{ticket['id']}),至2026-11-23 12:00:台风停工"
    assert ends == f"恢复督办(工单{ticket['id']}),暂停期间到期1项,现予补发"
    assert {each["addressee"]["role"] for each in notices} == {"hotline_supervisor"}
    assert {each["cc"][0]["role"] for each in notices} == {"supervision_office"}
    history = await hotline.rows(
        "SELECT note FROM ticket_history WHERE note LIKE '%督办(工单%' ORDER BY version"
    )
    assert [each.note for each in history] == [begins, ends]
    types = [
        each.type
        for each in await hotline.rows("SELECT headers ->> 'ce_type' AS type FROM outbox ORDER BY id")
    ]
    assert [each for each in types if "supervision" in each] == [
        "supervision.halted",
        "supervision.resumed",
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"until_at": "2026-11-23T00:59:59Z"},
        {"until_at": "2027-01-01T00:00:00Z"},
        {"until_at": "2026-11-24T00:00:00"},
        {"because": " "},
        {"scope": "ticket"},
        {"scope": "all", "code": "x"},
        {"for_ever": True},
    ],
)
async def test_a_halt_without_end_reason_or_subject_is_refused(
    hotline: InProcess, change: dict[str, Any]
) -> None:
    client = await hotline.client("supervisor")
    body = {"scope": "all", "because": "台风停工", "until_at": datetime(2026, 11, 24, tzinfo=UTC).isoformat()}
    answer = await client.post("/v1/supervision/halts", json={**body, **change})
    assert answer.status_code == 422
    assert await hotline.rows("SELECT id FROM supervision_halts") == []


async def test_an_answer_that_comes_late_in_a_halt_still_has_its_cards(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    halt = await asked(hotline, hotline.clock.now() + 3 * HOUR)
    await done(hotline, halt, "grant")
    await hotline.later(HOUR)
    await hotline.step(ticket, "sign")
    assert await rungs(hotline, ticket) == SIGN_RUNGS


@pytest.mark.parametrize("looked", [True, False], ids=["seen by the worker", "not seen yet"])
@pytest.mark.parametrize("moved_by", ["extension", "ladder"])
async def test_a_deadline_that_is_moved_in_a_halt_keeps_what_had_fallen_due_with_its_date(
    hotline: InProcess, moved_by: str, looked: bool
) -> None:
    ticket = await signed(hotline, "2026-11-16 10:00")
    await hotline.step(ticket, "contact")
    await hotline.advance(at("2026-11-20 09:00"))
    halt = await asked(hotline, at("2026-11-21 20:00"))
    await done(hotline, halt, "grant")
    hotline.clock.time = at("2026-11-20 18:00")
    if looked:
        await hotline.later(timedelta(0))
    if moved_by == "extension":
        await extended(hotline, ticket)
    else:
        rows = (await in_force(hotline, "ladder"))["content"]
        await publish(hotline, "ladder", "HAIKOU-2027", [{**each, "effect": "督办"} for each in rows])
        await recompute(hotline)
    await hotline.later(HOUR)
    assert await cards(hotline, ticket, "completion") == []
    assert (await audit(hotline))["found"] == {}
    await hotline.advance(at("2026-11-21 20:01"))
    assert await cards(hotline, ticket, "completion") == [(0, "2026-11-20 17:30")]
    assert (await audit(hotline))["found"] == {}


@pytest.mark.parametrize("publishing", [False, True], ids=["alone", "and a ladder is published meanwhile"])
async def test_a_deadline_that_is_stopped_in_a_halt_keeps_what_had_fallen_due_with_its_date(
    hotline: InProcess, publishing: bool
) -> None:
    ticket = await signed(hotline, "2026-11-16 10:00")
    await hotline.step(ticket, "contact")
    await hotline.advance(at("2026-11-20 09:00"))
    await done(hotline, await asked(hotline, at("2026-11-21 20:00")), "grant")
    await suspended(hotline, ticket, "2026-11-20 18:00")
    if publishing:
        rows = (await in_force(hotline, "ladder"))["content"]
        await publish(hotline, "ladder", "HAIKOU-2027", [{**each, "effect": "督办"} for each in rows])
        await recompute(hotline)
    assert await cards(hotline, ticket, "completion") == []
    await hotline.advance(at("2026-11-24 09:00"))  # the halt is over, the clock stands still
    assert await cards(hotline, ticket, "completion") == [(0, "2026-11-20 17:30")]
    assert (await audit(hotline))["found"] == {}
    await resumed(hotline, ticket, "2026-11-25 10:00")
    await hotline.later(HOUR)
    assert await cards(hotline, ticket, "completion") == [(0, "2026-11-20 17:30")]
    assert (await audit(hotline))["found"] == {}
    await hotline.advance(at("2026-11-26 18:00"))
    assert await cards(hotline, ticket, "completion") == [(0, "2026-11-20 17:30"), (1, "2026-11-26 17:30")]
