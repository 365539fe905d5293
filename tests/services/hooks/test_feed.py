"""A department without webhooks fetches what they would bring: all of it, in order, nothing twice."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import httpx

from schemas.events import TicketUrged, Urge
from services.feed import FeedStore
from services.purge import purge_once
from services.webhooks.announce import TYPES
from tests.inprocess import Answer, InProcess
from tests.services.hooks.systems import DEPARTMENT, NOISE, OTHER

PATH = f"/v1/departments/{DEPARTMENT}/feed"


async def fetched(client: httpx.AsyncClient, limit: int = 200, after: int = 0) -> list[Answer]:
    """Everything there is, page by page."""
    items: list[Answer] = []
    while True:
        answer = await client.get(PATH, params={"after": after, "limit": limit})
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert len(page["items"]) <= limit
        items += page["items"]
        after = page["next"]
        if not page["more"]:
            return items


def event(ticket: str) -> TicketUrged:
    return TicketUrged(ticket=ticket, time="2026-11-23T01:00:00Z", data=Urge(count=1, note=ticket))


async def test_the_feed_brings_byte_for_byte_what_a_webhook_does(hotline: InProcess) -> None:
    client = await hotline.client("department", DEPARTMENT)
    hook = {"department": DEPARTMENT, "url": "https://oa.example.gov.cn/hooks", "types": list(TYPES)}
    assert (await client.post("/v1/webhooks/endpoints", json=hook)).status_code == 201
    ticket = await hotline.call(title="工地夜间施工", **NOISE)
    await hotline.step(ticket, "sign")
    await (await hotline.client()).post(f"/v1/tickets/{ticket['id']}/urge", json={"note": "再次来电"})
    await hotline.later(timedelta(days=9))
    items = await fetched(client)
    sent = await hotline.rows("SELECT event_id, type, body FROM webhook_deliveries ORDER BY id")
    assert [(each["id"], each["type"], each["body"].encode()) for each in items] == [
        (str(row.event_id), row.type, bytes(row.body)) for row in sent
    ]
    assert {"ticket.assigned", "ticket.urged", "ticket.escalated"} <= {each["type"] for each in items}
    assert json.loads(items[0]["body"])["data"]["ticket"] == items[0]["ticket"] == ticket["id"]


async def test_a_department_without_webhooks_has_a_feed_of_its_own_and_of_nobody_else(
    hotline: InProcess,
) -> None:
    await hotline.call(**NOISE)
    own = await hotline.client("department", DEPARTMENT)
    assert [each["type"] for each in await fetched(own)] == ["ticket.assigned"]
    assert len(await fetched(await hotline.client("admin"))) == 1
    for role, department, status in (
        ("department", OTHER, 404),
        ("agent", None, 403),
        ("supervisor", None, 403),
    ):
        client = await hotline.client(role, department)
        assert (await client.get(PATH)).status_code == status


async def test_nothing_in_the_feed_says_who_called_whoever_wrote_it(hotline: InProcess) -> None:
    name = "欧阳锋云"
    ticket = await hotline.call(caller={"name": name, "phone": "13800138000", "withheld": True}, **NOISE)
    agent = await hotline.client()
    for path, said in (
        ("urge", {"note": f"{name}再次来电"}),
        ("correct", {"because": f"{name}说错了", "title": f"{name}家旁施工"}),
        ("withdraw", {"because": f"{name}撤回"}),
    ):
        answer = await agent.post(f"/v1/tickets/{ticket['id']}/{path}", json=said)
        assert answer.status_code == 200, answer.text
    await hotline.drain()
    bodies = [each["body"] for each in await fetched(await hotline.client("department", DEPARTMENT))]
    told = [json.loads(each)["type"] for each in bodies]
    assert told == ["ticket.assigned", "ticket.urged", "ticket.corrected", "ticket.withdrawn"]
    assert json.loads(bodies[1])["data"]["note"] == "[姓名]再次来电"
    assert [each for each in bodies if name in each] == []


async def test_nor_does_it_say_whom_the_caller_was_taken_for_before(hotline: InProcess) -> None:
    former, name = "欧阳锋云", "Smith"
    caller = {"phone": "13800138000", "withheld": True}
    ticket = await hotline.call(caller={"name": former, **caller}, text=f"{former}家旁施工", **NOISE)
    agent = await hotline.client()
    for path, said in (
        ("correct", {"because": f"不是{former}", "caller": {"name": name, **caller}}),
        ("urge", {"note": f"{former}再次来电"}),
        ("urge", {"note": "smith"}),
    ):
        answer = await agent.post(f"/v1/tickets/{ticket['id']}/{path}", json=said)
        assert answer.status_code == 200, answer.text
    await hotline.drain()
    own = await hotline.client("department", DEPARTMENT)
    bodies = [each["body"] for each in await fetched(own)]
    notes = [json.loads(each)["data"].get("note") for each in bodies]
    assert notes == [None, None, "[姓名]再次来电", "[姓名]"]
    read = [await own.get(f"/v1/tickets/{ticket['id']}{path}") for path in ("", "/history", "/timeline")]
    bodies += [each.text for each in read]
    assert "不是[姓名]" in bodies[-1]
    assert [each for each in bodies if former in each or name.lower() in each.lower()] == []
    assert former in (await agent.get(f"/v1/tickets/{ticket['id']}/history")).text


async def test_pages_join_without_a_gap_and_go_on_where_they_ended(hotline: InProcess) -> None:
    tickets = [(await hotline.register(**NOISE))["id"] for _ in range(5)]
    await hotline.drain()
    client = await hotline.client("department", DEPARTMENT)
    items = await fetched(client, limit=2)
    assert [each["number"] for each in items] == [1, 2, 3, 4, 5]
    assert sorted(each["ticket"] for each in items) == sorted(tickets)
    assert await fetched(client, after=5) == []
    more = await hotline.call(**NOISE)
    assert [(each["number"], each["ticket"]) for each in await fetched(client, after=5)] == [(6, more["id"])]
    assert await fetched(client, limit=3) == items + await fetched(client, after=5)


async def test_an_event_that_commits_after_one_with_a_higher_id_is_not_stepped_over(
    hotline: InProcess,
) -> None:
    database, now = hotline.resources.database, hotline.clock.now()
    client = await hotline.client("department", DEPARTMENT)
    async with database.transaction() as slow:
        await FeedStore(slow).add(event("early"), [DEPARTMENT], b"1", now)
        async with database.transaction() as quick:
            await FeedStore(quick).add(event("late"), [DEPARTMENT], b"2", now)
        assert [(each["number"], each["ticket"]) for each in await fetched(client)] == [(1, "late")]
    assert [(each["number"], each["ticket"]) for each in await fetched(client, after=1)] == [(2, "early")]
    ids = await hotline.rows("SELECT ticket_id FROM department_feed ORDER BY id")
    assert [row.ticket_id for row in ids] == ["early", "late"], "the ids were out of order"


async def test_many_who_read_at_once_read_the_same(hotline: InProcess) -> None:
    database, now = hotline.resources.database, hotline.clock.now()
    client = await hotline.client("department", DEPARTMENT)

    async def write(part: int) -> None:
        for at in range(5):
            async with database.transaction() as connection:
                await FeedStore(connection).add(event(f"{part}-{at}"), [OTHER, DEPARTMENT], b"x", now)

    async with asyncio.TaskGroup() as group:
        readers = [group.create_task(fetched(client, limit=each)) for each in (2, 3)]
        for part in range(4):
            group.create_task(write(part))
    everything = await fetched(client, limit=7)
    assert [each["number"] for each in everything] == list(range(1, 21))
    for reader in readers:
        assert reader.result() == everything[: len(reader.result())]
    for part in range(4):
        assert [each["ticket"] for each in everything if each["ticket"].startswith(f"{part}-")] == [
            f"{part}-{at}" for at in range(5)
        ], "one writer's events keep their order"


async def test_an_event_handled_again_is_in_the_feed_once(hotline: InProcess) -> None:
    same, now = event("one"), hotline.clock.now()
    for _ in range(2):
        async with hotline.resources.database.transaction() as connection:
            await FeedStore(connection).add(same, [DEPARTMENT, DEPARTMENT], b"1", now)
    assert len(await fetched(await hotline.client("department", DEPARTMENT))) == 1


async def test_a_cursor_the_feed_has_not_come_to_is_refused_as_it_would_step_over_some(
    hotline: InProcess,
) -> None:
    await hotline.call(**NOISE)
    client = await hotline.client("department", DEPARTMENT)
    answer = await client.get(PATH, params={"after": 1})
    assert (answer.status_code, answer.json()["code"], answer.json()["last"]) == (422, "bad_cursor", 0)
    for bad in ("after=-1", "after=x", f"after={2**63}", "limit=0", "limit=201"):
        assert (await client.get(f"{PATH}?{bad}")).status_code == 422, bad
    assert len(await fetched(client)) == 1


async def test_what_is_cleared_away_takes_no_number_with_it(hotline: InProcess) -> None:
    await hotline.call(**NOISE)
    client = await hotline.client("department", DEPARTMENT)
    before: dict[str, Any] = (await client.get(PATH)).json()
    assert before["kept_since_at"] == (hotline.clock.now() - timedelta(days=90)).isoformat().replace(
        "+00:00", "Z"
    )
    hotline.clock.time += timedelta(days=91)
    await purge_once(hotline.resources)
    late = (await client.get(PATH)).json()
    assert (late["items"], late["missing"], late["next"]) == ([], 1, 1)
    assert (await client.get(PATH, params={"after": 1})).json()["missing"] == 0
    async with hotline.resources.database.transaction() as connection:
        await FeedStore(connection).add(event("next"), [DEPARTMENT], b"1", hotline.clock.now())
    assert [each["number"] for each in await fetched(client, after=1)] == [2]


async def test_who_comes_too_late_is_told_how_many_are_missing_also_of_those_nobody_has_read(
    hotline: InProcess,
) -> None:
    client = await hotline.client("department", DEPARTMENT)

    async def told(*tickets: str, department: str = DEPARTMENT) -> None:
        for each in tickets:
            async with hotline.resources.database.transaction() as connection:
                store = FeedStore(connection)
                await store.add(event(each), [department], b"1", hotline.clock.now())

    async def page(after: int, limit: int = 200) -> tuple[list[int], int, int, bool]:
        answer = (await client.get(PATH, params={"after": after, "limit": limit})).json()
        numbers = [each["number"] for each in answer["items"]]
        return numbers, answer["missing"], answer["next"], answer["more"]

    await told("read")
    assert await page(0) == ([1], 0, 1, False)
    await told("unread 1", "unread 2", "unread 3")
    await told("another's", department=OTHER)
    hotline.clock.time += timedelta(days=91)
    await told("kept 1", "kept 2")
    while await purge_once(hotline.resources, batch=2):
        pass
    assert await page(1, limit=1) == ([5], 3, 5, True)
    assert await page(1) == ([5, 6], 3, 6, False)
    assert await page(0) == ([5, 6], 4, 6, False)
    assert await page(5) == ([6], 0, 6, False)
    assert await page(6) == ([], 0, 6, False)


async def test_who_has_never_read_is_told_how_many_are_missing(hotline: InProcess) -> None:
    async with hotline.resources.database.transaction() as connection:
        for each in ("first", "second"):
            await FeedStore(connection).add(event(each), [DEPARTMENT], b"1", hotline.clock.now())
    hotline.clock.time += timedelta(days=91)
    await purge_once(hotline.resources)
    page = (await (await hotline.client("department", DEPARTMENT)).get(PATH)).json()
    assert (page["items"], page["missing"], page["next"]) == ([], 2, 2)


async def test_who_reads_while_it_is_cleared_misses_nothing_untold(hotline: InProcess) -> None:
    client = await hotline.client("department", DEPARTMENT)
    async with hotline.resources.database.transaction() as connection:
        for each in range(60):
            await FeedStore(connection).add(event(f"{each}"), [DEPARTMENT, OTHER], b"1", hotline.clock.now())
    hotline.clock.time += timedelta(days=91)

    async def read(limit: int) -> tuple[int, int]:
        after, seen, missing = 0, 0, 0
        while True:
            page = (await client.get(PATH, params={"after": after, "limit": limit})).json()
            seen, missing, after = seen + len(page["items"]), missing + page["missing"], page["next"]
            if not page["more"] and seen + missing == 60:
                return seen, missing

    async def clear() -> None:
        while await purge_once(hotline.resources, batch=7):
            pass

    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        readers = [group.create_task(read(each)) for each in (2, 3)]
        group.create_task(clear())
    for reader in readers:
        assert sum(reader.result()) == 60
