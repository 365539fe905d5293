"""A closed month is evaluated once, frozen, and told; being listed again climbs."""

import asyncio
from datetime import UTC, datetime, timedelta

from escalation.watch import look
from tests.inprocess import Answer, InProcess

NOISE = {"category": "020100", "division": "460106002000"}
DEPARTMENT = "ecology-environment-longhua"
DAY = timedelta(days=1)


async def month(hotline: InProcess, name: str) -> Answer:
    client = await hotline.client("supervisor")
    answer = await client.get(f"/v1/supervision/months/{name}")
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


def local_midnight(year: int, number: int) -> datetime:
    return datetime(year, number, 1, tzinfo=UTC) - timedelta(hours=8)


async def test_the_month_is_closed_at_its_end_in_the_city_and_not_a_second_before(
    hotline: InProcess,
) -> None:
    await hotline.call(**NOISE)  # to be completed until Monday, 30 November, 17:30
    await hotline.advance(local_midnight(2026, 12) - timedelta(seconds=1))
    client = await hotline.client("supervisor")
    assert (await client.get("/v1/supervision/months/2026-11")).status_code == 404
    await hotline.advance(local_midnight(2026, 12))
    (listed,) = (await month(hotline, "2026-11"))["findings"]
    assert (listed["department"], listed["overdue"], listed["months"]) == (DEPARTMENT, 1, 1)
    assert listed["name"] == "约谈"


async def test_what_was_completed_in_time_or_falls_due_later_is_not_counted_as_overdue(
    hotline: InProcess,
) -> None:
    ticket = await hotline.call(**NOISE)
    await hotline.step(ticket, "sign")
    await hotline.step(ticket, "contact")
    await hotline.step(ticket, "resolve", "已处理")
    await hotline.advance(datetime(2026, 11, 25, 1, tzinfo=UTC))
    await hotline.call(**NOISE)  # falls due in December
    await hotline.advance(local_midnight(2026, 12))
    november = await month(hotline, "2026-11")
    assert november["ranking"] == [{"department": DEPARTMENT, "overdue": 0, "due": 1}]
    assert november["findings"] == []


async def test_a_closed_month_stays_as_it_was_whatever_happens_later(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    await hotline.advance(local_midnight(2026, 12))
    before = await month(hotline, "2026-11")
    await hotline.step(ticket, "sign")
    await hotline.step(ticket, "contact")
    await hotline.step(ticket, "resolve", "已处理")
    await hotline.rows("UPDATE deadlines SET settled_at = started_at RETURNING id")
    await hotline.advance(local_midnight(2026, 12) + 3 * DAY)
    assert await month(hotline, "2026-11") == before


async def test_however_many_wake_and_however_often_a_month_is_told_once(hotline: InProcess) -> None:
    await hotline.call(**NOISE)
    hotline.clock.time = local_midnight(2026, 12)
    database = hotline.resources.database
    looks = [database.run(lambda each: look(each, hotline.resources)) for _ in range(8)]
    await asyncio.gather(*looks)
    told = await hotline.rows("SELECT id FROM supervision_notices WHERE kind = 'month'")
    follows = await hotline.rows("SELECT kind FROM consequences WHERE ticket_id IS NULL")
    assert (len(told), [each.kind for each in follows]) == (1, ["talk"])


async def test_three_months_in_a_row_are_a_talk_an_inspection_and_discipline(hotline: InProcess) -> None:
    steps = []
    for year, number in ((2026, 12), (2027, 1), (2027, 2)):
        hotline.clock.time = local_midnight(year, number) - 20 * DAY
        await hotline.call(**NOISE)
        await hotline.advance(local_midnight(year, number))
        client = await hotline.client("supervisor")
        newest = (await client.get("/v1/supervision/months", params={"limit": 1})).json()[0]
        steps += [(each["months"], each["name"]) for each in newest["findings"]]
    assert steps == [(1, "约谈"), (2, "督查"), (3, "移送")]
    told = await hotline.rows(
        "SELECT addressee ->> 'unit' AS unit, cc -> 0 ->> 'unit' AS copy FROM supervision_notices"
        " WHERE kind = 'month' ORDER BY created_at"
    )
    assert [each.unit for each in told] == [
        "海口市12345政务服务便民热线",
        "海口市人民政府督查室",
        "海口市纪委监委",
    ]
    assert {each.copy for each in told} == {"海口市生态环境局龙华分局"}


async def test_months_the_service_slept_through_are_evaluated_each_in_its_turn(hotline: InProcess) -> None:
    await hotline.advance(hotline.clock.time)
    await hotline.call(**NOISE)
    await hotline.advance(local_midnight(2027, 2) + DAY)
    client = await hotline.client("supervisor")
    months = (await client.get("/v1/supervision/months")).json()
    assert [each["month"] for each in months] == ["2027-01", "2026-12", "2026-11", "2026-10"]
    assert [len(each["findings"]) for each in months] == [0, 0, 1, 0]
