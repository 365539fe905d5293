"""After a correction a ticket moves only when another department is competent."""

from datetime import timedelta
from typing import Any

from tests.inprocess import Answer, InProcess
from tests.router.test_assign import a_row, published

LONGHUA = "460106002000"
NOISE = {"category": "020100", "division": LONGHUA}  # construction noise: ecology
LIGHTS = "010500"  # municipal works
MANUAL = "140000"  # for a person to decide
ECOLOGY, WORKS = "ecology-environment-longhua", "municipal-works-longhua"


async def correct(hotline: InProcess, ticket: Answer, **wanted: Any) -> Answer:
    client = await hotline.client()
    answer = await client.post(f"/v1/tickets/{ticket['id']}/correct", json={"because": "更正", **wanted})
    assert answer.status_code == 200, answer.text
    await hotline.drain()
    return await hotline.ticket(ticket["id"])


async def steps(hotline: InProcess, ticket: Answer) -> list[str]:
    history = await (await hotline.client()).get(f"/v1/tickets/{ticket['id']}/history")
    return [each["step"] for each in history.json()]


async def assignments(hotline: InProcess) -> list[tuple[str, str | None]]:
    rows = await hotline.rows("SELECT * FROM assignments ORDER BY ended_at NULLS LAST, assigned_at")
    return [(row.department, row.ended_because) for row in rows]


async def settled(hotline: InProcess, ticket: Answer) -> list[tuple[str, str, str | None]]:
    rows = await hotline.rows(
        "SELECT * FROM deadlines WHERE ticket_id = :id AND clock = 'department' ORDER BY started_at, stage",
        id=ticket["id"],
    )
    return [(row.department, row.stage, row.settled_because) for row in rows]


