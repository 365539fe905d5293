"""A preview says what registering would do, and does none of it."""

from typing import Any

import pytest

from intake.domain.likely import likely_categories
from tests.inprocess import Answer, InProcess

NOISE: Answer = {
    "kind": "complaint",
    "title": "夜间施工",
    "text": "工地夜间打桩",
    "category": "020100",
    "division": "460106002000",
    "caller": {"name": "王女士", "phone": "13800138000"},
}


async def preview(hotline: InProcess, /, **call: Any) -> Answer:
    answer = await (await hotline.client()).post("/v1/preview", json={**NOISE, **call})
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


async def counts(hotline: InProcess) -> dict[str, int]:
    query = (
        "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'search%'"
    )
    names = await hotline.rows(query)  # the search index follows what is stored in its own time
    return {
        each.name: (await hotline.rows(f'SELECT count(*) AS n FROM "{each.name}"'))[0].n for each in names
    }


async def test_nothing_is_stored(hotline: InProcess) -> None:
    await hotline.call(**NOISE)
    await hotline.client()
    before = await counts(hotline)
    assert len(before) > 20
    await preview(hotline)
    await preview(hotline, category=None, division=None, text="要跳楼了,快来人")
    number = (await hotline.rows("SELECT last_value FROM ticket_numbers"))[0].last_value
    await hotline.drain()
    assert await counts(hotline) == before
    assert (await hotline.rows("SELECT last_value FROM ticket_numbers"))[0].last_value == number


async def test_it_says_what_registering_then_does(hotline: InProcess) -> None:
    seen = await preview(hotline)
    ticket = await hotline.call(**NOISE)
    assert seen["department"]["department"] == ticket["department"]
    assert seen["department"]["name"] == ticket["department_name"]
    assert seen["department"]["because"] == ticket["department_because"]
    kept = await hotline.deadlines(ticket["id"])
    shown = {(each["clock"], each["stage"]): each["due_at"] for each in seen["deadlines"]}
    assert shown == {name: each["due_at"] for name, each in kept.items()}
    promised = [
        each for each in seen["deadlines"] if (each["clock"], each["stage"]) == ("citizen", "completion")
    ]
    assert promised[0]["because"] == ticket["due_because"]
    assert seen["call"]["caller"]["phone"] == "+8613800138000"


async def test_what_a_person_must_decide_says_so(hotline: InProcess) -> None:
    seen = await preview(hotline, category=None, division=None)
    ticket = await hotline.call(**{**NOISE, "category": None, "division": None})
    assert ticket["status"] == "triage"
    assert (seen["department"]["department"], seen["department"]["because"]) == (
        None,
        ticket["department_because"],
    )


async def test_a_call_without_a_category_gets_the_likeliest(hotline: InProcess) -> None:
    seen = await preview(hotline, category=None, title="路灯不亮", text="门口路灯、井盖都坏了")
    assert seen["categories"][0]["code"] == "010500"
    assert 0.3 <= seen["categories"][0]["score"] <= 1
    assert (await preview(hotline))["categories"] == []


async def test_the_evidence_and_what_may_be_repeated_are_shown(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    seen = await preview(hotline, division=None, text="龙华区金贸街道某工地夜间打桩")
    assert seen["call"]["division"] == "460106003000"
    assert [each for each in seen["evidence"] if each["field"] == "division" or each["value"]]
    assert [each["ticket"] for each in seen["repeats"]] == [ticket["id"]]


async def test_what_12345_must_not_take_is_advised_against(hotline: InProcess) -> None:
    seen = await preview(hotline, category=None, text="家里着火了,快派消防车", title="着火")
    assert seen["advice"]["outcome"] == "TRANSFER_EMERGENCY"
    assert (await preview(hotline))["advice"] is None


@pytest.mark.parametrize(
    ("call", "code"), [({"category": "999999"}, "unknown_category"), ({"text": ""}, "invalid")]
)
async def test_a_call_that_cannot_be_registered_cannot_be_previewed(
    hotline: InProcess, call: dict[str, Any], code: str
) -> None:
    answer = await (await hotline.client()).post("/v1/preview", json={**NOISE, **call})
    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_a_rare_pair_weighs_more_than_a_common_one() -> None:
    names = {"010100": "市容管理", "010200": "犬类管理", "010300": "物业管理", "010000": "管理"}
    found = likely_categories("犬类太多,没人管理", names)
    assert (found[0].code, found[0].words) == ("010200", ("犬类", "管理"))
    assert "010000" not in [each.code for each in found]
    assert likely_categories("今天天气很好", names) == []
