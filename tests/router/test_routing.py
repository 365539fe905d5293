"""What the table says beside a lead: the district, co-handlers, areas, words; and a row that fails."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from router.domain.exclusion import below
from router.domain.skew import skewed
from router.inquire import inquiry_of
from schemas.events import Assignment
from services.tickets import TicketStore, case_of
from tests.conftest import MONDAY, ROLES
from tests.inprocess import Answer, InProcess
from tests.router.sheets import line, put_in_force, shipped_with

STREET = "460106002000"
PARKING = {"category": "030100", "division": STREET}


async def told(hotline: InProcess, ticket: Answer) -> dict[str, Any]:
    """What the event of the last assignment says."""
    rows = await hotline.rows(
        "SELECT body FROM outbox WHERE key = :id AND headers->>'ce_type' = 'ticket.assigned' ORDER BY id",
        id=ticket["id"],
    )
    return Assignment.model_validate_json(rows[-1].body).model_dump()


async def decision(hotline: InProcess, ticket: Answer) -> dict[str, Any]:
    query = "SELECT decision FROM assignments WHERE ticket_id = :id ORDER BY assigned_at DESC LIMIT 1"
    (row,) = await hotline.rows(query, id=ticket["id"])
    return row.decision  # type: ignore[no-any-return]


async def test_s2_the_words_of_a_call_decide_where_the_category_must_not(hotline: InProcess) -> None:
    road = await hotline.call(**PARKING, text="有车停在路边。")
    pavement = await hotline.call(**PARKING, text="有车停在人行道上,行人走不过去。")
    compound = await hotline.call(**PARKING, attributes={"parking_place": "compound"})
    assert [each["department"] for each in (road, pavement, compound)] == [
        "traffic-police",
        "urban-management-longhua",
        "housing-construction-longhua",
    ]
    assert "提到人行道" in pavement["department_because"]
    assert compound["attributes"] == {"parking_place": "compound"}


async def test_s2_the_preview_says_the_same_and_stores_nothing(hotline: InProcess) -> None:
    call = {**PARKING, "title": "违停", "text": "有车停在人行道上。"}
    answer = await (await hotline.client()).post("/v1/preview", json=call)
    assert answer.json()["department"]["department"] == "urban-management-longhua"
    assert await hotline.rows("SELECT id FROM tickets") == []


async def test_s3_wages_go_to_the_place_of_work_with_a_co_handler(hotline: InProcess) -> None:
    ticket = await hotline.call(
        category="060100",
        division="460107002000",
        title="工地欠薪",
        text="工地拖欠32名工人工资。",
        places={"work": {"address": "美兰区灵山镇某工地"}},
    )
    assert ticket["department"] == "human-resources-meilan"
    assert ticket["places"]["work"]["division"] == "460108101000"
    event = await told(hotline, ticket)
    assert event["co_handlers"] == ["housing-construction-meilan"]
    assert event["statutory_procedure"] == "劳动保障监察"
    assert event["matter"]["places"] == {"work": "460108101000"}
    kept = await decision(hotline, ticket)
    assert kept["co_handlers"] == ["housing-construction-meilan"]
    assert kept["inputs"]["places"] == {"work": "460108101000"}


async def test_a_place_that_is_none_of_the_citys_is_refused_where_it_stands(hotline: InProcess) -> None:
    body = {"title": "x", "text": "y", "places": {"work": {"division": "110101000000"}}}
    answer = await (await hotline.client()).post("/v1/tickets", json=body)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "unknown_division")
    assert problem["pointer"] == "/places/work/division"


async def test_an_address_with_a_withheld_callers_household_is_not_shown_to_a_department(
    hotline: InProcess,
) -> None:
    ticket = await hotline.call(
        **PARKING,
        places={"household": {"address": "龙华区滨海街道某小区"}},
        caller={"name": "王女士", "phone": "13800138000", "withheld": True},
    )
    client = await hotline.client("department", ticket["department"])
    seen = (await client.get(f"/v1/tickets/{ticket['id']}")).json()
    assert seen["places"]["household"] is None


async def test_a_point_within_the_outline_of_an_area_meets_its_row(hotline: InProcess) -> None:
    inside = {"longitude": 110.15, "latitude": 20.05}
    ticket = await hotline.call(category="030500", division="460105000000", **inside)
    kept = await decision(hotline, ticket)
    assert kept["winners"][0]["id"] == "0305-xinhai-port"
    assert "新海港区" in ticket["department_because"]
    assert (await told(hotline, ticket))["co_handlers"] == ["port-group"]


async def test_a_dispatch_to_a_street_is_copied_to_its_district(hotline: InProcess) -> None:
    street = next(
        each["code"]
        for each in (await (await hotline.client()).get("/v1/departments")).json()
        if each["division"] == STREET and each["level"] == "township"
    )
    more = line(id="x", category="0101", division="460106002", department=street)
    await put_in_force(hotline, "HK-2", shipped_with(more))
    ticket = await hotline.call(category="010100", division=STREET)
    assert ticket["department"] == street
    assert (await told(hotline, ticket))["cc"] == ["government-longhua"]


async def test_what_goes_through_the_district_is_its_to_hand_on(hotline: InProcess) -> None:
    more = line(
        id="x", category="0101", division="460106002", department="sanitation-longhua", mode="via_district"
    )
    await put_in_force(hotline, "HK-2", shipped_with(more))
    ticket = await hotline.call(category="010100", division=STREET)
    assert ticket["department"] == "government-longhua"
    assert ticket["department_because"].endswith(
        "经海口市龙华区人民政府转海口市龙华区环境卫生管理局办理"
    ) or ("经海口市龙华区人民政府转" in ticket["department_because"])


async def test_nobody_elses_matter_in_a_known_district_is_its_governments_and_says_so(
    hotline: InProcess,
) -> None:
    ticket = await hotline.call(division=STREET)
    assert ticket["department"] == "government-longhua"
    assert "兜底" in ticket["department_because"]
    assert (await told(hotline, ticket))["fallback"] is True
    assert (await decision(hotline, ticket))["fallback"] is True


async def failed_rows(hotline: InProcess) -> Any:
    answer = await (await hotline.client("supervisor")).get("/v1/supervision/routing-alarms")
    return answer.json()["failed_rows"]


async def test_a_failed_row_is_an_alarm_in_every_process_for_a_day_after_the_last_ticket_it_failed(
    hotline: InProcess, database_url: str
) -> None:
    await hotline.rows("UPDATE jurisdictions SET hours = 'nonsense' WHERE id = '0201-460106' RETURNING id")
    for _ in range(2):
        await hotline.call(category="020100", division=STREET)
    shown = [{"version": "HK-EXAMPLE-1", "row": "0201-460106", "tickets": 2}]
    async with InProcess.opened(database_url, ROLES, MONDAY) as other:
        assert await failed_rows(other) == await failed_rows(hotline) == shown
    await hotline.later(timedelta(days=1, seconds=1))
    assert await failed_rows(hotline) == []


async def test_r1_a_row_that_fails_sends_the_ticket_to_a_person_with_an_alarm(hotline: InProcess) -> None:
    await hotline.rows("UPDATE jurisdictions SET hours = 'nonsense' WHERE id = '0201-460106' RETURNING id")
    ticket = await hotline.call(category="020100", division=STREET)
    (parked,) = (await (await hotline.client()).get("/v1/triage")).json()["items"]
    assert (ticket["status"], parked["reason"]) == ("triage", "rule_failed")
    assert "第0201-460106条无法执行" in ticket["department_because"]
    assert await failed_rows(hotline) == [{"version": "HK-EXAMPLE-1", "row": "0201-460106", "tickets": 1}]
    other = await hotline.call(category="020100", division="460105001000")
    assert other["department"] == "ecology-environment-xiuying"
    query = {"category": "020100", "division": STREET}
    asked = await (await hotline.client()).get("/v1/jurisdictions/explain", params=query)
    assert asked.status_code == 200
    assert "第0201-460106条无法执行" in asked.json()["because"]


async def test_r4_a_corrected_category_is_routed_again_with_a_decision_of_its_own(hotline: InProcess) -> None:
    ticket = await hotline.call(**PARKING)
    await correct(hotline, ticket, category="030200")
    rows = await hotline.rows("SELECT decision FROM assignments ORDER BY assigned_at, ended_at NULLS LAST")
    assert [row.decision["category"] for row in rows] == ["030100", "030200"]


@pytest.mark.parametrize(
    "changes",
    [
        {"attributes": {"parking_place": "pavement"}},
        {"text": "车停在人行道上。"},
    ],
)
async def test_a_correction_of_what_a_row_goes_by_moves_the_ticket(
    hotline: InProcess, changes: dict[str, Any]
) -> None:
    ticket = await hotline.call(**PARKING)
    assert (await correct(hotline, ticket, **changes))["department"] == "urban-management-longhua"


async def test_a_correction_of_the_place_of_work_moves_wages(hotline: InProcess) -> None:
    ticket = await hotline.call(category="060100", division=STREET)
    assert ticket["department"] == "human-resources-longhua"
    work = {"work": {"division": "460108101000"}}
    assert (await correct(hotline, ticket, places=work))["department"] == "human-resources-meilan"
    assert (await correct(hotline, ticket, places={}))["department"] == "human-resources-longhua"


async def test_a_mended_text_that_moves_nothing_is_not_noted(hotline: InProcess) -> None:
    ticket = await hotline.call(**PARKING)
    now = await correct(hotline, ticket, text="有车停在路边,挡住了出口。")
    history = await (await hotline.client()).get(f"/v1/tickets/{ticket['id']}/history")
    assert now["department"] == "traffic-police"
    assert [each["step"] for each in history.json()] == ["register", "assign", "correct"]


async def test_why_a_ticket_is_where_it_is_is_told_to_its_department_and_to_no_other(
    hotline: InProcess,
) -> None:
    ticket = await hotline.call(**PARKING)
    path = f"/v1/tickets/{ticket['id']}/jurisdiction"
    own = await (await hotline.client("department", "traffic-police")).get(path)
    other = await (await hotline.client("department", "water-group")).get(path)
    assert (own.status_code, own.json()["then"]["winners"][0]["id"]) == (200, "0301-4601")
    assert {each["because"] for each in own.json()["then"]["unmet"]} == {"属性不符", "未提到关键词"}
    assert (other.status_code, other.json()["code"]) == (404, "ticket_not_found")


async def test_why_a_person_decided_names_no_caller_to_the_department(hotline: InProcess) -> None:
    ticket = await hotline.register(caller={"name": "欧阳锋云", "phone": "13800138000"})
    await hotline.drain()
    agent, path = await hotline.client(), f"/v1/tickets/{ticket['id']}"
    given = {"department": "traffic-police", "note": "欧阳锋云要求交警办"}
    answer = await agent.post(f"{path}/assign", json=given)
    assert answer.status_code == 200, answer.text
    own = await (await hotline.client("department", "traffic-police")).get(f"{path}/jurisdiction")
    assert own.json()["then"]["because"] == "人工派单:[姓名]要求交警办"
    assert "欧阳锋云" not in own.text
    assert "欧阳锋云要求交警办" in (await agent.get(f"{path}/jurisdiction")).text


async def test_a_report_in_confidence_is_explained_to_nobody(hotline: InProcess) -> None:
    ruling = {"outcome": "CONFIDENTIAL_LANE", "reason": "反映公职人员"}
    ticket = await hotline.register(**PARKING, ruling=ruling)
    await hotline.drain()
    for role in ("agent", "admin"):
        answer = await (await hotline.client(role)).get(f"/v1/tickets/{ticket['id']}/jurisdiction")
        assert answer.status_code == 404


async def test_r5_a_ticket_without_a_place_is_the_citys_and_in_no_area(hotline: InProcess) -> None:
    """No default point and no default district: what is not known is not counted where it is not."""
    ticket = await hotline.call(category="030500")
    async with hotline.resources.database.transaction() as connection:
        row = await TicketStore(connection).get(ticket["id"])
        asked = inquiry_of(case_of(row), hotline.clock.now().date(), (), hotline.resources.settings)
    assert (asked.division, dict(asked.areas)) == ("460100000000", {})
    kept = await decision(hotline, ticket)
    assert kept["winners"][0]["division"] == "4601"


def test_r5_a_district_with_five_times_its_share_is_an_alarm() -> None:
    usual = {"460105": 100, "460106": 100, "460107": 100, "460108": 100}
    assert skewed({"460105": 25, "460106": 25}, usual) == []
    (found,) = skewed({"460105": 100, "469001": 30}, usual)
    assert (found.division, found.tickets, found.usual) == ("469001", 30, 1 / 400)
    assert skewed({"469001": 19}, usual) == []
    assert skewed({"460105": 100}, {}) == []


async def test_r5_one_point_for_many_addresses_is_shown(hotline: InProcess) -> None:
    for number in range(20):
        await hotline.register(address=f"某路{number}号", longitude=110.2, latitude=20.0)
    answer = await (await hotline.client("supervisor")).get("/v1/supervision/routing-alarms")
    assert answer.json() == {
        "divisions": [],
        "points": [{"longitude": 110.2, "latitude": 20.0, "tickets": 20, "addresses": 20}],
        "failed_rows": [],
    }


async def test_the_database_refuses_a_row_of_an_unknown_mode(hotline: InProcess) -> None:
    with pytest.raises(Exception, match="ck_jurisdictions_mode"):
        async with hotline.resources.database.transaction() as connection:
            await connection.execute(text("UPDATE jurisdictions SET mode = 'guess' WHERE id = '0301-4601'"))


def test_the_accused_and_every_unit_below_it_are_passed_over() -> None:
    tree = {"city": None, "bureau": "city", "team": "bureau", "squad": "team", "other": "city"}
    assert below("bureau", tree) == {"bureau", "team", "squad"}


def test_a_tree_that_bites_its_tail_ends() -> None:
    assert below("a", {"a": "b", "b": "a"}) == {"a", "b"}


async def correct(hotline: InProcess, ticket: Answer, **wanted: Any) -> Answer:
    client = await hotline.client()
    answer = await client.post(f"/v1/tickets/{ticket['id']}/correct", json={"because": "更正", **wanted})
    assert answer.status_code == 200, answer.text
    await hotline.drain()
    return await hotline.ticket(ticket["id"])


async def test_the_accused_and_those_below_it_do_not_get_the_ticket(hotline: InProcess) -> None:
    said = {"category": "020100", "division": STREET}
    assert (await hotline.call(**said))["department"] == "ecology-environment-longhua"
    ticket = await hotline.call(**said, attributes={"accused": "ecology-environment-longhua"})
    assert ticket["department"] != "ecology-environment-longhua"
    client = await hotline.client()
    refused = await client.post(
        f"/v1/tickets/{ticket['id']}/assign", json={"department": "ecology-environment-longhua", "note": "x"}
    )
    assert refused.status_code == 409, (ticket, refused.text)


ACCUSES_NOBODY = {"accused": "no-such-bureau"}


async def test_a_call_that_accuses_no_department_there_is_is_refused_and_taken_once_it_is_there(
    hotline: InProcess,
) -> None:
    client = await hotline.client()
    call = {"kind": "complaint", "title": "投诉", "text": "投诉新设局", "attributes": ACCUSES_NOBODY}
    refused = await client.post("/v1/tickets", json=call)
    assert refused.status_code == 422, refused.text
    assert (refused.json()["code"], refused.json()["pointer"]) == (
        "unknown_department",
        "/attributes/accused",
    )
    new = {
        "code": "no-such-bureau",
        "name": "新设站",
        "level": "village",
        "division": "460106002001",
        "parent": "street-binhai",
        "valid_from": "2026-01-01",
    }
    made = await (await hotline.client("admin")).post("/v1/departments", json=new)
    assert made.status_code == 201, made.text
    assert (await client.post("/v1/tickets", json=call)).status_code == 201


async def test_a_ticket_is_not_corrected_to_accuse_nobody_and_one_that_does_can_be_corrected_otherwise(
    hotline: InProcess,
) -> None:
    ticket = await hotline.call()
    path, client = f"/v1/tickets/{ticket['id']}/correct", await hotline.client()
    refused = await client.post(path, json={"because": "更正", "attributes": ACCUSES_NOBODY})
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown_department")
    async with hotline.resources.database.transaction() as connection:
        old = "UPDATE tickets SET attributes = jsonb_build_object('accused', 'gone') WHERE id = :id"
        await connection.execute(text(old), {"id": ticket["id"]})
    assert (await correct(hotline, ticket, title="另一个标题"))["title"] == "另一个标题"


async def test_an_attribute_that_is_no_pair_is_refused(hotline: InProcess) -> None:
    client = await hotline.client()
    answer = await client.get("/v1/jurisdictions/explain", params={"category": "020100", "attribute": "foo"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
