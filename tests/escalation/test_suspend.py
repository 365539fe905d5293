"""Clocks that stand still (挂起): since the hotline agreed, to the instant, and never for ever."""

from datetime import timedelta

import pytest

from escalation.suspend import resume_due
from tests.escalation.policies import in_force, publish, recompute
from tests.escalation.test_auditor import audit
from tests.escalation.test_scenarios import CITIZEN, CONTACT, DEPARTMENT, FEEDBACK, at, cards, due
from tests.escalation.timekeeping import (
    LONGER,
    STILL,
    done,
    local,
    post,
    promised,
    refused,
    resumed,
    signed,
    suspended,
)
from tests.inprocess import Answer, InProcess
from tests.router.test_merge import merge, move_all


def with_hours(content: Answer, closes: str) -> Answer:
    """The calendar with offices that close at another hour."""
    hours = [
        {**each, "closes": closes} if each["closes"] == "17:30" else each for each in content["office_hours"]
    ]
    return {**content, "office_hours": hours}


async def let_resume(hotline: InProcess) -> None:
    """The loop that resumes wakes."""
    async with hotline.resources.database.transaction() as connection:
        await resume_due(connection, hotline.resources)
    await hotline.drain()


async def test_the_whole_days_left_are_kept_and_the_day_of_resuming_is_not_counted(
    hotline: InProcess,
) -> None:
    ticket = await signed(hotline, "2026-11-16 10:00")
    assert await due(hotline, ticket, DEPARTMENT, CITIZEN) == ["2026-11-23 17:30"] * 2
    await suspended(hotline, ticket, "2026-11-18 15:00")
    assert (await hotline.ticket(ticket["id"]))["status"] == "suspended"
    taken = await resumed(hotline, ticket, "2026-11-25 10:00")
    assert taken["status"] == "signed"
    assert await due(hotline, ticket, DEPARTMENT, CITIZEN) == ["2026-11-30 17:30"] * 2
    assert await promised(hotline, ticket) == "2026-11-30 17:30"
    await hotline.advance(at("2026-11-30 17:30"))
    assert await cards(hotline, ticket, "completion") == [(0, "2026-11-27 17:30"), (1, "2026-11-30 17:30")]


async def test_a_clock_that_stands_still_fires_nothing_and_is_not_overdue(hotline: InProcess) -> None:
    ticket = await signed(hotline, "2026-11-16 10:00")
    await suspended(hotline, ticket, "2026-11-16 15:00")
    await hotline.advance(at("2026-12-10 09:00"))
    supervisor = await hotline.client("supervisor")
    assert await hotline.cards(ticket["id"]) == []
    assert (await supervisor.get("/v1/supervision/overdue")).json()["items"] == []
    assert (await supervisor.get("/v1/supervision/summary")).json()["overdue"] == {}


async def test_the_clock_stops_when_the_hotline_agrees_not_when_it_was_asked(hotline: InProcess) -> None:
    ticket = await signed(hotline, "2026-11-16 10:00")
    await hotline.advance(at("2026-11-17 09:00"))
    await done(hotline, ticket, "suspensions", **STILL)
    await hotline.advance(at("2026-11-19 09:00"))
    await done(hotline, ticket, "grant-suspension", "agent")
    await resumed(hotline, ticket, "2026-11-26 17:31")
    assert await due(hotline, ticket, DEPARTMENT) == ["2026-11-30 17:30"]  # 20 and 23 were left: 27, 30


async def test_the_clock_of_the_first_contact_stands_still_too(hotline: InProcess) -> None:
    ticket = await signed(hotline, "2026-11-16 10:00")
    assert await due(hotline, ticket, CONTACT) == ["2026-11-17 17:30"]
    await suspended(hotline, ticket, "2026-11-16 15:00")
    await resumed(hotline, ticket, "2026-11-18 09:00")
    assert await due(hotline, ticket, CONTACT) == ["2026-11-19 17:30"]


async def test_a_limit_in_minutes_goes_on_where_it_stopped(hotline: InProcess) -> None:
    ticket = await signed(hotline, "2026-11-16 10:00", urgency="livelihood")
    await suspended(hotline, ticket, "2026-11-16 22:00", reason="force_majeure")
    await resumed(hotline, ticket, "2026-11-18 01:30")
    assert await due(hotline, ticket, DEPARTMENT, CITIZEN) == ["2026-11-18 13:30"] * 2
    await hotline.advance(at("2026-11-18 13:30"))
    fired = await cards(hotline, ticket, "completion")
    assert [level for level, _ in fired] == [0, 1]
    assert all(when >= "2026-11-18 01:30" for _, when in fired)


