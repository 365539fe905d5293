"""After the answer: its caller is asked within two working days (回访), then it is archived (归档)."""

import asyncio

import pytest

from escalation.archive import archive_due
from tests.escalation.test_redo import answered
from tests.escalation.test_scenarios import at, cards
from tests.escalation.timekeeping import done, local, post, signed
from tests.inprocess import Answer, InProcess

CALLBACK, ARCHIVE = ("citizen", "callback"), ("citizen", "archive")


async def clock(hotline: InProcess, ticket: Answer, which: tuple[str, str]) -> tuple[str, str | None]:
    """When a clock of a ticket is due, in Haikou's time, and why it was settled."""
    found = (await hotline.deadlines(ticket["id"]))[which]
    return local(found["due_at"]), found["settled_because"]


async def archived(hotline: InProcess, when: str) -> int:
    """Let everything be archived that is due by then; at how many deadlines was looked."""
    await hotline.advance(at(when))
    return await hotline.resources.database.run(lambda connection: archive_due(connection, hotline.resources))


async def solved(hotline: InProcess, when: str) -> Answer:
    """A ticket whose caller said at that time that it is solved."""
    ticket = await signed(hotline, "2026-09-28 09:00")
    await answered(hotline, ticket, when)
    return await done(hotline, ticket, "callback", "agent", outcome="solved", satisfied=True)


async def test_the_caller_is_to_be_asked_within_two_working_days_of_the_answer_the_make_up_saturday_is_one(
    hotline: InProcess,
) -> None:
    ticket = await signed(hotline, "2026-10-08 09:00")
    await answered(hotline, ticket, "2026-10-09 11:00")
    assert await clock(hotline, ticket, CALLBACK) == ("2026-10-12 17:30", None)
    await hotline.advance(at("2026-10-12 17:31"))
    assert await cards(hotline, ticket, "callback") == [(0, "2026-10-10 17:30"), (1, "2026-10-12 17:30")]
    (red,) = [each for each in await hotline.cards(ticket["id"]) if each["card"] == "red"]
    assert (red["department"], red["receiver"]) == (None, "department_contact")  # of the desk


async def test_who_does_not_answer_is_still_to_be_asked_and_who_was_asked_is_not(hotline: InProcess) -> None:
    ticket = await signed(hotline, "2026-10-08 09:00")
    await answered(hotline, ticket, "2026-10-09 11:00")
    await done(hotline, ticket, "callback", "agent", outcome="unreachable")
    assert await clock(hotline, ticket, CALLBACK) == ("2026-10-12 17:30", None)
    await hotline.advance(at("2026-10-10 09:00"))
    await done(hotline, ticket, "callback", "agent", outcome="unsolved", note="仍有噪声")
    assert await clock(hotline, ticket, CALLBACK) == ("2026-10-12 17:30", "called back")
    await hotline.advance(at("2026-10-12 17:31"))
    assert await cards(hotline, ticket, "callback") == []


async def test_every_answer_is_asked_about_anew(hotline: InProcess) -> None:
    ticket = await signed(hotline, "2026-11-16 10:00")
    await answered(hotline, ticket, "2026-11-17 10:00")
    await done(hotline, ticket, "callback", "agent", outcome="unsolved")
    again = await hotline.ticket(ticket["id"])
    await hotline.step(again, "sign")
    await answered(hotline, again, "2026-11-19 10:00")
    rows = await hotline.rows(
        "SELECT due_at, settled_because FROM deadlines WHERE stage = 'callback' ORDER BY 1"
    )
    told = [(local(each.due_at.isoformat()), each.settled_because) for each in rows]
    assert told == [("2026-11-19 17:30", "called back"), ("2026-11-23 17:30", None)]


async def test_a_callback_made_in_time_and_told_late_has_no_card(hotline: InProcess) -> None:
    """Escalation was away: the clock is opened when the caller has long been asked and it is done again."""
    ticket = await signed(hotline, "2026-10-08 09:00")
    hotline.clock.time = at("2026-10-09 11:00")
    department = await hotline.client("department", ticket["department"])
    answer = await department.post(f"/v1/tickets/{ticket['id']}/resolve", json={"note": "已办结"})
    assert answer.status_code == 200, answer.text
    hotline.clock.time = at("2026-10-12 17:29")
    agent = await hotline.client()
    made = await agent.post(f"/v1/tickets/{ticket['id']}/callback", json={"outcome": "unsolved"})
    assert made.status_code == 200, made.text
    hotline.clock.time = at("2026-10-12 20:00")
    await hotline.drain()
    found = await cards(hotline, ticket, "callback")
    assert [when for _, when in found] == ["2026-10-10 17:30"]  # the yellow one was due, the red one not
    assert await clock(hotline, ticket, CALLBACK) == ("2026-10-12 17:30", "called back")


@pytest.mark.parametrize(
    ("closed", "due"),
    [("2026-09-30 11:00", "2026-10-08 17:30"), ("2026-10-09 11:00", "2026-10-10 17:30")],
    ids=["before the holiday", "before the make-up Saturday"],
)
async def test_what_was_closed_is_archived_one_working_day_later_and_not_before(
    hotline: InProcess, closed: str, due: str
) -> None:
    ticket = await solved(hotline, closed)
    assert await clock(hotline, ticket, ARCHIVE) == (due, None)
    early = due.replace("17:30", "17:29")
    assert (await archived(hotline, early), await archived(hotline, due)) == (0, 1)
    shown = await hotline.ticket(ticket["id"])
    assert (shown["status"], shown["closed_as"], shown["actions"]) == ("archived", "solved", [])
    assert await clock(hotline, ticket, ARCHIVE) == (due, "archived")
    assert [each for each in await hotline.cards(ticket["id"]) if each["stage"] == "archive"] == []
    assert await archived(hotline, "2026-12-31 17:30") == 0


async def test_two_workers_archive_a_ticket_once(hotline: InProcess) -> None:
    ticket = await solved(hotline, "2026-10-09 11:00")
    hotline.clock.time = at("2026-10-12 08:00")
    run = hotline.resources.database.run
    both = [run(lambda connection: archive_due(connection, hotline.resources)) for _ in range(2)]
    assert sorted(await asyncio.gather(*both)) == [0, 1]
    steps = await hotline.rows("SELECT step FROM ticket_history WHERE ticket_id = :id", id=ticket["id"])
    assert [each.step for each in steps].count("archive") == 1


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("note", {"note": "补充"}),
        ("callback", {"outcome": "solved"}),
        ("close", {}),
        ("urge", {}),
        ("correct", {"because": "更正", "title": "试"}),
        ("attachments", {"url": "https://f/1", "media_type": "image/png", "sha256": "0" * 64}),
    ],
)
async def test_nothing_is_added_to_an_archived_ticket(hotline: InProcess, path: str, body: Answer) -> None:
    ticket = await solved(hotline, "2026-10-09 11:00")
    await archived(hotline, "2026-10-12 08:00")
    refused = await post(hotline, ticket, path, "agent", **body)
    assert (refused.status_code, refused.json()["code"]) == (409, "illegal_transition")
    assert refused.json()["allowed"] == []


async def test_what_waits_to_be_archived_is_nobodys_to_be_late_with(hotline: InProcess) -> None:
    await solved(hotline, "2026-10-09 11:00")
    await hotline.advance(at("2026-10-12 08:00"))
    supervisor = await hotline.client("supervisor")
    assert (await supervisor.get("/v1/supervision/overdue")).json()["items"] == []
    assert (await supervisor.get("/v1/supervision/summary")).json()["overdue"] == {}
