"""
A ticket that bounces between two departments, decided either way, to the minute.

Of two calls about a burst pipe the hotline gives one back to the first department, the other to the second.
"""

from functools import partial

from tests.journeys.driver import Answer, Due, Hotline, rendered
from tests.journeys.test_one_call import on, rungs

BURST_PIPE = {"category": "010500", "division": "460106002000"}
WORKS, WATER = "municipal-works-longhua", "water-affairs"
GROUNDS = {"note": "不属于我单位职责", "reason": "not_our_duty", "legal_basis": "《海口市城市供水条例》"}
PROMISED: Due = {(None, "completion"): "2026-12-01 17:30"}
AGAIN = {"note": "试", "reason": "wrong_place"}


async def test_a_ticket_returned_twice_is_adjudicated_and_stays_where_it_is(hotline: Hotline) -> None:
    # Given two tickets of Tuesday morning at the works department
    hotline.stops_at(on("2026-11-24", "09:05"))
    await hotline.subscribes(WATER)
    back, on_ = [await hotline.call(**BURST_PIPE, source_number=f"pipe-{each}") for each in range(2)]
    both = [back, on_]
    for ticket in both:
        assert ticket["department"] == WORKS
        await hotline.runs(ticket, "department", clocks(WORKS, "11-24 09:35", "11-25 17:30", "12-01 17:30"))
        await hotline.runs(ticket, "citizen", PROMISED)

    # When it returns them on Wednesday, it stays their owner until that is granted
    hotline.stops_at(on("2026-11-25", "11:00"))
    for ticket in both:
        await hotline.returns(ticket, **GROUNDS, competent=WATER)
        await hotline.runs(ticket, "citizen", {**PROMISED, (None, "return_review"): "2026-11-25 17:30"})
        await hotline.runs(ticket, "department", clocks(WORKS, "11-24 09:35", "11-25 17:30", "12-01 17:30"))

    # Then the water department has a clock of its own, and the caller's runs on
    hotline.stops_at(on("2026-11-25", "15:10"))
    for ticket in both:
        taken = await hotline.decides(ticket, "grant-return", note="暂由水务办理", department=WATER)
        ticket["department"] = taken["department"]
        await hotline.runs(ticket, "department", clocks(WATER, "11-25 15:40", "11-26 17:30", "12-02 17:30"))
        await hotline.runs(ticket, "citizen", PROMISED)

    # When that department returns them too, they are disputes
    hotline.stops_at(on("2026-11-26", "09:30"))
    for ticket in both:
        assert (await hotline.returns(ticket, **GROUNDS, competent=WORKS))["status"] == "disputed"
        await hotline.runs(ticket, "citizen", {**PROMISED, (None, "adjudication"): "2026-11-27 17:30"})

    # Then the hotline decides: one goes back, with the time it had; the other stays, with the time it has
    hotline.stops_at(on("2026-11-26", "16:00"))
    await hotline.adjudicates(back, lead=WORKS, co_handlers=[{"department": WATER}], note="管网未移交")
    await hotline.adjudicates(on_, lead=WATER, note="供水设施归水务")
    signed = ("11-26 16:30", "11-27 17:30")
    await hotline.runs(back, "department", clocks(WORKS, *signed, "12-01 17:30"))
    await hotline.runs(on_, "department", clocks(WATER, *signed, "12-02 17:30"))
    helps: Due = {(WATER, "sign"): "2026-11-26 16:30", (WATER, "completion"): "2026-11-30 17:30"}
    await hotline.runs(back, "co_handling", helps)
    for ticket in both:
        await hotline.runs(ticket, "citizen", PROMISED)

    # And nobody returns them any more: that their leads wanted to is noted, and listed; who helps was told
    for ticket, who in ((back, WORKS), (back, WATER), (on_, WATER)):
        assert await hotline.refused(ticket, "return", who, **AGAIN) == (409, "adjudication_binds")
    assert await hotline.refused(on_, "return", WORKS, **AGAIN) == (404, "ticket_not_found")
    for ticket in both:
        barred = partial(listed, hotline, ticket)
        await hotline.until(barred, lambda seen: seen == [("barred_returns", 3, "2026-11-26 16:00")])
    (told,) = await hotline.told(back, "ticket.co_assigned")
    assert told.data["data"]["department"] == WATER
    assert rendered(told.data["data"]["due_at"]) == "2026-11-30 17:30"
    steps = ["register", "assign", "return", "grant_return", "assign", "dispute", "adjudicate", "assign"]
    assert await hotline.steps(on_) == [*steps, "note"]
    assert await hotline.steps(back) == [*steps, "co_assign", "note"]

    # When the promised moment has passed, the day between counts against the dispatcher
    hotline.stops_at(on("2026-12-01", "17:31"))
    assert await charged(hotline, back, on_) == ["department", "dispatcher"]
    hotline.stops_at(on("2026-12-02", "17:31"))
    assert await charged(hotline, back, on_) == ["department", "department"]

    # Then the ladder is climbed by the clock of who leads
    hotline.stops_at(on("2026-12-08", "17:31"))
    await climbs(hotline, back, WORKS, ["11-30", "12-01", "12-02", "12-04", "12-08"])
    await climbs(hotline, on_, WATER, ["12-01", "12-02", "12-03", "12-07"])


def clocks(department: str, sign: str, contact: str, completion: str) -> Due:
    """A department's clocks, as they are due in 2026."""
    due = {"sign": sign, "contact": contact, "completion": completion}
    return {(department, stage): f"2026-{each}" for stage, each in due.items()}


async def listed(hotline: Hotline, ticket: Answer) -> list[tuple[str, int, str]]:
    """The rungs a ticket has had by a count of its own."""
    return [
        (each["clock"], each["level"], rendered(each["fell_due_at"]))
        for each in await hotline.cards(ticket)
        if each["clock"] == "barred_returns"
    ]


async def charged(hotline: Hotline, *tickets: Answer) -> list[str]:
    """Against whom the callers' overdue clocks count."""
    late = await hotline.overdue(clock="citizen", stage="completion")
    against = {each["ticket"]: each["charged_to"] for each in late}
    return [against[each["id"]] for each in tickets]


async def climbs(hotline: Hotline, ticket: Answer, department: str, days: list[str]) -> None:
    """Return once the department has exactly these rungs for the completion, each at half past five."""

    async def look() -> list[str]:
        cards = rungs(await hotline.cards(ticket), "completion")
        return [
            rendered(each["fell_due_at"])
            for each in cards
            if (each["clock"], each["department"]) == ("department", department)
        ]

    await hotline.until(look, lambda seen: seen == [f"2026-{each} 17:30" for each in days])