async def test_what_stood_still_as_long_as_it_may_runs_on_by_itself_as_of_that_instant(
    hotline: InProcess,
) -> None:
    ticket = await signed(hotline, "2026-11-16 10:00")
    await suspended(hotline, ticket, "2026-11-18 15:00", days=7)
    hotline.clock.time = at("2026-11-25 14:59")
    await let_resume(hotline)
    assert (await hotline.ticket(ticket["id"]))["status"] == "suspended"
    hotline.clock.time = at("2026-11-27 08:13")  # the loop is two days late
    await let_resume(hotline)
    assert (await hotline.ticket(ticket["id"]))["status"] == "signed"
    assert await due(hotline, ticket, DEPARTMENT) == ["2026-11-30 17:30"]
    (row,) = await hotline.rows(
        "SELECT pauses FROM deadlines WHERE clock = 'department' AND pauses <> '[]' AND stage = 'completion'"
    )
    assert [local(each) for each in row.pauses[0]] == ["2026-11-18 15:00", "2026-11-25 15:00"]
    await let_resume(hotline)
    assert await due(hotline, ticket, DEPARTMENT) == ["2026-11-30 17:30"]


async def test_resuming_by_hand_after_the_time_was_up_counts_as_of_when_it_was(hotline: InProcess) -> None:
    ticket = await signed(hotline, "2026-11-16 10:00")
    await suspended(hotline, ticket, "2026-11-18 15:00", days=7)
    hotline.clock.time = at("2026-11-27 09:00")
    await done(hotline, ticket, "resume", "agent")
    assert await due(hotline, ticket, DEPARTMENT) == ["2026-11-30 17:30"]


async def test_a_suspension_is_renewed_once(hotline: InProcess) -> None:
    ticket = await signed(hotline, "2026-11-16 10:00")
    await suspended(hotline, ticket, "2026-11-18 15:00", days=30)
    await done(hotline, ticket, "renew-suspension", **{**STILL, "days": 5})
    assert (await hotline.ticket(ticket["id"]))["status"] == "suspended"
    await done(hotline, ticket, "grant-suspension", "agent")
    await hotline.advance(at("2026-12-20 09:00"))
    await let_resume(hotline)
    assert (await hotline.ticket(ticket["id"]))["status"] == "suspended"
    problem = await refused(hotline, ticket, "renew-suspension", **{**STILL, "days": 5})
    assert (problem["code"], problem["why"]) == ("not_suspendable", "renewals")
    await hotline.advance(at("2026-12-23 15:00"))
    await let_resume(hotline)
    assert (await hotline.ticket(ticket["id"]))["status"] == "signed"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"days": 31}, 409, "not_suspendable"),
        ({"reason": "busy"}, 422, "invalid"),
        ({"days": 0}, 422, "invalid"),
        ({"told": None}, 422, "invalid"),
        ({"till": "2026-12-01"}, 422, "invalid"),
    ],
)
async def test_a_suspension_outside_the_closed_list_is_refused(
    hotline: InProcess, body: Answer, status: int, code: str
) -> None:
    ticket = await signed(hotline, "2026-11-16 10:00")
    answer = await post(hotline, ticket, "suspensions", **{**STILL, **body})
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_paused_twice_and_resumed_without_a_pause_are_refused_by_name(hotline: InProcess) -> None:
    ticket = await signed(hotline, "2026-11-16 10:00")
    assert (await refused(hotline, ticket, "resume"))["code"] == "not_suspended"
    assert (await refused(hotline, ticket, "renew-suspension", **STILL))["code"] == "not_suspended"
    assert (await refused(hotline, ticket, "grant-suspension", "agent"))["code"] == "nothing_asked"
    await suspended(hotline, ticket, "2026-11-18 15:00")
    problem = await refused(hotline, ticket, "suspensions", **STILL)
    assert (problem["code"], local(problem["since_at"])) == ("already_suspended", "2026-11-18 15:00")
    await resumed(hotline, ticket, "2026-11-25 10:00")
    assert (await refused(hotline, ticket, "resume"))["code"] == "not_suspended"


async def test_resuming_twice_with_one_key_resumes_once(hotline: InProcess) -> None:
    ticket = await signed(hotline, "2026-11-16 10:00")
    await suspended(hotline, ticket, "2026-11-18 15:00")
    client = await hotline.client("department", ticket["department"])
    await hotline.advance(at("2026-11-25 10:00"))
    path, key = f"/v1/tickets/{ticket['id']}/resume", {"idempotency-key": "again"}
    answers = [await client.post(path, json={}, headers=key) for _ in range(3)]
    assert {each.status_code for each in answers} == {200}
    assert await due(hotline, ticket, DEPARTMENT) == ["2026-11-30 17:30"]


