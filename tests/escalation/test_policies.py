"""Rules are drafted, previewed and published by two people, and open deadlines follow them once."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from escalation.recompute import recompute_some
from tests.escalation.policies import (
    PAPER,
    day,
    draft,
    in_force,
    official_2027,
    preview,
    progress,
    publish,
    recompute,
)
from tests.escalation.timekeeping import extended
from tests.inprocess import Answer, InProcess

NOISE = {"category": "020100", "division": "460106002000"}
WEDNESDAY = datetime(2026, 12, 30, 8, 0, tzinfo=UTC)  # 16:00 in Haikou: five working days reach 2027
MAKE_UP = day("2027-01-03", "work")
LONGER_BREAK = day("2027-01-04", "off")


async def in_december(hotline: InProcess, **call: Any) -> Answer:
    hotline.clock.time = WEDNESDAY
    return await hotline.call(**{**NOISE, **call})


async def calendar(hotline: InProcess, *changes: Answer) -> Answer:
    content = (await in_force(hotline, "calendars"))["content"]
    return official_2027(content, changes)


async def history(hotline: InProcess, ticket: str) -> list[str]:
    rows = await hotline.rows(
        "SELECT note FROM ticket_history WHERE ticket_id = :t AND step = 'move_deadline' ORDER BY version",
        t=ticket,
    )
    return [row.note for row in rows]


async def events(hotline: InProcess, kind: str) -> list[Answer]:
    rows = await hotline.rows(
        "SELECT body FROM outbox WHERE headers->>'ce_type' = :kind ORDER BY id", kind=kind
    )
    return [json.loads(row.body) for row in rows]


async def test_e13_a_later_break_moves_open_deadlines_and_tells_each_ticket_once(hotline: InProcess) -> None:
    """A calendar change reaches open tickets: previewed first, one event for each changed ticket."""
    ticket = await in_december(hotline)
    before = await hotline.deadlines(ticket["id"])
    assert before["department", "completion"]["due_at"].startswith("2027-01-07T09:30")
    assert before["department", "completion"]["provisional"]
    found = await publish(hotline, "calendars", "HK-2027.1", await calendar(hotline, LONGER_BREAK))
    foreseen = {(each["clock"], each["stage"]): each for each in found["moves"]}
    assert foreseen["department", "completion"]["due_at"].startswith("2027-01-08T09:30")
    assert await hotline.deadlines(ticket["id"]) == before
    await recompute(hotline)
    after = await hotline.deadlines(ticket["id"])
    for clock in ("citizen", "department"):
        moved = after[clock, "completion"]
        assert moved["due_at"].startswith("2027-01-08T09:30")
        assert (moved["provisional"], moved["versions"]["calendar"]) == (False, "HK-2027.1")
    told = await events(hotline, "ticket.deadlines_moved")
    assert len(told) == len(await history(hotline, ticket["id"])) == 1
    assert found["moved"] == sum(each["was_due_at"] != each["due_at"] for each in told[0]["moved"]) == 2
    shown = await hotline.ticket(ticket["id"])
    assert shown["due_at"].startswith("2027-01-08T09:30")
    assert "日历HK-2027.1" in shown["due_because"]
    assert not shown["due_provisional"]


async def test_a_make_up_day_takes_nothing_from_who_was_promised_later(hotline: InProcess) -> None:
    ticket = await in_december(hotline)
    found = await publish(hotline, "calendars", "HK-2027.1", await calendar(hotline, MAKE_UP))
    assert found["kept"] == 2
    await recompute(hotline)
    lead = (await hotline.deadlines(ticket["id"]))["department", "completion"]
    assert lead["due_at"].startswith("2027-01-07T09:30")
    assert not lead["provisional"]
    (said,) = await history(hotline, ticket["id"])
    assert "本应提前到2027-01-06 17:30,仍按原定2027-01-07 17:30" in said
    assert "仍按原告知时间" in (await hotline.ticket(ticket["id"]))["due_because"]
    later = await in_december(hotline)
    assert later["due_at"].startswith("2027-01-06T09:30")


async def test_next_year_missing_is_provisional_raises_an_alarm_and_is_recalculated_when_loaded(
    hotline: InProcess,
) -> None:
    """A11."""
    client = await hotline.client("agent")
    reach = (await client.get("/v1/policies")).json()["horizon"]
    assert reach == {
        "last_official_day": "2026-12-31",
        "working_days_left": 28,
        "last_day": "2027-12-31",
        "alarm": True,
    }
    ticket = await in_december(hotline)
    assert ticket["due_provisional"]
    await publish(hotline, "calendars", "HK-2027.1", await calendar(hotline))
    await recompute(hotline)
    assert not (await hotline.ticket(ticket["id"]))["due_provisional"]
    assert "不再是暂定" in (await history(hotline, ticket["id"]))[0]
    reach = (await client.get("/v1/policies")).json()["horizon"]
    assert (reach["last_official_day"], reach["alarm"]) == ("2027-12-31", False)


async def test_a_calendar_changes_only_as_a_new_version_and_never_for_what_is_closed(
    hotline: InProcess,
) -> None:
    """A12: nothing changes behind anybody's back; R6: an old decision keeps its rule and its answer."""
    closed = await in_december(hotline)
    await hotline.step(closed, "sign")
    await hotline.step(closed, "resolve", "已处理")
    before = await hotline.deadlines(closed["id"])
    old = await in_force(hotline, "calendars")
    await publish(hotline, "calendars", "HK-2027.1", await calendar(hotline, LONGER_BREAK))
    await recompute(hotline)
    after = await hotline.deadlines(closed["id"])
    callback = after.pop(("citizen", "callback")), before.pop(("citizen", "callback"))
    assert after == before
    assert callback[0]["due_at"] > callback[1]["due_at"]  # its caller is still to be asked
    assert {each["versions"]["calendar"] for each in before.values()} == {old["version"]}
    (moved,) = await history(hotline, closed["id"])
    assert moved.endswith(":市民回访时限由2027-01-04 17:30改为2027-01-05 17:30")  # and nothing else
    client = await hotline.client("admin")
    kept = (await client.get(f"/v1/policies/calendars/versions/{old['version']}")).json()
    assert (kept["content"], kept["state"]) == (old["content"], "superseded")


