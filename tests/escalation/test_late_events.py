"""An event that comes late, or again, changes nothing of what was done in time meanwhile."""

from datetime import timedelta

import pytest

from tests.inprocess import Answer, InProcess

NOISE = {"category": "020100", "division": "460106002000"}
HOUR = timedelta(hours=1)

SET_APART = """
    WITH event AS (
        SELECT event_id FROM outbox WHERE key = :ticket AND headers ->> 'ce_type' = :type ORDER BY id LIMIT 1
    ), inbox AS (
        DELETE FROM inbox USING event WHERE inbox.event_id = event.event_id AND consumer = 'escalation'
    )
    DELETE FROM deadlines USING event WHERE opened_by = event.event_id RETURNING id
"""
REPLAYED = """
    UPDATE outbox SET published_at = NULL WHERE id = (
        SELECT min(id) FROM outbox WHERE key = :ticket AND headers ->> 'ce_type' = :type
    ) RETURNING id
"""


async def set_apart(hotline: InProcess, ticket: Answer, type_: str) -> None:
    """As if escalation had not been able to handle the first such event of the ticket."""
    await hotline.rows(SET_APART, ticket=ticket["id"], type=f"ticket.{type_}")


async def replay(hotline: InProcess, ticket: Answer, type_: str) -> None:
    await hotline.rows(REPLAYED, ticket=ticket["id"], type=f"ticket.{type_}")
    await hotline.drain()


async def settled(hotline: InProcess, ticket: Answer) -> dict[str, tuple[str, str]]:
    """The department's clocks that have stopped: when, and why."""
    deadlines = await hotline.deadlines(ticket["id"])
    return {
        stage: (each["settled_at"], each["settled_because"])
        for (clock, stage), each in deadlines.items()
        if clock == "department" and each["settled_at"]
    }


async def stages_with_cards(hotline: InProcess, ticket: Answer) -> list[tuple[str, str]]:
    """But for the callback, whose clock begins with the end."""
    cards = await hotline.cards(ticket["id"])
    return [(each["stage"], each["name"]) for each in cards if each["stage"] != "callback"]


async def test_an_assignment_replayed_after_the_end_opens_no_clock_and_fires_no_rung(
    hotline: InProcess,
) -> None:
    ticket = await hotline.call(**NOISE)
    await set_apart(hotline, ticket, "assigned")
    for step in ("sign", "contact", "resolve"):
        hotline.clock.time += timedelta(minutes=5)
        await hotline.step(ticket, step, "已办")
    await hotline.later(timedelta(days=30))
    await replay(hotline, ticket, "assigned")
    await hotline.later(timedelta(days=30))
    assert await settled(hotline, ticket) == {
        "sign": ("2026-11-23T01:05:00Z", "signed"),
        "contact": ("2026-11-23T01:10:00Z", "contacted"),
        "completion": ("2026-11-23T01:15:00Z", "resolved"),
    }
    assert await stages_with_cards(hotline, ticket) == []


async def test_an_assignment_replayed_gets_the_cards_of_what_was_late_and_goes_on_with_the_rest(
    hotline: InProcess,
) -> None:
    ticket = await hotline.call(**NOISE)
    await set_apart(hotline, ticket, "assigned")
    hotline.clock.time += HOUR
    await hotline.step(ticket, "sign")
    await replay(hotline, ticket, "assigned")
    assert await settled(hotline, ticket) == {"sign": ("2026-11-23T02:00:00Z", "signed")}
    assert await stages_with_cards(hotline, ticket) == [("sign", "催办"), ("sign", "督办")]
    await hotline.later(timedelta(days=1))
    assert ("contact", "催办") in await stages_with_cards(hotline, ticket)


async def test_a_registration_replayed_after_the_end_leaves_nothing_overdue(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    await set_apart(hotline, ticket, "registered")
    await hotline.step(ticket, "sign")
    await hotline.step(ticket, "resolve", "已办")
    await replay(hotline, ticket, "registered")
    await hotline.later(timedelta(days=60))
    overdue = await (await hotline.client("supervisor")).get("/v1/supervision/overdue")
    assert [each["stage"] for each in overdue.json()["items"]] == ["callback"]  # which begins with the end
    deadlines = await hotline.deadlines(ticket["id"])
    assert deadlines["citizen", "completion"]["settled_because"] == "resolved"


async def test_a_signature_that_comes_after_another_assignment_does_not_sign_for_that_one(
    hotline: InProcess,
) -> None:
    ticket = await hotline.call(**NOISE)
    await hotline.step(ticket, "sign")
    await set_apart(hotline, ticket, "signed")
    await hotline.step(ticket, "return", "不属于我单位职责")
    await (await hotline.client()).post(f"/v1/tickets/{ticket['id']}/grant-return", json={})
    await hotline.drain()
    await replay(hotline, ticket, "signed")
    query = "SELECT department FROM deadlines WHERE stage = 'sign' AND settled_at IS NULL"
    (open_,) = await hotline.rows(query)
    assert open_.department == (await hotline.ticket(ticket["id"]))["department"] != ticket["department"]


@pytest.mark.parametrize(("decision", "because"), [("grant", "returned"), ("refuse", "return refused")])
async def test_a_return_the_hotline_does_not_decide_on_in_time_gets_its_cards(
    hotline: InProcess, decision: str, because: str
) -> None:
    ticket = await hotline.call(**NOISE)
    await hotline.step(ticket, "return", "不属于我单位职责")
    review = (await hotline.deadlines(ticket["id"]))["citizen", "return_review"]
    assert (review["amount"], review["unit"]) == (240, "working_minutes")
    assert review["due_at"] == "2026-11-23T07:30:00Z"  # 09:00, 150 minutes, lunch, 90 minutes
    await hotline.later(8 * HOUR)
    cards = [name for stage, name in await stages_with_cards(hotline, ticket) if stage == "return_review"]
    assert cards == ["催办", "督办"]
    said = {"note": "属于职责范围"}
    await (await hotline.client()).post(f"/v1/tickets/{ticket['id']}/{decision}-return", json=said)
    await hotline.drain()
    review = (await hotline.deadlines(ticket["id"]))["citizen", "return_review"]
    assert review["settled_because"] == because


async def test_only_the_first_assignment_of_a_back_file_starts_when_the_call_was_taken(
    hotline: InProcess,
) -> None:
    ticket = await hotline.register(**NOISE)
    past = "UPDATE tickets SET historical = true, accepted_at = accepted_at - interval '1 year' RETURNING id"
    await hotline.rows(past)
    await hotline.drain()
    ticket = await hotline.ticket(ticket["id"])
    await hotline.later(HOUR)
    await hotline.step(ticket, "return", "不属于我单位职责")
    await (await hotline.client()).post(f"/v1/tickets/{ticket['id']}/grant-return", json={})
    await hotline.drain()
    query = "SELECT started_at FROM deadlines WHERE stage = 'sign' ORDER BY started_at"
    started = [row.started_at for row in await hotline.rows(query)]
    assert [each.year for each in started] == [2025, 2026]
    assert started[1] == hotline.clock.now()
