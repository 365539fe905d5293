"""Each deadline of a ticket says why it is when it is, by the rules that decided it."""

from typing import Any

import pytest

from tests.escalation.policies import publish, recompute
from tests.escalation.test_auditor import audit
from tests.escalation.test_policies import LONGER_BREAK, calendar, in_december
from tests.escalation.timekeeping import extended, local, resumed, signed, suspended
from tests.inprocess import Answer, InProcess

WHOLE = ("department", "completion")


async def explained(hotline: InProcess, ticket: Answer) -> dict[tuple[str, str], Any]:
    """Each explanation by clock and stage; what was reckoned is what stands."""
    found = await hotline.deadlines(ticket["id"])
    assert {place: each["explanation"]["due"] for place, each in found.items()} == {
        place: each["due_at"] for place, each in found.items()
    }
    return {place: each["explanation"] for place, each in found.items()}


async def test_what_was_counted_what_was_paused_and_what_was_granted_is_told(hotline: InProcess) -> None:
    ticket = await signed(hotline, "2026-11-16 10:00")
    await suspended(hotline, ticket, "2026-11-18 15:00")
    standing = (await explained(hotline, ticket))[WHOLE]
    assert standing["sentence"].endswith("2026-11-18 15:00起停表,恢复后顺延")
    await resumed(hotline, ticket, "2026-11-25 10:00")
    await extended(hotline, ticket, amount=2)

    why = (await explained(hotline, ticket))[WHOLE]
    assert why["sentence"] == (
        f"自2026-11-16 10:00起5个工作日(当日不计),依据{why['rule']}({why['source']}),日历HK-2026.1;"
        "计2026-11-17、2026-11-18、2026-11-26、2026-11-27、2026-11-30;"
        "停表2026-11-18 15:00至2026-11-25 10:00不计;延期2个工作日(当日不计),计2026-12-01、2026-12-02;"
        "2026-12-02 17:30到期"
    )
    assert [(each["amount"], each["unit"], each["days"]) for each in why["counted"]] == [
        (5, "working_days", ["2026-11-17", "2026-11-18", "2026-11-26", "2026-11-27", "2026-11-30"]),
        (2, "working_days", ["2026-12-01", "2026-12-02"]),
    ]
    assert [[local(at) for at in each] for each in why["skipped"]] == [
        ["2026-11-18 15:00", "2026-11-25 10:00"]
    ]


async def test_minutes_are_told_by_when_they_ran(hotline: InProcess) -> None:
    ticket = await signed(hotline, "2026-10-10 11:50")
    why = (await explained(hotline, ticket))["department", "sign"]
    (count,) = why["counted"]
    assert [[local(at) for at in each] for each in count["segments"]] == [
        ["2026-10-10 11:50", "2026-10-10 12:00"],
        ["2026-10-10 14:30", "2026-10-10 14:50"],
    ]
    assert (count["amount"], count["unit"], count["days"]) == (30, "working_minutes", None)


async def test_a_due_that_was_set_says_so(hotline: InProcess) -> None:
    ticket = await signed(hotline, "2026-11-23 09:00")
    client = await hotline.client("supervisor")
    asked = {"department": "water-group", "due_at": "2026-11-25T12:00:00+08:00", "reason": "请核实管网"}
    answer = await client.post(f"/v1/tickets/{ticket['id']}/co-handling", json=asked)
    assert answer.status_code in (200, 201), answer.text
    await hotline.drain()
    why = (await explained(hotline, ticket))["co_handling", "completion"]
    assert (why["fixed"], why["counted"]) == (True, [])
    assert why["sentence"].endswith("到期时间为指定的2026-11-25 12:00")


async def test_r6_an_old_deadline_is_explained_by_the_calendar_that_decided_it(hotline: InProcess) -> None:
    closed = await in_december(hotline)
    await hotline.step(closed, "sign")
    await hotline.step(closed, "resolve", "已处理")
    still_open = await in_december(hotline)
    await publish(hotline, "calendars", "HK-2027.1", await calendar(hotline, LONGER_BREAK))
    await recompute(hotline)
    old, new = [(await explained(hotline, each))[WHOLE] for each in (closed, still_open)]
    assert (old["calendar"], local(old["due"]), old["provisional"]) == (
        "HK-2026.1",
        "2027-01-07 17:30",
        True,
    )
    assert "日历HK-2026.1" in old["sentence"]
    assert "暂定" in old["sentence"]
    assert (new["calendar"], local(new["due"]), new["provisional"]) == (
        "HK-2027.1",
        "2027-01-08 17:30",
        False,
    )
    assert old["counted"][0]["days"] != new["counted"][0]["days"]


@pytest.mark.parametrize(
    "nonsense",
    [
        """versions = '{}'""",
        """versions = '{"calendar": "NEVER", "limits": "x", "ladder": "x"}'""",
        """pauses = '[["gestern"]]'""",
        """unit = 'weeks'""",
        """extensions = '[7]'""",
    ],
)
async def test_a_deadline_whose_row_says_nonsense_is_a_problem_by_name_and_is_counted(
    hotline: InProcess, nonsense: str
) -> None:
    ticket = await signed(hotline, "2026-11-16 10:00")
    spoil = f"UPDATE deadlines SET {nonsense} WHERE clock = 'department' AND stage = 'completion'"
    (spoilt,) = await hotline.rows(f"{spoil} RETURNING id")
    answer = await (await hotline.client("agent")).get(f"/v1/tickets/{ticket['id']}/deadlines")
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (409, "deadline_unreadable")
    assert (problem["deadline"], problem["stage"]) == (str(spoilt.id), "completion")
    assert (await audit(hotline))["found"] == {"unreadable": 1}
