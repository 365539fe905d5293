"""Returns, disputes and adjudications over HTTP: what is taken, what is refused, and what is written down."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.inprocess import Answer, InProcess

NOISE = {"category": "020100", "division": "460106002000"}
ECOLOGY, WATER = "ecology-environment-longhua", "water-affairs"
GROUNDS = {
    "note": "应由水务部门办理",
    "reason": "not_our_duty",
    "legal_basis": "国办函〔2025〕66号:职能部门职责范围内的事项不得转派基层",
    "competent": WATER,
}
AGENT, SUPERVISOR = ("agent", None), ("supervisor", None)
DECIDED = {"lead": ECOLOGY, "note": "噪声归生态环境部门"}


async def post(
    hotline: InProcess, ticket: Answer, path: str, who: tuple[str, str | None], body: Any, **headers: str
) -> Answer:
    """Do something with a ticket as somebody; return the answer's body with its HTTP status."""
    client = await hotline.client(*who)
    answer = await client.post(f"/v1/tickets/{ticket['id']}/{path}", json=body, headers=headers)
    await hotline.drain()
    return {"http": answer.status_code, **answer.json()}


def owner(ticket: Answer) -> tuple[str, str | None]:
    return ("department", ticket["department"])


async def disputed(hotline: InProcess) -> Answer:
    """A ticket whose department returned it, was refused, and returned it again."""
    ticket = await hotline.call(**NOISE)
    await post(hotline, ticket, "return", owner(ticket), GROUNDS)
    await post(hotline, ticket, "refuse-return", AGENT, {"note": "属你单位职责"})
    taken = await post(hotline, ticket, "return", owner(ticket), GROUNDS)
    assert (taken["http"], taken["status"]) == (200, "disputed")
    return ticket


@pytest.mark.parametrize(
    ("lacking", "pointer"),
    [
        ({"legal_basis": None}, ""),
        ({"competent": None}, ""),
        ({"reason": "element_missing"}, ""),
        ({"reason": "too_much_work"}, "/reason"),
        ({"competent": "nobody-at-all"}, "/competent"),
        ({"competent": ECOLOGY}, "/competent"),
        ({"note": ""}, "/note"),
    ],
    ids=lambda each: str(each),
)
async def test_a_return_without_its_grounds_is_refused(
    hotline: InProcess, lacking: dict[str, Any], pointer: str
) -> None:
    ticket = await hotline.call(**NOISE)
    refused = await post(hotline, ticket, "return", owner(ticket), {**GROUNDS, **lacking})
    assert (refused["http"], refused["pointer"]) == (422, pointer)
    assert (await hotline.ticket(ticket["id"]))["status"] == "assigned"


