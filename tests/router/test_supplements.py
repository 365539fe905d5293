"""What a department lacks is told once and whole; its clocks run on, and the caller's answer reaches it."""

from typing import Any

import pytest

from tests.inprocess import Answer, InProcess

NOISE = {"category": "020100", "division": "460106002000"}
CALLER = {"name": "王小明", "phone": "13800138000"}
MISSING = ["噪声录音", "具体门牌号"]


async def signed(hotline: InProcess) -> Answer:
    ticket = await hotline.call(**NOISE, caller=CALLER)
    await hotline.step(ticket, "sign")
    return ticket


async def post(hotline: InProcess, ticket: Answer, path: str, who: str, **said: Any) -> Answer:
    client = await hotline.client(who, ticket["department"] if who == "department" else None)
    answer = await client.post(f"/v1/tickets/{ticket['id']}/{path}", json=said)
    await hotline.drain()
    return {"http": answer.status_code, **answer.json()}


async def waiting(hotline: InProcess) -> list[Answer]:
    answer = await (await hotline.client()).get("/v1/supplements")
    return answer.json()["items"]  # type: ignore[no-any-return]


async def test_what_is_missing_is_told_once_and_the_clocks_run_on(hotline: InProcess) -> None:
    ticket = await signed(hotline)
    clocks = await hotline.deadlines(ticket["id"])
    asked = await post(hotline, ticket, "ask-supplement", "department", missing=MISSING, note="用于检测")
    assert (asked["http"], asked["status"]) == (200, "signed")
    assert await hotline.deadlines(ticket["id"]) == clocks
    (row,) = await waiting(hotline)
    assert (row["ticket"], row["missing"]) == (ticket["id"], MISSING)

    again = await post(hotline, ticket, "ask-supplement", "department", missing=["身份证号"])
    assert (again["http"], again["code"], again["missing"]) == (409, "asked_once", MISSING)


async def test_what_the_caller_supplied_is_told_to_the_department_without_naming_them(
    hotline: InProcess,
) -> None:
    ticket = await signed(hotline)
    await post(hotline, ticket, "ask-supplement", "department", missing=MISSING)
    note = "王小明已上传录音,门牌号8号"
    assert (await post(hotline, ticket, "supplement", "agent", note=note))["http"] == 200
    assert await waiting(hotline) == []

    owner = await hotline.client("department", ticket["department"])
    (shown,) = (await owner.get(f"/v1/tickets/{ticket['id']}/supplements")).json()["items"]
    assert "门牌号8号" in shown["answer"]
    assert "王小明" not in shown["answer"]
    query = "SELECT convert_from(body, 'utf8')::jsonb AS body FROM outbox WHERE headers::text LIKE :type"
    (event,) = await hotline.rows(query, type="%ticket.supplemented%")
    assert event.body["department"] == ticket["department"]
    assert "王小明" not in event.body["note"]
    timeline = (await (await hotline.client()).get(f"/v1/tickets/{ticket['id']}/timeline")).json()
    assert [each["label"] for each in timeline][-2:] == ["一次性告知", "诉求人补充"]


async def test_nothing_is_taken_down_that_nobody_asked_for(hotline: InProcess) -> None:
    ticket = await signed(hotline)
    refused = await post(hotline, ticket, "supplement", "agent", note="补充")
    assert (refused["http"], refused["code"]) == (409, "nothing_asked")
    await post(hotline, ticket, "ask-supplement", "department", missing=MISSING)
    assert (await post(hotline, ticket, "supplement", "agent", note="补充"))["http"] == 200
    refused = await post(hotline, ticket, "supplement", "agent", note="又补充")
    assert (refused["http"], refused["code"]) == (409, "nothing_asked")


@pytest.mark.parametrize("missing", [[], ["照片", "照片"], [" "]])
async def test_the_list_is_whole_and_says_something(hotline: InProcess, missing: list[str]) -> None:
    ticket = await signed(hotline)
    refused = await post(hotline, ticket, "ask-supplement", "department", missing=missing)
    assert (refused["http"], refused["code"]) == (422, "invalid")
