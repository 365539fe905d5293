"""What follows from a rung has a state: who explains until when, and what stands in the day's bulletin."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.inprocess import Answer, InProcess

NOISE = {"category": "020100", "division": "460106002000"}
DEPARTMENT = "ecology-environment-longhua"
PATH = "/v1/supervision/consequences"


async def listed(
    hotline: InProcess, role: str = "supervisor", department: str | None = None, **asked: Any
) -> list[Answer]:
    answer = await (await hotline.client(role, department)).get(PATH, params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]  # type: ignore[no-any-return]


async def settle(
    hotline: InProcess, each: Answer, role: str, department: str | None = None, **said: str
) -> Answer:
    client = await hotline.client(role, department)
    answer = await client.post(f"{PATH}/{each['id']}/settle", json={"note": "已说明", **said})
    return {"http": answer.status_code, **answer.json()}


async def test_a_red_card_asks_for_an_explanation_within_one_working_day_of_being_told(
    hotline: InProcess,
) -> None:
    await hotline.call(**NOISE)
    await hotline.later(timedelta(minutes=35))
    (asked,) = await listed(hotline, "department", DEPARTMENT, state="open")
    assert (asked["kind"], asked["name"], asked["level"]) == ("explanation", "书面说明", 1)
    assert asked["due_at"] == "2026-11-24T09:30:00Z"  # Tuesday, as business closes
    assert not asked["late"]
    assert (await settle(hotline, asked, "department", "water-group"))["http"] == 404
    done = await settle(hotline, asked, "department", DEPARTMENT, note="系统故障,已派人签收")
    assert (done["state"], done["settled_by"]) == ("done", f"department:{DEPARTMENT}")
    assert (await settle(hotline, asked, "department", DEPARTMENT))["http"] == 409


async def test_an_explanation_that_is_not_given_in_time_is_late(hotline: InProcess) -> None:
    await hotline.call(**NOISE)
    await hotline.later(timedelta(minutes=35))
    hotline.clock.time = datetime(2026, 11, 24, 9, 30, 1, tzinfo=UTC)
    (asked,) = await listed(hotline, kind="explanation", state="open")
    assert asked["late"]


async def test_the_whole_ladder_leaves_each_of_its_consequences_and_supervisors_settle_them(
    hotline: InProcess,
) -> None:
    ticket = await hotline.call(**NOISE)
    await hotline.step(ticket, "sign")
    await hotline.step(ticket, "contact")
    await hotline.advance(datetime(2026, 12, 8, 1, tzinfo=UTC))
    found = await listed(hotline, ticket=ticket["id"])
    assert sorted((each["dated_at"], each["kind"]) for each in found) == [
        ("2026-11-30T09:30:00Z", "explanation"),
        ("2026-12-01T09:30:00Z", "bulletin"),
        ("2026-12-03T09:30:00Z", "listing"),
        ("2026-12-03T09:30:00Z", "raising"),
        ("2026-12-07T09:30:00Z", "admonition"),
    ]
    by_kind = {each["kind"]: each for each in found}
    forbidden = await settle(hotline, by_kind["admonition"], "department", DEPARTMENT)
    assert (forbidden["http"], forbidden["code"]) == (403, "forbidden")
    dropped = await settle(hotline, by_kind["raising"], "supervisor", state="dropped", note="仍由原单位办")
    assert (dropped["state"], dropped["note"]) == ("dropped", "仍由原单位办")
    assert await listed(hotline, "department", "water-group") == []


async def test_the_bulletin_of_a_day_lists_what_fell_due_on_it_by_the_citys_calendar(
    hotline: InProcess,
) -> None:
    ticket = await hotline.call(**NOISE)
    await hotline.advance(datetime(2026, 12, 2, 1, tzinfo=UTC))
    client = await hotline.client("supervisor")

    async def bulletin(**asked: str) -> list[str]:
        answer = await client.get("/v1/supervision/bulletin", params=asked)
        assert answer.status_code == 200, answer.text
        return [each["ticket"] for each in answer.json()["items"]]

    assert await bulletin(on="2026-12-01") == [ticket["id"]]
    assert await bulletin(on="2026-11-30") == await bulletin(on="2026-12-02") == await bulletin() == []
    assert (await client.get("/v1/supervision/bulletin", params={"on": "2026-02-30"})).status_code == 422
    for never in ("0001-01-01", "9999-12-31"):
        assert (await client.get("/v1/supervision/bulletin", params={"on": never})).status_code == 422
