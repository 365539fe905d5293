"""
One call's way through the whole service, as its users meet it.

Every journey runs on the service started by `up`, and on the compose file's services over Kafka
and PostgreSQL. Journeys stand in the order of their dates: the clock only goes forward.
"""

from datetime import datetime

from standardwebhooks.webhooks import Webhook

from tests.journeys.conftest import HAIKOU
from tests.journeys.driver import Answer, Hotline

PAVEMENT_PARKING = {"category": "030200", "division": "460106003000"}
CONSTRUCTION_NOISE = {"category": "020100", "division": "460106002000"}
WHOSE_IS_IT = {"kind": "other"}
LADDER = [("催办", "yellow"), ("督办", "red"), ("领导督办", None), ("挂牌督办", None), ("效能告诫", None)]


def on(day: str, time: str) -> datetime:
    return datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=HAIKOU)


def seen(moment: str) -> str:
    """A moment of an answer as a clerk in Haikou reads it."""
    return f"{datetime.fromisoformat(moment).astimezone(HAIKOU):%Y-%m-%d %H:%M}"


def rungs(cards: list[Answer], stage: str) -> list[Answer]:
    return [each for each in cards if each["stage"] == stage]


async def test_one_request_brings_number_department_promised_date_and_reasons(hotline: Hotline) -> None:
    # Given a Saturday that is worked in place of a holiday, shortly before noon
    hotline.at(on("2026-10-10", "11:50"))

    ticket = await hotline.call(**PAVEMENT_PARKING)

    assert ticket["id"].startswith("HK20261010")
    assert ticket["status"] == "assigned"
    assert ticket["department_name"] == "海口市龙华区综合行政执法局"
    assert "0302-460106" in ticket["department_because"]
    assert seen(ticket["due_at"]) == "2026-10-16 17:30"
    assert "自2026-10-10 11:50受理起5个工作日" in ticket["due_because"]
    sign = await hotline.clock_of(ticket, "department", "sign")
    assert seen(sign["due_at"]) == "2026-10-10 14:50"  # ten minutes before lunch, twenty after


async def test_a_ticket_left_alone_gets_every_card_once_and_is_listed_as_overdue(hotline: Hotline) -> None:
    hotline.at(on("2026-10-10", "11:50"))
    ticket = await hotline.call(**PAVEMENT_PARKING)
    await hotline.clock_of(ticket, "department", "completion")

    # When it is a second before its last day ends, there is a yellow card and no red one
    hotline.at(on("2026-10-16", "17:29"))
    await hotline.until(lambda: hotline.cards(ticket), lambda cards: len(rungs(cards, "completion")) == 1)
    assert "completion" not in [each["stage"] for each in await hotline.overdue() if _is(each, ticket)]

    # When two weeks have gone by
    hotline.at(on("2026-10-26", "11:50"))
    cards = await hotline.until(
        lambda: hotline.cards(ticket), lambda cards: len(rungs(cards, "completion")) >= len(LADDER)
    )

    # Then every rung was climbed once, dated when it fell due
    assert [(each["name"], each["card"]) for each in rungs(cards, "completion")] == LADDER
    assert [seen(each["fell_due_at"]) for each in rungs(cards, "completion")] == [
        "2026-10-15 17:30",
        "2026-10-16 17:30",
        "2026-10-19 17:30",
        "2026-10-21 17:30",
        "2026-10-23 17:30",
    ]
    assert [each["card"] for each in rungs(cards, "sign")] == ["yellow", "red"]
    assert [each["card"] for each in rungs(cards, "contact")] == ["yellow", "red"]
    assert len(cards) == len(LADDER) + 4

    # And the supervisor reads how late it is, the caller's clock and the department's
    late = [each for each in await hotline.overdue(stage="completion") if _is(each, ticket)]
    assert sorted(each["clock"] for each in late) == ["citizen", "department"]
    assert {seen(each["due_at"]) for each in late} == {"2026-10-16 17:30"}
    assert {each["late_working_minutes"] for each in late} == {5 * 420 + 230}  # five days, and 08:00-11:50


