"""A ticket that bounces between two departments, to the minute: returns, dispute, adjudication."""

from datetime import datetime
from typing import Any

import httpx
import pytest

from tests.escalation.test_auditor import audit
from tests.escalation.test_scenarios import CITIZEN, DEPARTMENT, HAIKOU, SIGN, at, called, cards, due
from tests.inprocess import Answer, InProcess
from tests.router.test_merge import NEW, OLD, merge, move_all

BURST_PIPE = {"category": "010500", "division": "460106002000", "text": "小区围墙边水管破裂,路面积水。"}
A, B = "municipal-works-longhua", "water-affairs"
REVIEW, ADJUDICATION = ("citizen", "return_review"), ("citizen", "adjudication")
NOT_OURS = {
    "note": "水管属供水设施",
    "reason": "not_our_duty",
    "legal_basis": "《海口市城市供水排水节约用水管理条例》",
}


async def post(
    hotline: InProcess, ticket: Answer, path: str, who: str, body: dict[str, Any] | None = None
) -> httpx.Response:
    """Somebody does something with a ticket, and everybody learns of it."""
    role, department = (who, None) if who in ("agent", "supervisor") else ("department", who)
    client = await hotline.client(role, department)
    answer = await client.post(f"/v1/tickets/{ticket['id']}/{path}", json=body or {})
    await hotline.drain()
    return answer


async def running(hotline: InProcess, ticket: Answer, clock: str) -> dict[tuple[str | None, str], str]:
    """The clocks that run now: by department and stage, when they are due in Haikou's time."""
    found = await (await hotline.client()).get(f"/v1/tickets/{ticket['id']}/deadlines")
    return {
        (
            each["department"],
            each["stage"],
        ): f"{datetime.fromisoformat(each['due_at']).astimezone(HAIKOU):%m-%d %H:%M}"
        for each in found.json()
        if each["clock"] == clock and each["settled_at"] is None
    }


async def window(hotline: InProcess) -> str:
    """Until when the present assignment may be returned."""
    (row,) = await hotline.rows("SELECT return_until_at FROM assignments WHERE ended_at IS NULL")
    return f"{row.return_until_at.astimezone(HAIKOU):%m-%d %H:%M}"


async def bounced(hotline: InProcess) -> Answer:
    """A ticket until it is a dispute: A returned it, B was given it and returned it too."""
    ticket = await called(hotline, "2026-11-24 09:05", **BURST_PIPE)
    assert ticket["department"] == A
    assert await due(hotline, ticket, SIGN, DEPARTMENT, CITIZEN) == [
        "2026-11-24 09:35",
        "2026-12-01 17:30",
        "2026-12-01 17:30",
    ]
    assert await window(hotline) == "11-25 17:30"

    await hotline.advance(at("2026-11-25 11:00"))
    returned = await post(hotline, ticket, "return", A, {**NOT_OURS, "competent": B})
    assert (returned.status_code, returned.json()["status"]) == (200, "return_pending")
    assert await due(hotline, ticket, REVIEW) == ["2026-11-25 17:30"]
    assert await running(hotline, ticket, "department") == {
        (A, "sign"): "11-24 09:35",
        (A, "contact"): "11-25 17:30",
        (A, "completion"): "12-01 17:30",
    }

    await hotline.advance(at("2026-11-25 15:10"))
    granted = await post(hotline, ticket, "grant-return", "agent", {"note": "暂按B办理", "department": B})
    assert (granted.json()["status"], granted.json()["department"]) == ("assigned", B)
    assert await running(hotline, ticket, "department") == {
        (B, "sign"): "11-25 15:40",
        (B, "contact"): "11-26 17:30",
        (B, "completion"): "12-02 17:30",
    }
    assert await window(hotline) == "11-26 17:30"
    assert await running(hotline, ticket, "citizen") == {(None, "completion"): "12-01 17:30"}

    await hotline.advance(at("2026-11-26 09:30"))
    again = await post(hotline, ticket, "return", B, {**NOT_OURS, "competent": A})
    assert (again.status_code, again.json()["status"]) == (200, "disputed")
    assert await due(hotline, ticket, ADJUDICATION) == ["2026-11-27 17:30"]
    await hotline.advance(at("2026-11-26 16:00"))
    return ticket


