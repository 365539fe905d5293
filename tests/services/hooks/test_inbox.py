"""What came is listed, with what became of it, for the department and for who supervises it."""

from datetime import timedelta

from tests.inprocess import InProcess
from tests.services.hooks.systems import DEPARTMENT, NOISE, OTHER, System

PATH = f"/v1/hooks/{DEPARTMENT}/commands"


async def test_a_department_lists_its_own_commands_newest_first_page_by_page(
    hotline: InProcess, system: System
) -> None:
    one, two = await hotline.call(**NOISE), await hotline.call(**NOISE)
    by = {"name": "王小明", "post": "A岗"}
    orders = [
        ("sign", one, "a"),
        ("sign", two, "b"),
        ("eat", one, "c"),
        ("contact", one, "d"),
        ("sign", one, "e"),
    ]
    for command, ticket, key in orders:
        hotline.clock.time += timedelta(minutes=1)
        await system.order(command, ticket, key, by=by, occurred_at=hotline.clock.now().isoformat())
    client = await hotline.client("department", DEPARTMENT)
    listed, cursor = [], None
    while True:
        page = (await client.get(PATH, params={"limit": 2, **({"cursor": cursor} if cursor else {})})).json()
        listed += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    assert [(each["id"], each["command"], each["outcome"], each["code"]) for each in listed] == [
        ("e", "sign", "refused", "illegal_transition"),
        ("d", "contact", "applied", None),
        ("c", "eat", "refused", "unknown_command"),
        ("b", "sign", "applied", None),
        ("a", "sign", "applied", None),
    ]
    assert (listed[0]["by"], listed[0]["occurred_at"], listed[0]["ticket"]) == (
        by,
        hotline.clock.now().isoformat().replace("+00:00", "Z"),
        one["id"],
    )
    for query, ids in (
        ({"ticket": two["id"]}, ["b"]),
        ({"outcome": "refused"}, ["e", "c"]),
        ({"outcome": "stale"}, []),
    ):
        answer = await (await hotline.client("supervisor")).get(PATH, params=query)
        assert [each["id"] for each in answer.json()["items"]] == ids
    stranger = await hotline.client("department", OTHER)
    assert (await stranger.get(PATH)).status_code == 404
    assert (await client.get(PATH, params={"cursor": "x"})).json()["code"] == "bad_cursor"
