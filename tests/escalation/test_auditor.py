"""The auditor: what is right stays unmentioned, whatever happened to it; each way of being wrong is found."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest

from escalation.audit_store import AuditStore
from escalation.auditor import audit_some
from escalation.climb import climb_due
from tests.escalation.policies import in_force, publish, recompute
from tests.escalation.test_scenarios import at
from tests.escalation.timekeeping import resumed, signed, suspended
from tests.inprocess import Answer, InProcess

NOISE = {"category": "020100", "division": "460106002000"}
HOUR = timedelta(hours=1)


async def audit(hotline: InProcess) -> Answer:
    """A whole round, and what it found."""
    while await audit_some(hotline.resources):
        pass
    answer = await (await hotline.client("supervisor")).get("/v1/supervision/audits", params={"limit": 1})
    (found,) = answer.json()
    assert found["finished_at"] is not None
    return found  # type: ignore[no-any-return]


async def lively(hotline: InProcess) -> list[Answer]:
    """Tickets in every state: untouched, signed late, returned and assigned anew, resolved."""
    tickets = [await hotline.call(**NOISE) for _ in range(4)]
    await hotline.later(HOUR)
    await hotline.step(tickets[1], "sign")
    await hotline.step(tickets[2], "return", "不属于我单位职责")
    await (await hotline.client()).post(f"/v1/tickets/{tickets[2]['id']}/grant-return", json={})
    await hotline.drain()
    await hotline.step(tickets[3], "sign")
    await hotline.step(tickets[3], "resolve", "已办")
    await hotline.later(timedelta(days=5))
    return tickets


async def test_nothing_is_found_where_all_is_right(hotline: InProcess) -> None:
    await lively(hotline)
    found = await audit(hotline)
    assert (found["found"], found["examples"]) == ({}, [])
    (still_open,) = await hotline.rows("SELECT count(*) FROM deadlines WHERE settled_at IS NULL")
    assert found["looked_at"] == still_open.count > 6


async def test_nothing_is_found_of_what_the_worker_climbs_between_two_looks(
    hotline: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hotline.call(**NOISE)
    hotline.clock.time += timedelta(minutes=25)
    look, counts = AuditStore.climbed, []

    async def after_the_worker(store: AuditStore, ids: Iterable[str]) -> Mapping[str, Sequence[Any]]:
        tickets = set(ids)
        if tickets:
            work = hotline.resources.database.run(lambda c: climb_due(c, hotline.resources, 100))
            counts.append(await work)
        return await look(store, tickets)

    monkeypatch.setattr(AuditStore, "climbed", after_the_worker)
    assert (await audit(hotline))["found"] == {}
    assert sum(counts) > 0


async def test_nothing_is_found_of_a_matter_that_is_done_again(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    await hotline.step(ticket, "sign")
    await hotline.step(ticket, "resolve", "已办")
    agent = await hotline.client()
    unsolved = {"outcome": "unsolved", "satisfied": False}
    called = await agent.post(f"/v1/tickets/{ticket['id']}/callback", json=unsolved)
    assert called.status_code == 200, called.text
    await hotline.drain()
    assert ("department", "redo") in await hotline.deadlines(ticket["id"])
    await hotline.later(HOUR)
    assert (await audit(hotline))["found"] == {}


async def test_nothing_is_found_of_an_old_file_whose_limits_were_published_anew(hotline: InProcess) -> None:
    await hotline.register(**NOISE)
    await hotline.rows(
        "UPDATE tickets SET historical = true, accepted_at = '2026-03-02T01:10:00Z' RETURNING id"
    )
    await hotline.drain()
    rows = (await in_force(hotline, "limits"))["content"]
    await publish(
        hotline, "limits", "LONGER", [{**each, "amount": f"{int(each['amount']) + 2}"} for each in rows]
    )
    await recompute(hotline)
    (job,) = await hotline.rows(
        "SELECT due_at, schedule, next_rung FROM deadlines LEFT JOIN timers ON deadline_id = id"
        " WHERE stage = 'completion' AND clock = 'department'"
    )
    assert (job.due_at.isoformat(), job.next_rung) == ("2026-03-11T09:30:00+00:00", None)
    assert job.schedule[1] == [1, "2026-03-09T09:30:00+00:00"]
    assert (await audit(hotline))["found"] == {}


async def test_nothing_is_found_of_clocks_that_stand_still_while_their_limits_are_published_anew(
    hotline: InProcess,
) -> None:
    ticket = await signed(hotline, "2026-11-23 09:00")
    await suspended(hotline, ticket, "2026-11-25 15:00")
    rows = (await in_force(hotline, "limits"))["content"]
    longer = [
        {**each, "amount": f"{2 * int(each['amount'])}"} if each["clock"] == "department" else each
        for each in rows
    ]
    await publish(hotline, "limits", "LONGER", longer)
    await recompute(hotline)
    assert (await audit(hotline))["found"] == {}
    await resumed(hotline, ticket, "2026-11-27 09:00")
    assert (await audit(hotline))["found"] == {}


SPOILT = {
    "wrong_due": "UPDATE deadlines SET due_at = due_at + interval '1 minute' WHERE id = :id",
    "wrong_rungs": (
        "WITH earlier AS (UPDATE timers SET next_rung = next_rung - 1 WHERE deadline_id = :id)"
        " UPDATE deadlines SET schedule = schedule - 0 WHERE id = :id"
    ),
    "wrong_next": "UPDATE timers SET next_rung = next_rung - 1 WHERE deadline_id = :id",
    "rung_missing": "DELETE FROM escalations WHERE deadline_id = :id",
    "open_though_ended": (
        "UPDATE tickets SET ended_at = '2026-11-23T01:00:00Z' FROM deadlines"
        " WHERE deadlines.id = :id AND tickets.id = ticket_id"
    ),
    "no_clock": "DELETE FROM escalations USING deadlines AS d WHERE deadline_id = d.id AND d.id = :id",
}


@pytest.mark.parametrize("kind", SPOILT)
async def test_what_was_spoilt_is_found_counted_and_shown_to_a_monitor(hotline: InProcess, kind: str) -> None:
    await lively(hotline)
    some = "SELECT id, ticket_id, assignment_id FROM deadlines JOIN timers ON deadline_id = id"
    spoilt: Any = (await hotline.rows(f"{some} WHERE next_rung = 1 AND stage = 'completion' ORDER BY id"))[0]
    of = str(spoilt.id)
    await hotline.rows(f"{SPOILT[kind]} RETURNING 1", id=spoilt.id)
    if kind == "no_clock":
        await hotline.rows("DELETE FROM deadlines WHERE id = :id RETURNING 1", id=spoilt.id)
        of = spoilt.ticket_id
    found = await audit(hotline)
    assert [of, kind] in found["examples"]
    assert found["found"][kind] >= 1
    told = await (await hotline.client("supervisor")).get("/metrics")
    assert f'hotline_auditor_differences{{kind="{kind}"}} {found["found"][kind]}\n' in told.text


@pytest.mark.parametrize(
    "nonsense",
    [
        """schedule = '[["x"]]'""",
        "pauses = '[[1, 2]]'",
        "unit = 'parsecs'",
        "started_at = '3000-01-01T00:00:00Z'",
        "versions = jsonb_set(versions, '{calendar}', '\"NOPE\"')",
        "versions = versions - 'ladder'",
    ],
)
async def test_a_row_that_says_nonsense_is_counted_and_hides_no_other(
    hotline: InProcess, nonsense: str
) -> None:
    await lively(hotline)
    mine = "SELECT id FROM deadlines WHERE settled_at IS NULL AND stage = 'completion' ORDER BY due_at, id"
    first, other = (str(each.id) for each in (await hotline.rows(mine))[:2])
    await hotline.rows(f"UPDATE deadlines SET {nonsense} WHERE id = '{first}' RETURNING 1")
    spoilt = "UPDATE deadlines SET due_at = due_at + interval '1 minute' WHERE id = :id RETURNING 1"
    await hotline.rows(spoilt, id=other)
    found = await audit(hotline)
    assert [first, "unreadable"] in found["examples"]
    assert [other, "wrong_due"] in found["examples"]
    assert found["found"]["unreadable"] == 1


async def test_a_round_that_was_cut_off_is_gone_on_with(
    hotline: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    await lively(hotline)
    monkeypatch.setattr("escalation.auditor.BATCH", 2)
    for _ in range(3):
        assert await audit_some(hotline.resources)
    found = await audit(hotline)  # another process would do the same: all it knows is in the row
    assert len(await hotline.rows("SELECT * FROM audits")) == 1
    assert found["found"] == {}
    (still_open,) = await hotline.rows("SELECT count(*) FROM deadlines WHERE settled_at IS NULL")
    assert found["looked_at"] == still_open.count


async def test_the_lag_of_a_timer_that_does_not_run_grows(hotline: InProcess) -> None:
    await hotline.call(**NOISE)
    await hotline.later(timedelta(minutes=1))
    client = await hotline.client("supervisor")
    assert "hotline_timer_lag_seconds 0.0\n" in (await client.get("/metrics")).text
    hotline.clock.time += HOUR  # the first rung falls due 22.5 minutes after nine
    assert "hotline_timer_lag_seconds 2310.0\n" in (await client.get("/metrics")).text


@pytest.mark.parametrize("role", ["agent", "department"])
async def test_only_supervisors_and_admins_read_figures(hotline: InProcess, role: str) -> None:
    client = await hotline.client(role, "traffic-police" if role == "department" else None)
    assert (await client.get("/metrics")).status_code == 403
    assert (await client.get("/v1/supervision/audits")).status_code == 403


async def test_a_monitor_sees_how_far_the_official_calendar_reaches(hotline: InProcess) -> None:
    """Of 2026 the last 28 working days are left after Mon 2026-11-23; of 2025-12-31 a whole year is."""
    client = await hotline.client("supervisor")
    shown = (await client.get("/metrics")).text
    assert "hotline_calendar_working_days_left 28\n" in shown
    assert "hotline_calendar_ends_soon 1\n" in shown
    hotline.clock.time = at("2025-12-31 09:00")
    shown = (await client.get("/metrics")).text
    assert "hotline_calendar_working_days_left 248\n" in shown
    assert "hotline_calendar_ends_soon 0\n" in shown


async def test_a_monitor_sees_that_a_rung_had_nobody_to_tell(hotline: InProcess) -> None:
    client = await hotline.client("supervisor")
    assert "hotline_nobody_to_tell_total 0\n" in (await client.get("/metrics")).text
    await hotline.rows("DELETE FROM receivers WHERE role = 'department_contact' RETURNING role")
    await signed(hotline, "2026-11-23 09:00")
    await hotline.advance(at("2026-11-24 17:30"))  # yellow for its operator, red for its contact
    assert "hotline_nobody_to_tell_total 2\n" in (await client.get("/metrics")).text
