"""A ticket reaches the department with jurisdiction, or a person, with the reason."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import update

from router.jurisdiction_store import publish
from router.role import table_holds
from router.tables import departments
from schemas.errors import Misconfigured
from tests.inprocess import Answer, InProcess

STREET = "460106002000"
NOISE = {"category": "020100", "division": STREET}


def a_row(category: str, department: str | None, **changes: object) -> dict[str, object]:
    row = {
        "id": f"{category}-{department}",
        "category": category,
        "division": "4601",
        "department": department,
        "mode": "direct" if department else "manual",
        "legal_basis": None,
        "valid_from": date(2020, 1, 1),
        "valid_to": None,
        "note": None,
    }
    return {**row, **changes}


async def published(hotline: InProcess, version: str, *rows: dict[str, object]) -> None:
    async with hotline.resources.database.transaction() as connection:
        await publish(connection, version, rows, "test", hotline.clock.now())


async def triage(hotline: InProcess) -> list[Answer]:
    page = await (await hotline.client()).get("/v1/triage")
    return page.json()["items"]  # type: ignore[no-any-return]


async def test_a_ticket_goes_to_the_department_of_the_row_and_says_by_which(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    assert (ticket["status"], ticket["department"]) == ("assigned", "ecology-environment-longhua")
    assert ticket["department_name"]
    assert "HK-EXAMPLE-1第0201-460106条" in ticket["department_because"]
    (decision,) = await hotline.rows("SELECT decision, assigned_by FROM assignments")
    assert decision.assigned_by == "router"
    assert decision.decision["winners"][0]["id"] == "0201-460106"
    assert [each["id"] for each in decision.decision["beaten"]] != []


async def test_a_ticket_without_a_division_is_judged_by_the_city_as_a_whole(hotline: InProcess) -> None:
    ticket = await hotline.call(category="030200")
    assert ticket["department"] == "urban-management"


async def test_an_unknown_matter_in_an_unknown_place_waits_for_a_person(hotline: InProcess) -> None:
    ticket = await hotline.call()
    (parked,) = await triage(hotline)
    assert (ticket["status"], ticket["department"]) == ("triage", None)
    assert (parked["id"], parked["because"]) == (ticket["id"], ticket["department_because"])


async def test_two_rows_that_fit_equally_are_for_a_person_who_sees_both(hotline: InProcess) -> None:
    rows = [a_row("02", "water-group"), a_row("02", "traffic-police")]
    await published(hotline, "T-2", *rows)
    await hotline.call(**NOISE)
    (parked,) = await triage(hotline)
    assert parked["reason"] == "ambiguous"
    assert set(parked["candidates"]) == {"water-group", "traffic-police"}


async def test_a_row_that_wants_a_person_parks_the_ticket(hotline: InProcess) -> None:
    await published(hotline, "T-2", a_row("02", None), a_row("", "water-group"))
    await hotline.call(**NOISE)
    (parked,) = await triage(hotline)
    assert (parked["reason"], parked["candidates"]) == ("manual_row", ["water-group"])


async def test_a_table_without_a_row_parks_the_ticket(hotline: InProcess) -> None:
    await published(hotline, "T-2", a_row("03", "traffic-police"))
    await hotline.call(**NOISE)
    assert [each["reason"] for each in await triage(hotline)] == ["no_row"]


async def test_a_row_whose_department_has_ended_parks_the_ticket(hotline: InProcess) -> None:
    await published(hotline, "T-2", a_row("02", "water-group"))
    async with hotline.resources.database.transaction() as connection:
        ended = update(departments).where(departments.c.code == "water-group")
        await connection.execute(ended.values(valid_to=date(2026, 11, 22)))
    await hotline.call(**NOISE)
    assert [each["reason"] for each in await triage(hotline)] == ["no_department"]


async def test_a_new_table_counts_from_the_next_ticket_and_the_old_decision_stands(
    hotline: InProcess,
) -> None:
    before = await hotline.call(**NOISE)
    hotline.clock.time += timedelta(minutes=1)
    await published(hotline, "T-2", a_row("02", "water-group"))
    after = await hotline.call(**NOISE)
    assert after["department"] == "water-group"
    assert (await hotline.ticket(before["id"]))["department"] == before["department"]
    kept = await hotline.rows("SELECT decision->>'version' AS version FROM assignments ORDER BY 1")
    assert [each.version for each in kept] == ["HK-EXAMPLE-1", "T-2"]


async def test_the_day_that_counts_is_the_citys_not_greenwichs(hotline: InProcess) -> None:
    rows = [
        a_row("02", "water-group", id="old", valid_to=date(2026, 11, 30)),
        a_row("02", "traffic-police", id="new", valid_from=date(2026, 12, 1)),
    ]
    await published(hotline, "T-2", *rows)
    hotline.clock.time = datetime(2026, 11, 30, 15, 59, tzinfo=UTC)  # 23:59 in Haikou
    assert (await hotline.call(**NOISE))["department"] == "water-group"
    hotline.clock.time = datetime(2026, 11, 30, 16, 0, tzinfo=UTC)  # midnight
    assert (await hotline.call(**NOISE))["department"] == "traffic-police"


async def test_a_person_assigns_a_parked_ticket_and_it_leaves_the_desk(hotline: InProcess) -> None:
    ticket = await hotline.call()
    client = await hotline.client()
    body = {"department": "water-group", "note": "水务职责"}
    answer = await client.post(f"/v1/tickets/{ticket['id']}/assign", json=body)
    assert (answer.status_code, answer.json()["department"]) == (200, "water-group")
    assigned = await hotline.ticket(ticket["id"])
    assert assigned["department_because"] == "人工派单:水务职责"
    assert await triage(hotline) == []


@pytest.mark.parametrize(
    ("department", "code"), [("no-such-office", "unknown_department"), ("NOT A CODE", "invalid")]
)
async def test_a_department_that_is_none_cannot_be_chosen(
    hotline: InProcess, department: str, code: str
) -> None:
    ticket = await hotline.call()
    client = await hotline.client()
    body = {"department": department, "note": "试"}
    answer = await client.post(f"/v1/tickets/{ticket['id']}/assign", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert (await hotline.ticket(ticket["id"]))["version"] == ticket["version"]


async def test_the_triage_desk_is_read_page_by_page_longest_waiting_first(hotline: InProcess) -> None:
    waiting = []
    for _ in range(5):
        waiting.append((await hotline.call())["id"])
        hotline.clock.time += timedelta(seconds=1)
    client = await hotline.client()
    seen: list[str] = []
    cursor = None
    while True:
        query = {"limit": "2", **({"cursor": cursor} if cursor else {})}
        page = (await client.get("/v1/triage", params=query)).json()
        seen += [each["id"] for each in page["items"]]
        if (cursor := page["next"]) is None:
            break
    assert seen == waiting


async def test_the_table_explains_itself_for_any_matter_place_and_day(hotline: InProcess) -> None:
    client = await hotline.client()
    query = {"category": "020100", "division": STREET}
    now = (await client.get("/v1/jurisdictions/explain", params=query)).json()
    early = {**query, "on": "2025-01-31"}
    then = (await client.get("/v1/jurisdictions/explain", params=early)).json()
    assert now["winners"][0]["id"] == "0201-460106"
    assert [each["id"] for each in then["winners"]] != ["0201-460106"]
    assert "第0201-460106条" in now["because"]


@pytest.mark.parametrize(
    ("query", "code", "pointer"),
    [
        ({"category": "999999", "division": STREET}, "unknown_category", "query:category"),
        ({"category": "020100", "division": "110101000000"}, "unknown_division", "query:division"),
    ],
)
async def test_a_matter_or_place_that_is_not_there_is_not_explained(
    hotline: InProcess, query: dict[str, str], code: str, pointer: str
) -> None:
    answer = await (await hotline.client()).get("/v1/jurisdictions/explain", params=query)
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["pointer"]) == (422, code, pointer)


async def test_a_process_refuses_to_serve_with_a_table_that_contradicts_itself(hotline: InProcess) -> None:
    await table_holds(hotline.resources)
    await published(hotline, "T-2", a_row("02", "water-group"), a_row("02", "traffic-police"))
    with pytest.raises(Misconfigured, match="两个主办"):
        await table_holds(hotline.resources)


async def test_a_report_in_confidence_goes_to_no_department_by_itself(hotline: InProcess) -> None:
    client = await hotline.client()
    call = {
        "kind": "report",
        "title": "占道摊点收钱",
        "text": "龙华区某科室人员向摊主收钱,请保密。",
        "category": "010200",
        "division": "460106000000",
        "ruling": {"outcome": "CONFIDENTIAL_LANE", "reason": "反映公职人员收受财物"},
    }
    registered = (await client.post("/v1/tickets", json=call)).json()
    await hotline.drain()
    supervisor = await hotline.client("supervisor")
    ticket = (await supervisor.get(f"/v1/tickets/{registered['id']}")).json()
    assert (ticket["status"], ticket["department"]) == ("triage", None)
    assert "保密通道" in ticket["department_because"]
    assert await triage(hotline) == []  # an agent's desk does not show it
    waiting = (await supervisor.get("/v1/triage")).json()["items"]
    (parked,) = [each for each in waiting if each["id"] == registered["id"]]
    assert (parked["reason"], parked["candidates"]) == ("confidential", [])
