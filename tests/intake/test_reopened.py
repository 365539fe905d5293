"""A caller comes back to a matter that was answered: a new ticket, tied to the earlier one."""

import json
from datetime import timedelta
from typing import Any

import pytest

from escalation.archive import archive_due
from tests.escalation.timekeeping import local
from tests.inprocess import Answer, InProcess
from tests.intake.test_repeats import WAGES, answered, ask

AGAIN = {**WAGES, "text": WAGES["text"] + ",至今没有付清"}


async def links(hotline: InProcess, ticket: str, department: str | None = None) -> list[Answer]:
    client = await hotline.client("department" if department else "agent", department)
    answer = await client.get(f"/v1/tickets/{ticket}/links")
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


async def archived(hotline: InProcess, **made: Any) -> Answer:
    """A ticket that was answered, asked about and archived."""
    ticket = await hotline.call(**{**WAGES, **made})
    await answered(hotline, ticket)
    client = await hotline.client()
    closed = await client.post(f"/v1/tickets/{ticket['id']}/callback", json={"outcome": "solved"})
    assert closed.status_code == 200, closed.text
    await hotline.drain()
    await hotline.later(timedelta(days=3))
    await hotline.resources.database.run(lambda connection: archive_due(connection, hotline.resources))
    assert (await hotline.ticket(ticket["id"]))["status"] == "archived"
    return ticket


async def test_a_matter_that_is_not_over_is_taken_up_by_a_ticket_that_knows_the_earlier_one(
    hotline: InProcess,
) -> None:
    earlier = await archived(hotline)
    again = await ask(hotline, **AGAIN)
    body = again.json()
    assert (again.status_code, body["outcome"], body["reopens"]) == (201, "ACCEPT", earlier["id"])
    assert earlier["id"] in body["told"]
    (found,) = await links(hotline, body["id"], earlier["department"])
    assert {
        name: found[name] for name in ("kind", "ticket", "status", "department", "closed_as", "answer")
    } == {
        "kind": "reopens",
        "ticket": earlier["id"],
        "status": "archived",
        "department": earlier["department"],
        "closed_as": "solved",
        "answer": "已责令付清",
    }
    (back,) = await links(hotline, earlier["id"])
    assert (back["kind"], back["ticket"], back["answer"]) == ("reopened_by", body["id"], None)
    assigned = await hotline.rows(
        "SELECT convert_from(body, 'utf8')::json -> 'matter' ->> 'reopens' AS reopens FROM outbox"
        " WHERE headers ->> 'ce_type' = 'ticket.assigned' AND key = :ticket",
        ticket=body["id"],
    )
    assert [each.reopens for each in assigned] == [earlier["id"]]


async def test_an_earlier_answer_does_not_say_who_called_to_who_has_the_matter_now(
    hotline: InProcess,
) -> None:
    caller = WAGES["caller"]
    earlier = await hotline.call(**{**WAGES, "caller": {**caller, "name": "欧阳锋云"}})
    await answered(hotline, earlier, "已当面答复欧阳锋云")
    again = await ask(hotline, **{**AGAIN, "caller": {"phone": caller["phone"], "withheld": True}})
    (found,) = await links(hotline, again.json()["id"], earlier["department"])
    assert (found["kind"], found["answer"]) == ("reopens", "已当面答复[姓名]")


async def test_who_never_had_the_earlier_ticket_reads_its_number_only(hotline: InProcess) -> None:
    earlier = await archived(hotline)
    again = (await ask(hotline, **AGAIN)).json()
    stranger = "water-affairs"
    await hotline.rows(
        "UPDATE tickets SET department = :stranger WHERE id = :id RETURNING id",
        stranger=stranger,
        id=again["id"],
    )
    (found,) = await links(hotline, again["id"], stranger)
    assert {name: value for name, value in found.items() if value is not None} == {
        "kind": "reopens",
        "ticket": earlier["id"],
        "known": True,
    }
    (whole,) = await links(hotline, again["id"])
    assert (whole["department"], whole["answer"]) == (earlier["department"], "已责令付清")