async def improper(hotline: InProcess) -> dict[str, tuple[int, int, int]]:
    """By department: its returns, the improper among them, and those that made a dispute."""
    found = await (await hotline.client("supervisor")).get("/v1/supervision/returns")
    return {
        each["department"]: (each["returns"], each["improper"], each["disputes"])
        for each in found.json()["items"]
    }


async def test_adjudicated_to_the_first_its_clock_goes_on_and_the_second_helps(hotline: InProcess) -> None:
    ticket = await bounced(hotline)
    decided = {"lead": A, "co_handlers": [{"department": B}], "note": "管网移交前由市政负责"}
    taken = await post(hotline, ticket, "adjudicate", "supervisor", decided)
    assert (taken.status_code, taken.json()["status"], taken.json()["department"]) == (200, "assigned", A)
    assert await running(hotline, ticket, "department") == {
        (A, "sign"): "11-26 16:30",
        (A, "contact"): "11-27 17:30",
        (A, "completion"): "12-01 17:30",
    }
    assert await running(hotline, ticket, "co_handling") == {
        (B, "sign"): "11-26 16:30",
        (B, "completion"): "11-30 17:30",
    }
    assert await running(hotline, ticket, "citizen") == {(None, "completion"): "12-01 17:30"}
    assert await improper(hotline) == {A: (1, 1, 0), B: (1, 0, 1)}
    for who in (A, B):
        refused = await post(hotline, ticket, "return", who, {"note": "试", "reason": "wrong_place"})
        assert (refused.status_code, refused.json()["code"]) == (409, "adjudication_binds")

    await hotline.advance(at("2026-12-09 09:00"))
    ladder = [
        (0, "2026-11-30 17:30"),
        (1, "2026-12-01 17:30"),
        (2, "2026-12-02 17:30"),
        (3, "2026-12-04 17:30"),
        (4, "2026-12-08 17:30"),
    ]
    assert await of(hotline, ticket, A) == ladder


async def of(hotline: InProcess, ticket: Answer, department: str) -> list[tuple[int, str]]:
    """The rungs a department has climbed for the completion: level, and when it fell due in Haikou's time."""
    return [
        (each["level"], f"{datetime.fromisoformat(each['fell_due_at']).astimezone(HAIKOU):%Y-%m-%d %H:%M}")
        for each in await hotline.cards(ticket["id"])
        if (each["stage"], each["clock"], each["department"]) == ("completion", "department", department)
    ]


async def test_adjudicated_to_the_second_the_day_between_counts_against_the_dispatcher(
    hotline: InProcess,
) -> None:
    ticket = await bounced(hotline)
    taken = await post(hotline, ticket, "adjudicate", "supervisor", {"lead": B, "note": "供水设施归水务"})
    assert (taken.json()["status"], taken.json()["department"]) == ("assigned", B)
    assert await running(hotline, ticket, "department") == {
        (B, "sign"): "11-26 16:30",
        (B, "contact"): "11-27 17:30",
        (B, "completion"): "12-02 17:30",
    }
    assert await running(hotline, ticket, "citizen") == {(None, "completion"): "12-01 17:30"}
    assert await improper(hotline) == {A: (1, 0, 0), B: (1, 1, 1)}
    assert (
        await post(hotline, ticket, "return", A, {"note": "试", "reason": "wrong_place"})
    ).status_code == 404
    refused = await post(hotline, ticket, "return", B, {"note": "试", "reason": "wrong_place"})
    assert refused.json()["code"] == "adjudication_binds"

    for when, charged in (
        ("2026-12-01 17:30", []),
        ("2026-12-01 17:31", ["dispatcher"]),
        ("2026-12-02 17:30", ["dispatcher"]),
        ("2026-12-02 17:31", ["department"]),
    ):
        await hotline.advance(at(when))
        assert await charged_to(hotline, ticket) == charged, when
        summary = (await (await hotline.client("supervisor")).get("/v1/supervision/summary")).json()
        assert summary["charged"] == dict.fromkeys(charged, 1)
    await hotline.advance(at("2026-12-03 17:31"))
    assert [level for level, _ in await of(hotline, ticket, B)] == [0, 1, 2]