async def test_after_the_due_there_is_nothing_left_to_stop(hotline: InProcess) -> None:
    ticket = await signed(hotline, "2026-11-16 10:00")
    await hotline.advance(at("2026-11-23 17:00"))
    await done(hotline, ticket, "suspensions", **STILL)
    await hotline.advance(at("2026-11-23 17:30"))
    assert (await refused(hotline, ticket, "grant-suspension", "agent"))["code"] == "asked_too_late"
    assert [level for level, _ in await cards(hotline, ticket, "completion")] == [0, 1]


async def test_what_had_fallen_due_before_the_clock_stopped_is_still_climbed(hotline: InProcess) -> None:
    ticket = await signed(hotline, "2026-11-16 10:00")
    await hotline.advance(at("2026-11-20 09:00"))
    await done(hotline, ticket, "suspensions", **STILL)
    hotline.clock.time = at("2026-11-20 18:00")  # the worker has not woken for the yellow card of 17:30
    await done(hotline, ticket, "grant-suspension", "agent")
    assert await cards(hotline, ticket, "completion") == [(0, "2026-11-20 17:30")]
    await resumed(hotline, ticket, "2026-11-25 10:00")
    await hotline.advance(at("2026-11-26 17:30"))
    assert await cards(hotline, ticket, "completion") == [(0, "2026-11-20 17:30"), (1, "2026-11-26 17:30")]


async def test_a_ticket_that_ends_while_it_stands_still_was_not_late(hotline: InProcess) -> None:
    ticket = await signed(hotline, "2026-11-16 10:00")
    await suspended(hotline, ticket, "2026-11-18 15:00")
    await hotline.advance(at("2026-11-27 10:00"))
    await hotline.step(ticket, "resolve", "鉴定结果已出,已办结")
    deadlines = await hotline.deadlines(ticket["id"])
    assert [deadlines[each]["late_minutes"] for each in (DEPARTMENT, CITIZEN)] == [0, 0]
    assert {deadlines[each]["settled_because"] for each in (DEPARTMENT, CITIZEN)} == {"resolved"}


async def test_a_suspended_ticket_that_goes_to_another_department_runs_on(hotline: InProcess) -> None:
    ticket = await signed(hotline, "2026-11-16 10:00")
    await suspended(hotline, ticket, "2026-11-18 15:00")
    await hotline.advance(at("2026-11-25 10:00"))
    agent = await hotline.client()
    corrected = await agent.post(
        f"/v1/tickets/{ticket['id']}/correct", json={"because": "实为供水", "category": "010500"}
    )
    assert corrected.status_code == 200
    await hotline.drain()
    moved = await hotline.ticket(ticket["id"])
    assert (moved["status"], moved["department"] != ticket["department"]) == ("assigned", True)
    assert await due(hotline, ticket, CITIZEN) == ["2026-11-30 17:30"]
    await hotline.later(timedelta(days=60))
    await let_resume(hotline)
    assert await due(hotline, ticket, CITIZEN) == ["2026-11-30 17:30"]


async def test_feedback_while_it_stands_still_ends_that_clock_and_no_other(hotline: InProcess) -> None:
    ticket = await signed(hotline, "2026-11-16 10:00", urgency="urgent")
    await suspended(hotline, ticket, "2026-11-16 10:10", reason="force_majeure")
    before = await hotline.deadlines(ticket["id"])
    await hotline.advance(at("2026-11-17 10:00"))
    await hotline.step(ticket, "feedback", "台风过境,已转移人员")
    after = await hotline.deadlines(ticket["id"])
    assert (after[FEEDBACK]["settled_because"], after[FEEDBACK]["late_minutes"]) == ("fed back", 0)
    del before[FEEDBACK], after[FEEDBACK]
    assert after == before