async def test_e10_a_preview_writes_nothing(hotline: InProcess) -> None:
    await in_december(hotline)
    await draft(hotline, "calendars", "HK-2027.1", await calendar(hotline, LONGER_BREAK))
    await preview(hotline, "calendars", "HK-2027.1")  # keys are looked up, versions read
    begun = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text AS next"  # only who writes gets a number
    before = await hotline.rows(begun)
    assert (await preview(hotline, "calendars", "HK-2027.1"))["moved"] == 2
    assert await hotline.rows(begun) == before


async def test_who_drafted_a_version_does_not_publish_it(hotline: InProcess) -> None:
    await draft(hotline, "limits", "HAIKOU-2027")
    found = await preview(hotline, "limits", "HAIKOU-2027")
    admin = await hotline.client("admin")
    answer = await admin.post(
        "/v1/policies/limits/drafts/HAIKOU-2027/publish", json={"preview": found["preview"]}
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "second_person_needed")
    assert (await in_force(hotline, "limits"))["version"] == "HK-DEFAULT-1.3"


async def test_what_changed_since_it_was_previewed_is_not_published(hotline: InProcess) -> None:
    rows = (await in_force(hotline, "limits"))["content"]
    await draft(hotline, "limits", "A")
    await draft(hotline, "limits", "B", [{**each, "source": "市里"} for each in rows])
    seen = {name: (await preview(hotline, "limits", name))["preview"] for name in "AB"}
    supervisor = await hotline.client("supervisor")
    codes = []
    for name, token in (("A", seen["B"]), ("B", seen["B"]), ("A", seen["A"])):
        answer = await supervisor.post(f"/v1/policies/limits/drafts/{name}/publish", json={"preview": token})
        codes.append(answer.json().get("code", answer.status_code))
    assert codes == ["not_previewed", 200, "not_previewed"]


async def test_of_two_who_publish_at_once_one_does_and_one_event_is_told(hotline: InProcess) -> None:
    await draft(hotline, "calendars", "HK-2027.1", await calendar(hotline))
    token = (await preview(hotline, "calendars", "HK-2027.1"))["preview"]
    supervisor = await hotline.client("supervisor")
    address = "/v1/policies/calendars/drafts/HK-2027.1/publish"
    answers = await asyncio.gather(*(supervisor.post(address, json={"preview": token}) for _ in range(4)))
    assert sorted(each.status_code for each in answers) == [200, 404, 404, 404]
    assert len(await progress(hotline)) == 1
    (told,) = await events(hotline, "policies.published")
    assert told == {"kind": "calendar", "version": "HK-2027.1", "valid_from": "2026-11-23", "source": PAPER}