async def test_an_archived_answer_is_told_again_to_who_says_nothing_new(hotline: InProcess) -> None:
    earlier = await archived(hotline)
    again = (await ask(hotline, **WAGES)).json()
    assert (again["id"], again["outcome"]) == (earlier["id"], "DUPLICATE_CLOSED")
    assert "已责令付清" in again["told"]


@pytest.mark.parametrize(("days", "kind"), [(26, "reopens"), (31, "follows")])
async def test_after_thirty_days_a_ticket_only_follows(hotline: InProcess, days: int, kind: str) -> None:
    earlier = await archived(hotline)
    await hotline.later(timedelta(days=days))
    body = (await ask(hotline, **AGAIN)).json()
    assert (body["reopens"], body["follows"]) == {
        "reopens": (earlier["id"], None),
        "follows": (None, earlier["id"]),
    }[kind]
    assert [(each["kind"], each["ticket"]) for each in await links(hotline, body["id"])] == [
        (kind, earlier["id"])
    ]


async def test_who_quotes_the_number_of_an_answered_ticket_reopens_it_whatever_the_words(
    hotline: InProcess,
) -> None:
    earlier = await archived(hotline)
    body = (
        await ask(
            hotline,
            **{**WAGES, "title": "没有解决", "text": f"工单{earlier['id']}办结了但是老板还是不给钱"},
        )
    ).json()
    assert body["reopens"] == earlier["id"]
    assert [(each["kind"], each["ticket"]) for each in await links(hotline, body["id"])] == [
        ("reopens", earlier["id"])
    ]


async def test_another_matter_of_the_same_caller_is_tied_to_nothing(hotline: InProcess) -> None:
    await archived(hotline)
    body = (await ask(hotline, **{**AGAIN, "category": "060200"})).json()
    assert (body["reopens"], body["follows"], await links(hotline, body["id"])) == (None, None, [])


async def test_a_batch_reopens_as_one_call_does(hotline: InProcess) -> None:
    earlier = await archived(hotline)
    line = json.dumps({"hotline": "12345", **AGAIN}, ensure_ascii=False)
    answer = await (await hotline.client()).post("/v1/tickets:batch", content=line + "\n")
    assert answer.status_code == 200, answer.text
    (row,) = await hotline.rows("SELECT reopens FROM tickets WHERE id <> :id", id=earlier["id"])
    assert row.reopens == earlier["id"]


async def test_the_preview_says_which_ticket_would_be_reopened(hotline: InProcess) -> None:
    earlier = await archived(hotline)
    shown = (await (await hotline.client()).post("/v1/preview", json=AGAIN)).json()
    assert [(each["ticket"], each["reopened"]) for each in shown["repeats"]] == [(earlier["id"], True)]


@pytest.mark.parametrize(
    ("policy", "stage", "days"),
    [("restart", "completion", 5), ("fresh", "redo", 3), ("continue", "completion", 5)],
)
async def test_a_reopened_ticket_has_clocks_of_its_own_by_the_policy_the_city_names(
    hotline: InProcess, policy: str, stage: str, days: int
) -> None:
    """Accepted Thu 2026-11-26 09:00; one that goes on has 5 of its 5 days left, none was begun."""
    await hotline.rows(
        "UPDATE rules SET content = jsonb_set(content, '{reopenings,1,policy}', to_jsonb(CAST(:how AS text)))"
        " WHERE kind = 'allowances' RETURNING version",
        how=policy,
    )
    await archived(hotline)
    body = (await ask(hotline, **AGAIN)).json()
    found = await hotline.deadlines(body["id"])
    due = {3: "2026-12-01 17:30", 5: "2026-12-03 17:30"}[days]
    assert local(found["department", stage]["due_at"]) == due
    assert local(found["citizen", "completion"]["due_at"]) == "2026-12-03 17:30"
