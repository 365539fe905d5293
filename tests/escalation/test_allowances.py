"""What may be given beyond a limit is drafted and published like the limits, and counted together."""

from typing import Any

import pytest

from escalation.allowance_lint import lint_allowances
from escalation.defaults import ALLOWANCES_VERSION, shipped
from tests.escalation.policies import draft, in_force, preview, progress, publish
from tests.escalation.test_scenarios import at
from tests.escalation.timekeeping import LONGER, STILL, done, refused, resumed, signed, suspended
from tests.inprocess import Answer, InProcess

(CONTENT,) = (content for kind, _, content in shipped() if kind == "allowances")


def changed(table: str, row: int, **cells: str) -> Answer:
    """The allowances that ship, with one row otherwise."""
    rows = [dict(each) for each in CONTENT[table]]
    rows[row] |= cells
    return {**CONTENT, table: rows}


@pytest.mark.parametrize(
    ("content", "codes"),
    [
        (CONTENT, set()),
        (changed("suspensions", 0, days="x"), {"row_unreadable"}),
        (changed("extensions", 0, unit="years"), {"row_unreadable"}),
        (changed("reopenings", 0, what="walk"), {"row_unreadable"}),
        (changed("reopenings", 0, policy="never"), {"row_unreadable"}),
        (changed("reopenings", 0, who="x"), {"unknown_column"}),
        ({**CONTENT, "others": []}, {"unknown_column"}),
        (changed("reopenings", 1, what="redo"), {"equal_rules"}),
        (changed("suspensions", 0, reason="force_majeure"), {"equal_rules", "no_rule"}),
        (changed("suspensions", 0, reason="busy"), {"unknown_reason", "no_rule"}),
        (changed("suspensions", 0, days="0"), {"negative"}),
        (changed("suspensions", 0, total="29"), {"total_too_small"}),
        (changed("extensions", 3, reason="busy"), {"unknown_reason"}),
        (changed("extensions", 1, times="-1"), {"negative"}),
        ({**CONTENT, "suspensions": CONTENT["suspensions"][1:]}, {"no_rule"}),
    ],
)
def test_lint_says_in_a_sentence_what_is_wrong(content: Answer, codes: set[str]) -> None:
    found = lint_allowances(content)
    assert {each.code for each in found} == codes
    assert all("一" <= each.message[0] <= "鿿" for each in found)


def test_a_reason_without_a_rule_is_only_a_warning() -> None:
    (found,) = lint_allowances({**CONTENT, "suspensions": CONTENT["suspensions"][1:]})
    assert not found.is_error


async def test_allowances_are_published_by_two_people_and_move_no_deadline(hotline: InProcess) -> None:
    ticket = await signed(hotline, "2026-11-16 10:00")
    before = await hotline.deadlines(ticket["id"])
    assert (await in_force(hotline, "allowances"))["version"] == ALLOWANCES_VERSION
    found = await publish(hotline, "allowances", "HAIKOU-2027", changed("extensions", 0, amount="3"))
    assert (found["in_force"], found["deadlines"], found["moved"]) == (ALLOWANCES_VERSION, 0, 0)
    assert (await in_force(hotline, "allowances"))["version"] == "HAIKOU-2027"
    assert (await hotline.deadlines(ticket["id"]), await progress(hotline)) == (before, [])
    told = await hotline.rows(
        "SELECT convert_from(body, 'utf8')::json ->> 'kind' AS kind FROM outbox"
        " WHERE headers ->> 'ce_type' = 'policies.published'"
    )
    assert [each.kind for each in told] == ["allowances"]
    problem = await refused(hotline, ticket, "extensions", **{**LONGER, "amount": 4})
    assert (problem["code"], problem["most"]) == ("not_extendable", 3)
    await done(hotline, ticket, "extensions", **{**LONGER, "amount": 3})


async def test_who_drafted_allowances_does_not_publish_them_and_what_is_wrong_is_not_kept(
    hotline: InProcess,
) -> None:
    await draft(hotline, "allowances", "HAIKOU-2027")
    found = await preview(hotline, "allowances", "HAIKOU-2027")
    admin = await hotline.client("admin")
    path = "/v1/policies/allowances/drafts/HAIKOU-2027"
    alone = await admin.post(f"{path}/publish", json={"preview": found["preview"]})
    assert (alone.status_code, alone.json()["code"]) == (409, "second_person_needed")
    for wrong in (changed("suspensions", 0, days="0"), CONTENT["suspensions"]):
        answer = await admin.put(path, json={"content": wrong})
        assert (answer.status_code, answer.json()["code"]) == (422, "rule_faulty")


async def stood(hotline: InProcess, ticket: Answer, start: str, end: str, **body: Any) -> None:
    await suspended(hotline, ticket, start, **body)
    await resumed(hotline, ticket, end)


async def test_all_that_clocks_stood_still_for_a_reason_has_one_cap(hotline: InProcess) -> None:
    """30 and 25 of 60 days are used, so 5 are left for this reason; another reason has its own."""
    ticket = await signed(hotline, "2026-08-03 10:00")
    await stood(hotline, ticket, "2026-08-04 10:00", "2026-09-03 10:00")
    await stood(hotline, ticket, "2026-09-03 11:00", "2026-09-28 11:00")
    await hotline.advance(at("2026-09-28 15:00"))
    problem = await refused(hotline, ticket, "suspensions", **{**STILL, "days": 6})
    assert (problem["code"], problem["why"], problem["most"]) == ("not_suspendable", "total", 5)
    await done(hotline, ticket, "suspensions", **{**STILL, "days": 5})
    await done(hotline, ticket, "refuse-suspension", "agent", note="不必")
    await done(hotline, ticket, "suspensions", **{**STILL, "reason": "force_majeure"})
