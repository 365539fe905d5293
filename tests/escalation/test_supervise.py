"""A rung is climbed exactly once, whoever comes first: the timer or the answer."""

from datetime import timedelta

from tests.inprocess import Answer, InProcess

NOISE = {"category": "020100", "division": "460106002000"}


def sign_rungs(cards: list[Answer]) -> list[tuple[str, str]]:
    return [(each["name"], each["fell_due_at"]) for each in cards if each["stage"] == "sign"]


async def test_a_late_answer_the_timer_has_not_seen_coming_still_gets_its_cards(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    hotline.clock.time += timedelta(hours=1)  # nobody woke the timer
    await hotline.step(ticket, "sign")
    expected = [("催办", "2026-11-23T01:22:30Z"), ("督办", "2026-11-23T01:30:00Z")]
    assert sign_rungs(await hotline.cards(ticket["id"])) == expected
    await hotline.later(timedelta(days=1))
    assert sign_rungs(await hotline.cards(ticket["id"])) == expected


async def test_an_answer_in_time_gets_none(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    hotline.clock.time += timedelta(minutes=20)
    await hotline.step(ticket, "sign")
    await hotline.later(timedelta(days=1))
    assert sign_rungs(await hotline.cards(ticket["id"])) == []
