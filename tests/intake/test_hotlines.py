"""The registry of lines, and what binds a ticket to 110 and to sub-centres."""

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
from sqlalchemy.exc import DBAPIError

from intake.defaults import load_mapping
from intake.domain.catalogue import Catalogue
from intake.domain.hotline import Hotline, amended
from intake.domain.linkage import Handover
from intake.domain.mapping import CALL_FIELDS, HISTORY_FIELDS, fields
from intake.linkage_store import record_handover
from schemas.errors import HotlineError, NotAccepted, UnknownHotline
from schemas.hotlines import MergeMode
from schemas.linkage import Outcome, Party, ThreePartyCall
from tests.conftest import MONDAY, ROLES
from tests.inprocess import InProcess
from tests.intake.payloads import EXAMPLES

PAPER = "海府办函〔2026〕1号"
CITY_LINE = {"name": "燃气服务热线", "owner": "燃气企业", "mode": "linked", "source": PAPER}
TAX = next(each for each in EXAMPLES if each.hotline == "12366")
POLICE = next(each for each in EXAMPLES if each.hotline == "110")


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


async def test_110_hands_over_a_matter_with_its_three_party_call(hotline: InProcess) -> None:
    client = await hotline.client()
    ticket = (await client.post("/v1/calls/110", content=POLICE.raw)).json()
    await client.post("/v1/calls/110", content=POLICE.raw)
    shown = (await client.get(f"/v1/tickets/{ticket['id']}/linkage")).json()
    (call,) = shown["calls"]
    assert (call["direction"], call["partner"], call["outcome"]) == ("in", "110", "host")
    assert (call["partner_number"], call["first_received_by"]) == ("J4601002026112300088", "partner")
    assert [each["role"] for each in call["parties"]] == ["caller", "partner", "host"]
    assert call["recorded_by"] == "agent:agent"


@pytest.mark.parametrize(
    ("handover", "status", "says"),
    [
        ({"result": "共同办理"}, 201, ""),
        ({"result": "未商定", "firstReceivedBy": "12345"}, 201, ""),
        ({"result": "未商定", "firstReceivedBy": "110"}, 409, "首先接到诉求"),
        ({"result": "未商定"}, 409, "首先接到诉求"),
        ({"result": "110受理"}, 409, "交回110"),
        ({"result": "12345受理", "policeMatter": "是"}, 409, "交回110"),
        ({"result": "不知道"}, 422, ""),
        ({}, 201, ""),  # a clear case, by one-key transfer without a three-party call
        ({"result": "12345受理", "parties": [{"type": "旁听"}]}, 201, ""),
        ({"result": "12345受理", "parties": [{"type": "110", "name": "长" * 101}]}, 422, ""),
    ],
)
async def test_who_accepts_what_110_brings_follows_from_the_three_party_call(
    hotline: InProcess, handover: dict[str, Any], status: int, says: str
) -> None:
    body = {**json.loads(POLICE.raw), "handover": handover}
    answer = await (await hotline.client()).post("/v1/calls/110", json=body)
    assert answer.status_code == status, answer.text
    if status == 409:
        assert (answer.json()["code"], answer.json()["redirect"]) == ("not_accepted", "110")
        assert says in answer.json()["told"]


async def test_a_record_of_linkage_is_never_changed_and_written_once(hotline: InProcess) -> None:
    ticket = await hotline.register()
    parties = [Party(role="caller", number="13800138000"), Party(role="partner", name="110接警席")]
    handover = Handover("110", "J1", ThreePartyCall(outcome=Outcome.JOINT, parties=parties))
    for _ in range(2):
        async with hotline.resources.database.transaction() as connection:
            await record_handover(connection, ticket["id"], "out", handover, at=MONDAY, actor="agent:agent")
    for change in ("UPDATE linkage_calls SET outcome = 'host'", "DELETE FROM linkage_calls"):
        with pytest.raises(DBAPIError, match="never changed"):
            await hotline.rows(change)
    shown = (await (await hotline.client()).get(f"/v1/tickets/{ticket['id']}/linkage")).json()
    assert [each["parties"][1]["name"] for each in shown["calls"]] == ["110接警席"]


async def a_tax_ticket(hotline: InProcess, *, passed_on: bool = True) -> dict[str, Any]:
    client = await hotline.client()
    answer = await client.post("/v1/calls/12366", content=TAX.raw, headers={"content-type": TAX.content_type})
    assert answer.status_code == 201, answer.text
    if passed_on:
        await hotline.drain()
    return answer.json()  # type: ignore[no-any-return]


