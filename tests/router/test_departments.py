"""Departments: a tree that cannot be made wrong, people, promises, and a sheet in and out."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.inprocess import Answer, InProcess

NEW: dict[str, Any] = {
    "code": "village-binlian",
    "name": "海口市龙华区滨濂居委会",
    "level": "village",
    "division": "460106002001",
    "parent": "street-binhai",
    "valid_from": "2026-01-01",
}
WATER = "/v1/departments/water-group"


async def admin(hotline: InProcess) -> httpx.AsyncClient:
    return await hotline.client("admin")


async def put(hotline: InProcess, path: str, body: Any, **headers: str) -> Answer:
    answer = await (await admin(hotline)).put(path, json=body, headers=headers)
    return {"http": answer.status_code, **answer.json()}


async def read(hotline: InProcess, path: str) -> Any:
    return (await (await admin(hotline)).get(path)).json()


def body_of(department: Answer, **changes: Any) -> Answer:
    own = {
        name: department[name] for name in department if name not in ("code", "depth", "successor", "version")
    }
    return {**own, **changes}


async def test_a_department_is_made_read_changed_and_what_was_is_kept(hotline: InProcess) -> None:
    client = await admin(hotline)
    made = await client.post("/v1/departments", json=NEW)
    assert (made.status_code, made.headers["etag"], made.json()["depth"]) == (201, '"1"', 2)
    path = made.headers["location"]
    changed = await put(hotline, path, body_of(made.json(), aliases=["滨濂社区"]), **{"if-match": '"1"'})
    assert (changed["http"], changed["version"], changed["aliases"]) == (200, 2, ["滨濂社区"])
    stale = await put(hotline, path, body_of(made.json()), **{"if-match": '"1"'})
    assert (stale["http"], stale["code"]) == (412, "stale_version")
    history = await read(hotline, f"{path}/changes")
    assert [each["version"] for each in history] == [2, 1]
    assert history[0]["changed"] == {"aliases": [[], ["滨濂社区"]]}
    assert history[0]["by"] == "admin:admin"


async def test_the_list_is_a_tree_with_those_below_each_right_after_it(hotline: InProcess) -> None:
    await (await admin(hotline)).post("/v1/departments", json=NEW)
    found = await read(hotline, "/v1/departments?under=government-longhua")
    assert found[0]["code"] == "government-longhua"
    codes = [each["code"] for each in found]
    assert codes[codes.index("street-binhai") + 1] == NEW["code"]
    assert {each["depth"] for each in found} == {0, 1, 2}
    assert len(await read(hotline, "/v1/departments")) == 141
    assert len(await read(hotline, "/v1/departments?on=2025-12-31")) == 140


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"level": "township"}, "/level"),
        ({"division": "469999999999"}, "/division"),
        ({"parent": "street-datong"}, "/parent"),
        ({"parent": "no-such-unit"}, "/parent"),
        ({"credit_code": "91350100M000100Y44"}, "/credit_code"),
        ({"name": "海口市公安局"}, "/name"),
    ],
)
async def test_a_department_that_fits_nowhere_is_refused_with_its_field(
    hotline: InProcess, changes: Answer, pointer: str
) -> None:
    answer = await (await admin(hotline)).post("/v1/departments", json={**NEW, **changes})
    assert (answer.status_code, answer.json()["pointer"]) == (422, pointer)
    taken = await (await admin(hotline)).post("/v1/departments", json={**NEW, "code": "water-group"})
    assert taken.status_code == 409


async def test_a_change_that_would_misplace_those_below_is_refused(hotline: InProcess) -> None:
    unit = await read(hotline, "/v1/departments/government-longhua")
    moved = await put(hotline, "/v1/departments/government-longhua", body_of(unit, division="460107000000"))
    assert (moved["http"], moved["code"]) == (422, "invalid")
    assert "agriculture-longhua: 行政区划460106000000不在上级单位" in moved["detail"]


async def test_of_two_changes_that_would_close_a_circle_one_is_refused(hotline: InProcess) -> None:
    police, traffic = [await read(hotline, f"/v1/departments/{each}") for each in ("justice", "commerce")]
    both = await asyncio.gather(
        put(hotline, "/v1/departments/justice", body_of(police, parent="commerce")),
        put(hotline, "/v1/departments/commerce", body_of(traffic, parent="justice")),
    )
    assert sorted(each["http"] for each in both) == [200, 422]


async def test_a_department_still_needed_does_not_end_without_a_successor(hotline: InProcess) -> None:
    ticket = await hotline.call(category="020100", division="460106002000")
    path = "/v1/departments/ecology-environment-longhua"
    unit = await read(hotline, path)
    ending = body_of(unit, valid_to="2026-12-31")
    refused = await put(hotline, path, ending)
    assert (refused["http"], refused["code"]) == (409, "department_in_use")
    assert (refused["open_tickets"], refused["tickets"]) == (1, [ticket["id"]])
    assert "0201-460106" in refused["jurisdiction_rows"]
    idle = await read(hotline, "/v1/departments/street-datong")
    ended = await put(hotline, "/v1/departments/street-datong", body_of(idle, valid_to="2026-12-31"))
    assert (ended["http"], ended["valid_to"]) == (200, "2026-12-31")


async def test_who_is_on_follows_posts_absence_and_roster(hotline: InProcess) -> None:
    people = {
        "a": {"name": "张三", "phone": "66110000"},
        "b": {"name": "李四"},
        "absences": [
            {"starts_at": "2026-11-24T00:00:00Z", "ends_at": "2026-11-25T00:00:00Z", "because": "病假"}
        ],
        "shifts": [{"name": "王五", "starts_at": "2026-11-23T10:00:00Z", "ends_at": "2026-11-24T00:30:00Z"}],
    }
    put_it = await put(hotline, f"{WATER}/people", people)
    assert put_it["http"] == 200
    for asked, who in [
        ("", "张三"),
        ("?signed=false", "李四"),
        ("?at=2026-11-23T12:00:00Z", "王五"),
        ("?at=2026-11-24T01:00:00Z", "李四"),
    ]:
        assert (await read(hotline, f"{WATER}/on-duty{asked}"))["name"] == who, asked
    stranger = await hotline.client("department", "traffic-police")
    assert (await stranger.get(f"{WATER}/people")).status_code == 404
    own = await hotline.client("department", "water-group")
    assert (await own.get(f"{WATER}/people")).json()["a"]["phone"] == "66110000"
    assert (await read(hotline, "/v1/departments/bus-group/on-duty"))["role"] is None


async def test_a_newer_commitment_ends_the_one_before_it(hotline: InProcess) -> None:
    client = await admin(hotline)
    promise = {
        "category": "05",
        "kind": "complaint",
        "amount": 3,
        "unit": "working_days",
        "valid_from": "2026-06-01",
        "source": "《供水服务承诺》",
    }
    for change in ({}, {"amount": 2, "valid_from": "2027-01-01"}):
        answer = await client.post(f"{WATER}/commitments", json={**promise, **change})
        assert answer.status_code == 201, answer.text
    newest, first = await read(hotline, f"{WATER}/commitments")
    assert (newest["version"], newest["amount"], newest["valid_to"]) == (2, 2, None)
    assert (first["version"], first["amount"], first["valid_to"]) == (1, 3, "2026-12-31")


async def test_a_sheet_comes_in_whole_or_with_every_fault_and_its_line(hotline: InProcess) -> None:
    client = await admin(hotline)
    header = "code,name,level,division,parent,credit_code,enterprise,aliases,valid_from,valid_to\n"
    bad = header + (
        "unit-one,单位一,city,460100000000,,,,,2026-01-01,\n"
        "unit-two,单位二,city,460106000000,,,,,2026-01-01,\n"
        "unit-three,单位三,city,460100000000,,91350100M000100Y44,,,昨天,\n"
    )
    refused = await client.post("/v1/departments:import", content=bad.encode())
    assert refused.status_code == 422
    assert [each["pointer"] for each in refused.json()["errors"]] == ["line:3:level", "line:4:valid_from"]
    assert refused.json()["errors"][0]["detail"].startswith("第3行 level: 层级city")
    assert len(await read(hotline, "/v1/departments")) == 140

    good = bad.splitlines(keepends=True)[0] + bad.splitlines(keepends=True)[1]
    for wanted in (
        {"created": 1, "changed": 0, "unchanged": 0},
        {"created": 0, "changed": 0, "unchanged": 1},
    ):
        assert (await client.post("/v1/departments:import", content=good.encode())).json() == wanted
    checked = await client.post(
        "/v1/departments:import?dry_run=true", content=good.replace("单位一", "单位甲").encode("gb18030")
    )
    assert checked.json() == {"created": 0, "changed": 1, "unchanged": 0}
    assert (await read(hotline, "/v1/departments/unit-one"))["name"] == "单位一"


async def test_what_is_handed_out_as_a_sheet_changes_nothing_when_it_comes_back(hotline: InProcess) -> None:
    client = await admin(hotline)
    sheet = await client.get("/v1/departments:export")
    assert sheet.headers["content-type"].startswith("text/csv")
    back = await client.post("/v1/departments:import", content=sheet.content)
    assert back.json() == {"created": 0, "changed": 0, "unchanged": 140}


@pytest.mark.parametrize("role", ["agent", "supervisor"])
async def test_only_an_admin_changes_departments(hotline: InProcess, role: str) -> None:
    client = await hotline.client(role)
    assert (await client.post("/v1/departments", json=NEW)).status_code == 403
    assert (await client.put(WATER, json={})).status_code == 403
    assert (await client.post(f"{WATER}/merge-into/bus-group", json={})).status_code == 403