async def test_after_a_merger_the_successor_resumes_and_is_granted_what_was_asked(hotline: InProcess) -> None:
    ticket = await signed(hotline, "2026-11-23 10:00")
    await done(hotline, ticket, "extensions", **LONGER)
    await suspended(hotline, ticket, "2026-11-23 11:00")
    assert (await merge(hotline))["http"] == 202
    await move_all(hotline)
    heir = await hotline.ticket(ticket["id"])
    assert (heir["department"] != ticket["department"], heir["status"]) == (True, "suspended")
    await hotline.advance(at("2026-11-24 11:00"))
    assert (await done(hotline, heir, "resume"))["status"] == "signed"
    assert await due(hotline, heir, DEPARTMENT) == ["2026-12-01 17:30"]
    await done(hotline, heir, "grant-extension", "agent")
    assert await due(hotline, heir, DEPARTMENT, CITIZEN) == ["2026-12-15 17:30"] * 2


async def test_a_due_that_was_kept_when_offices_closed_earlier_waits_for_the_pause_too(
    hotline: InProcess,
) -> None:
    ticket = await signed(hotline, "2026-11-16 10:00")
    content = (await in_force(hotline, "calendars"))["content"]
    await publish(hotline, "calendars", "HAIKOU-2027", with_hours(content, "17:00"))
    await recompute(hotline)
    assert await due(hotline, ticket, DEPARTMENT, CITIZEN) == ["2026-11-23 17:30"] * 2
    await suspended(hotline, ticket, "2026-11-18 15:00")
    await resumed(hotline, ticket, "2026-11-25 10:00")
    assert await due(hotline, ticket, DEPARTMENT, CITIZEN) == ["2026-11-30 17:00"] * 2
    assert await promised(hotline, ticket) == "2026-11-30 17:00"
    assert (await audit(hotline))["found"] == {}


async def test_a_clock_whose_limit_is_gone_while_it_stands_still_never_runs_again(hotline: InProcess) -> None:
    ticket = await signed(hotline, "2026-11-16 10:00")
    await suspended(hotline, ticket, "2026-11-16 15:00")
    rows = (await in_force(hotline, "limits"))["content"]
    without = [each for each in rows if each["stage"] != "contact"]
    await publish(hotline, "limits", "HAIKOU-2027", without)
    await recompute(hotline)
    await hotline.advance(at("2026-11-17 09:00"))
    await hotline.step(ticket, "resolve", "已办")
    open_rungs = "SELECT stage FROM timers JOIN deadlines ON id = deadline_id WHERE settled_at IS NOT NULL"
    assert await hotline.rows(open_rungs) == []
    assert await cards(hotline, ticket, "contact") == []


async def test_a_renewal_that_was_asked_for_is_dropped_as_the_clocks_run_on(hotline: InProcess) -> None:
    ticket = await signed(hotline, "2026-11-16 10:00")
    await suspended(hotline, ticket, "2026-11-16 15:00")
    await done(hotline, ticket, "renew-suspension", **STILL)
    await resumed(hotline, ticket, "2026-11-18 10:00")
    assert (await (await hotline.client("agent")).get("/v1/time-requests")).json()["items"] == []
    await done(hotline, ticket, "suspensions", **STILL)


async def test_who_leaves_a_suspended_ticket_waits_no_longer_with_it(hotline: InProcess) -> None:
    place = {"address": "龙华区海垦花园", "text": "海垦花园工地夜间施工噪声很大,影响休息"}
    callers = [{"name": f"符先生{each}", "phone": f"1380000000{each}"} for each in range(2)]
    ticket = await signed(hotline, "2026-11-16 10:00", **place, caller=callers[0])
    second = await hotline.call(category="020100", division="460106002000", **place, caller=callers[1])
    assert second["parent"] == ticket["id"]
    await suspended(hotline, ticket, "2026-11-16 15:00")
    await hotline.advance(at("2026-11-18 10:00"))
    await done(hotline, second, "part", "agent", note="不是同一事项")
    assert (await hotline.deadlines(second["id"]))["citizen", "completion"]["paused_at"] is None
    assert await promised(hotline, second) == "2026-11-25 17:30"


async def test_whose_own_matter_ends_while_the_parent_stands_still_is_told_why_the_date_moved(
    hotline: InProcess,
) -> None:
    place = {"address": "龙华区海垦花园", "text": "海垦花园工地夜间施工噪声很大,影响休息"}
    callers = [{"name": f"符先生{each}", "phone": f"1380000000{each}"} for each in range(2)]
    ticket = await signed(hotline, "2026-11-16 10:00", **place, caller=callers[0])
    second = await hotline.call(category="020100", division="460106002000", **place, caller=callers[1])
    await suspended(hotline, ticket, "2026-11-16 15:00")
    await hotline.advance(at("2026-11-18 10:00"))
    await done(hotline, second, "withdraw", "agent", because="已自行解决")
    assert (await hotline.ticket(second["id"]))["due_because"] == "恢复计时"