async def reports(
    hotline: InProcess, state: str, at: str, number: str = "SW2026112300011", line: str = "12366"
) -> httpx.Response:
    data = {"taskNo": number, "state": state, "stateTime": at, "reply": "已联系纳税人"}
    return await (await hotline.client()).post(f"/v1/calls/{line}/status", data=data)


async def test_a_sub_centre_keeps_the_matter_and_its_status_is_mirrored(hotline: InProcess) -> None:
    ticket = await a_tax_ticket(hotline)
    answer = await reports(hotline, "20", "2026-11-23 08:30:00")
    assert (answer.status_code, answer.json()["status"]) == (200, "办理中")
    assert (answer.json()["ticket"], answer.json()["handled_by"]) == (ticket["id"], "税务局")
    client = await hotline.client()
    shown = (await client.get(f"/v1/tickets/{ticket['id']}/linkage")).json()
    assert (shown["handled_by"], [each["status"] for each in shown["reports"]]) == ("税务局", ["办理中"])
    history = (await client.get(f"/v1/tickets/{ticket['id']}/history")).json()
    assert [each["step"] for each in history[-2:]] == ["note", "sign"]
    assert "办理中" in history[-2]["note"]


async def test_every_report_is_kept_as_it_came_also_one_that_only_says_more(hotline: InProcess) -> None:
    ticket = await a_tax_ticket(hotline)
    client = await hotline.client()
    data = {"taskNo": "SW2026112300011", "state": "20", "stateTime": "2026-11-23 08:30:00"}
    for reply in ("已联系", "已联系", "已上门"):
        answer = await client.post("/v1/calls/12366/status", data={**data, "reply": reply})
        assert (answer.status_code, answer.json()["note"]) == (200, reply)
    kept = await hotline.rows("SELECT * FROM subcentre_reports ORDER BY note")
    assert {each.ticket_id for each in kept} == {ticket["id"]}
    assert [each.note for each in kept] == ["已上门", "已联系"]
    assert b"taskNo=SW2026112300011" in kept[0].raw
    assert kept[0].content_type == "application/x-www-form-urlencoded"


async def test_a_report_that_comes_late_is_kept_and_changes_nothing(hotline: InProcess) -> None:
    ticket = await a_tax_ticket(hotline)
    for state, at in (("40", "2026-11-23 08:50:00"), ("20", "2026-11-23 08:30:00")):
        answer = await reports(hotline, state, at)
        assert answer.status_code == 200, answer.text
    shown = (await (await hotline.client()).get(f"/v1/tickets/{ticket['id']}/linkage")).json()
    assert [(each["status"], each["superseded"]) for each in shown["reports"]] == [
        ("办理中", True),
        ("已办结", False),
    ]


async def test_a_report_sent_again_or_a_hundred_times_at_once_is_kept_once(hotline: InProcess) -> None:
    ticket = await a_tax_ticket(hotline)
    answers = await asyncio.gather(*(reports(hotline, "20", "2026-11-23 08:30:00") for _ in range(100)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    notes = "SELECT count(*) AS n FROM ticket_history WHERE ticket_id = :id AND step = 'note'"
    assert (await hotline.rows(notes, id=ticket["id"]))[0].n == 1


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"number": "nobody"}, 404, "ticket_not_found"),
        ({"at": "2026-11-24 08:30:00"}, 422, "invalid"),
        ({"at": "soon"}, 422, "bad_mapping"),
        ({"at": ""}, 422, "invalid"),
        ({"line": "12333"}, 409, "conflict"),
        ({"line": "110"}, 409, "not_accepted"),
        ({"line": "99999"}, 422, "unknown_hotline"),
    ],
)
async def test_a_report_of_nothing_known_is_refused_and_kept(
    hotline: InProcess, change: dict[str, str], status: int, code: str
) -> None:
    await a_tax_ticket(hotline)
    answer = await reports(hotline, **{"state": "20", "at": "2026-11-23 08:30:00", **change})
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    refused = await hotline.rows("SELECT fault FROM source_calls WHERE ticket_id IS NULL")
    assert [each.fault.startswith(code) for each in refused] == [True]