async def test_a_return_says_in_the_history_why_by_which_law_and_whose_it_is(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    await post(hotline, ticket, "return", owner(ticket), GROUNDS)
    history = (await (await hotline.client()).get(f"/v1/tickets/{ticket['id']}/history")).json()
    assert history[-1]["note"] == (
        "退单:非本单位职责;依据:国办函〔2025〕66号:职能部门职责范围内的事项不得转派基层;"
        "主管单位:海口市水务局;应由水务部门办理"
    )
    waiting = (await (await hotline.client()).get("/v1/returns")).json()["items"]
    assert [(each["ticket"], each["competent"], each["disputed"]) for each in waiting] == [
        (ticket["id"], WATER, False)
    ]


async def test_what_is_missing_is_said_once_and_whole(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    said = {"note": "无法核查", "reason": "element_missing", "missing": ["时间", "地点"]}
    assert (await post(hotline, ticket, "return", owner(ticket), said))["http"] == 200
    (row,) = await hotline.rows("SELECT reason, missing FROM returns")
    assert (row.reason, row.missing) == ("element_missing", ["时间", "地点"])


async def test_after_its_window_a_return_is_refused_and_told_when_it_ended(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    hotline.clock.time = datetime.fromisoformat("2026-11-24T17:30:00+08:00")
    (row,) = await hotline.rows("SELECT return_until_at FROM assignments")
    assert row.return_until_at == hotline.clock.time
    hotline.clock.time += timedelta(seconds=1)
    refused = await post(hotline, ticket, "return", owner(ticket), GROUNDS)
    assert (refused["http"], refused["code"]) == (409, "return_too_late")
    assert "2026-11-24 17:30" in refused["detail"]


async def test_a_livelihood_ticket_is_returned_within_two_hours_day_and_night(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE, urgency="livelihood")
    (row,) = await hotline.rows("SELECT return_until_at FROM assignments")
    assert row.return_until_at == hotline.clock.time + timedelta(hours=2)
    await post(hotline, ticket, "return", owner(ticket), GROUNDS)
    review = (await hotline.deadlines(ticket["id"]))["citizen", "return_review"]
    assert (review["amount"], review["unit"]) == (30, "wall_minutes")


async def test_an_urgent_ticket_is_not_returned(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE, urgency="urgent")
    refused = await post(hotline, ticket, "return", owner(ticket), GROUNDS)
    assert (refused["http"], refused["code"], refused["why"]) == (409, "not_returnable", "urgent")


async def test_a_ticket_that_became_urgent_is_not_returned_either(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    await post(hotline, ticket, "correct", AGENT, {"urgency": "urgent", "because": "有人受伤"})
    refused = await post(hotline, ticket, "return", owner(ticket), GROUNDS)
    assert (refused["http"], refused["code"]) == (409, "not_returnable")


async def test_the_second_return_is_a_dispute_also_by_the_same_department(hotline: InProcess) -> None:
    ticket = await disputed(hotline)
    (waiting,) = (await (await hotline.client()).get("/v1/returns", params={"disputed": True})).json()[
        "items"
    ]
    assert (waiting["ticket"], waiting["department"], waiting["outcome"]) == (ticket["id"], ECOLOGY, None)
    for path, who, said in (
        ("return", owner(ticket), GROUNDS),
        ("grant-return", AGENT, {}),
        ("refuse-return", AGENT, {"note": "试"}),
        ("resolve", owner(ticket), {"note": "试"}),
    ):
        refused = await post(hotline, ticket, path, who, said)
        assert (refused["http"], refused["code"]) == (409, "illegal_transition")


async def test_an_adjudication_binds_everybody_and_is_explained(hotline: InProcess) -> None:
    ticket = await disputed(hotline)
    said = {**DECIDED, "co_handlers": [{"department": WATER}], "consulted": ["市委编办"]}
    taken = await post(hotline, ticket, "adjudicate", SUPERVISOR, said)
    assert (taken["http"], taken["status"], taken["department"]) == (200, "assigned", ECOLOGY)
    lead = await hotline.client("department", ECOLOGY)
    assert (await lead.get(f"/v1/tickets/{ticket['id']}")).json()["actions"] == ["sign", "co_assign"]
    for department in (ECOLOGY, WATER):
        refused = await post(hotline, ticket, "return", ("department", department), GROUNDS)
        assert (refused["http"], refused["code"]) == (409, "adjudication_binds")
    history = (await (await hotline.client()).get(f"/v1/tickets/{ticket['id']}/history")).json()
    (note,) = [each["note"] for each in history if each["step"] == "adjudicate"]
    assert note == (
        "裁定:主办海口市生态环境局龙华分局,协办海口市水务局;会商单位:市委编办;不当退单:海口市生态环境局龙华分局;"
        "主办时限仍自2026-11-23 09:00起算,时间不予返还;噪声归生态环境部门;裁定具有约束力,各单位不得再退单"
    )


async def test_a_third_department_is_named_and_starts_anew(hotline: InProcess) -> None:
    ticket = await disputed(hotline)
    await hotline.later(timedelta(days=1))
    taken = await post(hotline, ticket, "adjudicate", SUPERVISOR, {"lead": WATER, "note": "水务牵头"})
    assert taken["department"] == WATER
    completion = (await hotline.deadlines(ticket["id"]))["department", "completion"]
    assert (completion["department"], completion["started_at"]) == (WATER, "2026-11-24T01:00:00Z")
    gone = await post(hotline, ticket, "return", ("department", ECOLOGY), GROUNDS)
    assert (gone["http"], gone["code"]) == (404, "ticket_not_found")


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"lead": "nobody-at-all"}, "/lead"),
        ({"co_handlers": [{"department": ECOLOGY}]}, ""),
        ({"co_handlers": [{"department": "nobody-at-all"}]}, "/co_handlers/0/department"),
        ({"improper": [WATER]}, "/improper"),
        ({"lead": None}, "/lead"),
    ],
)
async def test_an_adjudication_names_one_lead_and_each_helper_once(
    hotline: InProcess, change: dict[str, Any], pointer: str
) -> None:
    ticket = await disputed(hotline)
    refused = await post(hotline, ticket, "adjudicate", SUPERVISOR, {**DECIDED, **change})
    assert (refused["http"], refused["pointer"]) == (422, pointer)
    assert (await hotline.ticket(ticket["id"]))["status"] == "disputed"


