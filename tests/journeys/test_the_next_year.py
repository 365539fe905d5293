"""Next year is published on 30 December: who was promised a day keeps it, new calls count by the new one."""

from typing import Any

from tests.escalation.policies import PAPER, day, official_2027
from tests.journeys.driver import Answer, Hotline, rendered
from tests.journeys.test_one_call import on

NOISE = {"category": "020100", "division": "460106002000"}
MAKE_UP_SUNDAY = day("2027-01-03", "work")


async def test_next_years_calendar_is_published_by_two_people_and_open_tickets_follow(
    hotline: Hotline,
) -> None:
    # Given a ticket whose date crosses into a year nobody has published
    hotline.stops_at(on("2026-12-30", "16:00"))
    before = await hotline.call(**NOISE, source_number="next-year-1")
    assert (rendered(before["due_at"]), before["due_provisional"]) == ("2027-01-07 17:30", True)
    horizon = (await hotline.get("escalation", "/v1/policies", "agent"))["horizon"]
    assert (horizon["last_official_day"], horizon["alarm"]) == ("2026-12-31", True)

    # When a clerk drafts it with 3 January as a make-up day, and a second person looks at what would move
    in_force = await hotline.get("escalation", "/v1/policies/calendars", "admin")
    drafted = official_2027(in_force["content"], [MAKE_UP_SUNDAY])
    await hotline.drafts("calendars", "HK-2027.1", PAPER, drafted)
    address = "/v1/policies/calendars/drafts/HK-2027.1"
    preview = await hotline.get("escalation", f"{address}/preview", "supervisor")
    foreseen = await moves_of(before, address, hotline)
    assert rendered(foreseen["completion"]["would_be_due_at"]) == "2027-01-06 17:30"
    assert rendered(foreseen["completion"]["due_at"]) == "2027-01-07 17:30"

    # Then, once published, the open ticket keeps its date, which is no longer provisional
    await hotline.publishes("calendars", "HK-2027.1", preview["preview"])
    await hotline.until(
        lambda: recomputes(hotline), lambda jobs: [each["state"] for each in jobs] == ["done"]
    )
    kept = await hotline.ticket(before)
    assert (rendered(kept["due_at"]), kept["due_provisional"]) == ("2027-01-07 17:30", False)
    assert "move_deadline" in await hotline.steps(before)

    # And a new ticket counts the Sunday
    after = await hotline.call(**NOISE, source_number="next-year-2")
    assert (rendered(after["due_at"]), after["due_provisional"]) == ("2027-01-06 17:30", False)


async def moves_of(ticket: Answer, address: str, hotline: Hotline) -> dict[str, Answer]:
    """What a draft would move of a ticket, by stage; other journeys left many that move."""
    found: dict[str, Answer] = {}
    preview: Answer = {"next": ""}
    while preview["next"] is not None:
        asked = f"{address}/preview" + (f"?cursor={preview['next']}" if preview["next"] else "")
        preview = await hotline.get("escalation", asked, "supervisor")
        found |= {each["stage"]: each for each in preview["moves"] if each["ticket"] == ticket["id"]}
    return found


async def recomputes(hotline: Hotline) -> list[Answer]:
    found: Any = await hotline.get("escalation", "/v1/policies/recomputes", "admin")
    return found  # type: ignore[no-any-return]