async def test_a_sub_centre_without_a_mapping_reports_in_our_own_words(hotline: InProcess) -> None:
    await hotline.register(hotline="12313", source_number="YC-1", title="假烟", text="售卖假烟")
    report = {"source_number": "YC-1", "status": "已办结", "at": "2026-11-23T08:00:00+08:00"}
    answer = await (await hotline.client()).post("/v1/calls/12313/status", json=report)
    assert (answer.status_code, answer.json()["handled_by"]) == (200, "烟草专卖局")


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


async def test_what_110_hands_over_from_another_city_is_turned_away_and_kept(hotline: InProcess) -> None:
    body = json.loads(POLICE.raw)
    body["place"] = {"address": "三亚市吉阳区迎宾路"}
    answer = await (await hotline.client()).post("/v1/calls/110", json=body)
    assert (answer.status_code, answer.json()["outcome"]) == (409, "REDIRECT_OTHER_CITY")
    (kept,) = await hotline.rows("SELECT outcome, ticket_id FROM source_calls")
    assert (kept.outcome, kept.ticket_id) == ("REDIRECT_OTHER_CITY", None)
    assert await hotline.rows("SELECT id FROM linkage_calls") == []


async def handovers(hotline: InProcess, ticket: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await (await hotline.client()).get(f"/v1/tickets/{ticket['id']}/linkage")
    return answer.json()["calls"]  # type: ignore[no-any-return]


async def test_a_one_key_transfer_is_recorded_whether_at_once_or_later(hotline: InProcess) -> None:
    ruling = {"outcome": "TRANSFER_EMERGENCY", "reason": "有人落海", "redirect": "12395"}
    at_once = await hotline.register(ruling=ruling)
    later = await hotline.register(title="海上遇险")
    client = await hotline.client()
    wanted = {"to": "12395", "note": "渔船进水", "partner_number": "HS-7"}
    answer = await client.post(f"/v1/tickets/{later['id']}/transfer", json=wanted)
    assert answer.status_code == 200, answer.text
    seen = [
        (each["direction"], each["partner"], each["partner_number"], each["outcome"])
        for ticket in (at_once, later)
        for each in await handovers(hotline, ticket)
    ]
    assert seen == [("out", "12395", None, "partner"), ("out", "12395", "HS-7", "partner")]


@pytest.mark.parametrize(
    ("outcome", "first", "status"),
    [
        ("partner", "host", "transferred"),
        ("undecided", "partner", "transferred"),
        ("undecided", "host", "registered"),
        ("joint", "host", "registered"),
    ],
)
async def test_after_a_three_party_call_a_ticket_goes_or_stays_as_was_settled(
    hotline: InProcess, outcome: str, first: str, status: str
) -> None:
    ticket = await hotline.register()
    call = {
        "outcome": outcome,
        "decided_by": "值班长",
        "first_received_by": first,
        "parties": [{"role": "caller", "number": "13800138000"}, {"role": "partner", "name": "接警席"}],
    }
    wanted = {"to": "110", "note": "纠纷升级", "call": call}
    answer = await (await hotline.client()).post(f"/v1/tickets/{ticket['id']}/transfer", json=wanted)
    assert (answer.status_code, answer.json()["status"]) == (200, status)
    (kept,) = await handovers(hotline, ticket)
    assert (kept["outcome"], [each["role"] for each in kept["parties"]]) == (outcome, ["caller", "partner"])


async def test_what_a_sub_centre_reports_done_is_resolved_and_its_clocks_stop(hotline: InProcess) -> None:
    ticket = await a_tax_ticket(hotline, passed_on=False)
    early = await reports(hotline, "40", "2026-11-23 08:20:00")
    assert (early.status_code, early.json()["code"]) == (409, "conflict")
    await hotline.drain()
    assert (await reports(hotline, "20", "2026-11-23 08:30:00")).status_code == 200
    assert (await hotline.ticket(ticket["id"]))["status"] == "signed"
    assert (await reports(hotline, "40", "2026-11-23 08:50:00")).status_code == 200
    await hotline.drain()
    assert (await hotline.ticket(ticket["id"]))["status"] == "resolved"
    assert await hotline.rows("SELECT id FROM deadlines WHERE settled_at IS NULL") == []
    (assignment,) = await hotline.rows("SELECT ended_because FROM assignments")
    assert assignment.ended_because == "resolved"
    assert (await reports(hotline, "20", "2026-11-23 08:40:00")).json()["superseded"] is True
    assert (await hotline.ticket(ticket["id"]))["status"] == "resolved"
