"""A stage that a publication gives a limit reaches open tickets too, from its publication on."""

from tests.escalation.policies import in_force, publish, recompute
from tests.escalation.test_auditor import audit
from tests.escalation.test_scenarios import FEEDBACK, at, cards, due
from tests.escalation.timekeeping import done, local, resumed, signed, suspended
from tests.inprocess import Answer, InProcess

FED_BACK_IN_TWO_DAYS = {
    "clock": "department",
    "stage": "feedback",
    "urgency": "general",
    "kind": "complaint",
    "amount": "2",
    "unit": "working_days",
    "source": "试行",
}


async def with_feedback(hotline: InProcess) -> list[Answer]:
    """The limits in force, and one for the feedback of what had none."""
    rows: list[Answer] = (await in_force(hotline, "limits"))["content"]
    return [*rows, {**dict.fromkeys(rows[0], ""), **FED_BACK_IN_TWO_DAYS}]


async def without_contact(hotline: InProcess) -> list[Answer]:
    rows: list[Answer] = (await in_force(hotline, "limits"))["content"]
    return [each for each in rows if each["stage"] != "contact"]


async def notes(hotline: InProcess, ticket: Answer) -> list[str]:
    rows = await hotline.rows(
        "SELECT note FROM ticket_history WHERE ticket_id = :t AND step = 'move_deadline' ORDER BY version",
        t=ticket["id"],
    )
    return [row.note for row in rows]


async def audit_finds_nothing(hotline: InProcess) -> bool:
    found = await audit(hotline)
    return found["found"] == {}  # type: ignore[no-any-return]


async def test_a_stage_that_is_new_begins_with_its_publication_and_is_foreseen(hotline: InProcess) -> None:
    """Published three days after the assignment: from it the stage would be over already."""
    ticket = await signed(hotline, "2026-11-23 09:00")
    await hotline.advance(at("2026-11-26 10:00"))
    found = await publish(hotline, "limits", "HAIKOU-2027", await with_feedback(hotline))
    assert (found["begun"], found["moved"]) == (1, 0)
    (foreseen,) = found["moves"]
    assert (foreseen["stage"], foreseen["was_due_at"]) == ("feedback", None)
    await recompute(hotline)
    assert await due(hotline, ticket, FEEDBACK) == ["2026-11-30 17:30"]
    (said,) = await notes(hotline, ticket)
    assert said.endswith(":新设承办反馈时限,2026-11-30 17:30到期")
    await hotline.advance(at("2026-11-30 18:00"))
    assert await cards(hotline, ticket, "feedback") == [(0, "2026-11-27 17:30"), (1, "2026-11-30 17:30")]
    assert await audit_finds_nothing(hotline)


async def test_it_ends_with_the_step_that_ends_its_stage_and_begins_once(hotline: InProcess) -> None:
    ticket = await signed(hotline, "2026-11-23 09:00")
    await publish(hotline, "limits", "HAIKOU-2027", await with_feedback(hotline))
    await recompute(hotline)
    await done(hotline, ticket, "feedback", note="已到现场")
    settled = (await hotline.deadlines(ticket["id"]))[FEEDBACK]
    assert settled["settled_because"] == "fed back"
    await publish(hotline, "limits", "HAIKOU-2028", (await in_force(hotline, "limits"))["content"])
    await recompute(hotline)
    assert (await hotline.deadlines(ticket["id"]))[FEEDBACK] == settled


async def test_what_is_done_already_is_not_asked_for_again(hotline: InProcess) -> None:
    ticket = await signed(hotline, "2026-11-23 09:00")
    await done(hotline, ticket, "feedback", note="已到现场")
    found = await publish(hotline, "limits", "HAIKOU-2027", await with_feedback(hotline))
    await recompute(hotline)
    assert (found["begun"], FEEDBACK in await hotline.deadlines(ticket["id"])) == (0, False)


async def test_it_stands_still_with_the_others(hotline: InProcess) -> None:
    """Suspended from Wed 11-25 to Wed 12-02: neither is counted, so it is due on 12-04."""
    ticket = await signed(hotline, "2026-11-23 09:00")
    await suspended(hotline, ticket, "2026-11-25 15:00")
    await hotline.advance(at("2026-11-26 10:00"))
    await publish(hotline, "limits", "HAIKOU-2027", await with_feedback(hotline))
    await recompute(hotline)
    await hotline.advance(at("2026-12-01 18:00"))
    assert await cards(hotline, ticket, "feedback") == []
    await resumed(hotline, ticket, "2026-12-02 10:00")
    assert await due(hotline, ticket, FEEDBACK) == ["2026-12-04 17:30"]
    assert await audit_finds_nothing(hotline)


async def test_a_stage_that_lost_its_limit_begins_anew_once_it_has_one_again(hotline: InProcess) -> None:
    ticket = await signed(hotline, "2026-11-23 09:00")
    before = (await in_force(hotline, "limits"))["content"]
    await publish(hotline, "limits", "A", await without_contact(hotline))
    await recompute(hotline)
    await hotline.advance(at("2026-11-25 10:00"))
    await publish(hotline, "limits", "B", before)
    await recompute(hotline)
    contacts = await hotline.rows(
        "SELECT due_at FROM deadlines WHERE ticket_id = :t AND stage = 'contact' AND settled_at IS NULL",
        t=ticket["id"],
    )
    assert [local(each.due_at.isoformat()) for each in contacts] == ["2026-11-26 17:30"]


async def test_of_two_publications_the_one_in_force_begins_it_on_its_day(hotline: InProcess) -> None:
    ticket = await signed(hotline, "2026-11-23 09:00")
    rows = await with_feedback(hotline)
    await publish(hotline, "limits", "LATER", rows, valid_from="2026-11-25")
    await recompute(hotline)
    assert FEEDBACK not in await hotline.deadlines(ticket["id"])
    await hotline.advance(at("2026-11-27 10:00"))
    await recompute(hotline)
    assert (await hotline.deadlines(ticket["id"]))[FEEDBACK]["started_at"].startswith("2026-11-24T16:00")
