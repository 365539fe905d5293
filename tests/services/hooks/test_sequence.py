"""A department's updates are applied in the order in which things were done there."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx

from tests.inprocess import Answer, InProcess
from tests.services.hooks.systems import NOISE, System, commands


def at(hotline: InProcess, minutes: int) -> str:
    return (hotline.clock.now() + timedelta(minutes=minutes)).isoformat()


def code(answer: httpx.Response) -> tuple[int, str | None]:
    return answer.status_code, answer.json().get("code")


async def test_w3_an_update_older_than_the_last_applied_is_refused_with_both_times_and_kept(
    hotline: InProcess, system: System
) -> None:
    ticket = await hotline.call(**NOISE)
    hotline.clock.time += timedelta(hours=1)
    ten, quarter_past = at(hotline, -15), at(hotline, 0)
    assert code(await system.order("sign", ticket, occurred_at=at(hotline, -20))) == (200, None)
    assert code(await system.order("feedback", ticket, data={"note": "新"}, occurred_at=quarter_past)) == (
        200,
        None,
    )
    late = await system.order("feedback", ticket, "msg_late", data={"note": "旧"}, occurred_at=ten)
    problem = late.json()
    assert code(late) == (409, "older_than_applied")
    assert (problem["occurred_at"], problem["last_occurred_at"]) == (ten, quarter_past)
    assert problem["state"]["status"] == "signed"
    client = await hotline.client()
    history = (await client.get(f"/v1/tickets/{ticket['id']}/history")).json()
    assert [each["note"] for each in history if each["step"] == "feedback"] == ["新"]
    (kept,) = [each for each in await commands(hotline) if each.outcome == "stale"]
    assert (kept.id, kept.code, kept.occurred_at.isoformat()) == ("msg_late", "older_than_applied", ten)
    (raw,) = await hotline.rows(
        "SELECT convert_from(body, 'UTF8') AS said FROM hook_messages WHERE id = 'msg_late'"
    )
    assert "旧" in raw.said


async def test_an_update_that_rests_on_an_older_version_than_the_last_applied_is_refused(
    hotline: InProcess, system: System
) -> None:
    ticket = await hotline.call(**NOISE)
    seen = ticket["version"]
    assert code(await system.order("sign", ticket, version=seen)) == (200, None)
    assert code(await system.order("contact", ticket, version=seen)) == (200, None)  # queued together
    assert code(await system.order("feedback", ticket, data={"note": "新"}, version=seen + 1)) == (200, None)
    late = await system.order("feedback", ticket, data={"note": "旧"}, version=seen)
    assert code(late) == (409, "older_than_applied")
    assert (late.json()["version"], late.json()["last_version"]) == (seen, seen + 1)
    assert late.json()["last_applied_at"] == hotline.clock.now().isoformat()


async def test_what_happened_elsewhere_makes_no_update_too_old_unless_it_asks_for_that(
    hotline: InProcess, system: System
) -> None:
    ticket = await hotline.call(**NOISE)
    seen = ticket["version"]
    await (await hotline.client()).post(f"/v1/tickets/{ticket['id']}/urge", json={})
    strict = await system.order("sign", ticket, if_match=seen)
    assert code(strict) == (412, "stale_version")
    assert code(await system.order("sign", ticket, version=seen)) == (200, None)


async def test_what_was_refused_makes_nothing_too_old(hotline: InProcess, system: System) -> None:
    ticket = await hotline.call(**NOISE)
    hotline.clock.time += timedelta(hours=1)
    refused = await system.order("contact", ticket, occurred_at=at(hotline, 0))
    assert code(refused) == (409, "illegal_transition")
    assert code(await system.order("sign", ticket, occurred_at=at(hotline, -30))) == (200, None)


async def test_a_time_to_come_is_refused_as_it_would_make_all_others_too_old(
    hotline: InProcess, system: System
) -> None:
    ticket = await hotline.call(**NOISE)
    answer = await system.order("sign", ticket, occurred_at=at(hotline, 6))
    assert code(answer) == (422, "occurs_in_future")
    assert answer.json()["pointer"] == "/occurred_at"
    assert code(await system.order("sign", ticket, occurred_at=at(hotline, 5))) == (200, None)


async def test_a_version_to_come_is_refused_as_it_would_make_all_others_too_old(
    hotline: InProcess, system: System
) -> None:
    ticket = await hotline.call(**NOISE)
    answer = await system.order("sign", ticket, version=ticket["version"] + 1)
    assert code(answer) == (422, "rests_on_future")
    assert (answer.json()["pointer"], answer.json()["version"]) == ("/version", ticket["version"])
    assert code(await system.order("sign", ticket, version=ticket["version"])) == (200, None)


async def test_tickets_and_departments_have_each_an_order_of_their_own(
    hotline: InProcess, system: System
) -> None:
    one, other = await hotline.call(**NOISE), await hotline.call(**NOISE)
    hotline.clock.time += timedelta(hours=1)
    await system.order("sign", one, occurred_at=at(hotline, 0))
    assert code(await system.order("sign", other, occurred_at=at(hotline, -30))) == (200, None)


async def test_updates_that_come_at_the_same_moment_never_leave_the_older_one_on_top(
    hotline: InProcess, system: System
) -> None:
    ticket = await hotline.call(**NOISE)
    hotline.clock.time += timedelta(hours=1)
    await system.order("sign", ticket, occurred_at=at(hotline, -60))
    moments = [at(hotline, -each) for each in (10, 40, 20, 50, 30)]
    answers = await asyncio.gather(
        *(system.order("feedback", ticket, data={"note": each}, occurred_at=each) for each in moments)
    )
    assert {code(each) for each in answers} <= {(200, None), (409, "older_than_applied")}
    history: list[Answer] = (await (await hotline.client()).get(f"/v1/tickets/{ticket['id']}/history")).json()
    applied: list[Any] = [each["note"] for each in history if each["step"] == "feedback"]
    assert applied == sorted(applied)
    assert applied[-1] == max(moments)
    assert len(applied) == sum(each.status_code == 200 for each in answers)