async def test_a_recompute_that_dies_goes_on_where_it_was_and_does_nothing_twice(hotline: InProcess) -> None:
    tickets = [await in_december(hotline) for _ in range(7)]
    await publish(hotline, "calendars", "HK-2027.1", await calendar(hotline, LONGER_BREAK))

    done = 0
    while done < 4:
        async with hotline.resources.database.transaction() as connection:
            done += await recompute_some(connection, hotline.resources, 2) or 0
        with pytest.raises(Killed):
            await killed_in_the_middle(hotline)
    assert (await progress(hotline))[0]["state"] == "running"
    assert (await progress(hotline))[0]["changed_tickets"] == 4
    assert await recompute(hotline, batch=2) == 2
    for ticket in tickets:
        assert len(await history(hotline, ticket["id"])) == 1
    assert len(await events(hotline, "ticket.deadlines_moved")) == 7
    (job,) = await progress(hotline)
    assert (job["state"], job["tickets"], job["moved"], job["changed_tickets"]) == ("done", 7, 14, 7)


async def test_no_recompute_begins_while_somebody_may_still_go_by_the_old_rules(hotline: InProcess) -> None:
    await in_december(hotline)
    async with hotline.resources.database.transaction() as other:
        await other.exec_driver_sql("SELECT pg_current_xact_id()")
        await publish(hotline, "calendars", "HK-2027.1", await calendar(hotline, LONGER_BREAK))
        for _ in range(3):
            async with hotline.resources.database.transaction() as connection:
                assert await recompute_some(connection, hotline.resources) == 0
        assert (await progress(hotline))[0]["tickets"] == 0
    assert await recompute(hotline) == 1


async def test_rungs_climbed_stay_and_those_ahead_follow_the_new_date(hotline: InProcess) -> None:
    ticket = await in_december(hotline)
    await hotline.advance(
        WEDNESDAY + timedelta(days=7, minutes=95)
    )  # 2027-01-06 17:35: the yellow card is out
    cards = [each for each in await hotline.cards(ticket["id"]) if each["stage"] == "completion"]
    assert [each["level"] for each in cards] == [0]
    await publish(hotline, "calendars", "HK-2027.1", await calendar(hotline, day("2027-01-07", "off")))
    await recompute(hotline)
    await hotline.advance(WEDNESDAY + timedelta(days=8, minutes=95))
    cards = [each for each in await hotline.cards(ticket["id"]) if each["stage"] == "completion"]
    assert [each["level"] for each in cards] == [0]
    await hotline.advance(WEDNESDAY + timedelta(days=9, minutes=95))
    cards = [each for each in await hotline.cards(ticket["id"]) if each["stage"] == "completion"]
    assert [(each["level"], each["fell_due_at"][:16]) for each in cards] == [
        (0, "2027-01-06T09:30"),
        (1, "2027-01-08T09:30"),
    ]


