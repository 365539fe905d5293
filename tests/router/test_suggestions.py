"""Three suggestions with their reasons; a suggestion decides only where the city allows it, and says so."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from router.text_model import Likely, TextModels
from tests.inprocess import Answer, InProcess
from tests.router.desk import Person, person
from tests.router.test_assign import a_row, published

STREET = "460106002000"
PARKING = {"title": "占道停车", "text": "路边占道停车严重,请交警核实处理。", "division": STREET}


@dataclass(frozen=True)
class Model:
    """A text model that says what it is told to say."""

    said: tuple[Likely, ...]
    name: str = "模型-1"

    def suggest(self, text: str) -> Sequence[Likely]:
        return self.said


TRAFFIC = Model((Likely("traffic-police", 0.98, ("停车",)), Likely("water-group", 0.02)))


@pytest.fixture(autouse=True)
async def _little_is_decided_by_the_table(hotline: InProcess) -> None:
    await published(hotline, "T-2", a_row("05", "water-group"))


async def suggested(anna: Person, ticket: Answer) -> list[Answer]:
    return (await anna.get(f"/triage/{ticket['id']}"))["suggestions"]  # type: ignore[no-any-return]


async def test_a_unit_named_in_the_text_is_suggested_with_its_words(hotline: InProcess) -> None:
    ticket = await hotline.call(**PARKING)
    shown = await (await person(hotline, "甲")).get(f"/triage/{ticket['id']}")
    (only,) = shown["suggestions"]
    assert (only["department"], only["likely"]) == ("traffic-police", 0.72)
    assert only["name"] == "海口市公安局交通警察支队"
    assert only["reasons"][0]["words"] == ["交警"]
    assert shown["model"] is None


async def test_rows_of_the_table_are_suggested_with_their_basis(hotline: InProcess) -> None:
    rows = [
        a_row("02", "water-group", legal_basis="《条例》第一条"),
        a_row("02", "traffic-police"),
        a_row("", "bus-group"),
    ]
    await published(hotline, "T-3", *rows)
    ticket = await hotline.call(category="020100", division=STREET)
    found = await suggested(await person(hotline, "甲"), ticket)
    assert [(each["department"], each["likely"]) for each in found] == [
        ("traffic-police", 0.3),
        ("water-group", 0.3),
        ("bus-group", 0.25),
    ]
    (reason,) = found[1]["reasons"]
    assert (reason["row"], reason["basis"]) == ("02-water-group", "《条例》第一条")
    assert "T-3第02-water-group条" in reason["says"]


async def test_what_people_decided_for_such_tickets_is_suggested_next_time(hotline: InProcess) -> None:
    anna = await person(hotline, "甲")
    like = {"category": "030200", "division": STREET}
    for department in ("justice", "justice", "commerce"):
        await anna.assign(await hotline.call(**like), department)
    first, second = await suggested(anna, await hotline.call(**like))
    assert (first["department"], second["department"]) == ("justice", "commerce")
    assert first["likely"] == pytest.approx(0.4)
    assert first["reasons"][0]["says"] == "近180天同类别、同区人工派单3件,其中2件派此单位"
    elsewhere = await suggested(anna, await hotline.call(category="030200", division="460108001000"))
    assert elsewhere == []


async def test_who_returned_it_is_not_suggested(hotline: InProcess) -> None:
    await published(hotline, "T-3", a_row("02", "traffic-police"))
    ticket = await hotline.call(**PARKING, category="020100")
    await hotline.step(ticket, "return", "不属于我单位职责")
    await (await hotline.client()).post(f"/v1/tickets/{ticket['id']}/grant-return", json={})
    await hotline.drain()
    assert (await hotline.ticket(ticket["id"]))["status"] == "triage"
    assert await suggested(await person(hotline, "甲"), ticket) == []


async def test_a_model_adds_its_reason_and_decides_nothing_without_a_threshold(hotline: InProcess) -> None:
    hotline.resources.part(TextModels).model = TRAFFIC
    ticket = await hotline.call(**PARKING, category="030200")
    assert ticket["status"] == "triage"
    shown = await (await person(hotline, "甲")).get(f"/triage/{ticket['id']}")
    first = shown["suggestions"][0]
    assert (shown["model"], first["department"]) == ("模型-1", "traffic-police")
    assert [each["source"] for each in first["reasons"]] == ["model", "named"]
    assert first["reasons"][0]["says"] == "建议模型模型-1判断,置信度98%,依据:停车"


async def threshold(hotline: InProcess, category: str, confidence: float | None) -> None:
    chief = await person(hotline, "管理员", "admin")
    said = {"confidence": confidence, "source": "市12345办〔2026〕1号"}
    assert isinstance(await chief.put(f"/suggestion-thresholds/{category}", said), list)


async def test_above_the_citys_threshold_a_suggestion_assigns_and_says_so(hotline: InProcess) -> None:
    hotline.resources.part(TextModels).model = TRAFFIC
    await threshold(hotline, "0302", 0.97)
    ticket = await hotline.call(**PARKING, category="030200")
    assert (ticket["status"], ticket["department"]) == ("assigned", "traffic-police")
    assert ticket["department_because"] == (
        "建议模型模型-1判断由海口市公安局交通警察支队办理,置信度98.00%,"
        "不低于类别0302所设97.00%(市12345办〔2026〕1号),自动派单,依据:停车"
    )
    (row,) = await hotline.rows("SELECT assigned_by, decision FROM assignments")
    assert row.assigned_by == "router"
    assert row.decision["suggestion"] == {
        "model": "模型-1",
        "department": "traffic-police",
        "confidence": 0.98,
        "words": ["停车"],
        "threshold": 0.97,
        "threshold_category": "0302",
    }
    assert row.decision["table"]["version"] == "T-2"


@pytest.mark.parametrize(("unknown", "status"), [(0.8, "assigned"), (0.81, "triage")])
async def test_a_text_the_model_hardly_knows_is_assigned_by_a_person(
    unknown: float, status: str, hotline: InProcess
) -> None:
    sure = Likely("traffic-police", 0.98, ("停车",), unknown)
    hotline.resources.part(TextModels).model = Model((sure,))
    await threshold(hotline, "0302", 0.97)
    assert (await hotline.call(**PARKING, category="030200"))["status"] == status


@pytest.mark.parametrize(
    ("category", "confidence", "sure", "status"),
    [
        ("0302", 0.98, 0.98, "assigned"),  # at the threshold
        ("0302", 0.98, 0.9799, "triage"),
        ("03", 0.90, 0.98, "assigned"),  # set for the big class
        ("all", 0.90, 0.98, "assigned"),
        ("02", 0.10, 0.98, "triage"),  # set for another
        ("0302", None, 0.98, "triage"),
    ],
)
async def test_the_threshold_is_the_categorys(
    hotline: InProcess, category: str, confidence: float | None, sure: float, status: str
) -> None:
    hotline.resources.part(TextModels).model = Model((replace(TRAFFIC.said[0], confidence=sure),))
    await threshold(hotline, category, confidence)
    assert (await hotline.call(**PARKING, category="030200"))["status"] == status


async def test_the_longest_category_has_the_last_word(hotline: InProcess) -> None:
    hotline.resources.part(TextModels).model = TRAFFIC
    await threshold(hotline, "all", 0.5)
    await threshold(hotline, "0302", 0.99)
    assert (await hotline.call(**PARKING, category="030200"))["status"] == "triage"
    assert (await hotline.call(**PARKING))["status"] == "assigned"


async def test_a_report_in_confidence_is_never_assigned_by_a_suggestion(hotline: InProcess) -> None:
    hotline.resources.part(TextModels).model = TRAFFIC
    await threshold(hotline, "all", 0.01)
    ruling = {"outcome": "CONFIDENTIAL_LANE", "reason": "反映公职人员收受财物"}
    answer = await (await hotline.client()).post("/v1/tickets", json={**PARKING, "ruling": ruling})
    assert answer.status_code == 201
    await hotline.drain()
    (row,) = await hotline.rows("SELECT status, confidential FROM tickets")
    assert (row.status, row.confidential) == ("triage", True)


@pytest.mark.parametrize("department", ["no-such-unit", "traffic-police"])
async def test_a_suggestion_that_cannot_have_it_leaves_it_to_a_person(
    hotline: InProcess, department: str
) -> None:
    hotline.resources.part(TextModels).model = Model((Likely(department, 0.99),))
    await published(hotline, "T-3", a_row("02", "traffic-police"))
    await threshold(hotline, "all", 0.5)
    ticket = await hotline.call(**PARKING, category="020100")
    await hotline.step(ticket, "return", "不属于我单位职责")
    await (await hotline.client()).post(f"/v1/tickets/{ticket['id']}/grant-return", json={})
    await hotline.drain()
    assert (await hotline.ticket(ticket["id"]))["status"] == "triage"


async def test_a_threshold_is_shown_with_who_set_it_and_refused_for_no_category(hotline: InProcess) -> None:
    await threshold(hotline, "0302", 0.97)
    chief = await person(hotline, "管理员二", "admin")
    (shown,) = (await chief.client.get("/v1/suggestion-thresholds")).json()
    assert (shown["category"], shown["confidence"], shown["set_by"]) == ("0302", 0.97, "admin:管理员")
    wrong = await chief.put("/suggestion-thresholds/9999", {"confidence": 0.9, "source": "无"})
    assert wrong["code"] == "unknown_category"
    agent = await person(hotline, "甲")
    assert (await agent.put("/suggestion-thresholds/0302", {}))["code"] == "forbidden"


async def test_a_mended_word_leaves_a_ticket_where_a_suggestion_would_send_it_again(
    hotline: InProcess,
) -> None:
    hotline.resources.part(TextModels).model = TRAFFIC
    await threshold(hotline, "0302", 0.97)
    ticket = await hotline.call(**PARKING, category="030200")
    clocks = await hotline.deadlines(ticket["id"])
    anna = await person(hotline, "甲")
    mended = {"because": "错字", "text": "路边占道停车十分严重,请交警核实处理。"}
    assert (await anna.post(f"/tickets/{ticket['id']}/correct", mended))["http"] == 200
    await hotline.drain()
    assert await hotline.deadlines(ticket["id"]) == clocks
    assert len(await hotline.rows("SELECT id FROM assignments")) == 1


async def test_a_correction_takes_a_ticket_off_the_desk_by_suggestion(hotline: InProcess) -> None:
    hotline.resources.part(TextModels).model = TRAFFIC
    await threshold(hotline, "0302", 0.97)
    ticket = await hotline.call(**PARKING, category="020100")
    assert ticket["status"] == "triage"
    anna = await person(hotline, "甲")
    corrected = {"because": "类别有误", "category": "030200"}
    assert (await anna.post(f"/tickets/{ticket['id']}/correct", corrected))["http"] == 200
    await hotline.drain()
    now = await hotline.ticket(ticket["id"])
    assert (now["status"], now["department"]) == ("assigned", "traffic-police")
    assert await anna.queue() == []


async def test_what_speaks_for_a_merged_unit_speaks_for_its_successor(hotline: InProcess) -> None:
    """Decisions and names outlive a unit; the desk is not sent to the next best instead."""
    anna = await person(hotline, "甲")
    for department in ("justice", "justice", "commerce"):
        ticket = await hotline.call(**PARKING, category="030200")
        assert (await anna.assign(ticket, department))["http"] == 200
    hotline.resources.part(TextModels).model = Model((Likely("justice", 0.9, ("办证",)),))
    said = {"on": "2026-11-23", "because": "《机构改革方案》"}
    for old, new in (("justice", "commerce"), ("traffic-police", "public-security")):
        path = f"/v1/departments/{old}/merge-into/{new}"
        assert (await (await hotline.client("admin")).post(path, json=said)).status_code == 202
    ticket = await hotline.call(**{**PARKING, "category": "030200", "text": "交警说办证找别人"})
    first, second = await suggested(anna, ticket)
    assert [each["department"] for each in (first, second)] == ["commerce", "public-security"]
    told = {each["source"]: each["says"] for each in first["reasons"]}
    assert told["history"] == "近180天同类别、同区人工派单3件,其中3件派此单位"
    assert told["model"].endswith(";海口市司法局已由海口市商务局承接")
    assert second["reasons"][0]["words"] == ["交警"]