async def test_a_correction_does_not_move_what_was_adjudicated(hotline: InProcess) -> None:
    ticket = await disputed(hotline)
    await post(hotline, ticket, "adjudicate", SUPERVISOR, DECIDED)
    await post(hotline, ticket, "correct", AGENT, {"category": "010500", "because": "更正类别"})
    now = await hotline.ticket(ticket["id"])
    assert (now["status"], now["department"]) == ("assigned", ECOLOGY)


async def test_cards_given_before_are_not_given_again_when_the_clock_goes_on(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    await post(hotline, ticket, "return", owner(ticket), GROUNDS)
    await hotline.later(timedelta(days=8))  # past the completion, while nobody decides
    before = [each for each in await hotline.cards(ticket["id"]) if each["stage"] == "completion"]
    assert [each["level"] for each in before] == [0, 1]
    await post(hotline, ticket, "grant-return", AGENT, {"department": WATER})
    await post(hotline, ticket, "return", ("department", WATER), {**GROUNDS, "competent": ECOLOGY})
    await post(hotline, ticket, "adjudicate", SUPERVISOR, DECIDED)
    await hotline.later(timedelta(days=14))
    after = [
        each["level"]
        for each in await hotline.cards(ticket["id"])
        if (each["stage"], each["clock"], each["department"]) == ("completion", "department", ECOLOGY)
    ]
    assert after == [0, 1, 2, 3, 4]


async def test_a_ticket_is_returned_or_resolved_but_not_both(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    await hotline.step(ticket, "sign")
    answers = await asyncio.gather(
        post(hotline, ticket, "return", owner(ticket), GROUNDS),
        post(hotline, ticket, "resolve", owner(ticket), {"note": "已办"}),
    )
    assert sorted(each["http"] for each in answers) == [200, 409]


async def test_a_return_is_granted_or_refused_but_not_both(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    await post(hotline, ticket, "return", owner(ticket), GROUNDS)
    answers = await asyncio.gather(
        post(hotline, ticket, "grant-return", AGENT, {}),
        post(hotline, ticket, "refuse-return", AGENT, {"note": "属你单位"}),
    )
    assert sorted(each["http"] for each in answers) == [200, 409]
    (row,) = await hotline.rows("SELECT outcome, improper FROM returns")
    assert (row.outcome == "refused") is row.improper


async def test_a_dispute_is_adjudicated_once(hotline: InProcess) -> None:
    ticket = await disputed(hotline)
    said = [{"lead": ECOLOGY, "note": "甲"}, {"lead": WATER, "note": "乙"}]
    answers = await asyncio.gather(*(post(hotline, ticket, "adjudicate", SUPERVISOR, each) for each in said))
    assert sorted(each["http"] for each in answers) == [200, 409]
    assert len(await hotline.rows("SELECT * FROM assignments WHERE ended_at IS NULL")) == 1


async def test_a_return_sent_twice_with_one_key_is_one_return(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    twice = [
        await post(hotline, ticket, "return", owner(ticket), GROUNDS, **{"idempotency-key": "once"})
        for _ in range(2)
    ]
    assert twice[0] == twice[1]
    assert twice[0]["status"] == "return_pending"
    stale = await post(hotline, ticket, "grant-return", AGENT, {}, **{"if-match": '"1"'})
    assert (stale["http"], stale["code"]) == (412, "stale_version")


async def test_a_withdrawn_ticket_leaves_no_return_waiting(hotline: InProcess) -> None:
    ticket = await disputed(hotline)
    await post(hotline, ticket, "withdraw", AGENT, {"because": "诉求人不再需要"})
    assert (await (await hotline.client()).get("/v1/returns")).json()["items"] == []
    deadlines = await hotline.deadlines(ticket["id"])
    assert deadlines["citizen", "adjudication"]["settled_because"] == "withdrawn"


async def test_returns_are_counted_by_department_page_by_page(hotline: InProcess) -> None:
    await disputed(hotline)
    ticket = await hotline.call(category="010500", division="460106002000")
    await post(hotline, ticket, "return", owner(ticket), GROUNDS)
    await post(hotline, ticket, "grant-return", AGENT, {})
    client = await hotline.client("supervisor")
    first = (await client.get("/v1/supervision/returns", params={"limit": 1})).json()
    assert first["items"] == [
        {"department": ECOLOGY, "returns": 2, "granted": 0, "refused": 1, "improper": 1, "disputes": 1}
    ]
    then = {"limit": 1, "cursor": first["next"]}
    second = (await client.get("/v1/supervision/returns", params=then)).json()
    assert [(each["department"], each["granted"]) for each in second["items"]] == [
        ("municipal-works-longhua", 1)
    ]
    assert second["next"] is None
    for since in ("2027-01-01T00:00:00Z", "2199-12-31T23:59:59Z"):
        none = {"since": since}
        assert (await client.get("/v1/supervision/returns", params=none)).json()["items"] == []


async def test_all_parties_of_a_dispute_are_told_how_it_was_decided(hotline: InProcess) -> None:
    for department in (ECOLOGY, WATER, "gas"):
        client = await hotline.client("department", department)
        body = {"department": department, "url": "http://127.0.0.1:1/hook", "types": ["ticket.adjudicated"]}
        assert (await client.post("/v1/webhooks/endpoints", json=body)).status_code == 201
    ticket = await disputed(hotline)
    await post(hotline, ticket, "adjudicate", SUPERVISOR, {"lead": WATER, "note": "水务牵头"})
    query = "SELECT department FROM webhook_deliveries JOIN webhook_endpoints e ON e.id = endpoint_id"
    told = await hotline.rows(query)
    assert sorted(each.department for each in told) == [ECOLOGY, WATER]


async def test_an_agent_neither_sees_nor_decides_a_return_in_confidence(hotline: InProcess) -> None:
    ticket = await hotline.register(category="140400", division="460106002000", text="执法人员收钱")
    await hotline.drain()
    await post(hotline, ticket, "assign", SUPERVISOR, {"department": WATER, "note": "由水务核查"})
    returned = await post(hotline, ticket, "return", ("department", WATER), {**GROUNDS, "competent": ECOLOGY})
    assert returned["http"] == 200, returned
    for path, said in (
        ("grant-return", {"note": "同意", "department": ECOLOGY}),
        ("refuse-return", {"note": "不同意"}),
        ("part", {"note": "分出"}),
    ):
        assert (await post(hotline, ticket, path, AGENT, said))["http"] == 404
    seen = [(await (await hotline.client(*who)).get("/v1/returns")).json() for who in (AGENT, SUPERVISOR)]
    assert [len(each["items"]) for each in seen] == [0, 1]
    assert (await post(hotline, ticket, "grant-return", SUPERVISOR, {"note": "同意"}))["http"] == 200


async def test_what_was_corrected_while_a_return_waits_counts_once_it_is_refused(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    await post(hotline, ticket, "return", owner(ticket), GROUNDS)
    moved = {"division": "460108101000", "because": "地点登记有误"}
    assert (await post(hotline, ticket, "correct", AGENT, moved))["http"] == 200
    assert (await hotline.ticket(ticket["id"]))["department"] == ECOLOGY
    await post(hotline, ticket, "refuse-return", AGENT, {"note": "属生态环境职责"})
    now = await hotline.ticket(ticket["id"])
    assert (now["status"], now["department"]) == ("assigned", "ecology-environment-meilan")
