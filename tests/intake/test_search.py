"""Tickets are found by whatever is known of them, newest first, and by nobody they are not for."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.domain.search import Wanted, hashed, haystack, stretch_of, tokens, words_of
from intake.search_index import index_batch, index_once
from schemas.codes import category_prefixes, division_prefixes
from tests.conftest import MONDAY
from tests.inprocess import Answer, InProcess

NOISE = {"category": "020100", "division": "460106002000"}
LIGHTS = {"category": "010500", "division": "460108004000"}
BRIEF = {"title": "夜间施工", "text": "滨海大道某工地夜间十一点后仍在打桩"}


async def indexed(hotline: InProcess) -> None:
    """Wait until nothing waits for the index."""
    async with asyncio.timeout(20):
        while (await hotline.rows("SELECT count(*) AS n FROM search_queue"))[0].n:
            await index_once(hotline.resources)


async def found(service: InProcess, who: tuple[str, str | None] = ("agent", None), **query: Any) -> list[str]:
    """Every number found, over all pages."""
    client = await service.client(*who)
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        answer = await client.get("/v1/tickets", params={**query, **cursor})
        assert answer.status_code == 200, answer.text
        seen += [each["id"] for each in answer.json()["items"]]
        if answer.json()["next"] is None:
            return seen
        cursor = {"cursor": answer.json()["next"]}


async def three(hotline: InProcess) -> list[str]:
    """Noise, lights and a report from 12315, a minute apart, routed and indexed."""
    made = []
    calls: list[Answer] = [
        {**NOISE, **BRIEF, "caller": {"phone": "13800138000"}},
        {**LIGHTS, "title": "路灯不亮", "text": "海甸二东路 Room 5 路灯不亮", "source_number": "A-1"},
        {"hotline": "12315", "title": "预付卡", "text": "健身房不退款", "caller": {"type": "enterprise"}},
    ]
    for call in calls:
        made.append((await hotline.register(**call))["id"])
        hotline.clock.time += timedelta(minutes=1)
    await hotline.drain()
    await indexed(hotline)
    return made


async def test_each_filter_finds_what_it_names(hotline: InProcess) -> None:
    noise, lights, card = await three(hotline)
    expected: list[tuple[dict[str, Any], list[str]]] = [
        ({}, [card, lights, noise]),
        ({"number": noise}, [noise]),
        ({"number": noise[:10]}, [card, lights, noise]),
        ({"number": noise[:9] + "9"}, []),
        ({"number": "HK2025"}, []),
        ({"number": "HK99999999"}, []),
        ({"number": "A-1"}, [lights]),
        ({"phone": "138-0013-8000"}, [noise]),
        ({"phone": "13900000000"}, []),
        ({"text": "打桩"}, [noise]),
        ({"text": "打桩 滨海"}, [noise]),
        ({"text": "打桩 路灯"}, []),
        ({"text": "ROOM"}, [lights]),
        ({"text": "路燈"}, [lights]),
        ({"text": "退款健身"}, []),
        ({"category": "02"}, [noise]),
        ({"category": "020000"}, [noise]),
        ({"category": "0105"}, [lights]),
        ({"category": "0202"}, []),
        ({"division": "4601"}, [lights, noise]),
        ({"division": "460106"}, [noise]),
        ({"division": "460108004000"}, [lights]),
        ({"division": "460108005"}, []),
        ({"hotline": "12315"}, [card]),
        ({"caller_type": "enterprise"}, [card]),
        ({"status": "triage"}, [card]),
        ({"status": ["triage", "assigned"]}, [card, lights, noise]),
        ({"status": "assigned", "text": "路灯"}, [lights]),
        ({"status": "triage", "text": "路灯"}, []),
        ({"department": "ecology-environment-longhua"}, [noise]),
        ({"department": "ecology-environment-longhua", "status": "triage"}, []),
        ({"department": "ecology-environment-longhua", "category": "02", "text": "施工"}, [noise]),
        ({"accepted_from": (MONDAY + timedelta(minutes=1)).isoformat()}, [card, lights]),
        ({"accepted_to": (MONDAY + timedelta(minutes=1)).isoformat()}, [noise]),
        ({"accepted_to": (MONDAY + timedelta(minutes=1)).isoformat(), "text": "路灯"}, []),
    ]
    for query, numbers in expected:
        assert await found(hotline, **query) == numbers, query


async def test_what_is_rare_is_found_far_back_and_over_every_page(hotline: InProcess) -> None:
    hotline.clock.time = MONDAY - timedelta(days=700)
    old = [(await hotline.register(**{**LIGHTS, "text": f"井盖塌陷{n}"}))["id"] for n in range(3)]
    hotline.clock.time = MONDAY
    for _ in range(5):
        await hotline.register(**NOISE, text="施工噪声")
    await indexed(hotline)
    assert sorted(await found(hotline, text="井盖塌陷", limit=2)) == sorted(old)
    assert sorted(await found(hotline, text="塌陷", category="0105", limit=1)) == sorted(old)
    assert await found(hotline, text="塌陷", category="02") == []


async def test_the_index_is_asked_when_the_newest_tickets_do_not_answer(
    hotline: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("intake.search_store.WINDOW", 2)
    monkeypatch.setattr("intake.search_store.FEW", 1)
    monkeypatch.setattr("intake.search_store.CHUNK", 2)
    calls = [LIGHTS | {"text": f"路灯不亮{n}"} if n % 3 else NOISE | {"text": "施工"} for n in range(12)]
    made = []
    for call in calls:
        hotline.clock.time += timedelta(days=5)
        made.append((await hotline.register(**call))["id"])
    await indexed(hotline)
    lights = [each for each, call in zip(made, calls, strict=True) if "路灯" in call["text"]]
    assert await found(hotline, text="路灯不亮", limit=3) == lights[::-1]
    assert await found(hotline, category="0105", limit=3) == lights[::-1]
    assert await found(hotline, category="0105", division="460106", limit=3) == []
    assert await found(hotline, caller_type="person", status="registered", limit=5) == made[::-1]


async def test_a_number_inside_a_word_is_whole_and_one_at_its_end_may_go_on(
    hotline: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("intake.search_store.FEW", 1)
    made = {
        number: (await hotline.register(**LIGHTS, text=f"国兴路{number}号路灯不亮"))["id"]
        for number in ("12", "112", "120", "7")
    }
    await indexed(hotline)
    assert await found(hotline, text="路12号") == [made["12"]]
    assert set(await found(hotline, text="国兴路12")) == {made["12"], made["120"]}
    assert set(await found(hotline, text="12号")) == {made["12"], made["112"]}


async def test_words_and_kinds_that_were_corrected_are_found_as_they_now_are(hotline: InProcess) -> None:
    noise, *_ = await three(hotline)
    client = await hotline.client()
    wanted = {"because": "更正", "text": "其实是广场舞", "category": "020200"}
    assert (await client.post(f"/v1/tickets/{noise}/correct", json=wanted)).status_code == 200
    await indexed(hotline)
    assert await found(hotline, text="打桩") == []
    assert await found(hotline, text="广场舞", category="0202") == [noise]


async def test_what_was_being_indexed_when_the_process_died_is_indexed_by_the_next(
    hotline: InProcess,
) -> None:
    await three(hotline)
    died = 0
    async with asyncio.timeout(20):
        while not died:  # the loop of the process under test may have been quicker
            await hotline.rows("DELETE FROM ticket_search RETURNING 1")
            await hotline.rows("INSERT INTO search_queue SELECT id FROM tickets RETURNING 1")
            with suppress(KeyboardInterrupt):
                async with hotline.resources.database.transaction() as connection:
                    died = await index_batch(connection)
                    raise KeyboardInterrupt
    await indexed(hotline)
    assert len(await found(hotline, text="路灯")) == 1


async def test_a_ticket_registered_twice_or_by_two_at_once_is_indexed_once(hotline: InProcess) -> None:
    await asyncio.gather(*(hotline.register(**NOISE, **BRIEF) for _ in range(20)))
    await asyncio.gather(*(index_once(hotline.resources) for _ in range(4)))
    await indexed(hotline)
    assert len(await found(hotline, text="打桩")) == 20
    assert (await hotline.rows("SELECT count(*) AS n FROM ticket_search"))[0].n == 20


async def test_a_department_finds_its_own_and_never_by_phone(hotline: InProcess) -> None:
    noise, *_ = await three(hotline)
    owner = ("department", "ecology-environment-longhua")
    assert await found(hotline, owner) == [noise]
    assert await found(hotline, owner, department="municipal-works-meilan") == [noise]
    assert await found(hotline, owner, text="路灯") == []
    refused = await (await hotline.client(*owner)).get("/v1/tickets", params={"phone": "13800138000"})
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"text": "灯"}, "query:text"),
        ({"text": "路灯 坏"}, "query:text"),
        ({"text": "  "}, "query:text"),
        ({"category": "0"}, "query:category"),
        ({"division": "46"}, "query:division"),
        ({"status": "lost"}, "query:status.0"),
        ({"limit": "201"}, "query:limit"),
        ({"accepted_from": "2026-11-23T09:00"}, "query:accepted_from"),
        ({"updated_after": "2026-11-23T09:00:00+08:00", "text": "路灯"}, "query:text"),
    ],
)
async def test_what_cannot_be_searched_is_refused(
    hotline: InProcess, query: dict[str, str], pointer: str
) -> None:
    answer = await (await hotline.client()).get("/v1/tickets", params=query)
    assert (answer.status_code, answer.json()["pointer"]) == (422, pointer)


async def test_the_feed_shows_each_change_once_it_has_settled_and_goes_on(hotline: InProcess) -> None:
    noise, lights, card = await three(hotline)
    client = await hotline.client()
    hotline.clock.time += timedelta(minutes=1)

    async def page(**query: str) -> tuple[list[str], str]:
        answer = (await client.get("/v1/tickets", params={"updated_after": after, **query})).json()
        return [each["id"] for each in answer["items"]], answer["next"]

    after = (MONDAY - timedelta(days=1)).isoformat()
    first, place = await page(limit="4")
    rest, place = await page(cursor=place)
    assert (set(first + rest), first[0]) == ({noise, lights, card}, noise)
    assert (await page(cursor=place))[0] == []
    await client.post(f"/v1/tickets/{lights}/note", json={"note": "补充"})
    assert (await page(cursor=place))[0] == []
    hotline.clock.time += timedelta(seconds=5)
    changed, place = await page(cursor=place)
    assert changed == [lights]
    assert (await page(cursor=place))[0] == []


@given(st.text(min_size=2, max_size=40), st.data())
def test_whatever_part_of_a_text_is_looked_for_its_tokens_are_among_those_of_the_text(
    text: str, data: st.DataObject
) -> None:
    said = haystack("标题", text, None)
    start = data.draw(st.integers(0, len(text) - 2))
    part = text[start : data.draw(st.integers(start + 2, len(text)))]
    words = [each for each in words_of(part) if len(each) >= 2 and each in said]
    of_text = set(tokens(MONDAY, said, category=None, division=None, hotline="12345", caller_type="person"))
    for mark in Wanted(words=tuple(words)).marks:
        assert set(hashed([mark], stretch_of(MONDAY))) <= of_text


@given(st.from_regex(r"\A\d{6}\Z"), st.from_regex(r"\A\d{12}\Z"))
def test_a_ticket_is_under_every_prefix_of_its_category_and_division(category: str, division: str) -> None:
    known = {"hotline": "12345", "caller_type": "person"}
    found_by = set(tokens(MONDAY, "", category=category, division=division, **known))
    for each in category_prefixes(category)[:-1]:
        assert set(hashed(Wanted(category=each).marks, stretch_of(MONDAY))) <= found_by
    for each in division_prefixes(division)[:-1]:
        assert set(hashed(Wanted(division=each).marks, stretch_of(MONDAY))) <= found_by


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"number": "HK9999"}, 200),
        ({"number": "HK00010101"}, 200),
        ({"number": "HK99991231"}, 200),
        ({"number": "HK０００１"}, 200),
        ({"accepted_from": "0001-01-01T00:00:00+14:00"}, 422),
        ({"accepted_to": "9999-12-31T23:59:59-12:00"}, 422),
        ({"updated_after": "0001-01-01T00:00:00+14:00"}, 422),
    ],
)
async def test_moments_no_database_knows_are_found_nowhere_or_refused(
    hotline: InProcess, query: dict[str, str], status: int
) -> None:
    await hotline.register()
    answer = await (await hotline.client()).get("/v1/tickets", params=query)
    assert answer.status_code == status, answer.text
    assert answer.json().get("items", []) == []


async def test_calls_of_a_cancelled_number_are_found_under_it(hotline: InProcess) -> None:
    ticket = await hotline.register(hotline="12331")
    assert ticket["hotline"] == "12315"
    assert await found(hotline, hotline="12331") == await found(hotline, hotline="12315") == [ticket["id"]]


async def test_a_report_in_confidence_is_found_by_nobody_outside_its_compartment(hotline: InProcess) -> None:
    secret = await hotline.register(kind="report", category="140400", text="某所长收受财物,要求保密")
    plain = await hotline.register(text="某路口路灯不亮")
    await indexed(hotline)
    assert await found(hotline) == [plain["id"]]
    assert await found(hotline, text="某所长收受财物") == []
    assert await found(hotline, number=secret["id"]) == []
    assert await found(hotline, ("supervisor", None), text="某所长收受财物") == [secret["id"]]
    agent, supervisor = await hotline.client(), await hotline.client("supervisor")
    for face in ("", "/history", "/timeline", "/links", "/calls", "/attachments", "/deadlines"):
        asked = f"/v1/tickets/{secret['id']}{face}"
        assert (await agent.get(asked)).status_code == 404, face
        assert (await supervisor.get(asked)).status_code == 200, face
    listed = (await agent.get("/v1/calls")).json()["items"]
    assert [each["ticket"] for each in listed] == [plain["id"]]
    given = {"department": "traffic-police", "note": "请核实"}
    assert (await agent.post(f"/v1/tickets/{secret['id']}/assign", json=given)).status_code == 404


async def test_a_department_reads_and_finds_no_number_and_no_name_in_free_text(hotline: InProcess) -> None:
    said = "我叫周明远,电话13812345678,工地夜间施工"
    caller = {"name": "周明远", "phone": "13812345678", "withheld": True}
    ticket = await hotline.call(**NOISE, title="周明远反映施工", text=said, caller=caller)
    client = await hotline.client()
    await client.post(f"/v1/tickets/{ticket['id']}/urge", json={"note": "周明远再次来电13812345678"})
    await indexed(hotline)
    theirs = ("department", ticket["department"])
    department = await hotline.client(*theirs)
    for face in ("", "/history", "/timeline"):
        answer = await department.get(f"/v1/tickets/{ticket['id']}{face}")
        assert answer.status_code == 200
        assert "138" not in answer.text, face
        assert "周明远" not in answer.text, face
    assert (await department.get(f"/v1/tickets/{ticket['id']}")).json()["text"] == (
        "我叫[姓名],电话[电话],工地夜间施工"
    )
    assert await found(hotline, theirs, text="夜间施工") == [ticket["id"]]
    assert await found(hotline, theirs, text="周明远") == []
    assert await found(hotline, theirs, text="13812345678") == []
    assert await found(hotline, text="13812345678") == [ticket["id"]]
    (event,) = await hotline.rows("SELECT body FROM outbox WHERE headers ->> 'ce_type' = 'ticket.assigned'")
    assert "周明远" not in event.body.decode()


async def test_what_another_department_had_done_before_is_not_told(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    await hotline.step(ticket, "return", "不属于我单位职责")
    supervisor = await hotline.client("supervisor")
    assert (await supervisor.post(f"/v1/tickets/{ticket['id']}/grant-return", json={})).status_code == 200
    await hotline.drain()
    other = (await hotline.ticket(ticket["id"]))["department"]
    assert other not in (None, ticket["department"])
    department = await hotline.client("department", other)
    for face in ("history", "timeline"):
        shown = await department.get(f"/v1/tickets/{ticket['id']}/{face}")
        assert "不属于我单位职责" not in shown.text
        assert [each["step"] for each in shown.json()] == ["register", "assign"]