async def test_the_same_department_keeps_it_and_learns_why(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    clocks = await hotline.deadlines(ticket["id"])
    now = await correct(hotline, ticket, category="020400")
    assert (now["status"], now["department"]) == ("assigned", ECOLOGY)
    assert "020400" in now["department_because"]
    assert await steps(hotline, ticket) == ["register", "assign", "correct", "note"]
    assert await assignments(hotline) == [(ECOLOGY, None)]
    assert await hotline.deadlines(ticket["id"]) == clocks


async def test_what_does_not_decide_the_department_moves_nothing(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    now = await correct(hotline, ticket, urgency="livelihood", text="改过的内容", address="滨海大道1号")
    assert (now["status"], now["department"]) == ("assigned", ECOLOGY)
    assert await steps(hotline, ticket) == ["register", "assign", "correct", "move_deadline"]
    assert await assignments(hotline) == [(ECOLOGY, None)]


async def test_another_departments_matter_is_taken_back_and_given_to_it(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    await hotline.step(ticket, "sign")
    hotline.clock.time += timedelta(minutes=5)
    now = await correct(hotline, ticket, category=LIGHTS)
    assert (now["status"], now["department"]) == ("assigned", WORKS)
    assert await steps(hotline, ticket) == ["register", "assign", "sign", "correct", "recall", "assign"]
    assert await assignments(hotline) == [(ECOLOGY, "corrected"), (WORKS, None)]
    (new,) = await hotline.rows("SELECT decision FROM assignments WHERE ended_at IS NULL")
    assert (new.decision["category"], new.decision["division"]) == (LIGHTS, LONGHUA)
    old = await hotline.client("department", ECOLOGY)
    assert (await old.get(f"/v1/tickets/{ticket['id']}")).status_code == 404


async def test_the_departments_clocks_end_and_begin_anew_while_the_callers_runs_on(
    hotline: InProcess,
) -> None:
    ticket = await hotline.call(**NOISE)
    promised = (await hotline.deadlines(ticket["id"]))["citizen", "completion"]
    hotline.clock.time += timedelta(minutes=5)
    await correct(hotline, ticket, category=LIGHTS)
    stages = ("completion", "contact", "sign")
    assert await settled(hotline, ticket) == [
        *((ECOLOGY, stage, "recalled") for stage in stages),
        *((WORKS, stage, None) for stage in stages),
    ]
    started = await hotline.rows("SELECT DISTINCT started_at FROM deadlines WHERE department = :d", d=WORKS)
    assert [row.started_at for row in started] == [hotline.clock.now()]
    assert (await hotline.deadlines(ticket["id"]))["citizen", "completion"] == promised


async def test_a_ticket_nobody_is_competent_for_any_more_goes_to_the_desk(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    hotline.clock.time += timedelta(minutes=5)
    now = await correct(hotline, ticket, category=None, division=None)
    assert (now["status"], now["department"]) == ("triage", None)
    assert await steps(hotline, ticket) == ["register", "assign", "correct", "recall", "park"]
    assert await assignments(hotline) == [(ECOLOGY, "corrected")]
    desk = (await (await hotline.client()).get("/v1/triage")).json()["items"]
    assert [each["id"] for each in desk] == [ticket["id"]]


async def test_a_ticket_at_the_desk_is_dispatched_once_the_table_decides(hotline: InProcess) -> None:
    ticket = await hotline.call()
    assert ticket["status"] == "triage"
    now = await correct(hotline, ticket, category="020100", division=LONGHUA)
    assert (now["status"], now["department"]) == ("assigned", ECOLOGY)
    assert await steps(hotline, ticket) == ["register", "park", "correct", "assign"]
    assert (await (await hotline.client()).get("/v1/triage")).json()["items"] == []


async def test_a_ticket_that_stays_at_the_desk_waits_since_it_came_for_its_new_reason(
    hotline: InProcess,
) -> None:
    ticket = await hotline.call()
    hotline.clock.time += timedelta(minutes=5)
    await correct(hotline, ticket, category=MANUAL)
    (waiting,) = (await (await hotline.client()).get("/v1/triage")).json()["items"]
    assert waiting["parked_at"].startswith("2026-11-23T01:00")
    assert (waiting["reason"], MANUAL in waiting["because"]) == ("manual_row", True)


async def test_a_persons_choice_stands_where_the_table_says_nothing(hotline: InProcess) -> None:
    ticket = await hotline.call(category=MANUAL)
    client = await hotline.client()
    chosen = {"department": WORKS, "note": "路灯"}
    assert (await client.post(f"/v1/tickets/{ticket['id']}/assign", json=chosen)).status_code == 200
    await hotline.drain()
    now = await correct(hotline, ticket, category=None)
    assert (now["status"], now["department"]) == ("assigned", WORKS)
    assert await assignments(hotline) == [(WORKS, None)]
    hotline.clock.time += timedelta(minutes=5)
    told_to_a_person = await correct(hotline, ticket, category=MANUAL)
    assert (told_to_a_person["status"], told_to_a_person["department"]) == ("triage", None)


async def test_a_department_that_returned_it_does_not_get_it_by_a_correction(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    await hotline.step(ticket, "return", "不属于我单位职责")
    client = await hotline.client()
    await client.post(f"/v1/tickets/{ticket['id']}/grant-return", json={})
    await hotline.drain()
    elsewhere = await correct(hotline, ticket, category=LIGHTS)
    assert elsewhere["department"] == WORKS
    hotline.clock.time += timedelta(minutes=5)
    back = await correct(hotline, ticket, category="020400")
    assert back["department"] not in (ECOLOGY, None)


async def test_a_pending_return_stays_pending(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    await hotline.step(ticket, "return", "不属于我单位职责")
    now = await correct(hotline, ticket, category=LIGHTS)
    assert (now["status"], now["department"]) == ("return_pending", ECOLOGY)
    client = await hotline.client()
    await client.post(f"/v1/tickets/{ticket['id']}/grant-return", json={})
    await hotline.drain()
    assert (await hotline.ticket(ticket["id"]))["department"] == WORKS


async def test_a_correction_that_comes_twice_moves_once(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    now = await correct(hotline, ticket, category=LIGHTS)
    await hotline.rows("UPDATE outbox SET published_at = NULL RETURNING id")
    await hotline.drain()
    assert (await hotline.ticket(ticket["id"]))["version"] == now["version"]


async def test_the_old_department_is_told_that_it_was_taken_back(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    owner = await hotline.client("department", ECOLOGY)
    types = ["ticket.corrected", "ticket.recalled", "ticket.assigned"]
    body = {"department": ECOLOGY, "url": "http://127.0.0.1:1/hook", "types": types}
    assert (await owner.post("/v1/webhooks/endpoints", json=body)).status_code == 201
    await correct(hotline, ticket, category=LIGHTS)
    deliveries = (await owner.get("/v1/webhooks/deliveries")).json()["items"]
    assert sorted(each["type"] for each in deliveries) == ["ticket.corrected", "ticket.recalled"]


async def by_hand(hotline: InProcess) -> Answer:
    """A ticket the table leaves to a person, who gave it to ecology."""
    ticket = await hotline.call(category=MANUAL, division=LONGHUA)
    client, chosen = await hotline.client(), {"department": ECOLOGY, "note": "职责所在"}
    assert (await client.post(f"/v1/tickets/{ticket['id']}/assign", json=chosen)).status_code == 200
    await hotline.drain()
    return ticket


async def test_a_typo_takes_nothing_from_whom_a_person_chose(hotline: InProcess) -> None:
    ticket = await by_hand(hotline)
    now = await correct(hotline, ticket, text="改过的内容")
    assert (now["status"], now["department"]) == ("assigned", ECOLOGY)


async def test_a_publication_takes_no_decision_back_when_something_is_corrected(hotline: InProcess) -> None:
    ticket, chosen = await hotline.call(**NOISE), await by_hand(hotline)
    hotline.clock.time += timedelta(hours=1)
    await published(hotline, "T-2", a_row("", "justice"))
    for each in (ticket, chosen):
        assert (await correct(hotline, each, text="改过的内容"))["department"] == ECOLOGY
    now = await correct(hotline, ticket, division="460106003000")
    assert (now["department"], "HK-EXAMPLE-1" in now["department_because"]) == (ECOLOGY, True)
    assert (await steps(hotline, ticket))[-1] == "note"
    # What the table of then would send elsewhere goes where that of now does.
    now = await correct(hotline, ticket, category=LIGHTS)
    assert (now["department"], "T-2" in now["department_because"]) == ("justice", True)