async def charged_to(hotline: InProcess, ticket: Answer) -> list[str]:
    """Against whom the caller's overdue clock counts."""
    query = {"clock": "citizen", "stage": "completion"}
    found = await (await hotline.client("supervisor")).get("/v1/supervision/overdue", params=query)
    return [each["charged_to"] for each in found.json()["items"] if each["ticket"] == ticket["id"]]


@pytest.mark.parametrize("lead", [A, B])
async def test_a_dispute_not_adjudicated_in_time_gets_its_red_card(hotline: InProcess, lead: str) -> None:
    ticket = await bounced(hotline)
    await hotline.advance(at("2026-11-27 17:30"))
    assert await cards(hotline, ticket, "adjudication") == [(0, "2026-11-26 17:30"), (1, "2026-11-27 17:30")]
    await post(hotline, ticket, "adjudicate", "supervisor", {"lead": lead, "note": "裁定"})
    await hotline.advance(at("2026-11-28 17:30"))
    assert len(await cards(hotline, ticket, "adjudication")) == 2


async def test_who_was_joined_to_another_ticket_waits_because_of_its_department(hotline: InProcess) -> None:
    place = {"address": "龙华区海垦花园", "text": "海垦花园门口水管破裂,路面积水严重,影响居民出行"}
    callers = [{"name": f"符先生{each}", "phone": f"1380000000{each}"} for each in range(2)]
    parent, child = [
        await called(hotline, "2026-11-24 09:05", **{**BURST_PIPE, **place}, caller=each) for each in callers
    ]
    assert child["parent"] == parent["id"]
    await hotline.advance(at("2026-12-01 17:31"))
    for ticket in (parent, child):
        assert await charged_to(hotline, ticket) == ["department"]
    summary = (await (await hotline.client("supervisor")).get("/v1/supervision/summary")).json()
    assert summary["charged"] == {"department": 2}


async def test_a_clock_that_goes_on_after_a_merger_climbs_nothing_again(hotline: InProcess) -> None:
    """What it had climbed under its old name is the successor's too."""
    ticket = await called(hotline, "2026-11-16 10:00", category="020100", division="460106002000")
    grounds = {**NOT_OURS, "competent": B}
    await post(hotline, ticket, "return", OLD, grounds)
    await post(hotline, ticket, "refuse-return", "agent", {"note": "属你单位职责"})
    await post(hotline, ticket, "return", OLD, grounds)
    await hotline.advance(at("2026-11-24 18:00"))
    before = [(0, "2026-11-20 17:30"), (1, "2026-11-23 17:30"), (2, "2026-11-24 17:30")]
    assert await of(hotline, ticket, OLD) == before
    assert (await merge(hotline, on="2026-11-24"))["http"] == 202
    await move_all(hotline)
    ruled = await post(hotline, ticket, "adjudicate", "supervisor", {"lead": NEW, "note": "属其职责"})
    assert ruled.status_code == 200, ruled.text
    await hotline.advance(at("2026-11-24 20:00"))
    assert await of(hotline, ticket, NEW) == []
    assert (await audit(hotline))["found"] == {}
    await hotline.advance(at("2026-11-27 09:00"))
    assert await of(hotline, ticket, OLD) == before
    assert [level for level, _ in await of(hotline, ticket, NEW)] == [3]
    assert (await audit(hotline))["found"] == {}
