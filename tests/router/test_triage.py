"""The triage desk: what must go first stands first, and two people never decide about one ticket."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tests.inprocess import Answer, InProcess
from tests.router.desk import person
from tests.router.test_assign import a_row, published

SECRET = {
    "kind": "report",
    "title": "占道摊点收钱",
    "text": "龙华区某科室人员向摊主收钱,请保密。",
    "ruling": {"outcome": "CONFIDENTIAL_LANE", "reason": "反映公职人员收受财物"},
}


async def secret(hotline: InProcess) -> Answer:
    answer = await (await hotline.client()).post("/v1/tickets", json=SECRET)
    await hotline.drain()
    return answer.json()  # type: ignore[no-any-return]


async def test_what_the_desk_must_dispatch_first_stands_first(hotline: InProcess) -> None:
    general = await hotline.call(title="一般")
    hotline.clock.time += timedelta(minutes=1)
    lively = await hotline.call(title="民生", urgency="livelihood")
    hotline.clock.time += timedelta(minutes=1)
    urgent = await hotline.call(title="紧急", urgency="urgent")
    anna = await person(hotline, "甲")
    # U1 5 min, U2 10 min, U3 two hours of the desk's own
    assert await anna.queue() == [urgent["id"], lively["id"], general["id"]]
    first = (await anna.get("/triage", limit=1))["items"][0]
    assert first["desk_due_at"].startswith("2026-11-23T01:07")
    assert first["due_at"] is not None


async def test_a_page_goes_on_where_the_one_before_ended(hotline: InProcess) -> None:
    tickets = [(await hotline.call(title=str(number)))["id"] for number in range(5)]
    anna = await person(hotline, "甲")
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = await anna.get("/triage", limit=2, **cursor)
        seen += [each["id"] for each in page["items"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert seen == tickets


async def test_the_queue_is_asked_for_a_part(hotline: InProcess) -> None:
    await published(hotline, "T-2", a_row("03", None))
    lamp = await hotline.call(category="030200", division="460106002000")
    other = await hotline.call(urgency="urgent")
    anna = await person(hotline, "甲")
    await anna.claim(lamp)
    parts: list[tuple[dict[str, Any], list[Answer]]] = [
        ({"reason": "manual_row"}, [lamp]),
        ({"reason": "no_row"}, [other]),
        ({"district": "460106"}, [lamp]),
        ({"district": "460108"}, []),
        ({"category": "03"}, [lamp]),
        ({"urgency": "urgent"}, [other]),
        ({"mine": True}, [lamp]),
    ]
    for asked, found in parts:
        assert await anna.queue(**asked) == [each["id"] for each in found], asked
    assert await (await person(hotline, "乙")).queue(mine=True) == []


async def test_of_two_who_claim_at_once_one_wins_and_the_other_is_told_who(hotline: InProcess) -> None:
    ticket = await hotline.call()
    anna, bo = await person(hotline, "甲"), await person(hotline, "乙")
    both = await asyncio.gather(anna.claim(ticket), bo.claim(ticket))
    won, lost = sorted(both, key=lambda each: each["http"])
    assert (won["http"], lost["http"], lost["code"]) == (200, 409, "held")
    assert (lost["held_by"], lost["held_until"]) == (won["by"], "2026-11-23T01:05:00+00:00")


async def test_a_claim_ends_by_itself_is_renewed_released_and_taken_over(hotline: InProcess) -> None:
    ticket = await hotline.call()
    anna, bo = await person(hotline, "甲"), await person(hotline, "乙")
    chief = await person(hotline, "班长", "supervisor")
    await anna.claim(ticket)
    hotline.clock.time += timedelta(minutes=4)
    assert (await anna.claim(ticket))["until"].startswith("2026-11-23T01:09")
    hotline.clock.time += timedelta(minutes=4, seconds=59)
    assert (await bo.claim(ticket))["http"] == 409
    hotline.clock.time += timedelta(seconds=1)  # the very moment it ends
    assert (await bo.claim(ticket))["by"] == "agent:乙"

    assert (await anna.claim(ticket, take_over=True))["http"] == 403
    assert (await chief.claim(ticket))["http"] == 409
    assert (await chief.claim(ticket, take_over=True))["by"] == "supervisor:班长"
    assert await bo.release(ticket) == 204  # no longer theirs: nothing
    assert (await bo.claim(ticket))["http"] == 409
    assert await chief.release(ticket) == 204
    assert (await bo.claim(ticket))["http"] == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("assign", {"department": "water-group", "note": "水务"}),
        ("transfer", {"to": "110", "note": "打架"}),
        ("join", {"parent": "HK0", "note": "同一事项"}),
        ("split", {"because": "两件事", "matters": [{"title": "另一件", "text": "路灯不亮。"}]}),
    ],
)
async def test_nobody_else_decides_about_a_claimed_ticket(
    hotline: InProcess, path: str, body: dict[str, Any]
) -> None:
    ticket = await hotline.call()
    anna, bo = await person(hotline, "甲"), await person(hotline, "乙")
    await anna.claim(ticket)
    refused = await bo.post(f"/tickets/{ticket['id']}/{path}", body)
    assert (refused["http"], refused["code"], refused["held_by"]) == (409, "held", "agent:甲")
    assert (await hotline.ticket(ticket["id"]))["version"] == ticket["version"]


async def test_an_assignment_and_a_claim_at_once_leave_one_decision(hotline: InProcess) -> None:
    ticket = await hotline.call()
    anna, bo = await person(hotline, "甲"), await person(hotline, "乙")
    claimed, assigned = await asyncio.gather(anna.claim(ticket), bo.assign(ticket, "water-group"))
    assert (claimed["http"], assigned["http"]) in [(200, 409), (404, 200)]


async def test_assigning_ends_the_claim_and_takes_it_off_the_desk_once_per_key(hotline: InProcess) -> None:
    ticket = await hotline.call()
    anna = await person(hotline, "甲")
    await anna.claim(ticket)
    stale = await anna.assign(ticket, "water-group", **{"if-match": '"1"'})
    assert stale["code"] == "stale_version"
    once = {"idempotency-key": "k", "if-match": f'"{ticket["version"]}"'}
    answers = [await anna.assign(ticket, "water-group", **once) for _ in range(2)]
    assert answers[0] == answers[1]
    assert (answers[0]["http"], answers[0]["department"]) == (200, "water-group")
    assert await anna.queue() == []
    assert await hotline.rows("SELECT * FROM ticket_claims") == []
    assert (await anna.claim(ticket))["http"] == 404


async def test_a_report_in_confidence_is_on_no_agents_desk(hotline: InProcess) -> None:
    ticket = await secret(hotline)
    anna, chief = await person(hotline, "甲"), await person(hotline, "班长", "supervisor")
    assert (await anna.queue(), await chief.queue()) == ([], [ticket["id"]])
    assert (await anna.get(f"/triage/{ticket['id']}"))["http"] == 404
    for path in ("triage/{}/claim", "tickets/{}/assign", "tickets/{}/split", "tickets/{}/join"):
        body = {
            "assign": {"department": "water-group", "note": "水务"},
            "split": {"because": "两件事", "matters": [{"title": "另一件", "text": "路灯不亮。"}]},
            "join": {"parent": "HK0", "note": "同一事项"},
        }.get(path.rpartition("/")[2])
        unseen = await anna.post("/" + path.format(ticket["id"]), body, **{"if-match": '"99"'})
        assert (unseen["http"], unseen["code"]) == (404, "ticket_not_found"), path
    shown = await chief.get(f"/triage/{ticket['id']}")
    assert (shown["http"], shown["suggestions"]) == (200, [])
    assert (await chief.assign(ticket, "efficiency-centre"))["http"] == 200


async def test_a_department_has_no_desk(hotline: InProcess) -> None:
    ticket = await hotline.call()
    client = await hotline.client("department", "water-group")
    for method, path in [
        ("GET", "/v1/triage"),
        ("GET", f"/v1/triage/{ticket['id']}"),
        ("POST", f"/v1/triage/{ticket['id']}/claim"),
        ("POST", f"/v1/tickets/{ticket['id']}/assign"),
        ("POST", f"/v1/tickets/{ticket['id']}/split"),
    ]:
        assert (await client.request(method, path, json={})).status_code == 403, path
