"""A correction changes what a ticket says, and keeps what it said before."""

from typing import Any

import pytest

from tests.inprocess import Answer, InProcess

NOISE = {"category": "020100", "division": "460106002000", "address": "滨海大道"}


async def correct(hotline: InProcess, ticket: Answer, **wanted: Any) -> Answer:
    client = await hotline.client()
    body = {"because": "来电人更正", **wanted}
    answer = await client.post(f"/v1/tickets/{ticket['id']}/correct", json=body)
    return {"http": answer.status_code, **answer.json()}


async def test_what_was_is_kept_beside_what_is(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    now = await correct(hotline, ticket, title="夜间施工", kind="report", address=None, live=True)
    assert (now["title"], now["kind"], now["address"], now["live"]) == ("夜间施工", "report", None, True)
    assert (now["text"], now["category"]) == (ticket["text"], ticket["category"])
    (kept,) = await hotline.rows("SELECT * FROM corrections")
    assert kept.changed == {
        "title": [ticket["title"], "夜间施工"],
        "kind": ["complaint", "report"],
        "address": ["滨海大道", None],
        "live": ["否", "是"],
    }
    assert (kept.version, kept.because) == (now["version"], "来电人更正")


async def test_the_history_says_it_in_words(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    await correct(hotline, ticket, category="020200", text="改过的内容")
    history = (await (await hotline.client()).get(f"/v1/tickets/{ticket['id']}/history")).json()
    said = next(each["note"] for each in history if each["step"] == "correct")
    assert said == "更正:类别020100→020200、内容已改;原因:来电人更正"


async def test_a_corrected_text_is_cleaned_like_any_other(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    now = await correct(hotline, ticket, text="  施工\u200b噪声   很大  ")
    assert now["text"] == "施工噪声 很大"


@pytest.mark.parametrize(
    ("wanted", "code", "pointer"),
    [
        ({}, "invalid", ""),
        ({"title": None}, "invalid", ""),
        ({"category": "020100"}, "invalid", ""),
        ({"category": "999999"}, "unknown_category", "/category"),
        ({"division": "460199000000"}, "unknown_division", "/division"),
        ({"title": "\u200b\u200b"}, "invalid", "/title"),
        ({"because": ""}, "invalid", "/because"),
        ({"occurred_at": "2027-01-01T00:00:00+08:00"}, "invalid", "/occurred_at"),
        ({"longitude": 0, "latitude": 0}, "invalid", "/longitude"),
    ],
)
async def test_a_correction_that_cannot_be_is_refused_and_changes_nothing(
    hotline: InProcess, wanted: dict[str, Any], code: str, pointer: str
) -> None:
    ticket = await hotline.call(**NOISE)
    refused = await correct(hotline, ticket, **wanted)
    assert (refused["http"], refused["code"], refused["pointer"]) == (422, code, pointer)
    assert (await hotline.ticket(ticket["id"]))["version"] == ticket["version"]


async def test_a_resolved_ticket_is_not_corrected(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    await hotline.step(ticket, "sign")
    await hotline.step(ticket, "resolve", "已办")
    refused = await correct(hotline, ticket, category="020200")
    assert (refused["http"], refused["code"]) == (409, "illegal_transition")


async def test_whom_a_caller_was_taken_for_is_kept_each_time(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE, caller={"name": "林女士", "phone": "13800138000"})
    for name in ("符女士", "吴女士"):
        now = await correct(hotline, ticket, caller={"name": name, "phone": "13800138000"})
        assert now["http"] == 200, now
    (row,) = await hotline.rows("SELECT former_callers FROM tickets")
    assert [each["name"] for each in row.former_callers] == ["林女士", "符女士"]


async def test_a_corrected_caller_is_read_like_any_other_and_told_to_nobody(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE, caller={"name": "林女士", "phone": "13800138000"})
    now = await correct(hotline, ticket, caller={"name": "林女士", "phone": "138 0013 8001"})
    assert now["caller"]["phone"] == "+8613800138001"
    (kept,) = await hotline.rows("SELECT changed FROM corrections")
    assert kept.changed["caller"][1]["phone"] == "+8613800138001"
    (event,) = await hotline.rows("SELECT body FROM outbox WHERE headers ->> 'ce_type' = 'ticket.corrected'")
    assert "138" not in event.body.decode()
    said = (await (await hotline.client()).get(f"/v1/tickets/{ticket['id']}/history")).json()[-1]["note"]
    assert said == "更正:诉求人已改;原因:来电人更正"


async def test_a_corrected_address_moves_the_ticket_to_the_division_it_certainly_lies_in(
    hotline: InProcess,
) -> None:
    ticket = await hotline.call(**NOISE)
    assert (await correct(hotline, ticket, address="琼山区国兴街道某路口"))["division"] == "460107001000"
    await hotline.drain()
    moved = await hotline.ticket(ticket["id"])
    assert moved["department"] == "ecology-environment-qiongshan"
    assert (await correct(hotline, ticket, address="某路口"))["division"] == "460107001000"
    given = await correct(hotline, ticket, address="琼山区府城街道", division="460106002000")
    assert given["division"] == "460106002000"


async def test_a_corrected_text_tells_where_only_if_nothing_was_known(hotline: InProcess) -> None:
    unknown = await hotline.call(category="020100")
    assert (await correct(hotline, unknown, text="秀英区永兴镇在放鞭炮"))["division"] == "460105104000"
    known = await hotline.call(**NOISE)
    assert (await correct(hotline, known, text="秀英区永兴镇在放鞭炮"))["division"] == NOISE["division"]


async def test_a_question_about_discipline_stays_one_when_its_title_is_corrected(hotline: InProcess) -> None:
    ticket = await hotline.register(kind="consult", category="140400", text="请问举报电话是多少")
    now = await correct(hotline, ticket, title="问举报电话")
    assert (now["http"], now["caller"]["withheld"]) == (200, False)


async def test_a_correction_that_tells_of_a_danger_is_answered_with_the_advice_of_a_preview(
    hotline: InProcess,
) -> None:
    ticket = await hotline.call(**NOISE)
    said = {"title": "起火", "text": "工地旁边的房子着火了,里面还有人"}
    now = await correct(hotline, ticket, **said)
    preview = await (await hotline.client()).post("/v1/preview", json={"kind": "complaint", **NOISE, **said})
    assert now["advice"]["outcome"] == "TRANSFER_EMERGENCY"
    assert now["advice"] == preview.json()["advice"]
    assert "transfer" in now["actions"]
    assert (await correct(hotline, ticket, title="夜间施工", text="火已经扑灭,施工噪声很大"))[
        "advice"
    ] is None
