"""Done again (重办): the same department, three working days, no return; the caller's clock goes on."""

from datetime import datetime, timedelta

import pytest

from tests.escalation.test_auditor import audit
from tests.escalation.test_scenarios import CITIZEN, at, cards, due
from tests.escalation.timekeeping import done, extended, local, promised, refused, resumed, signed, suspended
from tests.inprocess import Answer, InProcess
from tests.router.test_merge import NEW, merge, move_all

REDO = ("department", "redo")


async def unsolved(hotline: InProcess, ticket: Answer, when: str) -> Answer:
    """The caller is asked at that time, and says no."""
    await hotline.advance(at(when))
    await done(hotline, ticket, "callback", "agent", outcome="unsolved", note="仍有噪声")
    return await hotline.ticket(ticket["id"])


async def answered(hotline: InProcess, ticket: Answer, when: str) -> None:
    """The department says that it is done."""
    await hotline.advance(at(when))
    await hotline.step(ticket, "resolve", "已办结")


async def test_the_department_that_did_it_has_three_working_days_and_may_not_return_it(
    hotline: InProcess,
) -> None:
    ticket = await signed(hotline, "2026-11-24 09:05")
    await answered(hotline, ticket, "2026-11-30 10:00")
    again = await unsolved(hotline, ticket, "2026-12-01 16:20")
    assert (again["status"], again["department"]) == ("assigned", ticket["department"])
    assert await due(hotline, ticket, REDO) == ["2026-12-04 17:30"]
    problem = await refused(hotline, again, "return", note="试", reason="wrong_place")
    assert problem["code"] == "not_returnable"
    await hotline.step(again, "sign")
    await answered(hotline, again, "2026-12-03 10:00")
    deadlines = await hotline.deadlines(ticket["id"])
    assert (deadlines[REDO]["settled_because"], deadlines[REDO]["late_minutes"]) == ("resolved", 0)


async def test_p2_the_callers_clock_goes_on_and_does_not_count_the_time_it_was_thought_solved(
    hotline: InProcess,
) -> None:
    ticket = await signed(hotline, "2026-11-16 10:00")
    assert await promised(hotline, ticket) == "2026-11-23 17:30"
    await answered(hotline, ticket, "2026-11-18 15:00")
    await unsolved(hotline, ticket, "2026-12-01 16:20")
    assert await due(hotline, ticket, CITIZEN) == ["2026-12-04 17:30"]  # 19, 20 and 23 were left: 2, 3, 4
    assert await promised(hotline, ticket) == "2026-12-04 17:30"
    (first, second) = await hotline.rows(
        "SELECT started_at, settled_at FROM deadlines WHERE clock = 'citizen' AND stage = 'completion'"
        " ORDER BY due_at"
    )
    assert first.started_at == second.started_at == at("2026-11-16 10:00")
    assert second.settled_at is None


async def test_what_the_caller_was_told_of_before_is_kept_when_the_clock_goes_on(hotline: InProcess) -> None:
    ticket = await signed(hotline, "2026-11-16 10:00")
    await suspended(hotline, ticket, "2026-11-18 15:00")
    await resumed(hotline, ticket, "2026-11-25 10:00")
    await extended(hotline, ticket, amount=2)
    assert await promised(hotline, ticket) == "2026-12-02 17:30"
    await answered(hotline, ticket, "2026-12-02 17:00")
    await unsolved(hotline, ticket, "2026-12-07 09:00")
    assert await due(hotline, ticket, CITIZEN) == ["2026-12-07 17:30"]


async def test_a_second_redo_is_told_with_its_count(hotline: InProcess) -> None:
    ticket = await signed(hotline, "2026-11-16 10:00")
    for day in (17, 19):
        await answered(hotline, ticket, f"2026-11-{day} 10:00")
        again = await unsolved(hotline, ticket, f"2026-11-{day + 1} 10:00")
        await hotline.step(again, "sign")
    counts = await hotline.rows(
        "SELECT convert_from(body, 'utf8')::json ->> 'count' AS count FROM outbox"
        " WHERE headers ->> 'ce_type' = 'ticket.redo_ordered' ORDER BY id"
    )
    assert [each.count for each in counts] == ["1", "2"]
    await hotline.advance(hotline.clock.time)
    rungs = [(each["clock"], each["level"]) for each in await hotline.cards(ticket["id"])]
    assert ("redos", 3) in rungs
    notes = await hotline.rows("SELECT note FROM ticket_history WHERE step = 'redo' ORDER BY version")
    assert [each.note[:5] for each in notes] == ["第1次重办", "第2次重办"]


