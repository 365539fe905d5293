"""Several callers, one matter: one dispatch, everybody answered."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from tests.inprocess import Answer, InProcess

NOISE = {
    "category": "020100",
    "division": "460106002000",
    "address": "龙华区海垦花园",
    "title": "夜间施工噪声",
    "text": "海垦花园门口的工地夜间施工噪声很大,影响居民休息,希望尽快制止",
}
WAGES = {**NOISE, "category": "060100", "text": "海垦花园工地拖欠工资两个月一直没有发"}


def caller(number: int) -> dict[str, Any]:
    return {"name": f"符先生{number}", "phone": f"138000000{number:02}"}


async def placed(hotline: InProcess, number: int, **call: Any) -> Answer:
    """Register a call of another caller about one place, and leave it undispatched."""
    return await hotline.register(**{**NOISE, "caller": caller(number), **call})


async def called(hotline: InProcess, number: int, **call: Any) -> Answer:
    ticket = await placed(hotline, number, **call)
    await hotline.drain()
    return await hotline.ticket(ticket["id"])


async def post(hotline: InProcess, ticket: str, name: str, role: str = "agent", **body: Any) -> Any:
    return await (await hotline.client(role)).post(f"/v1/tickets/{ticket}/{name}", json=body)


async def steps(hotline: InProcess, ticket: str) -> list[str]:
    answer = await (await hotline.client()).get(f"/v1/tickets/{ticket}/history")
    return [each["step"] for each in answer.json()]


async def dispatched(hotline: InProcess) -> list[str]:
    rows = await hotline.rows("SELECT ticket_id FROM assignments ORDER BY ticket_id")
    return [row.ticket_id for row in rows]


async def test_the_second_caller_joins_the_first_and_only_one_is_dispatched(hotline: InProcess) -> None:
    first, second = await called(hotline, 1), await called(hotline, 2)
    assert (second["status"], second["parent"], second["department"]) == ("joined", first["id"], None)
    assert second["due_at"] is not None
    assert await dispatched(hotline) == [first["id"]]
    assert await steps(hotline, second["id"]) == ["register", "join"]


async def test_calls_that_wait_together_are_dispatched_once(hotline: InProcess) -> None:
    tickets = [await placed(hotline, number) for number in range(12)]
    await asyncio.gather(*(hotline.drain() for _ in range(2)))
    await hotline.drain()
    now = [await hotline.ticket(each["id"]) for each in tickets]
    assert len(await dispatched(hotline)) == 1
    assert sorted(each["status"] for each in now) == ["assigned"] + ["joined"] * 11
    assert {each["parent"] for each in now if each["parent"]} == set(await dispatched(hotline))


async def test_of_calls_that_wait_together_each_goes_to_its_own_matter(hotline: InProcess) -> None:
    first, elsewhere = await placed(hotline, 1), await placed(hotline, 2, address="龙华区金盘路8号")
    second, nowhere = await placed(hotline, 3), await placed(hotline, 4, address=None, text="夜间施工")
    secret = await placed(hotline, 5)
    await hotline.rows("UPDATE tickets SET confidential = true WHERE id = :id RETURNING id", id=secret["id"])
    await hotline.drain()
    query = "SELECT id, status, parent, department, department_because FROM tickets ORDER BY id"
    now = {row.id: row for row in await hotline.rows(query)}
    in_turn = [now[each["id"]] for each in (first, elsewhere, second, nowhere, secret)]
    assert [each.status for each in in_turn] == ["assigned", "assigned", "joined", "assigned", "triage"]
    assert [each.parent for each in in_turn] == [None, None, first["id"], None, None]
    assert await dispatched(hotline) == sorted(each["id"] for each in (first, elsewhere, nowhere))
    for kept in await hotline.rows("SELECT ticket_id, department, decision FROM assignments"):
        ticket = now[kept.ticket_id]
        assert (ticket.department, ticket.department_because) == (kept.department, kept.decision["because"])


async def test_the_parents_answer_answers_every_child_in_its_own_history(hotline: InProcess) -> None:
    first, *others = [await called(hotline, number) for number in range(3)]
    await hotline.step(first, "sign")
    await hotline.step(first, "resolve", "已责令停工")
    for child in others:
        assert (await hotline.ticket(child["id"]))["status"] == "resolved"
        assert await steps(hotline, child["id"]) == ["register", "join", "resolve"]
        told = await hotline.rows(
            "SELECT note FROM ticket_history WHERE ticket_id = :id AND step = 'resolve'", id=child["id"]
        )
        assert told[0].note == "已责令停工"
        clocks = await hotline.deadlines(child["id"])
        still_open = {name for name, clock in clocks.items() if not clock["settled_at"]}
        assert still_open == {("citizen", "callback")}  # each caller is asked


async def test_the_department_of_the_parent_does_not_see_the_children(hotline: InProcess) -> None:
    first, child = await called(hotline, 1), await called(hotline, 2)
    department = await hotline.client("department", first["department"])
    assert (await department.get(f"/v1/tickets/{child['id']}")).status_code == 404


@pytest.mark.parametrize(
    "other",
    [
        {"category": "060100", "text": WAGES["text"]},
        {"text": "请问开具流动人口证明要带哪些材料"},
        {"urgency": "urgent"},
        {"kind": "consult"},
        {"caller": {**caller(2), "type": "enterprise"}},
        {"caller": {**caller(2), "withheld": True}, "category": "020300"},
    ],
)
async def test_what_is_not_surely_one_matter_is_dispatched_by_itself(
    hotline: InProcess, other: dict[str, Any]
) -> None:
    await called(hotline, 1)
    second = await called(hotline, 2, **other)
    assert (second["parent"], second["status"] in ("assigned", "triage")) == (None, True)


async def test_a_confidential_ticket_is_joined_to_nothing(hotline: InProcess) -> None:
    first = await called(hotline, 1)
    second = await placed(hotline, 2)
    await hotline.rows("UPDATE tickets SET confidential = true WHERE id = :id RETURNING id", id=second["id"])
    await hotline.drain()
    unseen = await post(hotline, second["id"], "join", parent=first["id"], note="同一工地")
    supervisor = await hotline.client("supervisor")
    body = {"parent": first["id"], "note": "同一工地"}
    refused = await supervisor.post(f"/v1/tickets/{second['id']}/join", json=body)
    assert await hotline.rows("SELECT id FROM tickets WHERE parent IS NOT NULL") == []
    assert (unseen.status_code, refused.status_code) == (404, 409)


async def test_a_parted_child_is_dispatched_on_its_own(hotline: InProcess) -> None:
    first, child = await called(hotline, 1), await called(hotline, 2)
    answer = await post(hotline, child["id"], "part", note="不是同一工地")
    assert (answer.status_code, answer.json()["parent"]) == (200, None)
    await hotline.drain()
    now = await hotline.ticket(child["id"])
    assert (now["status"], now["department"]) == ("assigned", first["department"])
    assert await steps(hotline, child["id"]) == ["register", "join", "part", "assign"]


async def test_a_parked_ticket_is_joined_by_hand_and_leaves_the_desk(hotline: InProcess) -> None:
    first = await called(hotline, 1)
    second = await hotline.call(title="噪声", text="工地太吵")
    assert second["status"] == "triage"
    answer = await post(hotline, second["id"], "join", parent=first["id"], note="同一工地")
    assert (answer.status_code, answer.json()["parent"]) == (200, first["id"])
    parked = (await (await hotline.client()).get("/v1/triage")).json()["items"]
    assert second["id"] not in [each["id"] for each in parked]


@pytest.mark.parametrize("taken", [[], ["sign"], ["sign", "contact"]])
async def test_a_ticket_a_department_has_is_taken_back_and_joined_by_hand(
    hotline: InProcess, taken: list[str]
) -> None:
    first = await called(hotline, 1)
    second = await called(hotline, 2, text="请问办理居住证需要什么材料,在哪里办理")
    assert second["status"] == "assigned"
    for step in taken:
        await hotline.step(second, step)
    answer = await post(hotline, second["id"], "join", parent=first["id"], note="同一工地")
    assert (answer.status_code, answer.json()["status"]) == (200, "joined")
    await hotline.drain()
    now = await hotline.ticket(second["id"])
    assert (now["parent"], now["department"]) == (first["id"], None)
    assert (await steps(hotline, second["id"]))[-2:] == ["recall", "join"]
    clocks = await hotline.deadlines(second["id"])
    assert {name for name, clock in clocks.items() if not clock["settled_at"]} == {("citizen", "completion")}
    ended = await hotline.rows("SELECT ended_because FROM assignments WHERE ticket_id = :id", id=second["id"])
    assert [row.ended_because for row in ended] == ["joined"]


async def test_tickets_of_one_caller_stand_alone_unless_a_person_joins_them(hotline: InProcess) -> None:
    first = await called(hotline, 1)
    second = await called(hotline, 1, text="海垦花园门口的工地夜间施工扬尘很大,没有洒水,希望查处")
    assert (second["status"], second["parent"]) == ("assigned", None)
    child = await called(hotline, 2, text=first["text"])
    assert child["parent"] == first["id"]
    by_hand = await post(hotline, second["id"], "join", parent=first["id"], note="同一工地")
    assert by_hand.status_code == 200


LAMP = {"category": "010500", "title": "路灯不亮", "address": None, "division": None}


async def test_callers_who_name_one_junction_in_their_words_become_one_ticket(hotline: InProcess) -> None:
    said = [
        "琼山区国兴大道与大英山东一路路口的路灯不亮",
        "市民反映:琼山区大英山东一路和国兴大道交叉口的路灯不亮",
        "琼山区国兴大道与大英山东一路路口的路灯不亮,晚上看不见路",
        "琼山区国兴大道大英山东一路路口的路灯不亮",
        "我在国兴大道与大英山东一路路口,这里的路灯不亮",
        "琼山区国兴大道和大英山东一路交汇处的路灯不亮",
    ]
    tickets = [await called(hotline, number, **LAMP, text=text) for number, text in enumerate(said)]
    assert {each["parent"] for each in tickets} == {None, tickets[0]["id"]}
    assert [each["status"] for each in tickets[1:]] == ["joined"] * 5
    elsewhere = await called(hotline, 9, **LAMP, text="琼山区国兴大道与大英山西一路路口的路灯不亮")
    assert elsewhere["parent"] is None


async def test_a_parent_of_many_answers_them_in_a_few_statements(hotline: InProcess) -> None:
    first, *others = [await placed(hotline, number) for number in range(30)]
    await hotline.drain()
    statements = 0

    def count(*_: Any) -> None:
        nonlocal statements
        statements += 1

    await hotline.step(await hotline.ticket(first["id"]), "sign")
    department = await hotline.client("department", (await hotline.ticket(first["id"]))["department"])
    engine = hotline.resources.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", count)
    answer = await department.post(f"/v1/tickets/{first['id']}/resolve", json={"note": "已停工"})
    event.remove(engine, "before_cursor_execute", count)
    assert answer.status_code == 200
    assert {(await hotline.ticket(each["id"]))["status"] for each in others} == {"resolved"}
    assert statements < 20


async def test_when_the_parent_is_gone_tickets_of_the_eldests_caller_stand_alone(hotline: InProcess) -> None:
    first, second = await called(hotline, 1), await called(hotline, 2)
    third = await called(hotline, 2, text="请问办理居住证需要什么材料,在哪里办理")
    await post(hotline, third["id"], "join", parent=first["id"], note="同一工地")
    await post(hotline, first["id"], "withdraw", because="来电人撤回")
    await hotline.drain()
    for each in (second, third):
        now = await hotline.ticket(each["id"])
        assert (now["status"], now["parent"]) == ("assigned", None)


async def test_joining_is_refused_where_nobody_would_answer(hotline: InProcess) -> None:
    first, child = await called(hotline, 1), await called(hotline, 2)
    third = await hotline.call(title="噪声", text="工地太吵")
    joined = await post(hotline, third["id"], "join", parent=child["id"], note="同一工地")
    itself = await post(hotline, third["id"], "join", parent=third["id"], note="同一工地")
    nobody = await post(hotline, third["id"], "join", parent="HK1", note="同一工地")
    await hotline.step(first, "sign")
    await hotline.step(first, "resolve", "已停工")
    answered = await post(hotline, third["id"], "join", parent=first["id"], note="同一工地")
    refused = (joined, itself, nobody, answered)
    assert [each.status_code for each in refused] == [409, 409, 404, 409]
    assert joined.json()["parent"] == first["id"]


async def test_when_the_parent_is_withdrawn_the_eldest_child_takes_its_place(hotline: InProcess) -> None:
    first, second, third = [await called(hotline, number) for number in range(3)]
    await post(hotline, first["id"], "withdraw", because="来电人撤回")
    await hotline.drain()
    eldest, youngest = await hotline.ticket(second["id"]), await hotline.ticket(third["id"])
    assert (eldest["status"], eldest["parent"]) == ("assigned", None)
    assert (youngest["status"], youngest["parent"]) == ("joined", second["id"])


async def test_those_joined_to_a_ticket_go_with_it(hotline: InProcess) -> None:
    first = await called(hotline, 1)
    second = await hotline.call(title="噪声", text="工地太吵")
    third = await hotline.call(title="噪声", text="工地吵得睡不着")
    await post(hotline, third["id"], "join", parent=second["id"], note="同一工地")
    await post(hotline, second["id"], "join", parent=first["id"], note="同一工地")
    assert (await hotline.ticket(third["id"]))["parent"] == first["id"]
    assert await steps(hotline, third["id"]) == ["register", "park", "join", "join"]


async def mass_events(hotline: InProcess) -> list[tuple[str, str, int, int]]:
    client = await hotline.client("supervisor")
    items = (await client.get("/v1/supervision/mass-events")).json()["items"]
    return [(each["ticket"], each["rule"], each["tickets"], each["callers"]) for each in items]


async def test_the_supervisor_is_told_once_for_each_rule_of_a_mass_event(hotline: InProcess) -> None:
    first = await called(hotline, 0)
    for number in range(1, 7):
        await called(hotline, number)
    assert await mass_events(hotline) == [
        (first["id"], "many_soon", 5, 5),
        (first["id"], "many_callers", 3, 3),
    ]
    told = await hotline.rows("SELECT key FROM outbox WHERE headers ->> 'ce_type' = 'ticket.mass_event'")
    assert [row.key for row in told] == [first["id"]] * 2


async def test_three_callers_of_three_days_are_told_of_though_none_could_join(hotline: InProcess) -> None:
    tickets = []
    for number in range(3):
        tickets.append(await called(hotline, number))
        await hotline.later(timedelta(hours=30))
    assert [each["parent"] for each in tickets] == [None] * 3
    assert await mass_events(hotline) == [(tickets[0]["id"], "many_callers", 3, 3)]


async def test_the_list_of_mass_events_goes_on_where_the_page_ended(hotline: InProcess) -> None:
    for number in range(6):
        await called(hotline, number)
    client = await hotline.client("supervisor")
    page = (await client.get("/v1/supervision/mass-events", params={"limit": 1})).json()
    rest = await client.get("/v1/supervision/mass-events", params={"cursor": page["next"]})
    assert [each["rule"] for each in (*page["items"], *rest.json()["items"])] == [
        "many_soon",
        "many_callers",
    ]
    assert (await (await hotline.client()).get("/v1/supervision/mass-events")).status_code == 403