async def test_the_department_is_told_handles_it_and_the_hotline_closes_it(hotline: Hotline) -> None:
    hotline.at(on("2026-11-02", "09:00"))
    await hotline.subscribes("ecology-environment-longhua")

    ticket = await hotline.call(**CONSTRUCTION_NOISE)

    # Then its system is sent the ticket, signed by the secret it was shown
    (posted,) = await hotline.told(ticket, "ticket.assigned")
    secret = hotline.secrets["ecology-environment-longhua"]
    told = Webhook(secret).verify(posted.body, posted.headers)
    assert (told["type"], told["data"]["department"]) == ("ticket.assigned", "ecology-environment-longhua")

    # When it signs within its half hour, calls the citizen, and settles the matter
    hotline.at(on("2026-11-02", "09:20"))
    await hotline.takes_step(ticket, "sign")
    await hotline.stopped(ticket, "sign")
    hotline.at(on("2026-11-02", "16:00"))
    await hotline.takes_step(ticket, "contact", "已电话联系市民。")
    await hotline.stopped(ticket, "contact")
    hotline.at(on("2026-11-04", "10:00"))
    await hotline.takes_step(ticket, "resolve", "已责令停工。")
    await hotline.stopped(ticket, "completion")
    assert (await hotline.decides(ticket, "close"))["status"] == "closed"
    await hotline.stopped(ticket, "callback")

    # Then every clock was stopped in time, the desk's too; only what archives it runs
    clocks = await hotline.deadlines(ticket)
    assert {(each["clock"], each["stage"]): each["settled_because"] for each in clocks} == {
        ("citizen", "dispatch"): "assigned",
        ("department", "sign"): "signed",
        ("department", "contact"): "contacted",
        ("department", "completion"): "resolved",
        ("citizen", "completion"): "resolved",
        ("citizen", "callback"): "closed",
        ("citizen", "archive"): None,
    }
    assert [each["late_minutes"] for each in clocks] == [0] * 7
    assert await hotline.steps(ticket) == ["register", "assign", "sign", "contact", "resolve", "close"]

    # And two weeks later nobody is reminded of it
    hotline.at(on("2026-11-18", "09:00"))
    later = await hotline.call(**CONSTRUCTION_NOISE)
    await hotline.clock_of(later, "department", "sign")
    hotline.at(on("2026-11-18", "09:31"))
    await hotline.until(lambda: hotline.cards(later), lambda cards: "red" in [each["card"] for each in cards])
    assert await hotline.cards(ticket) == []


async def test_a_call_nobody_has_jurisdiction_for_waits_at_the_desk_for_a_person(hotline: Hotline) -> None:
    hotline.at(on("2026-11-19", "09:00"))

    ticket = await hotline.call(**WHOSE_IS_IT)

    # Then it waits at the triage desk, with the reason, and has its promised date all the same
    assert (ticket["status"], ticket["department"]) == ("triage", None)
    assert seen(ticket["due_at"]) == "2026-11-26 17:30"
    waiting = (await hotline.get("router", "/v1/triage", "agent"))["items"]
    (parked,) = [each for each in waiting if each["id"] == ticket["id"]]
    assert (parked["reason"], bool(parked["because"])) == ("no_row", True)

    # When a person decides
    hotline.at(on("2026-11-19", "09:40"))
    taken = await hotline.decides(ticket, "assign", department="government-longhua", note="辖区兜底")
    assert (taken["status"], taken["department"]) == ("assigned", "government-longhua")

    # Then the desk's clock stops, the department's starts, and the caller's goes on
    sign = await hotline.clock_of(ticket, "department", "sign")
    assert seen(sign["due_at"]) == "2026-11-19 10:10"
    assert (await hotline.ticket(ticket))["department_because"] == "人工派单:辖区兜底"
    assert [each["settled_because"] for each in await _stage(hotline, ticket, "triage")] == ["assigned"]
    assert seen((await hotline.clock_of(ticket, "citizen", "completion"))["due_at"]) == "2026-11-26 17:30"


async def test_a_returned_ticket_keeps_its_citizen_clock(hotline: Hotline) -> None:
    # Given a ticket of Thursday morning, promised for the next Thursday
    hotline.at(on("2026-11-19", "10:05"))
    ticket = await hotline.call(**CONSTRUCTION_NOISE)
    first = ticket["department"]
    promised = await hotline.clock_of(ticket, "citizen", "completion")
    assert seen(promised["due_at"]) == "2026-11-26 17:30"
    await hotline.clock_of(ticket, "department", "completion")

    # When its department returns it on Friday, and that is granted in the afternoon
    hotline.at(on("2026-11-20", "11:00"))
    await hotline.returns(ticket, note="工地属市级管辖", reason="wrong_place")
    hotline.at(on("2026-11-20", "15:10"))
    await hotline.decides(ticket, "grant-return", note="同意")

    # Then another has it, with a clock of its own; the caller was promised Thursday and still is
    moved = await hotline.until(lambda: hotline.ticket(ticket), lambda now: now["status"] == "assigned")
    assert moved["department"] not in (None, first)
    await hotline.until(
        lambda: hotline.deadlines(ticket),
        lambda clocks: all(each["settled_at"] for each in clocks if each["department"] == first),
    )
    sign = await hotline.clock_of(ticket, "department", "sign")
    assert (sign["department"], seen(sign["due_at"])) == (moved["department"], "2026-11-20 15:40")
    theirs = await hotline.clock_of(ticket, "department", "completion")
    assert (theirs["department"], seen(theirs["due_at"])) == (moved["department"], "2026-11-27 17:30")
    assert await hotline.clock_of(ticket, "citizen", "completion") == promised
    assert moved["due_at"] == ticket["due_at"]
    clocks = [each for each in await hotline.deadlines(ticket) if each["clock"] == "department"]
    before = [each for each in clocks if each["department"] == first]
    assert {each["settled_because"] for each in before} == {"returned"}


def _is(deadline: Answer, ticket: Answer) -> bool:
    return bool(deadline["ticket"] == ticket["id"])


async def _stage(hotline: Hotline, ticket: Answer, stage: str) -> list[Answer]:
    return [each for each in await hotline.deadlines(ticket) if each["stage"] == stage]
