"""More time (延期): asked for before the deadline, decided by the hotline, told to the caller."""

import pytest

from tests.escalation.test_scenarios import CITIZEN, DEPARTMENT, at, cards, due
from tests.escalation.timekeeping import (
    LONGER,
    done,
    extended,
    local,
    post,
    promised,
    refused,
    signed,
)
from tests.inprocess import InProcess


async def test_a_granted_extension_moves_the_department_and_the_caller_with_it(hotline: InProcess) -> None:
    ticket = await signed(hotline, "2026-11-24 09:05")
    assert await due(hotline, ticket, DEPARTMENT, CITIZEN) == ["2026-12-01 17:30"] * 2
    await hotline.advance(at("2026-11-27 10:00"))
    answer = await done(hotline, ticket, "extensions", **LONGER)
    assert answer["status"] == "signed"
    assert await due(hotline, ticket, DEPARTMENT, CITIZEN) == ["2026-12-01 17:30"] * 2
    await done(hotline, ticket, "grant-extension", "agent", note="属实")
    assert await due(hotline, ticket, DEPARTMENT, CITIZEN) == ["2026-12-15 17:30"] * 2
    told = await hotline.ticket(ticket["id"])
    assert (local(told["due_at"]), told["due_because"]) == (
        "2026-12-15 17:30",
        "经批准延期10个工作日(需检验检测)",
    )
    await hotline.advance(at("2026-12-15 17:30"))
    assert await cards(hotline, ticket, "completion") == [(0, "2026-12-14 17:30"), (1, "2026-12-15 17:30")]


async def test_the_history_says_the_old_and_the_new_due_and_what_the_caller_was_told(
    hotline: InProcess,
) -> None:
    ticket = await signed(hotline, "2026-11-24 09:05")
    await extended(hotline, ticket, amount=3)
    found = await hotline.rows(
        "SELECT note FROM ticket_history WHERE ticket_id = :id AND step = 'grant_extension'", id=ticket["id"]
    )
    assert [each.note for each in found] == [
        "经批准延期3个工作日(需检验检测):办结时限由2026-12-01 17:30改为2026-12-04 17:30;"
        "市民时限由2026-12-01 17:30改为2026-12-04 17:30;已告知诉求人:检测需要时间,十个工作日内答复"
    ]


@pytest.mark.parametrize(
    ("when", "taken"),
    [("2026-12-01 17:29", True), ("2026-12-01 17:30", False), ("2026-12-02 09:00", False)],
)
async def test_an_extension_is_asked_for_before_the_due_of_the_day(
    hotline: InProcess, when: str, taken: bool
) -> None:
    ticket = await signed(hotline, "2026-11-24 09:05")
    await hotline.advance(at(when))
    answer = await post(hotline, ticket, "extensions", **LONGER)
    if taken:
        assert answer.status_code == 200
    else:
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (409, "asked_too_late")
        assert (local(problem["due_at"]), local(problem["asked_at"])) == ("2026-12-01 17:30", when)


async def test_a_request_nobody_decided_on_at_the_due_is_red_and_may_still_be_granted(
    hotline: InProcess,
) -> None:
    ticket = await signed(hotline, "2026-11-24 09:05")
    await hotline.advance(at("2026-12-01 17:00"))
    await done(hotline, ticket, "extensions", **{**LONGER, "amount": 2})
    await hotline.advance(at("2026-12-02 10:00"))
    red = [(0, "2026-11-30 17:30"), (1, "2026-12-01 17:30")]
    assert await cards(hotline, ticket, "completion") == red
    await done(hotline, ticket, "grant-extension", "agent")
    assert await due(hotline, ticket, DEPARTMENT) == ["2026-12-03 17:30"]
    await hotline.advance(at("2026-12-04 17:30"))
    assert await cards(hotline, ticket, "completion") == [*red, (2, "2026-12-04 17:30")]


