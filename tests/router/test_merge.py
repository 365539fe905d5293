"""Two units become one: open tickets go over with a record each, and no clock starts anew."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from router.merge import move_due
from tests.inprocess import Answer, InProcess
from tests.router.test_co_handling import helped
from tests.router.test_returns import AGENT, SUPERVISOR, WATER, disputed, post

NOISE = {"category": "020100", "division": "460106002000"}
OLD, NEW = "ecology-environment-longhua", "ecology-environment"
PATH = f"/v1/departments/{OLD}/merge-into/{NEW}"
PAPER = "《龙华区机构改革方案》"
TODAY = {"on": "2026-11-23", "because": PAPER}


async def merge(hotline: InProcess, path: str = PATH, **said: Any) -> Answer:
    answer = await (await hotline.client("admin")).post(path, json={**TODAY, **said})
    return {"http": answer.status_code, **answer.json()}


async def move_all(hotline: InProcess, batch: int = 200) -> list[int]:
    """Let the mover do all its batches; return how many tickets each took."""
    done = []
    while True:
        async with hotline.resources.database.transaction() as connection:
            done.append(await move_due(connection, hotline.resources, batch))
        if not done[-1]:
            await hotline.drain()
            return done[:-1]


async def merger(hotline: InProcess) -> Answer:
    answer = await (await hotline.client("admin")).get(f"/v1/departments/{OLD}/merger")
    return answer.json()  # type: ignore[no-any-return]


async def test_open_tickets_go_to_the_successor_and_every_clock_runs_on(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    await hotline.step(ticket, "sign")
    before = await hotline.deadlines(ticket["id"])
    assert (await merge(hotline))["http"] == 202
    assert await move_all(hotline) == [1]

    now = await hotline.ticket(ticket["id"])
    assert (now["department"], now["department_name"], now["status"]) == (NEW, "海口市生态环境局", "signed")
    assert PAPER in now["department_because"]
    after = await hotline.deadlines(ticket["id"])
    assert {key: (each["started_at"], each["due_at"]) for key, each in after.items()} == {
        key: (each["started_at"], each["due_at"]) for key, each in before.items()
    }
    open_ones = await hotline.rows(
        "SELECT DISTINCT department, assignment_id FROM deadlines "
        "WHERE clock = 'department' AND settled_at IS NULL"
    )
    (row,) = await hotline.rows("SELECT id FROM assignments WHERE ended_at IS NULL")
    assert [(each.department, each.assignment_id) for each in open_ones] == [(NEW, row.id)]
    history = (await (await hotline.client()).get(f"/v1/tickets/{ticket['id']}/history")).json()
    assert (history[-1]["step"], history[-1]["status"]) == ("hand_over", "signed")


async def test_what_the_old_one_asked_the_caller_for_reaches_the_successor(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    await hotline.step(ticket, "sign")
    asked = await post(hotline, ticket, "ask-supplement", ("department", OLD), {"missing": ["照片"]})
    assert asked["http"] == 200
    await merge(hotline)
    await move_all(hotline)
    again = await post(hotline, ticket, "ask-supplement", ("department", NEW), {"missing": ["照片"]})
    assert (again["http"], again["code"]) == (409, "asked_once")
    assert (await post(hotline, ticket, "supplement", AGENT, {"note": "照片已传"}))["http"] == 200
    told = await hotline.rows("SELECT type FROM department_feed WHERE department = :new ORDER BY id", new=NEW)
    assert [each.type for each in told] == ["ticket.handed_over", "ticket.supplemented"]


async def test_the_successor_reads_what_its_predecessor_did_and_answers_with_its_helpers(
    hotline: InProcess,
) -> None:
    ticket = await hotline.call(**NOISE, caller={"phone": "13800138000"})
    await hotline.step(ticket, "sign")
    await hotline.step(ticket, "contact", "已联系")
    await hotline.step(ticket, "resolve", "已制止")
    asked = await post(hotline, ticket, "callback", AGENT, {"outcome": "unsolved", "note": "仍在施工"})
    assert asked["http"] == 200
    await hotline.drain()
    hotline.clock.time += timedelta(minutes=1)
    await hotline.step(ticket, "sign")
    due = (hotline.clock.now() + timedelta(hours=4)).isoformat()
    said = {"department": WATER, "due_at": due, "reason": "请核实管网"}
    assert (await post(hotline, ticket, "co-handling", ("department", OLD), said))["http"] == 201
    for step, note in (("sign", {}), ("answer", {"note": "管网正常"})):
        done = await post(hotline, ticket, f"co-handling/{step}", ("department", WATER), note)
        assert done["http"] == 200, done
    stranger = await hotline.client("department", NEW)
    assert (await stranger.get(f"/v1/tickets/{ticket['id']}/resolutions")).status_code == 404

    await merge(hotline)
    await move_all(hotline)
    resolved = await post(hotline, ticket, "resolve", ("department", NEW), {"note": "已查处"})
    assert resolved["http"] == 200, resolved
    read = {}
    for what in ("resolutions", "contacts", "co-handling"):
        read[what] = (await stranger.get(f"/v1/tickets/{ticket['id']}/{what}")).json()["items"]
    assert [each["department"] for each in read["resolutions"]] == [OLD, NEW]
    assert read["resolutions"][1]["answer"].splitlines()[1:] == ["海口市水务局(协办):管网正常"]
    assert [each["department"] for each in read["contacts"]] == [OLD]
    assert [each["answer"] for each in read["co-handling"]] == ["管网正常"]


async def test_the_decision_record_says_what_it_continues(hotline: InProcess) -> None:
    await hotline.call(**NOISE)
    await merge(hotline)
    await move_all(hotline)
    old, new = await hotline.rows("SELECT * FROM assignments ORDER BY ended_at NULLS LAST")
    assert (old.department, old.ended_because) == (OLD, "merged")
    assert (new.department, new.decision["continues"], new.decision["from"]) == (NEW, str(old.id), OLD)
    assert new.decision["decision"] == old.decision
    told = await hotline.rows("SELECT * FROM outbox WHERE headers->>'ce_type' = 'ticket.handed_over'")
    assert len(told) == 1


async def test_the_successors_system_is_told_and_the_old_one_sees_nothing_more(hotline: InProcess) -> None:
    client = await hotline.client("department", NEW)
    hook = {"department": NEW, "url": "http://127.0.0.1:1/hook", "types": ["ticket.handed_over"]}
    assert (await client.post("/v1/webhooks/endpoints", json=hook)).status_code == 201
    ticket = await hotline.call(**NOISE)
    await merge(hotline)
    await move_all(hotline)
    (delivery,) = (await client.get("/v1/webhooks/deliveries")).json()["items"]
    assert (delivery["ticket"], delivery["type"]) == (ticket["id"], "ticket.handed_over")
    old = await hotline.client("department", OLD)
    assert (await old.get(f"/v1/tickets/{ticket['id']}")).status_code == 404
    assert (await hotline.step(await hotline.ticket(ticket["id"]), "sign"))["status"] == "signed"


async def test_tickets_move_in_batches_and_a_mover_that_died_is_resumed(hotline: InProcess) -> None:
    for _ in range(5):
        await hotline.call(**NOISE)
    await merge(hotline)
    async with hotline.resources.database.transaction() as connection:
        assert await move_due(connection, hotline.resources, 2) == 2
    halfway = await merger(hotline)
    assert (halfway["moved"], halfway["left"], halfway["done_at"]) == (2, 3, None)
    assert await move_all(hotline, 2) == [2, 1]
    done = await merger(hotline)
    assert (done["moved"], done["left"]) == (5, 0)
    assert done["done_at"] is not None


async def test_before_its_day_nothing_moves_and_on_it_the_table_leads_to_the_successor(
    hotline: InProcess,
) -> None:
    early = await hotline.call(**NOISE)
    await merge(hotline, on="2026-12-01")
    assert await move_all(hotline) == []
    assert (await hotline.call(**NOISE))["department"] == OLD
    await hotline.advance(datetime(2026, 11, 30, 16, 0, tzinfo=UTC))  # midnight in Haikou
    late = await hotline.call(**NOISE)
    assert late["department"] == NEW
    assert "海口市生态环境局龙华分局已由海口市生态环境局承接" in late["department_because"]
    assert await move_all(hotline) == [2]
    assert (await hotline.ticket(early["id"]))["department"] == NEW


async def test_a_pending_return_and_a_confidential_ticket_go_over_as_they_are(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    await hotline.step(ticket, "return", "不属于我单位职责")
    secret = await hotline.call(**NOISE)
    await hotline.rows("UPDATE tickets SET confidential = true WHERE id = :id RETURNING id", id=secret["id"])
    await merge(hotline)
    await move_all(hotline)
    assert (await hotline.ticket(ticket["id"]))["status"] == "return_pending"
    topics = await hotline.rows(
        "SELECT key, topic FROM outbox WHERE headers->>'ce_type' = 'ticket.handed_over' ORDER BY id"
    )
    assert {row.key: row.topic for row in topics}[secret["id"]] == "hotline.confidential.v1"
    refused = await (await hotline.client()).post(
        f"/v1/tickets/{ticket['id']}/refuse-return", json={"note": "属于职责"}
    )
    assert refused.json()["status"] == "signed"


async def test_those_below_it_and_its_promises_are_seen_to(hotline: InProcess) -> None:
    client = await hotline.client("admin")
    promise = {"amount": 3, "unit": "working_days", "valid_from": "2026-01-01", "source": "承诺"}
    await client.post(f"/v1/departments/{NEW}/commitments", json=promise)
    merged = await merge(hotline, f"/v1/departments/{NEW}/merge-into/urban-management")
    assert merged["http"] == 202
    await move_all(hotline)
    unit = (await client.get(f"/v1/departments/{NEW}")).json()
    assert (unit["valid_to"], unit["successor"]) == ("2026-11-22", "urban-management")
    below = (await client.get(f"/v1/departments/{OLD}")).json()
    assert below["parent"] == "urban-management"
    (kept,) = (await client.get(f"/v1/departments/{NEW}/commitments")).json()
    assert kept["valid_to"] == "2026-11-22"


@pytest.mark.parametrize(
    ("path", "said", "http"),
    [
        (f"/v1/departments/{OLD}/merge-into/{OLD}", {}, 422),
        (f"/v1/departments/{OLD}/merge-into/no-such-unit", {}, 422),
        (PATH, {"on": "2019-01-01"}, 422),
        (f"/v1/departments/no-such-unit/merge-into/{OLD}", {}, 404),
    ],
)
async def test_a_merger_that_cannot_be_is_refused(
    hotline: InProcess, path: str, said: dict[str, str], http: int
) -> None:
    assert (await merge(hotline, path, **said))["http"] == http


async def test_a_unit_merges_once(hotline: InProcess) -> None:
    assert [(await merge(hotline))["http"] for _ in range(2)] == [202, 409]


async def test_a_merger_is_taken_back_before_its_day_and_not_after(hotline: InProcess) -> None:
    client, path = await hotline.client("admin"), f"/v1/departments/{OLD}/merger"
    await merge(hotline, on="2026-12-01")
    assert (await client.delete(path)).status_code == 204
    unit = (await client.get(f"/v1/departments/{OLD}")).json()
    assert (unit["valid_to"], unit["successor"]) == (None, None)
    assert (await client.get(path)).status_code == 404
    await merge(hotline)
    assert (await client.delete(path)).status_code == 409


async def test_a_merged_units_last_day_is_the_mergers(hotline: InProcess) -> None:
    await merge(hotline)
    client = await hotline.client("admin")
    unit = (await client.get(f"/v1/departments/{OLD}")).json()
    body = {name: unit[name] for name in unit if name not in ("code", "depth", "successor", "version")}
    answer = await client.put(f"/v1/departments/{OLD}", json={**body, "valid_to": None})
    assert (answer.status_code, answer.json()["pointer"]) == (409, "/valid_to")


async def test_who_is_to_take_over_does_not_end_without_a_successor(hotline: InProcess) -> None:
    await merge(hotline, f"/v1/departments/{OLD}/merge-into/street-datong", on="2026-12-01")
    client = await hotline.client("admin")
    unit = (await client.get("/v1/departments/street-datong")).json()
    body = {name: unit[name] for name in unit if name not in ("code", "depth", "successor", "version")}
    refused = await client.put("/v1/departments/street-datong", json={**body, "valid_to": "2026-12-31"})
    assert (refused.status_code, refused.json()["code"]) == (409, "department_in_use")
    assert "0201-460106" in refused.json()["jurisdiction_rows"]


async def test_two_units_are_not_merged_into_each_other(hotline: InProcess) -> None:
    assert (await merge(hotline, on="2026-12-05"))["http"] == 202
    refused = await merge(hotline, f"/v1/departments/{NEW}/merge-into/{OLD}", on="2026-12-01")
    assert (refused["http"], refused["code"]) == (409, "conflict")


async def test_a_lead_that_becomes_its_helper_helps_itself_no_more(hotline: InProcess) -> None:
    ticket = await helped(hotline)
    assert (await merge(hotline, f"/v1/departments/{OLD}/merge-into/{WATER}"))["http"] == 202
    await move_all(hotline)
    (row,) = await hotline.rows("SELECT ended_because FROM co_handlings")
    assert row.ended_because == "merged"
    (row,) = await hotline.rows("SELECT department, co_departments FROM tickets")
    assert (row.department, row.co_departments) == (WATER, [])
    history = (await (await hotline.client()).get(f"/v1/tickets/{ticket['id']}/history")).json()
    assert history[-1]["note"] == "海口市水务局协办结束:该单位已合并,仍需协办的请另行提出"


async def test_a_persons_choice_and_the_time_that_counts_outlive_a_merger(hotline: InProcess) -> None:
    ticket = await hotline.call(category="140000", division="460106002000")
    await post(hotline, ticket, "assign", AGENT, {"department": OLD, "note": "职责所在"})
    (before,) = await hotline.rows("SELECT assigned_at, assigned_by FROM assignments")
    hotline.clock.time += timedelta(hours=2)
    await merge(hotline)
    await move_all(hotline)
    (after,) = await hotline.rows("SELECT * FROM assignments WHERE ended_at IS NULL")
    assert (after.counts_from_at, after.assigned_by) == (before.assigned_at, before.assigned_by)


async def test_a_dispute_goes_over_with_the_unit(hotline: InProcess) -> None:
    ticket = await disputed(hotline)
    await merge(hotline)
    assert await move_all(hotline) == [1]
    now = await hotline.ticket(ticket["id"])
    assert (now["status"], now["department"]) == ("disputed", NEW)


async def test_what_a_merged_unit_helped_with_ends_and_its_lead_is_told(hotline: InProcess) -> None:
    ticket = await helped(hotline)
    assert (await merge(hotline, f"/v1/departments/{WATER}/merge-into/water-group"))["http"] == 202
    await move_all(hotline)
    (row,) = await hotline.rows("SELECT ended_because FROM co_handlings")
    (kept,) = await hotline.rows("SELECT department, co_departments FROM tickets")
    assert (row.ended_because, kept.department, kept.co_departments) == ("merged", OLD, [])
    running = "SELECT * FROM deadlines WHERE department = :code AND settled_at IS NULL"
    assert await hotline.rows(running, code=WATER) == []
    history = (await (await hotline.client()).get(f"/v1/tickets/{ticket['id']}/history")).json()
    assert history[-1]["note"] == "海口市水务局协办结束:该单位已合并,仍需协办的请另行提出"


async def test_what_a_merged_unit_returned_counts_as_its_successors_and_its_clock_goes_on(
    hotline: InProcess,
) -> None:
    """The new name of a department does not make its improper returns those of nobody."""
    ticket = await disputed(hotline)
    (began,) = await hotline.rows(
        "SELECT min(assigned_at) AS at FROM assignments WHERE department = :old", old=OLD
    )
    assert (await merge(hotline))["http"] == 202
    await move_all(hotline)
    ruled = await post(hotline, ticket, "adjudicate", SUPERVISOR, {"lead": NEW, "note": "属其职责"})
    assert ruled["http"] == 200, ruled
    client = await hotline.client("supervisor")
    counts = (await client.get("/v1/supervision/returns")).json()["items"]
    assert [(each["department"], each["improper"]) for each in counts] == [
        (NEW, each["returns"]) for each in counts
    ]
    (held,) = await hotline.rows("SELECT department, counts_from_at FROM assignments WHERE ended_at IS NULL")
    assert (held.department, held.counts_from_at) == (NEW, began.at)


async def test_who_succeeds_an_accused_department_is_passed_over_too(hotline: InProcess) -> None:
    """A merger does not make the accused the judge of the complaint about it."""
    assert (await merge(hotline))["http"] == 202
    await move_all(hotline)
    assert (await hotline.call(**NOISE))["department"] == NEW
    ticket = await hotline.call(**NOISE, attributes={"accused": OLD})
    assert ticket["department"] not in (OLD, NEW)
