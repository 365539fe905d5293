"""The registry of lines: their modes and versions, and what a number means on a day."""

import asyncio
import json
import re
import tomllib
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.defaults import load_mapping
from intake.domain.catalogue import Catalogue
from intake.domain.hotline import Hotline, amended
from intake.domain.mapping import CALL_FIELDS, HISTORY_FIELDS, fields
from schemas.errors import HotlineError, NotAccepted, UnknownHotline
from schemas.hotlines import MergeMode
from tests.conftest import MONDAY, ROLES
from tests.inprocess import InProcess

PAPER = "海府办函〔2026〕1号"
CITY_LINE = {"name": "燃气服务热线", "owner": "燃气企业", "mode": "linked", "source": PAPER}


async def put(hotline: InProcess, number: str, **change: Any) -> httpx.Response:
    return await (await hotline.client("admin")).put(f"/v1/hotlines/{number}", json=change)


async def line(hotline: InProcess, number: str, **query: str) -> dict[str, Any]:
    answer = await (await hotline.client()).get(f"/v1/hotlines/{number}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


def changed(shown: dict[str, Any], **to: Any) -> dict[str, Any]:
    names = ("name", "owner", "mode", "alias_of", "statutory_procedure", "valid_to")
    return {**{name: shown[name] for name in names}, "source": PAPER, **to}


async def test_every_line_is_listed_once_with_its_mode_and_whether_it_is_accepted(hotline: InProcess) -> None:
    lines = (await (await hotline.client("department", "water-affairs")).get("/v1/hotlines")).json()
    by_number = {each["number"]: each for each in lines}
    assert len(by_number) == len(lines) == 70
    assert {each["mode"] for each in lines if not each["accepted"]} == {
        "not_merged",
        "emergency",
        "confidential",
    }
    assert by_number["95598"]["accepted"]
    assert by_number["12315"]["statutory_procedure"] == "SAMR-121"
    assert (by_number["12366"]["handled_by"], by_number["12366"]["department"]) == ("税务局", "taxation")
    assert {each["number"] for each in lines if each["department"]} == {
        each["number"] for each in lines if each["mode"] == "subcentre"
    }
    assert by_number["119"]["told"].startswith("119")


async def test_12356_was_the_family_planning_line_until_2025_and_is_the_aid_line_since(
    hotline: InProcess,
) -> None:
    before = await line(hotline, "12356", on="2024-12-31")
    since = await line(hotline, "12356")
    assert (before["name"], before["alias_of"]) == ("阳光计生服务热线", "12320")
    assert (since["name"], since["alias_of"], since["valid_from"]) == ("心理援助热线", None, "2025-01-01")


async def test_a_mode_is_changed_by_a_new_version_that_carries_the_rest_over(hotline: InProcess) -> None:
    before = await line(hotline, "12319")
    answer = await put(hotline, "12319", **changed(before, mode="merged"))
    assert (answer.status_code, answer.json()["mode"], answer.json()["version"]) == (200, "merged", 2)
    assert answer.headers["etag"] == '"2"'
    others = await hotline.rows(
        "SELECT version, count(*) AS n FROM hotlines GROUP BY version ORDER BY version"
    )
    assert [(row.version, row.n) for row in others] == [(1, 71), (2, 71)]
    history = (await (await hotline.client()).get("/v1/hotlines/12319/versions")).json()
    assert [(each["version"], each["lines"][0]["mode"]) for each in history] == [
        (2, "merged"),
        (1, "parallel"),
    ]
    assert (history[0]["published_by"], history[0]["source"]) == ("admin:admin", PAPER)


async def test_the_same_change_again_publishes_nothing(hotline: InProcess) -> None:
    first = await put(hotline, "96777", **CITY_LINE)
    again = await put(hotline, "96777", **CITY_LINE)
    assert first.json() == again.json()
    assert (await hotline.rows("SELECT max(version) AS n FROM hotline_versions"))[0].n == 2


async def test_a_change_counts_for_the_next_call(hotline: InProcess) -> None:
    refused = await hotline.register()
    client = await hotline.client()
    body = {"hotline": "96777", "title": "燃气", "text": "没有燃气"}
    unknown = await client.post("/v1/tickets", json=body)
    await put(hotline, "96777", **CITY_LINE)
    taken = await client.post("/v1/tickets", json=body)
    await put(hotline, "96777", **{**CITY_LINE, "mode": "not_merged"})
    after = await client.post("/v1/tickets", json=body)
    assert refused["hotline"] == "12345"
    assert [unknown.status_code, taken.status_code, after.status_code] == [422, 201, 409]
    assert after.json()["redirect"] == "96777"


async def test_a_line_of_tomorrow_counts_from_tomorrow(hotline: InProcess) -> None:
    before = await line(hotline, "12319")
    tomorrow = (MONDAY + timedelta(days=1)).date().isoformat()
    await put(hotline, "12319", **changed(before, mode="not_merged", valid_from=tomorrow))
    client = await hotline.client()
    body = {"hotline": "12319", "title": "路灯", "text": "路灯不亮"}
    today = await client.post("/v1/tickets", json=body)
    assert (await line(hotline, "12319"))["mode"] == "parallel"
    await hotline.later(timedelta(days=1))
    then = await client.post("/v1/tickets", json=body)
    assert [today.status_code, then.status_code] == [201, 409]
    assert (await line(hotline, "12319", on="2026-11-23"))["valid_to"] == "2026-11-23"


async def test_who_read_an_older_version_overwrites_nothing(hotline: InProcess) -> None:
    client = await hotline.client("admin")
    etag = (await client.get("/v1/hotlines/12319")).headers["etag"]
    await put(hotline, "96777", **CITY_LINE)
    late = await client.put("/v1/hotlines/96778", json=CITY_LINE, headers={"if-match": etag})
    assert (late.status_code, late.json()["code"]) == (412, "stale_version")


async def test_two_who_publish_at_once_lose_nothing(hotline: InProcess) -> None:
    numbers = [str(number) for number in range(96700, 96710)]
    answers = await asyncio.gather(*(put(hotline, each, **CITY_LINE) for each in numbers))
    assert sorted(each.json()["version"] for each in answers) == list(range(2, 12))
    listed = (await (await hotline.client()).get("/v1/hotlines")).json()
    assert {each["number"] for each in listed} >= set(numbers)


@pytest.mark.parametrize(
    ("number", "change"),
    [
        ("110", {"mode": "merged"}),
        ("12345", {"mode": "merged"}),
        ("12319", {"mode": "host"}),
        ("12319", {"alias_of": "12319"}),
        ("12319", {"alias_of": "99999"}),
        ("12319", {"alias_of": "12358"}),
        ("12319", {"alias_of": "12388"}),
        ("12315", {"alias_of": "12345"}),
        ("12388", {"alias_of": "12345", "mode": "confidential"}),
        ("12319", {"valid_from": "2026-02-01", "valid_to": "2026-01-01"}),
        ("12319", {"source": ""}),
        ("12319", {"mode": "unknown"}),
        ("12366", {"mode": "subcentre"}),
        ("12366", {"mode": "subcentre", "department": "no-such-office"}),
        ("12366", {"mode": "subcentre", "department": "NOT A CODE"}),
        ("12319", {"department": "municipal-works"}),
    ],
)
async def test_what_no_city_may_decide_is_refused(
    hotline: InProcess, number: str, change: dict[str, Any]
) -> None:
    answer = await put(hotline, number, **{**CITY_LINE, "mode": "parallel", **change})
    assert answer.status_code == 422, answer.text
    assert (await hotline.rows("SELECT max(version) AS n FROM hotline_versions"))[0].n == 1


async def test_only_an_admin_publishes_a_line(hotline: InProcess) -> None:
    for role in ("agent", "supervisor"):
        answer = await (await hotline.client(role)).put("/v1/hotlines/96777", json=CITY_LINE)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_a_number_that_is_none_is_not_found_anywhere(hotline: InProcess) -> None:
    client = await hotline.client()
    for path in ("/v1/hotlines/99999", "/v1/hotlines/99999/versions", "/v1/hotlines/12356?on=1899-01-01"):
        answer = await client.get(path)
        assert (answer.status_code, answer.json()["code"]) == (422, "unknown_hotline")


DAYS = st.dates(date(2000, 1, 1), date(2030, 1, 1))
CHANGES = st.builds(
    lambda begins, lasts, owner: Hotline(
        "96777",
        "热线",
        owner,
        "own",
        valid_from=begins,
        valid_to=None if lasts is None else begins + timedelta(lasts),
    ),
    DAYS,
    st.none() | st.integers(0, 4000),
    st.sampled_from("甲乙丙"),
)


@given(changes=st.lists(CHANGES, max_size=8), day=DAYS)
def test_whatever_is_published_a_day_has_one_line_at_most(changes: list[Hotline], day: date) -> None:
    lines: list[Hotline] = []
    for change in changes:
        before = [each for each in lines if each.in_force(change.valid_from - timedelta(1))]
        lines = amended(lines, change)
        assert [each.owner for each in lines if each.in_force(change.valid_from)] == [change.owner]
        after = [each for each in lines if each.in_force(change.valid_from - timedelta(1))]
        assert [each.owner for each in before] == [each.owner for each in after]
        assert all(each.valid_to is None or each.valid_from <= each.valid_to for each in lines)
    assert len([each for each in lines if each.in_force(day)]) <= 1


def test_a_catalogue_of_a_day_knows_the_lines_of_that_day() -> None:
    lines = [
        Hotline("12356", "旧", "", "merged", alias_of="12320", valid_to=date(2024, 12, 31)),
        Hotline("12356", "新", "", "own", valid_from=date(2025, 1, 1)),
        Hotline("12320", "公共卫生", "", "parallel"),
        Hotline("96777", "将来", "", "own", valid_from=date(2027, 1, 1)),
        Hotline("110", "报警", "", "emergency"),
    ]
    catalogue = Catalogue.of(lines, {}, [], day=date(2026, 1, 1))
    assert catalogue.hotline("12356").name == "新"
    assert catalogue.hotline("12356", date(2018, 1, 1)).name == "公共卫生"
    for number, error in (("96777", UnknownHotline), ("99999", UnknownHotline), ("110", NotAccepted)):
        with pytest.raises(HotlineError) as refused:
            catalogue.hotline(number)
        assert type(refused.value) is error
    assert catalogue.admitting("110").hotline("110").name == "报警"


async def test_a_ticket_of_a_line_under_a_law_says_which(hotline: InProcess) -> None:
    ticket = await hotline.register(hotline="12333", title="欠薪", text="拖欠工资")
    client = await hotline.client()
    path = f"/v1/tickets/{ticket['id']}/linkage"
    assert (await client.get(path)).json()["statutory_procedure"] == "LABOUR-INSPECTION"
    before = await line(hotline, "12333")
    await hotline.later(timedelta(hours=1))
    await put(hotline, "12333", **changed(before, statutory_procedure=None))
    assert (await client.get(path)).json()["statutory_procedure"] == "LABOUR-INSPECTION"
    assert (await client.get("/v1/tickets/HK2026112300000101/linkage")).status_code == 404


async def test_what_ships_is_published_once_and_never_over_the_citys_own(hotline: InProcess) -> None:
    await put(hotline, "96777", **CITY_LINE)
    async with hotline.resources.database.transaction() as connection:
        for seed in (each for role in ROLES for each in role.seeds):
            await seed(connection, MONDAY)
    assert (await hotline.rows("SELECT max(version) AS n FROM hotline_versions"))[0].n == 2


async def test_lines_taken_over_by_the_migration_are_replaced_by_those_that_ship(hotline: InProcess) -> None:
    await hotline.rows("UPDATE hotline_versions SET published_by = 'migration' RETURNING version")
    async with hotline.resources.database.transaction() as connection:
        for seed in (each for role in ROLES for each in role.seeds):
            await seed(connection, MONDAY)
    assert (await hotline.rows("SELECT max(version) AS n FROM hotline_versions"))[0].n == 2


async def test_the_manual_of_mappings_shows_a_line_and_a_mapping_that_work(hotline: InProcess) -> None:
    manual = (Path(__file__).parents[2] / "docs" / "mappings.md").read_text("utf-8")
    examples = dict(re.findall(r"^```(\w+)\n(.*?)^```$", manual, re.DOTALL | re.MULTILINE))
    answer = await put(hotline, "96777", **json.loads(examples["json"]))
    assert answer.status_code == 200, answer.text
    declared = load_mapping(tomllib.loads(examples["toml"]))
    record = {"content": "停气", "type": "1", "time": "20261123093000", "secret": "是"}
    assert fields(record, declared, CALL_FIELDS) == {
        "text": "停气",
        "kind": "help",
        "occurred_at": MONDAY + timedelta(minutes=30),
        "caller.withheld": True,
    }
    named = set(re.findall(r"`(\w[\w.]*)`", manual))
    assert {name.removeprefix("caller.") for name in (*CALL_FIELDS, *HISTORY_FIELDS)} <= named
    assert {mode.value for mode in MergeMode} <= named
