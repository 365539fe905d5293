"""What people decide at the desk is kept, and proposed as a row of the table once enough of it agrees."""

import pytest

from tests.inprocess import InProcess
from tests.router.desk import Person, person
from tests.router.test_assign import a_row, published

LIKE = {"category": "030200", "division": "460106002000"}
CELL = {"category": "0302", "division": "460106", "department": "justice"}


@pytest.fixture(autouse=True)
async def _little_is_decided_by_the_table(hotline: InProcess) -> None:
    await published(hotline, "T-2", a_row("05", "water-group"))


async def decide(hotline: InProcess, anna: Person, department: str, times: int) -> list[str]:
    tickets = [await hotline.call(**LIKE) for _ in range(times)]
    for each in tickets:
        assert (await anna.assign(each, department))["http"] == 200
    return [each["id"] for each in tickets]


async def proposed(chief: Person, **params: object) -> list[dict[str, object]]:
    return (await chief.client.get("/v1/triage/proposals", params=params)).json()  # type: ignore[arg-type, no-any-return]


async def test_each_decision_is_kept_with_what_it_was_made_on(hotline: InProcess) -> None:
    anna = await person(hotline, "甲")
    ticket = await hotline.call(**LIKE, title="停车", text="请交警来看看。")
    await anna.assign(ticket, "traffic-police")
    (kept,) = await hotline.rows("SELECT * FROM triage_lessons")
    assert (kept.ticket_id, kept.by, kept.reason) == (ticket["id"], "agent:甲", "no_row")
    assert (kept.category, kept.division, kept.caller_type) == ("030200", LIKE["division"], "person")
    assert (kept.words, kept.from_department, kept.to_department) == (["交警"], None, "traffic-police")

    now = await hotline.ticket(ticket["id"])
    await hotline.step(now, "return", "不属于我单位职责")
    await anna.post(f"/tickets/{ticket['id']}/grant-return")
    await hotline.drain()
    await anna.assign(ticket, "justice")
    (again,) = await hotline.rows("SELECT * FROM triage_lessons WHERE to_department = 'justice'")
    assert again.from_department == "traffic-police"


async def test_enough_tickets_that_went_one_way_are_proposed_as_a_row(hotline: InProcess) -> None:
    anna, chief = await person(hotline, "甲"), await person(hotline, "班长", "supervisor")
    tickets = await decide(hotline, anna, "justice", 5)
    await decide(hotline, anna, "commerce", 1)
    assert await proposed(chief) == []  # the setting wants more
    assert await proposed(chief, tickets=5, agreement=0.9) == []
    (row,) = await proposed(chief, tickets=5, agreement=0.8)
    assert {name: row[name] for name in CELL} == CELL
    assert (row["id"], row["tickets"], row["agreement"]) == ("0302-460106", 5, 0.8333)
    assert row["examples"] == sorted(tickets)
    assert row["says"] == "类别0302、区划460106的5件由人工派单至海口市司法局,一致率83%,是否增加条目?"


async def test_an_accepted_row_is_handed_out_once_as_a_draft(hotline: InProcess) -> None:
    anna, chief = await person(hotline, "甲"), await person(hotline, "班长", "supervisor")
    await decide(hotline, anna, "justice", 2)
    accepted = await chief.post("/triage/proposals/accept", CELL)
    assert accepted["http"] == 200
    assert accepted["row"]["department"] == "justice"
    assert accepted["csv"].startswith(
        "0302-460106,0302,460106,,happened,,,,,,justice,,,direct,,,,,2026-11-23,,"
    )
    assert await proposed(chief, tickets=2) == []
    assert (await chief.post("/triage/proposals/accept", CELL))["http"] == 404


async def test_a_dismissed_row_is_not_proposed_again(hotline: InProcess) -> None:
    anna, chief = await person(hotline, "甲"), await person(hotline, "班长", "supervisor")
    await decide(hotline, anna, "justice", 2)
    assert (await chief.post("/triage/proposals/dismiss", CELL))["http"] == 200
    await decide(hotline, anna, "justice", 2)
    assert await proposed(chief, tickets=2) == []
    assert (await anna.client.get("/v1/triage/proposals")).status_code == 403


async def test_what_was_decided_too_long_ago_proposes_nothing(hotline: InProcess) -> None:
    anna, chief = await person(hotline, "甲"), await person(hotline, "班长", "supervisor")
    await decide(hotline, anna, "justice", 2)
    await hotline.rows("UPDATE triage_lessons SET at = at - interval '91 days' RETURNING at")
    assert await proposed(chief, tickets=2) == []


async def test_what_went_to_a_merged_unit_is_proposed_for_its_successor(hotline: InProcess) -> None:
    anna, chief = await person(hotline, "甲"), await person(hotline, "班长", "supervisor")
    await decide(hotline, anna, "justice", 4)
    said = {"on": "2026-11-23", "because": "《机构改革方案》"}
    merged = "/v1/departments/justice/merge-into/commerce"
    assert (await (await hotline.client("admin")).post(merged, json=said)).status_code == 202
    await decide(hotline, anna, "commerce", 1)
    (row,) = await proposed(chief, tickets=5)
    assert (row["department"], row["agreement"]) == ("commerce", 1.0)
    assert (await chief.post("/triage/proposals/accept", {**CELL, "department": "commerce"}))["http"] == 200