async def test_what_fell_due_before_the_grant_is_climbed_even_if_the_worker_was_late(
    hotline: InProcess,
) -> None:
    ticket = await signed(hotline, "2026-11-24 09:05")
    hotline.clock.time = at("2026-12-01 17:00")
    await done(hotline, ticket, "extensions", **LONGER)
    hotline.clock.time = at("2026-12-01 17:31")
    await done(hotline, ticket, "grant-extension", "agent")
    assert await cards(hotline, ticket, "completion") == [(0, "2026-11-30 17:30"), (1, "2026-12-01 17:30")]


async def test_a_refused_extension_leaves_the_clock_as_it_was(hotline: InProcess) -> None:
    ticket = await signed(hotline, "2026-11-24 09:05")
    await done(hotline, ticket, "extensions", **LONGER)
    await done(hotline, ticket, "refuse-extension", "agent", note="理由不充分")
    assert await due(hotline, ticket, DEPARTMENT, CITIZEN) == ["2026-12-01 17:30"] * 2
    assert (await refused(hotline, ticket, "grant-extension", "agent"))["code"] == "nothing_asked"
    await done(hotline, ticket, "extensions", **LONGER)


@pytest.mark.parametrize(
    ("call", "request_", "why"),
    [
        ({"kind": "consult"}, {}, "none"),
        ({"urgency": "livelihood"}, {}, "none"),
        ({"urgency": "urgent"}, {}, "none"),
        ({}, {"amount": 11}, "amount"),
        ({}, {"unit": "calendar_days"}, "unit"),
        ({"kind": "consult"}, {"reason": "force_majeure"}, None),
        ({"urgency": "livelihood"}, {"reason": "force_majeure", "amount": 1}, None),
    ],
    ids=lambda each: "-".join(map(str, each.values())) if isinstance(each, dict) else str(each),
)
async def test_who_may_be_given_more_time_is_what_the_city_says(
    hotline: InProcess, call: dict[str, object], request_: dict[str, object], why: str | None
) -> None:
    ticket = await signed(hotline, "2026-11-24 09:05", **call)
    answer = await post(hotline, ticket, "extensions", **{**LONGER, **request_})
    assert (answer.status_code, answer.json().get("why")) == (409 if why else 200, why)


async def test_a_second_extension_is_the_supervisors_and_there_is_no_third(hotline: InProcess) -> None:
    ticket = await signed(hotline, "2026-11-24 09:05")
    await extended(hotline, ticket, amount=10)
    await done(hotline, ticket, "extensions", **LONGER)
    answer = await refused(hotline, ticket, "grant-extension", "agent")
    assert answer["code"] == "forbidden"
    await done(hotline, ticket, "grant-extension", "supervisor")
    assert await due(hotline, ticket, DEPARTMENT) == ["2026-12-29 17:30"]
    assert (await refused(hotline, ticket, "extensions", **LONGER))["why"] == "times"


async def test_limit_and_extensions_together_keep_to_the_total(hotline: InProcess) -> None:
    """15 days of a report and 10 of an extension are all there is."""
    ticket = await signed(hotline, "2026-11-24 09:05", kind="report")
    await extended(hotline, ticket, amount=8)
    assert (await refused(hotline, ticket, "extensions", **{**LONGER, "amount": 3}))["most"] == 2
    await done(hotline, ticket, "extensions", **{**LONGER, "amount": 2})


async def test_a_caller_who_can_be_told_must_be_told(hotline: InProcess) -> None:
    ticket = await signed(hotline, "2026-11-24 09:05")
    unsaid = {**LONGER, "told": None}
    assert (await refused(hotline, ticket, "extensions", **unsaid))["pointer"] == "/told"
    nameless = await signed(hotline, "2026-11-24 09:10", caller={"anonymous": True})
    await done(hotline, nameless, "extensions", **unsaid)


@pytest.mark.parametrize(
    "spoilt", [{"amount": "10"}, {"amount": True}, {"note": "\u200b"}, {"told": "\u2060 "}], ids=str
)
async def test_a_number_is_a_number_and_what_cannot_be_seen_is_no_reason(
    hotline: InProcess, spoilt: dict[str, object]
) -> None:
    ticket = await signed(hotline, "2026-11-24 09:05")
    answer = await post(hotline, ticket, "extensions", **{**LONGER, **spoilt})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), answer.text


