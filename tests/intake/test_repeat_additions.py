"""What a caller adds when asking again reaches the ticket: nothing of it is lost by merging."""

from typing import Any

import pytest

from tests.inprocess import Answer, InProcess
from tests.intake.test_repeats import OTHER, WAGES, ask, steps

MORE = WAGES["text"] + ",工友里还有两个人也没有领到,老板姓陈"
PHOTO = {"url": "https://files.example.com/a.jpg", "media_type": "image/jpeg", "sha256": "a" * 64}


async def history(hotline: InProcess, ticket: str, step: str) -> list[str]:
    query = "SELECT note FROM ticket_history WHERE ticket_id = :id AND step = :step ORDER BY version"
    return [row.note for row in await hotline.rows(query, id=ticket, step=step)]


async def merged(hotline: InProcess, ticket: Answer, **change: Any) -> Answer:
    answer = await ask(hotline, **{**WAGES, **change})
    assert (answer.status_code, answer.json()["id"]) == (200, ticket["id"])
    return answer.json()  # type: ignore[no-any-return]


async def test_new_words_reach_the_department_with_the_urging(hotline: InProcess) -> None:
    ticket = await hotline.call(**WAGES)
    body = await merged(hotline, ticket, text=MORE)
    assert "您补充的内容" in body["told"]
    assert await history(hotline, ticket["id"], "urge") == [f"第1次催单:{MORE}"]
    (event,) = await hotline.rows("SELECT body FROM outbox WHERE headers ->> 'ce_type' = 'ticket.urged'")
    assert "老板姓陈" in bytes(event.body).decode()
    department = await hotline.client("department", ticket["department"])
    shown = (await department.get(f"/v1/tickets/{ticket['id']}/timeline")).json()
    assert any("老板姓陈" in (each["text"] or "") for each in shown)


async def test_the_same_words_again_are_only_counted(hotline: InProcess) -> None:
    ticket = await hotline.call(**WAGES)
    body = await merged(hotline, ticket)
    assert "您补充的内容" not in body["told"]
    assert await history(hotline, ticket["id"], "urge") == ["第1次催单:来电人再次来电,并入本工单"]


async def test_a_file_hangs_on_the_ticket_once_however_often_it_is_sent(hotline: InProcess) -> None:
    ticket = await hotline.call(**WAGES, attachments=[PHOTO])
    other = {**PHOTO, "sha256": "b" * 64}
    await merged(hotline, ticket, attachments=[PHOTO, other])
    await merged(hotline, ticket, attachments=[other])
    kept = (await (await hotline.client()).get(f"/v1/tickets/{ticket['id']}/attachments")).json()["items"]
    assert [each["sha256"] for each in kept] == ["a" * 64, "b" * 64]


async def test_an_earlier_number_the_caller_quotes_stays_linked(hotline: InProcess) -> None:
    ticket = await hotline.call(**WAGES)
    for _ in range(2):
        await merged(hotline, ticket, follows="20260101000077")
    links = (await (await hotline.client()).get(f"/v1/tickets/{ticket['id']}/links")).json()
    assert [(each["kind"], each["ticket"]) for each in links] == [("follows", "20260101000077")]


@pytest.mark.parametrize(
    ("change", "said"),
    [({"urgency": "urgent"}, "本次来电紧急程度为紧急,原登记为一般"), ({"live": True}, "来电人称正在发生")],
)
async def test_what_is_more_urgent_is_told_to_the_agent_and_the_department(
    hotline: InProcess, change: dict[str, Any], said: str
) -> None:
    ticket = await hotline.call(**WAGES)
    body = await merged(hotline, ticket, **change)
    assert said in body["told"]
    assert said in (await history(hotline, ticket["id"], "urge"))[0]
    assert (body["urgency"], body["live"]) == ("general", False)


async def test_what_is_more_urgent_than_an_answered_ticket_is_a_new_one(hotline: InProcess) -> None:
    ticket = await hotline.call(**WAGES)
    await hotline.step(ticket, "sign")
    await hotline.step(ticket, "resolve", "已责令付清")
    assert (await ask(hotline, **WAGES)).json()["outcome"] == "DUPLICATE_CLOSED"
    assert (await ask(hotline, **WAGES, urgency="urgent")).status_code == 201


async def test_a_caller_who_now_asks_to_be_withheld_is(hotline: InProcess) -> None:
    ticket = await hotline.call(**WAGES)
    department = await hotline.client("department", ticket["department"])
    assert (await department.get(f"/v1/tickets/{ticket['id']}")).json()["caller"]["phone"] is not None
    body = await merged(hotline, ticket, caller={**WAGES["caller"], "withheld": True})
    assert "保密" in body["told"]
    shown = (await department.get(f"/v1/tickets/{ticket['id']}")).json()["caller"]
    assert (shown["withheld"], shown["name"], shown["phone"]) == (True, None, None)
    assert "来电人要求身份保密" in (await history(hotline, ticket["id"], "urge"))[0]


async def test_a_call_of_somebody_else_withholds_nobody(hotline: InProcess) -> None:
    ticket = await hotline.call(**WAGES)
    ruling = {"outcome": "DUPLICATE_OPEN", "reason": "同一事项", "ticket": ticket["id"]}
    answer = await ask(
        hotline, title="同上", text="我也被拖欠了工资", caller={**OTHER, "withheld": True}, ruling=ruling
    )
    assert answer.json()["caller"]["withheld"] is False
    assert await history(hotline, ticket["id"], "urge") == ["第1次催单:我也被拖欠了工资"]


async def test_another_name_on_the_same_phone_is_another_caller(hotline: InProcess) -> None:
    await hotline.call(**WAGES)
    caller = {**WAGES["caller"], "name": "吴女士"}
    assert (await ask(hotline, **{**WAGES, "caller": caller})).status_code == 201


async def test_the_same_record_changes_nothing_and_another_text_under_its_number_is_noted(
    hotline: InProcess,
) -> None:
    sent = {**WAGES, "source_number": "A1"}
    ticket = await hotline.call(**sent)
    for _ in range(2):
        again = await ask(hotline, **sent)
        assert (again.status_code, again.json()["version"]) == (200, ticket["version"])
    for _ in range(2):
        other = await ask(hotline, **{**sent, "text": MORE})
        assert (other.status_code, other.json()["version"]) == (200, ticket["version"] + 1)
    assert await steps(hotline, ticket["id"]) == ["register", "assign", "co_assign", "note"]
    (note,) = await history(hotline, ticket["id"], "note")
    assert note.endswith(MORE)
    kept = await hotline.rows("SELECT raw FROM source_calls WHERE ticket_id = :id", id=ticket["id"])
    assert sum("老板姓陈" in bytes(row.raw).decode() for row in kept) == 2


async def test_a_record_that_was_merged_is_merged_once_however_often_it_is_sent(hotline: InProcess) -> None:
    ticket = await hotline.call(**WAGES)
    for _ in range(3):
        await merged(hotline, ticket, source_number="A2")
    (row,) = await hotline.rows("SELECT urged FROM tickets")
    assert row.urged == 1
