"""A version of the table is drafted, linted, simulated, published by a second person, and superseded."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from router.choose import civil_day
from router.published import PublishedTable
from tests.inprocess import InProcess
from tests.router.sheets import drafted, imported, line, published, put_in_force, shipped_with, simulated

STREET = "460106002000"
NOISE = {"category": "020100", "division": STREET}
WATER = line(id="x-noise", category="0201", division="460106002", department="water-group")


async def states(hotline: InProcess) -> dict[str, str]:
    answer = await (await hotline.client()).get("/v1/jurisdictions/versions")
    return {each["version"]: each["state"] for each in answer.json()}


async def test_a_published_draft_decides_the_next_ticket_and_the_old_one_keeps_its_version(
    hotline: InProcess,
) -> None:
    before = await hotline.call(**NOISE)
    await drafted(hotline, "HK-2", shipped_with(WATER))
    assert await states(hotline) == {"HK-2": "draft", "HK-EXAMPLE-1": "in_force"}
    assert (await hotline.call(**NOISE))["department"] == before["department"]
    await simulated(hotline, "HK-2")
    answer = await published(hotline, "HK-2")
    assert (answer.status_code, answer.json()["published_by"]) == (200, "supervisor:supervisor")
    assert await states(hotline) == {"HK-2": "in_force", "HK-EXAMPLE-1": "superseded"}
    assert (await hotline.call(**NOISE))["department"] == "water-group"
    assert (await hotline.ticket(before["id"]))["department"] == before["department"]


async def test_r6_an_old_ticket_is_explained_by_the_version_that_decided_it(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    await put_in_force(hotline, "HK-2", shipped_with(WATER))
    told = (await (await hotline.client()).get(f"/v1/tickets/{ticket['id']}/jurisdiction")).json()
    assert (told["then"]["version"], told["then"]["winners"][0]["id"]) == ("HK-EXAMPLE-1", "0201-460106")
    assert (told["now"]["version"], told["now"]["winners"][0]["id"]) == ("HK-2", "x-noise")
    assert told["then"]["beaten"][0]["because"] == "区划更具体"


async def test_a_version_for_a_later_day_takes_over_at_midnight_of_the_city(hotline: InProcess) -> None:
    await put_in_force(hotline, "HK-2", shipped_with(WATER), valid_from="2026-12-01")
    assert (await states(hotline))["HK-2"] == "scheduled"
    hotline.clock.time = datetime(2026, 11, 30, 15, 59, tzinfo=UTC)  # 23:59 in Haikou
    assert (await hotline.call(**NOISE))["department"] == "ecology-environment-longhua"
    hotline.clock.time = datetime(2026, 11, 30, 16, 0, tzinfo=UTC)
    assert (await hotline.call(**NOISE))["department"] == "water-group"
    assert await states(hotline) == {"HK-2": "in_force", "HK-EXAMPLE-1": "superseded"}


async def test_who_drafted_or_changed_it_may_not_publish_it(hotline: InProcess) -> None:
    await drafted(hotline, "HK-2", shipped_with(WATER))
    await simulated(hotline, "HK-2")
    answer = await published(hotline, "HK-2", role="admin")
    assert (answer.status_code, answer.json()["code"]) == (409, "second_person_needed")
    assert "起草人不能发布" in answer.json()["detail"]


async def test_what_changed_since_it_was_simulated_is_not_published(hotline: InProcess) -> None:
    await drafted(hotline, "HK-2", shipped_with(WATER))
    for sheet in (None, shipped_with()):
        if sheet is not None:
            await simulated(hotline, "HK-2")
            await imported(hotline, "HK-2", sheet)
        answer = await published(hotline, "HK-2")
        assert (answer.status_code, answer.json()["code"]) == (409, "not_simulated")


async def test_r1_a_faulty_table_is_not_published_and_says_what_to_mend(hotline: InProcess) -> None:
    twice = [
        line(id=each, category="0201", division="460106002", department=each)
        for each in ("water-group", "fire-rescue")
    ]
    await drafted(hotline, "HK-2", shipped_with(*twice))
    await simulated(hotline, "HK-2")
    answer = await published(hotline, "HK-2")
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "table_faulty")
    assert [(each["code"], each["rows"]) for each in problem["faults"]] == [
        ("two_leads", ["fire-rescue", "water-group"])
    ]
    assert "却有两个主办" in problem["detail"]
    assert (await states(hotline))["HK-EXAMPLE-1"] == "in_force"


async def test_a_sheet_that_cannot_be_read_changes_nothing_and_names_line_and_column(
    hotline: InProcess,
) -> None:
    await drafted(hotline, "HK-2", shipped_with(WATER))
    answer = await imported(hotline, "HK-2", shipped_with(line(id="bad", category="2", department="x y")))
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "sheet_faulty")
    last = shipped_with().count(b"\n") + 1
    assert problem["detail"].startswith(f"第{last}行“类别”列:")
    assert [(each["line"], each["column"]) for each in problem["faults"]] == [
        (last, "category"),
        (last, "department"),
    ]
    rows = await (await hotline.client()).get("/v1/jurisdictions/versions/HK-2/rows")
    assert "x-noise" in {each["id"] for each in rows.json()}


async def test_an_earlier_version_comes_back_as_a_new_one(hotline: InProcess) -> None:
    await put_in_force(hotline, "HK-2", shipped_with(WATER))
    hotline.clock.time += timedelta(minutes=1)
    answer = await drafted(hotline, "HK-3", based_on="HK-EXAMPLE-1")
    assert answer.json()["based_on"] == "HK-EXAMPLE-1"
    await simulated(hotline, "HK-3")
    assert (await published(hotline, "HK-3")).status_code == 200
    assert (await hotline.call(**NOISE))["department"] == "ecology-environment-longhua"
    assert (await states(hotline))["HK-2"] == "superseded"


async def test_a_simulation_says_what_moves_from_where_to_where(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    await hotline.call(category="010500", division=STREET)
    await drafted(hotline, "HK-2", shipped_with(WATER))
    told = (await simulated(hotline, "HK-2")).json()
    ecology = "ecology-environment-longhua"
    assert (told["tickets"], told["moved"]) == (2, 1)
    assert told["matrix"] == [{"before": ecology, "after": "water-group", "tickets": 1}]
    assert told["moves"] == [
        {"ticket": ticket["id"], "before": ecology, "after": "water-group", "row": "x-noise"}
    ]
    assert {"department": "water-group", "before": 0, "after": 1} in told["load"]
    assert (told["handled"], told["agree_before"], told["agree_after"]) == (2, 2, 1)


async def test_a_simulation_leaves_out_reports_in_confidence(hotline: InProcess) -> None:
    ruling = {"outcome": "CONFIDENTIAL_LANE", "reason": "反映公职人员"}
    await hotline.register(**NOISE, ruling=ruling)
    await drafted(hotline, "HK-2", shipped_with(WATER))
    assert (await simulated(hotline, "HK-2")).json()["tickets"] == 0


async def test_what_differs_is_told_row_by_row(hotline: InProcess) -> None:
    light = line(id="0106-4601", category="0106", department="municipal-works", note="改")
    await drafted(hotline, "HK-2", shipped_with(WATER, light, without=("0107-4601", "0106-4601")))
    found = (await (await hotline.client()).get("/v1/jurisdictions/versions/HK-2/diff")).json()
    assert [(each["kind"], each["id"]) for each in found] == [
        ("changed", "0106-4601"),
        ("removed", "0107-4601"),
        ("added", "x-noise"),
    ]
    assert found[0]["changed"]["department"] == ["water-affairs", "municipal-works"]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
async def test_what_is_handed_out_can_be_handed_in_again_and_is_the_same(
    hotline: InProcess, form: str
) -> None:
    await drafted(hotline, "HK-2")
    client = await hotline.client("admin")
    out = await client.get("/v1/jurisdictions/versions/HK-EXAMPLE-1/rows", params={"form": form})
    answer = await imported(hotline, "HK-2", out.content, out.headers["content-type"])
    assert answer.status_code == 200, answer.text
    assert (await client.get("/v1/jurisdictions/versions/HK-2/diff")).json() == []


async def test_of_two_who_publish_at_once_each_version_is_published_once_and_whole(
    hotline: InProcess,
) -> None:
    for version in ("HK-2", "HK-3"):
        await drafted(hotline, version, shipped_with(WATER))
        await simulated(hotline, version)
    answers = await asyncio.gather(*(published(hotline, each) for each in ("HK-2", "HK-2", "HK-3")))
    assert sorted(each.status_code for each in answers) == [200, 200, 404]
    rows = await hotline.rows("SELECT version FROM jurisdiction_versions ORDER BY version")
    assert [each.version for each in rows] == ["HK-2", "HK-3", "HK-EXAMPLE-1"]


async def test_the_same_key_begins_a_draft_once(hotline: InProcess) -> None:
    client = await hotline.client("admin")
    body = {"version": "HK-2", "source": "试"}
    headers = {"idempotency-key": "draft"}
    first, second = [
        await client.post("/v1/jurisdictions/drafts", json=body, headers=headers) for _ in range(2)
    ]
    third = await client.post("/v1/jurisdictions/drafts", json=body)
    assert (first.status_code, second.content) == (201, first.content)
    assert (third.status_code, third.json()["code"]) == (409, "version_taken")


@pytest.mark.parametrize("role", ["agent", "supervisor"])
async def test_only_an_admin_drafts(hotline: InProcess, role: str) -> None:
    client = await hotline.client(role)
    answer = await client.post("/v1/jurisdictions/drafts", json={"version": "HK-2", "source": "试"})
    assert answer.status_code == 403


async def test_nothing_is_published_for_a_day_that_is_past(hotline: InProcess) -> None:
    await drafted(hotline, "HK-2", shipped_with(WATER))
    await simulated(hotline, "HK-2")
    answer = await published(hotline, "HK-2", valid_from="2026-11-22")
    assert (answer.status_code, answer.json()["pointer"]) == (422, "/valid_from")


async def test_the_report_for_the_staffing_office_names_two_departments_with_one_duty(
    hotline: InProcess,
) -> None:
    more = line(id="x", category="0106", department="municipal-works", keywords="井盖")
    await drafted(hotline, "HK-2", shipped_with(more))
    client = await hotline.client()
    path = "/v1/jurisdictions/versions/HK-2/overlaps"
    (found,) = [each for each in (await client.get(path)).json() if each["first"] == "x"]
    assert found["second_department"] == "海口市水务局"
    assert found["decided_by"] == "附加条件更多"
    sheet = (await client.get(path, params={"form": "csv"})).content.decode("utf-8-sig")
    assert sheet.splitlines()[0].startswith("类别,事项,地点,条目甲,单位甲")


async def test_a_process_holds_one_version_whole_while_another_comes_in_force(hotline: InProcess) -> None:
    day = civil_day(hotline.clock.now(), hotline.resources)
    async with hotline.resources.database.transaction() as connection:
        held = await hotline.resources.part(PublishedTable).in_force(connection, day)
        await put_in_force(hotline, "HK-2", shipped_with(WATER))
        again = await hotline.resources.part(PublishedTable).in_force(connection, day)
    assert again is held
    async with hotline.resources.database.transaction() as connection:
        new = await hotline.resources.part(PublishedTable).in_force(connection, day)
    assert (held.table.version, new.table.version) == ("HK-EXAMPLE-1", "HK-2")


async def test_a_department_a_coming_version_names_does_not_end(hotline: InProcess) -> None:
    client = await hotline.client("admin")
    unit = (await client.get("/v1/departments/water-group")).json()
    new = {name: value for name, value in unit.items() if name not in ("depth", "version", "successor")}
    new |= {"code": "new-one", "name": "新设单位", "aliases": [], "credit_code": None}
    assert (await client.post("/v1/departments", json=new)).status_code == 201
    row = line(id="new-row", category="0201", division="460106002", department="new-one")
    await put_in_force(hotline, "S1", shipped_with(row), valid_from="2027-01-01")
    del new["code"]
    refused = await client.put("/v1/departments/new-one", json={**new, "valid_to": "2026-12-31"})
    assert (refused.status_code, refused.json()["jurisdiction_rows"]) == (409, ["new-row"])