async def test_one_request_at_a_time_and_only_by_who_has_the_ticket(hotline: InProcess) -> None:
    ticket = await signed(hotline, "2026-11-24 09:05")
    await done(hotline, ticket, "extensions", **LONGER)
    assert (await refused(hotline, ticket, "extensions", **LONGER))["code"] == "already_asked"
    stranger = await hotline.client("department", "water-group")
    answer = await stranger.post(f"/v1/tickets/{ticket['id']}/extensions", json=LONGER)
    assert answer.status_code == 404
    waiting = (await (await hotline.client()).get("/v1/time-requests")).json()["items"]
    assert [(each["ticket"], each["kind"], each["outcome"]) for each in waiting] == [
        (ticket["id"], "extension", None)
    ]


async def test_what_the_hotline_decided_names_no_caller_to_the_department(hotline: InProcess) -> None:
    ticket = await signed(hotline, "2026-11-24 09:05", caller={"name": "欧阳锋云", "phone": "13800138000"})
    await done(hotline, ticket, "extensions", **{**LONGER, "note": "欧阳锋云同意"})
    await done(hotline, ticket, "grant-extension", "agent", note="已问欧阳锋云")
    for role, because in (("department", "已问[姓名]"), ("agent", "已问欧阳锋云")):
        client = await hotline.client(role, ticket["department"] if role == "department" else None)
        (read,) = (await client.get(f"/v1/tickets/{ticket['id']}/time-requests")).json()
        assert (read["note"], read["decided_because"]) == ("欧阳锋云同意", because)


async def test_what_a_department_asked_for_is_dropped_when_it_is_done(hotline: InProcess) -> None:
    ticket = await signed(hotline, "2026-11-24 09:05")
    await done(hotline, ticket, "extensions", **LONGER)
    await hotline.step(ticket, "resolve", "已办")
    found = await (await hotline.client()).get(f"/v1/tickets/{ticket['id']}/time-requests")
    assert [each["outcome"] for each in found.json()] == ["dropped"]


async def test_the_callers_joined_to_a_ticket_are_promised_the_same(hotline: InProcess) -> None:
    place = {"address": "龙华区海垦花园", "text": "海垦花园工地夜间施工噪声很大,影响休息"}
    callers = [{"name": f"符先生{each}", "phone": f"1380000000{each}"} for each in range(2)]
    parent = await signed(hotline, "2026-11-24 09:05", **place, caller=callers[0])
    child = await signed_child(hotline, place, callers[1], parent["id"])
    await extended(hotline, parent, amount=5)
    assert await promised(hotline, parent) == await promised(hotline, child) == "2026-12-08 17:30"


async def signed_child(
    hotline: InProcess, place: dict[str, str], caller: dict[str, str], parent: str
) -> dict[str, object]:
    """Another caller's ticket about the same matter, joined to the first."""
    child = await hotline.call(category="020100", division="460106002000", **place, caller=caller)
    assert child["parent"] == parent
    return child


async def test_an_extension_asked_twice_with_one_key_is_asked_once(hotline: InProcess) -> None:
    ticket = await signed(hotline, "2026-11-24 09:05")
    client = await hotline.client("department", ticket["department"])
    answers = [
        await client.post(
            f"/v1/tickets/{ticket['id']}/extensions", json=LONGER, headers={"idempotency-key": "one"}
        )
        for _ in range(2)
    ]
    assert [each.status_code for each in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    assert "ask_suspension" in answers[0].json()["actions"]


async def test_a_command_on_a_version_left_behind_is_refused(hotline: InProcess) -> None:
    ticket = await signed(hotline, "2026-11-24 09:05")
    client = await hotline.client("department", ticket["department"])
    answer = await client.post(
        f"/v1/tickets/{ticket['id']}/extensions", json=LONGER, headers={"if-match": '"1"'}
    )
    assert answer.status_code == 412
