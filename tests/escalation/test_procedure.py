"""A case is filed (转入法定程序): its law says until when, the ticket stays open, the caller was told."""

from typing import Any

from tests.escalation.policies import in_force, publish, recompute
from tests.escalation.test_scenarios import at, called, cards, due
from tests.escalation.timekeeping import LONGER, done, local, refused
from tests.inprocess import Answer, InProcess

WAGES = {"hotline": "12333", "category": "060100", "division": "460108101000"}
CASE = {
    "procedure": "LABOUR-INSPECTION",
    "case_number": "美人社监〔2026〕118号",
    "legal_basis": "《劳动保障监察条例》第十七条",
    "note": "已立案",
    "told": "已立案调查,六十个工作日内办结",
}
STATUTORY = (("department", "statutory"), ("citizen", "statutory"))


async def filed(hotline: InProcess, **said: Any) -> Answer:
    """Unpaid wages, until the department files a case."""
    ticket = await called(hotline, "2026-11-19 16:55", **WAGES)
    await hotline.step(ticket, "sign")
    await hotline.step(ticket, "contact")
    await hotline.advance(at("2026-11-26 10:00"))
    taken = await done(hotline, ticket, "procedure", **{**CASE, **said})
    assert taken["status"] == "in_procedure"
    return ticket


async def test_sixty_working_days_run_from_the_filing_over_a_spring_festival_not_published_yet(
    hotline: InProcess,
) -> None:
    ticket = await filed(hotline)
    deadlines = await hotline.deadlines(ticket["id"])
    for clock in STATUTORY:
        assert local(deadlines[clock]["due_at"]) == "2027-02-25 17:30"
        assert deadlines[clock]["provisional"]
        assert deadlines[clock]["layer"] == "statute"
    told = await hotline.ticket(ticket["id"])
    assert (local(told["due_at"]), told["due_provisional"]) == ("2027-02-25 17:30", True)


async def test_the_clocks_of_before_end_as_they_stood_and_are_not_counted_anew(hotline: InProcess) -> None:
    ticket = await filed(hotline)
    deadlines = await hotline.deadlines(ticket["id"])
    for clock in ("department", "citizen"):
        ended = deadlines[clock, "completion"]
        assert (local(ended["due_at"]), ended["settled_because"]) == (
            "2026-11-26 17:30",
            "statutory procedure",
        )
        assert ended["late_minutes"] == 0
    await hotline.advance(at("2026-12-10 09:00"))
    assert [level for level, _ in await cards(hotline, ticket, "completion")] == [0]
    assert await cards(hotline, ticket, "statutory") == []


async def test_the_law_of_the_procedure_says_how_much_longer_it_may_take_once(hotline: InProcess) -> None:
    ticket = await filed(hotline)
    longer = {**LONGER, "amount": 31}
    assert (await refused(hotline, ticket, "extensions", **longer))["most"] == 30
    await done(hotline, ticket, "extensions", **{**longer, "amount": 30})
    await done(hotline, ticket, "grant-extension", "supervisor")
    deadlines = await hotline.deadlines(ticket["id"])
    assert {local(deadlines[clock]["due_at"]) for clock in STATUTORY} == {"2027-04-09 17:30"}
    assert (await refused(hotline, ticket, "extensions", **LONGER))["why"] == "times"


async def test_a_procedure_no_limit_knows_is_refused_and_the_clock_runs_on(hotline: InProcess) -> None:
    ticket = await called(hotline, "2026-11-19 16:55", **WAGES)
    assert (await refused(hotline, ticket, "procedure", **CASE))["code"] == "illegal_transition"
    await hotline.step(ticket, "sign")
    problem = await refused(hotline, ticket, "procedure", **{**CASE, "procedure": "拖延程序"})
    assert (problem["code"], problem["pointer"]) == ("invalid", "/procedure")
    assert (await hotline.ticket(ticket["id"]))["status"] == "signed"


async def test_a_department_that_filed_at_once_may_still_contact_the_caller_in_time(
    hotline: InProcess,
) -> None:
    ticket = await called(hotline, "2026-11-19 16:55", **WAGES)
    await hotline.step(ticket, "sign")
    await done(hotline, ticket, "procedure", **CASE)
    taken = await done(hotline, ticket, "contact", note="已联系")
    assert taken["status"] == "in_procedure"
    contact = (await hotline.deadlines(ticket["id"]))["department", "contact"]
    assert (contact["settled_because"], contact["late_minutes"]) == ("contacted", 0)


async def test_a_case_that_is_done_ends_its_clocks_and_cannot_be_returned(hotline: InProcess) -> None:
    ticket = await filed(hotline)
    returning = {"note": "试", "reason": "wrong_place"}
    assert (await refused(hotline, ticket, "return", **returning))["code"] == "illegal_transition"
    await hotline.step(ticket, "feedback", "调查中")
    await hotline.step(ticket, "resolve", "已责令支付")
    deadlines = await hotline.deadlines(ticket["id"])
    assert {deadlines[clock]["settled_because"] for clock in STATUTORY} == {"resolved"}


async def test_the_procedure_of_the_line_is_known_from_the_start_and_need_not_be_named(
    hotline: InProcess,
) -> None:
    """S3: by 12333 on Thu 2026-11-19 16:55, five working days; filed on 11-26, sixty by law."""
    answer = await (await hotline.client()).post(
        "/v1/tickets", json={"kind": "complaint", "title": "欠薪", "text": "三十二人被欠薪", **WAGES}
    )
    assert answer.status_code == 201, answer.text
    assert answer.json()["statutory_procedure"] == "LABOUR-INSPECTION"
    assert "立案" in answer.json()["told"]
    ticket = await filed(hotline, procedure=None)
    assert local((await hotline.ticket(ticket["id"]))["due_at"]) == "2027-02-25 17:30"


async def test_limits_of_the_procedure_hold_from_registration(hotline: InProcess) -> None:
    rows = (await in_force(hotline, "limits"))["content"]
    contact = {**next(each for each in rows if each["stage"] == "contact"), "urgency": "", "live": ""}
    by_law = {**contact, "amount": "3", "unit": "working_days", "procedure": "LABOUR-INSPECTION"}
    await publish(hotline, "limits", "HAIKOU-2027", [*rows, by_law])
    ours = await called(hotline, "2026-11-24 10:00", **{**WAGES, "hotline": "12345"})
    theirs = await called(hotline, "2026-11-24 10:00", **WAGES)
    assert await due(hotline, ours, ("department", "contact")) == ["2026-11-25 17:30"]
    assert await due(hotline, theirs, ("department", "contact")) == ["2026-11-27 17:30"]
    await publish(hotline, "limits", "HAIKOU-2028", [*rows, {**by_law, "amount": "4"}])
    await recompute(hotline)
    assert await due(hotline, ours, ("department", "contact")) == ["2026-11-25 17:30"]
    assert await due(hotline, theirs, ("department", "contact")) == ["2026-11-30 17:30"]