async def test_a_version_for_a_later_day_waits_for_it(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    rows = (await in_force(hotline, "limits"))["content"]
    longer = [{**each, "amount": "8"} if is_complaint(each) else each for each in rows]
    await publish(hotline, "limits", "HAIKOU-2027", longer, valid_from="2026-11-25")
    assert await recompute(hotline) == 0
    assert (await progress(hotline))[0]["state"] == "scheduled"
    assert (await in_force(hotline, "limits"))["version"] == "HK-DEFAULT-1.3"
    hotline.clock.time += timedelta(days=2)
    assert (await in_force(hotline, "limits"))["version"] == "HAIKOU-2027"
    await recompute(hotline)
    lead = (await hotline.deadlines(ticket["id"]))["department", "completion"]
    assert (lead["amount"], lead["versions"]["limits"]) == (8, "HAIKOU-2027")
    assert lead["due_at"].startswith("2026-12-03T09:30")


async def test_a_shorter_limit_is_for_new_tickets_only(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    before = await hotline.deadlines(ticket["id"])
    rows = (await in_force(hotline, "limits"))["content"]
    shorter = [{**each, "amount": "3"} if is_complaint(each) else each for each in rows]
    found = await publish(hotline, "limits", "HAIKOU-2027", shorter)
    assert (found["moved"], found["kept"]) == (0, 2)
    await recompute(hotline)
    assert await hotline.deadlines(ticket["id"]) == before
    new = await hotline.call(**NOISE)
    assert (await hotline.deadlines(new["id"]))["department", "completion"]["amount"] == 3


async def test_the_clock_of_a_limit_that_is_gone_or_of_a_joined_ticket_fires_no_more(
    hotline: InProcess,
) -> None:
    """P9."""
    ticket = await hotline.call(**NOISE)
    rows = (await in_force(hotline, "limits"))["content"]
    without = [each for each in rows if each["stage"] != "contact"]
    found = await publish(hotline, "limits", "HAIKOU-2027", without)
    assert found["over"] == 1
    contact = (await hotline.deadlines(ticket["id"]))["department", "contact"]
    assert contact["settled_because"] == "no limit"
    await hotline.later(timedelta(days=3))
    await recompute(hotline)
    assert await history(hotline, ticket["id"]) == [
        "时限规则由HK-DEFAULT-1.3改为HAIKOU-2027:承办首次联系时限已取消"
    ]
    assert "contact" not in [each["stage"] for each in await hotline.cards(ticket["id"])]
    left = (
        "SELECT count(*) AS n FROM timers JOIN deadlines ON deadlines.id = deadline_id"
        " WHERE settled_at IS NOT NULL"
    )
    assert (await hotline.rows(left))[0].n == 0


async def test_what_fell_due_before_its_limit_was_gone_is_climbed_however_late_the_worker_is(
    hotline: InProcess,
) -> None:
    ticket = await hotline.call(**NOISE)
    rows = (await in_force(hotline, "limits"))["content"]
    contact = (await hotline.deadlines(ticket["id"]))["department", "contact"]
    hotline.clock.time = datetime.fromisoformat(contact["due_at"]) + timedelta(seconds=1)
    await publish(hotline, "limits", "HAIKOU-2027", [each for each in rows if each["stage"] != "contact"])
    await hotline.drain()
    climbed = [each["level"] for each in await hotline.cards(ticket["id"]) if each["stage"] == "contact"]
    assert climbed == [0, 1]


async def test_a_new_ladder_dates_what_is_ahead_and_repeats_nothing(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    await hotline.step(ticket, "sign")
    await hotline.step(ticket, "contact")
    rows = (await in_force(hotline, "ladder"))["content"]
    later = [{**each, "amount": "2"} if is_leaders(each) else each for each in rows]
    await publish(hotline, "ladder", "HAIKOU-2027", later)
    await recompute(hotline)
    (said,) = await history(hotline, ticket["id"])
    assert said == "督办层级由HK-DEFAULT-1.3改为HAIKOU-2027:时限不变,督办时间已重排"
    await hotline.advance(datetime(2026, 12, 3, 10, 0, tzinfo=UTC))
    cards = await hotline.cards(ticket["id"])
    assert [(each["level"], each["fell_due_at"][:10]) for each in cards] == [
        (0, "2026-11-27"),
        (1, "2026-11-30"),
        (2, "2026-12-02"),
        (3, "2026-12-03"),
    ]


class Killed(Exception):
    """The process dies before it commits."""


async def killed_in_the_middle(hotline: InProcess) -> None:
    async with hotline.resources.database.transaction() as connection:
        await recompute_some(connection, hotline.resources, 2)
        raise Killed


def is_complaint(row: Answer) -> bool:
    return (row["stage"], row["urgency"], row["kind"]) == ("completion", "general", "complaint")


def is_leaders(row: Answer) -> bool:
    return (row["level"], row["anchor"]) == ("2", "after_due")


def never_open(content: Answer) -> Answer:
    return {**content, "office_hours": []}


def until_next_week(content: Answer) -> Answer:
    return {**content, "last_day": "2026-12-04"}


def without_paper(content: Answer) -> Answer:
    return {**content, "days": [*content["days"], {**day("2027-03-06", "work"), "source": ""}]}


def said_twice(content: Answer) -> Answer:
    return {**content, "days": [*content["days"], content["days"][-1]]}


def equal(content: list[Answer]) -> list[Answer]:
    return [*content, {**content[0], "amount": "99"}]


def in_hours(content: list[Answer]) -> list[Answer]:
    return [{**content[0], "unit": "hours"}, *content[1:]]


def on_the_32nd(content: Answer) -> Answer:
    return {**content, "days": [{**content["days"][0], "date": "2027-01-32"}]}


def by_oclock(content: Answer) -> Answer:
    return {**content, "days": [{**content["days"][0], "kind": "hours", "hours": "8点到12点"}]}


def soon(content: list[Answer]) -> list[Answer]:
    return [{**content[0], "amount": "soon"}, *content[1:]]


def untold(content: list[Answer]) -> list[Answer]:
    return [{**each, "receiver": "" if each["level"] == "1" else each["receiver"]} for each in content]


def upside_down(content: list[Answer]) -> list[Answer]:
    return [{**each, "amount": "4"} if is_leaders(each) else each for each in content]


def with_a_cell(name: str, text: str) -> Any:
    def spoil(content: list[Answer]) -> list[Answer]:
        return [{**content[0], name: text}, *content[1:]]

    return spoil


def with_a_place(name: str, text: str) -> Any:
    return lambda content: {**content, name: text}


def opening_at_24(content: Answer) -> Answer:
    hours = content["office_hours"]
    return {**content, "office_hours": [{**hours[0], "opens": "24:00", "closes": "24:00"}, *hours[1:]]}


def beyond_the_calendar(content: list[Answer]) -> list[Answer]:
    top = max(
        (each for each in content if each["anchor"] == "after_due"), key=lambda each: int(each["level"])
    )
    return [{**each, "amount": "900"} if each is top else each for each in content]


@pytest.mark.parametrize(
    ("kind", "spoil", "says"),
    [
        ("calendars", with_a_place("last_day", "9999-12-31"), "1900"),
        ("calendars", with_a_place("first_day", "0001-01-01"), "1900"),
        ("calendars", with_a_place("time_zone", "Asia"), "日历读不出"),
        ("calendars", with_a_place("time_zone", "Z" * 300), "日历读不出"),
        ("calendars", opening_at_24, "办公时间表第1行读不出"),
        ("limits", with_a_cell("extension", "-1"), "时限表第1行读不出"),
        ("ladder", with_a_cell("level", "99999999999"), "levels go from 0"),
        ("ladder", with_a_cell("level", "-1"), "levels go from 0"),
        ("ladder", with_a_cell("within_days", "99999999999"), "督办层级表第1行读不出"),
        ("ladder", beyond_the_calendar, "不够最长的时限"),
        ("calendars", never_open, "没有任何上班时间"),
        ("calendars", until_next_week, "不够最长的时限"),
        ("calendars", without_paper, "没有写文件依据"),
        ("calendars", said_twice, "twice"),
        ("calendars", on_the_32nd, "日期表第1行读不出:日期或时刻写法不对"),
        ("calendars", by_oclock, "日期表第1行读不出:时段写法不对"),
        ("limits", equal, "条件完全相同"),
        ("limits", in_hours, "时限表第1行读不出:“hours”不是可以填的值(Unit)"),
        ("limits", soon, "时限表第1行读不出:“soon”不是整数"),
        ("limits", lambda _: [], "没有办结时限"),
        ("ladder", lambda _: [], "督办层级是空的"),
        ("ladder", untold, "第1级没有接收人"),
        ("ladder", upside_down, "第3级早于第2级"),
    ],
)
async def test_rules_that_could_never_hold_are_refused_when_they_are_saved(
    hotline: InProcess, kind: str, spoil: Any, says: str
) -> None:
    """E11, and A7 of calendars."""
    content = (await in_force(hotline, kind))["content"]
    await draft(hotline, kind, "SPOILT")
    client = await hotline.client("admin")
    answer = await client.put(f"/v1/policies/{kind}/drafts/SPOILT", json={"content": spoil(content)})
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "rule_faulty"), problem
    assert says in " ".join(each["message"] for each in problem["faults"])
    kept = await client.get(f"/v1/policies/{kind}/versions/SPOILT")
    assert kept.json()["content"] == content


@pytest.mark.parametrize(("kind", "spoil"), [("limits", "rule"), ("ladder", "effect")])
async def test_a_nul_in_a_rule_is_refused_as_no_text(hotline: InProcess, kind: str, spoil: str) -> None:
    content = (await in_force(hotline, kind))["content"]
    await draft(hotline, kind, "NUL")
    client = await hotline.client("admin")
    said = {"content": with_a_cell(spoil, "a\x00b")(content)}
    answer = await client.put(f"/v1/policies/{kind}/drafts/NUL", json=said)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), answer.text


async def test_what_is_in_force_has_no_errors(hotline: InProcess) -> None:
    client = await hotline.client("admin")
    for kind in ("calendars", "limits", "ladder"):
        version = (await in_force(hotline, kind))["version"]
        found = (await client.get(f"/v1/policies/{kind}/versions/{version}/lint")).json()
        assert (found["errors"], kind) == (0, kind)


async def test_who_is_told_of_a_new_calendar_is_told_of_what_was_granted_before(hotline: InProcess) -> None:
    ticket = await in_december(hotline)
    await hotline.step(ticket, "sign")
    await extended(hotline, ticket, amount=2)
    await publish(hotline, "calendars", "HK-2027.1", await calendar(hotline, LONGER_BREAK))
    await recompute(hotline)
    assert "另计批准的延期" in (await hotline.ticket(ticket["id"]))["due_because"]
