"""What a department and the hotline may do with a ticket, and what is refused."""

import asyncio
from datetime import timedelta

import pytest

from schemas.lifecycle import Status, steps_from
from tests.inprocess import Answer, InProcess

NOISE = {"category": "020100", "division": "460106002000"}
OTHER = "water-group"


async def step(
    hotline: InProcess, ticket: Answer, name: str, who: tuple[str, str | None], **sent: object
) -> Answer:
    """Take a step as somebody; return the answer's body with its HTTP status."""
    client = await hotline.client(*who)
    headers = {"if-match": str(sent.pop("match"))} if "match" in sent else {}
    answer = await client.post(f"/v1/tickets/{ticket['id']}/{name}", json=sent, headers=headers)
    return {"http": answer.status_code, **answer.json()}


def owner(ticket: Answer) -> tuple[str, str | None]:
    return ("department", ticket["department"])


AGENT = ("agent", None)


async def test_a_ticket_is_signed_contacted_resolved_and_closed(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    for name, status in [("sign", "signed"), ("contact", "contacted"), ("resolve", "resolved")]:
        assert (await hotline.step(ticket, name, "已办"))["status"] == status
    assert (await step(hotline, ticket, "close", AGENT))["status"] == "closed"
    client = await hotline.client()
    history = (await client.get(f"/v1/tickets/{ticket['id']}/history")).json()
    steps = [each["step"] for each in history]
    assert steps == ["register", "assign", "sign", "contact", "resolve", "close"]
    assert [each["version"] for each in history] == [1, 2, 3, 4, 5, 6]


async def test_an_answer_lists_what_its_reader_may_do_next(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    assert set(ticket["actions"]) == {"co_assign", "correct", "urge", "note", "withdraw", "transfer"}
    taken = await step(hotline, ticket, "sign", owner(ticket))
    asks = {"ask_extension", "ask_suspension", "open_procedure", "ask_supplement"}
    assert set(taken["actions"]) == {"contact", "feedback", "return", "co_assign", "resolve"} | asks


@pytest.mark.parametrize("name", ["contact", "resolve", "close", "grant-return", "refuse-return"])
async def test_a_step_the_lifecycle_does_not_know_is_refused_with_those_it_knows(
    hotline: InProcess, name: str
) -> None:
    ticket = await hotline.call(**NOISE)
    who = owner(ticket) if name in ("contact", "resolve") else AGENT
    refused = await step(hotline, ticket, name, who, note="试")
    assert (refused["http"], refused["code"]) == (409, "illegal_transition")
    assert refused["allowed"] == [str(each) for each in steps_from(Status.ASSIGNED)]
    assert name.replace("-", "_") not in refused["allowed"]


async def test_a_department_finds_no_ticket_that_is_not_its_own(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    stranger = await hotline.client("department", OTHER)
    says = {"note": "试", "reason": "wrong_place"}
    for name, said in (("sign", {}), ("return", says), ("resolve", {"note": "试"})):
        answer = await stranger.post(f"/v1/tickets/{ticket['id']}/{name}", json=said)
        assert (answer.status_code, answer.json()["code"]) == (404, "ticket_not_found")
    for path in ("", "/history", "/deadlines"):
        assert (await stranger.get(f"/v1/tickets/{ticket['id']}{path}")).status_code == 404
    assert (await stranger.get("/v1/tickets")).json()["items"] == []
    assert (await hotline.ticket(ticket["id"]))["version"] == ticket["version"]


async def test_a_step_meant_for_an_older_version_changes_nothing(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    stale = await step(hotline, ticket, "sign", owner(ticket), match='"1"')
    assert (stale["http"], stale["code"]) == (412, "stale_version")
    fresh = await step(hotline, ticket, "sign", owner(ticket), match=f'"{ticket["version"]}"')
    assert (fresh["http"], fresh["version"]) == (200, ticket["version"] + 1)


async def test_of_many_who_take_the_same_step_at_once_one_succeeds(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    taken = await asyncio.gather(*(step(hotline, ticket, "sign", owner(ticket)) for _ in range(10)))
    assert sorted(each["http"] for each in taken) == [200] + [409] * 9
    signed = await hotline.rows("SELECT * FROM ticket_history WHERE step = 'sign'")
    assert len(signed) == 1


async def test_a_return_must_say_why(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    silent = await step(hotline, ticket, "return", owner(ticket))
    assert (silent["http"], silent["code"], silent["pointer"]) == (422, "invalid", "/note")


async def test_a_granted_return_goes_to_the_next_department_and_never_back(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    first = ticket["department"]
    await hotline.step(ticket, "return", "不属于我单位职责")
    assert (await step(hotline, ticket, "grant-return", AGENT))["department"] is None
    await hotline.drain()
    moved = await hotline.ticket(ticket["id"])
    assert moved["status"] == "assigned"
    assert moved["department"] not in (None, first)
    (latest,) = await hotline.rows("SELECT decision FROM assignments WHERE ended_at IS NULL")
    assert first in [each["department"] for each in latest.decision["excluded"]]


async def test_a_department_that_returned_a_ticket_cannot_be_given_it_by_hand(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    first = ticket["department"]
    await hotline.step(ticket, "return", "不属于我单位职责")
    refused = await step(hotline, ticket, "grant-return", AGENT, department=first, note="试")
    assert (refused["http"], refused["code"]) == (409, "department_excluded")


async def test_a_refused_return_leaves_the_same_assignment(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    await hotline.step(ticket, "return", "不属于我单位职责")
    refused = await step(hotline, ticket, "refuse-return", AGENT, note="属于职责范围")
    assert (refused["status"], refused["department"]) == ("signed", ticket["department"])
    assert len(await hotline.rows("SELECT * FROM assignments")) == 1


async def test_a_return_refused_after_the_contact_leaves_the_ticket_contacted(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    for name in ("sign", "contact", "return"):
        await hotline.step(ticket, name, "不属于我单位职责")
    await hotline.later(timedelta(hours=8))  # cards are noted meanwhile
    refused = await step(hotline, ticket, "refuse-return", AGENT, note="属于职责范围")
    assert refused["status"] == "contacted"


async def test_a_granted_return_leaves_no_reason_of_the_department_that_had_it(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    await hotline.step(ticket, "return", "不属于我单位职责")
    await step(hotline, ticket, "grant-return", AGENT)
    (row,) = await hotline.rows("SELECT department, department_because FROM tickets")
    assert (row.department, row.department_because) == (None, None)


async def test_an_assignment_ends_when_its_ticket_is_resolved(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    await hotline.step(ticket, "sign")
    await hotline.step(ticket, "resolve", "已办")
    await step(hotline, ticket, "close", AGENT)
    (row,) = await hotline.rows("SELECT ended_at, ended_because FROM assignments")
    assert (row.ended_at, row.ended_because) == (hotline.clock.now(), "resolved")


async def test_a_ticket_may_be_parked_twice_in_the_same_moment(hotline: InProcess) -> None:
    ticket = await hotline.call()
    assert ticket["status"] == "triage"
    await step(hotline, ticket, "assign", AGENT, department=OTHER, note="请办理")
    await hotline.drain()
    ticket = await hotline.ticket(ticket["id"])
    await hotline.step(ticket, "return", "不属于我单位职责")
    await step(hotline, ticket, "grant-return", AGENT)
    await hotline.drain()
    assert (await hotline.ticket(ticket["id"]))["status"] == "triage"
    assert len(await hotline.rows("SELECT * FROM parkings WHERE ended_at IS NULL")) == 1


async def test_a_dispatch_that_comes_twice_assigns_once(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    await hotline.rows("UPDATE outbox SET published_at = NULL RETURNING id")
    await hotline.drain()
    assert (await hotline.ticket(ticket["id"]))["version"] == ticket["version"]
    assert len(await hotline.rows("SELECT * FROM assignments")) == 1