async def redone_by(hotline: InProcess, policy: str) -> None:
    """Let a department's clock go on so in a redo."""
    await hotline.rows(
        "UPDATE rules SET content = jsonb_set(content, '{reopenings,0,policy}', to_jsonb(CAST(:how AS text)))"
        " WHERE kind = 'allowances' RETURNING version",
        how=policy,
    )


@pytest.mark.parametrize(
    ("policy", "stage", "expected"),
    [
        ("fresh", "redo", "2026-12-04 17:30"),
        ("restart", "completion", "2026-12-08 17:30"),
        ("continue", "completion", "2026-12-04 17:30"),
    ],
)
async def test_p2_how_the_departments_clock_goes_on_is_what_the_city_says(
    hotline: InProcess, policy: str, stage: str, expected: str
) -> None:
    await redone_by(hotline, policy)
    ticket = await signed(hotline, "2026-11-16 10:00")
    await answered(hotline, ticket, "2026-11-18 15:00")
    again = await unsolved(hotline, ticket, "2026-12-01 16:20")
    running = await hotline.rows(
        "SELECT stage, due_at, started_at FROM deadlines WHERE clock = 'department' AND settled_at IS NULL"
        " AND assignment_id = (SELECT assignment_id FROM tickets WHERE id = :id) ORDER BY stage",
        id=again["id"],
    )
    jobs: dict[str, datetime] = {each.stage: each.due_at for each in running}
    assert local(jobs.pop(stage).isoformat()) == expected
    assert set(jobs) == {"sign", "contact"}


EARLIER = [(0, "2026-11-20 17:30"), (1, "2026-11-23 17:30"), (2, "2026-11-24 17:30")]


@pytest.mark.parametrize(
    ("answer", "had", "then"),
    [
        ("2026-11-18 15:00", 0, [(0, "2026-12-03 17:30"), (1, "2026-12-04 17:30")]),
        ("2026-11-23 10:00", 1, [(1, "2026-12-01 17:30"), (2, "2026-12-02 17:30"), (3, "2026-12-04 17:30")]),
        ("2026-11-24 10:00", 2, [(2, "2026-12-01 17:30"), (3, "2026-12-03 17:30")]),
        ("2026-11-25 10:00", 3, [(3, "2026-12-02 17:30"), (4, "2026-12-04 17:30")]),
    ],
    ids=["before any", "after a yellow card", "after the red card, late", "later still"],
)
async def test_a_clock_that_goes_on_climbs_no_level_again_and_the_next_when_its_own_time_has_passed(
    hotline: InProcess, answer: str, had: int, then: list[tuple[int, str]]
) -> None:
    await redone_by(hotline, "continue")
    ticket = await signed(hotline, "2026-11-16 10:00")
    await answered(hotline, ticket, answer)
    assert await cards(hotline, ticket, "completion") == EARLIER[:had]
    await unsolved(hotline, ticket, "2026-12-01 16:20")
    await hotline.later(timedelta(0))
    assert (await audit(hotline))["found"] == {}
    await hotline.advance(at("2026-12-04 18:00"))
    assert await cards(hotline, ticket, "completion") == [*EARLIER[:had], *then]
    assert (await audit(hotline))["found"] == {}


async def test_after_a_merger_the_successors_clock_goes_on_where_that_of_its_predecessor_stopped(
    hotline: InProcess,
) -> None:
    await redone_by(hotline, "continue")
    ticket = await signed(hotline, "2026-11-16 10:00")
    await answered(hotline, ticket, "2026-11-18 15:00")
    assert (await merge(hotline, on="2026-11-24"))["http"] == 202
    await hotline.advance(at("2026-11-24 09:00"))
    await move_all(hotline)
    again = await unsolved(hotline, ticket, "2026-12-01 16:20")
    assert again["department"] == NEW
    (job,) = await hotline.rows(
        "SELECT stage, started_at, due_at FROM deadlines WHERE clock = 'department'"
        " AND settled_at IS NULL AND stage IN ('completion', 'redo')"
    )
    assert (job.stage, job.started_at) == ("completion", at("2026-11-16 10:00"))
    assert job.due_at == at("2026-12-04 17:30")


async def test_a_caller_who_is_content_sends_nothing_back(hotline: InProcess) -> None:
    ticket = await signed(hotline, "2026-11-24 09:05")
    await answered(hotline, ticket, "2026-11-30 10:00")
    await done(hotline, ticket, "callback", "agent", outcome="solved", satisfied=True)
    assert (await hotline.ticket(ticket["id"]))["status"] == "closed"
