"""Every rung tells somebody: by name, at an hour that suits them, by feed and by webhook."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from tests.inprocess import Answer, InProcess
from tests.services.webhooks.test_delivery import delivering, subscribe
from tests.sink import Sink, opened_sink

NOISE = {"category": "020100", "division": "460106002000"}
DEPARTMENT = "ecology-environment-longhua"
PEOPLE = {"a": {"name": "甲"}, "b": {"name": "乙"}}
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    async with opened_sink() as opened:
        yield opened


async def staff(hotline: InProcess, **people: Any) -> None:
    client = await hotline.client("department", DEPARTMENT)
    answer = await client.put(f"/v1/departments/{DEPARTMENT}/people", json={**PEOPLE, **people})
    assert answer.status_code == 200, answer.text


async def notices(
    hotline: InProcess, role: str = "supervisor", department: str | None = None, **asked: Any
) -> list[Answer]:
    client = await hotline.client(role, department)
    answer = await client.get("/v1/supervision/notices", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]  # type: ignore[no-any-return]


def told(found: list[Answer]) -> list[tuple[str, int, str, str]]:
    people = [(each, each["addressee"]) for each in sorted(found, key=lambda each: each["level"])]
    return [(each["stage"], each["level"], to["name"], to["post"]) for each, to in people]


async def test_the_yellow_card_goes_to_a_and_once_the_limit_to_sign_has_passed_to_b(
    hotline: InProcess,
) -> None:
    await staff(hotline)
    ticket = await hotline.call(**NOISE)
    await hotline.later(25 * MINUTE)
    assert told(await notices(hotline, ticket=ticket["id"])) == [("sign", 0, "甲", "A岗")]
    await hotline.later(10 * MINUTE)
    (red,) = [each for each in await notices(hotline, ticket=ticket["id"]) if each["level"]]
    assert (red["level"], red["addressee"]["role"]) == (1, "department_contact")
    assert [(each["name"], each["post"], each["because"]) for each in red["cc"]] == [
        ("乙", "B岗", "未按时签收,由B岗接办"),
        ("待确认", "督办员", "名录待确认"),
    ]


async def test_when_a_is_on_leave_b_is_told_at_once(hotline: InProcess) -> None:
    away = {"starts_at": "2026-11-23T00:00:00Z", "ends_at": "2026-11-28T00:00:00Z", "because": "年休"}
    await staff(hotline, absences=[away])
    ticket = await hotline.call(**NOISE)
    await hotline.later(25 * MINUTE)
    assert told(await notices(hotline, ticket=ticket["id"])) == [("sign", 0, "乙", "B岗")]


async def test_every_rung_has_one_notice_however_often_it_is_looked_at(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    await hotline.later(timedelta(days=14))
    await hotline.later(timedelta(days=1))
    rungs = {each["id"] for each in await hotline.cards(ticket["id"])}
    found = await notices(hotline, ticket=ticket["id"], limit=200)
    assert {each["id"] for each in found} == rungs
    assert len(found) == len(rungs) > 6
    roles = {each["level"]: each["addressee"]["role"] for each in found if each["stage"] == "completion"}
    assert roles == {
        0: "department_contact",  # no posts are entered
        1: "department_contact",
        2: "department_leader",
        3: "supervision_office",
        4: "efficiency_centre",
    }


async def test_e9_the_department_is_sent_the_rung_of_the_clock_that_passed(
    hotline: InProcess, sink: Sink
) -> None:
    """A sign level is never judged by the completion clock: the message says whose clock it is."""
    await staff(hotline)
    await subscribe(hotline, sink.url, "ticket.escalated")
    ticket = await hotline.call(**NOISE)
    clocks = await hotline.deadlines(ticket["id"])
    async with delivering(hotline):
        await hotline.later(35 * MINUTE)
        found = await sink.wait(lambda received: len(received) == 2)
    yellow, red = [each.data["data"] for each in found]
    sign = clocks["department", "sign"]
    for each in (yellow, red):
        assert (each["deadline_id"], each["clock"], each["stage"]) == (sign["id"], "department", "sign")
        assert datetime.fromisoformat(each["due_at"]) == datetime.fromisoformat(sign["due_at"])
    assert yellow["notice"]["to"] == {
        "role": "operator",
        "name": "甲",
        "post": "A岗",
        "unit": "海口市生态环境局龙华分局",
        "because": "A岗在岗",
    }
    assert red["notice"]["to"]["role"] == "department_contact"
    assert red["notice"]["cc"][0]["name"] == "乙"
    assert {each["id"] for each in (yellow["notice"], red["notice"])} == {
        each["id"] for each in await hotline.cards(ticket["id"])
    }


async def test_e8_at_night_the_operator_is_not_told_before_the_morning(hotline: InProcess) -> None:
    await staff(hotline)
    hotline.clock.time = datetime(2026, 11, 23, 13, 40, tzinfo=UTC)  # 21:40
    live = await hotline.call(**NOISE, urgency="livelihood")
    urgent = await hotline.call(**NOISE, urgency="urgent")
    await hotline.advance(datetime(2026, 11, 23, 14, 30, tzinfo=UTC))  # 22:30
    assert await hotline.cards(live["id"]) != []
    assert await notices(hotline, ticket=live["id"]) == []
    assert await notices(hotline, ticket=urgent["id"]) != []
    await hotline.advance(datetime(2026, 11, 23, 23, 0, tzinfo=UTC))  # 07:00
    found = await notices(hotline, ticket=live["id"])
    assert {each["deliver_at"] for each in found} == {"2026-11-23T23:00:00Z"}
    assert "2026-11-23T14:30:00Z" in {each["created_at"] for each in found}


async def test_a_reader_of_the_feed_misses_nothing_that_waited_for_the_morning(hotline: InProcess) -> None:
    await staff(hotline)
    hotline.clock.time = datetime(2026, 11, 23, 13, 40, tzinfo=UTC)
    await hotline.call(**NOISE, urgency="livelihood")
    await hotline.advance(datetime(2026, 11, 23, 15, 0, tzinfo=UTC))
    seen = await notices(hotline)
    last = max((each["updated_at"] for each in seen), default="2026-11-23T15:00:00Z")
    await hotline.advance(datetime(2026, 11, 23, 23, 0, tzinfo=UTC))
    news = await notices(hotline, updated_after=last)
    everything = await hotline.rows(
        "SELECT id FROM supervision_notices WHERE updated_at <= :now", now=hotline.clock.now()
    )
    assert {each["id"] for each in [*seen, *news]} == {str(each.id) for each in everything}
    assert not {each["id"] for each in seen} & {each["id"] for each in news}


async def test_a_department_reads_and_acknowledges_only_what_its_own_people_are_told(
    hotline: InProcess,
) -> None:
    await staff(hotline)
    ticket = await hotline.call(**NOISE)
    await hotline.later(timedelta(days=14))
    mine = await notices(hotline, "department", DEPARTMENT, ticket=ticket["id"])
    assert {each["level"] for each in mine} == {0, 1, 2}
    assert await notices(hotline, "department", "water-group") == []
    stranger = await hotline.client("department", "water-group")
    path = f"/v1/supervision/notices/{mine[0]['id']}/acknowledge"
    assert (await stranger.post(path, json={"by": "丁"})).status_code == 404
    own = await hotline.client("department", DEPARTMENT)
    done = (await own.post(path, json={"by": "甲"})).json()
    assert done["acknowledged_by"] == f"department:{DEPARTMENT}:甲"
    assert (await own.post(path, json={"by": "乙"})).status_code == 409
    assert mine[0]["id"] not in {each["id"] for each in await notices(hotline, open=True)}


async def test_e11_a_level_that_has_lost_its_receiver_climbs_on_and_raises_an_alarm(
    hotline: InProcess,
) -> None:
    admin = await hotline.client("admin")
    assert (await admin.delete("/v1/supervision/receivers/department_leader/*")).status_code == 204
    ticket = await hotline.call(**NOISE)
    await hotline.later(timedelta(days=9))
    (alarm,) = await notices(hotline, missing=True, ticket=ticket["id"])
    assert (alarm["level"], alarm["missing"]) == (2, ["department_leader"])
    assert alarm["addressee"]["role"] == "supervision_office"
    supervisor = await hotline.client("supervisor")
    assert (await supervisor.get("/v1/supervision/summary")).json()["nobody_to_tell"] == 1
    path = f"/v1/supervision/notices/{alarm['id']}/acknowledge"
    assert (await supervisor.post(path, json={"by": "戊"})).status_code == 200
    assert (await supervisor.get("/v1/supervision/summary")).json()["nobody_to_tell"] == 0


async def test_e11_whoever_is_entered_is_told_of_the_next_rung(hotline: InProcess) -> None:
    admin = await hotline.client("admin")
    new = {"name": "丙", "post": "办公室主任", "quiet_from": "22:00", "quiet_until": "07:00"}
    path = f"/v1/supervision/receivers/department_contact/{DEPARTMENT}"
    assert (await admin.put(path, json=new)).json()["recorded_by"] == "admin:admin"
    ticket = await hotline.call(**NOISE)
    await hotline.later(35 * MINUTE)
    assert told(await notices(hotline, ticket=ticket["id"])) == [
        ("sign", 0, "丙", "办公室主任"),
        ("sign", 1, "丙", "办公室主任"),
    ]
    await admin.put(path, json={**new, "name": "丁"})
    ended = await hotline.rows("SELECT name, ended_by FROM receivers WHERE ended_at IS NOT NULL")
    assert [tuple(each) for each in ended] == [("丙", "admin:admin")]


async def test_quiet_hours_are_described_as_they_are_written_and_shown(hotline: InProcess) -> None:
    admin = await hotline.client("admin")
    known = (await admin.get("/openapi.json")).json()["components"]["schemas"]
    new = {"name": "丙", "post": "主任", "quiet_from": "22:00", "quiet_until": "07:00"}
    shown = (await admin.put("/v1/supervision/receivers/department_contact/*", json=new)).json()
    for schema, document in (("ReceiverChange", new), ("ReceiverShown", shown)):
        described = {"properties": known[schema]["properties"], "components": {"schemas": known}}
        checked = Draft202012Validator(described, format_checker=FormatChecker())
        assert "format" not in str(known[schema]["properties"]["quiet_from"])
        assert [each.message for each in checked.iter_errors(document)] == []
        assert [*checked.iter_errors({**document, "quiet_from": "25:00"})] != []


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("mayor/city", {}),
        ("district_leader/city", {}),
        ("supervision_office/desk", {}),
        ("operator/*", {}),
        ("department_contact/*", {"name": ""}),
        ("department_contact/*", {"quiet_from": "22:00"}),
        ("department_contact/*", {"quiet_from": "22:00+08:00", "quiet_until": "07:00+08:00"}),
        ("department_contact/*", {"quiet_from": 79200, "quiet_until": "07:00"}),
        ("department_contact/*", {"mobile": "1"}),
    ],
)
async def test_an_entry_that_can_tell_nobody_is_refused(
    hotline: InProcess, path: str, change: dict[str, Any]
) -> None:
    admin = await hotline.client("admin")
    answer = await admin.put(
        f"/v1/supervision/receivers/{path}", json={"name": "丙", "post": "主任", **change}
    )
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


async def test_e4_an_answer_in_time_that_is_handled_late_takes_card_and_notice_back(
    hotline: InProcess,
) -> None:
    ticket = await hotline.call(**NOISE)
    client = await hotline.client("department", ticket["department"])
    hotline.clock.time += 29 * MINUTE
    await client.post(f"/v1/tickets/{ticket['id']}/sign", json={})
    await hotline.later(10 * MINUTE)  # the timer wakes before the answer is handled
    by_level = {each["level"]: each for each in await notices(hotline, ticket=ticket["id"])}
    assert by_level[0]["withdrawn_at"] is None
    assert by_level[1]["withdrawn_at"] == "2026-11-23T01:39:00Z"
    (explanation,) = await hotline.rows("SELECT state FROM consequences")
    assert explanation.state == "withdrawn"


async def test_e7_a_warning_from_before_the_start_is_given_at_once_and_once(hotline: InProcess) -> None:
    hotline.clock.time = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)  # 19:00, so a day's warning was at 17:30
    ticket = await hotline.call(**NOISE, kind="consult")
    for _ in range(3):
        await hotline.advance(hotline.clock.time)
    yellow = [each for each in await hotline.cards(ticket["id"]) if each["stage"] == "completion"]
    assert [(each["level"], each["fell_due_at"]) for each in yellow] == [(0, "2026-11-23T11:00:00Z")]
    told = [each for each in await notices(hotline, ticket=ticket["id"]) if each["stage"] == "completion"]
    assert len(told) == 1
