"""When a deadline reaches each rung of supervision."""

from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any

import pytest

from escalation.domain.ladder import Anchor, Counted, Rung, ladder_faults, next_rung, rung_times
from escalation.domain.policy import JOBS, Stage
from escalation.domain.worktime import Amount, Unit, add
from schemas.errors import CalendarExhausted
from tests.escalation.domain.examples import HK, LADDER, local

TO_THE_MINUTE = """
    S1a  completion 2026-09-30T17:50 5    working_days     2026-10-12T17:30 2026-10-13T17:30
    S1b  completion 2025-09-26T17:50 5    working_days     2025-10-09T17:30 2025-10-10T17:30
    S1c  completion 2026-09-25T17:50 5    working_days     2026-10-08T17:30 2026-10-09T17:30
    S1d  completion 2026-09-30T17:29 5    working_days     2026-10-12T17:30 2026-10-13T17:30
    S1a' completion 2026-09-30T17:50 1440 wall_minutes     2026-10-01T11:50 2026-10-01T17:50
    S2a  completion 2026-10-10T11:50 5    working_days     2026-10-15T17:30 2026-10-16T17:30
    S3   completion 2026-11-19T16:55 5    working_days     2026-11-25T17:30 2026-11-26T17:30
    S4   completion 2026-11-21T22:10 5    working_days     2026-11-26T17:30 2026-11-27T17:30
    S4   completion 2026-11-21T22:10 15   calendar_days    2026-12-04T17:30 2026-12-07T17:30
    S5   completion 2026-11-24T09:05 5    working_days     2026-11-30T17:30 2026-12-01T17:30
    S2b  sign       2026-10-10T22:40 15   wall_minutes     2026-10-10T22:51:15 2026-10-10T22:55
    S2a  sign       2026-10-10T11:50 30   working_minutes  2026-10-10T14:42:30 2026-10-10T14:50
    S1a  sign       2026-09-30T17:50 30   working_minutes  2026-10-08T08:22:30 2026-10-08T08:30
    S2a  contact    2026-10-10T11:50 1    working_days     2026-10-10T17:30 2026-10-12T17:30
    S1a  contact    2026-09-30T17:50 1    working_days     2026-09-30T17:50 2026-10-08T17:30
    S1d  contact    2026-09-30T17:29 1    working_days     2026-09-30T17:30 2026-10-08T17:30
"""


def schedule(stage: str, start: str, amount: Amount) -> list[tuple[int, str]]:
    at = local(start)
    due = add(at, amount, HK).at
    times = rung_times(LADDER, stage=stage, start=at, due=due, limit=amount, calendar=HK)
    assert all(moment.tzinfo is UTC for _, moment in times)
    return [
        (rung.level, moment.astimezone(at.tzinfo).replace(tzinfo=None).isoformat()) for rung, moment in times
    ]


@pytest.mark.parametrize("line", TO_THE_MINUTE.strip().splitlines(), ids=str.strip)
def test_yellow_and_red_cards_fall_due_when_the_table_says(line: str) -> None:
    _, stage, start, count, unit, yellow, red = line.split()
    cards = schedule(stage, start, Amount(int(count), Unit(unit)))[:2]
    expected = [(0, local(yellow)), (1, local(red))]
    assert [(level, local(at)) for level, at in cards] == expected


def test_a_bouncing_ticket_climbs_the_whole_ladder() -> None:
    assert schedule("completion", "2026-11-24T09:05", Amount(5, Unit.WORKING_DAYS)) == [
        (0, "2026-11-30T17:30:00"),
        (1, "2026-12-01T17:30:00"),
        (2, "2026-12-02T17:30:00"),
        (3, "2026-12-04T17:30:00"),
        (4, "2026-12-08T17:30:00"),
    ]


def test_an_urgent_ticket_overdue_on_sunday_night_climbs_on_working_days() -> None:
    assert schedule("completion", "2026-10-10T22:40", Amount(1440, Unit.WALL_MINUTES))[2:] == [
        (2, "2026-10-12T17:30:00"),
        (3, "2026-10-14T17:30:00"),
        (4, "2026-10-16T17:30:00"),
    ]


UNTIL_RED = [each for each in Stage if each not in (*JOBS, Stage.RETURN_WINDOW, Stage.ARCHIVE)]
"""A return window is no clock, and archiving is a machine's."""


@pytest.mark.parametrize("stage", UNTIL_RED)
def test_only_what_is_to_be_done_goes_beyond_the_red_card(stage: Stage) -> None:
    levels = [level for level, _ in schedule(stage, "2026-11-24T09:05", Amount(30, Unit.WORKING_MINUTES))]
    assert levels == [0, 1]


@pytest.mark.parametrize("stage", JOBS)
def test_completion_the_statutory_procedure_and_a_redo_climb_to_the_top(stage: Stage) -> None:
    levels = [level for level, _ in schedule(stage, "2026-11-24T09:05", Amount(5, Unit.WORKING_DAYS))]
    assert levels == [0, 1, 2, 3, 4]


def test_a_return_window_has_no_rungs_for_nobody_must_return() -> None:
    assert schedule(Stage.RETURN_WINDOW, "2026-11-24T09:05", Amount(1, Unit.WORKING_DAYS)) == []


def test_an_extended_deadline_moves_its_rungs_with_it() -> None:
    start, limit = local("2026-11-24T09:05"), Amount(60, Unit.WALL_MINUTES)
    due = start + timedelta(hours=2)
    times = rung_times(LADDER, stage="sign", start=start, due=due, limit=limit, calendar=HK)
    assert [moment for _, moment in times] == [start + timedelta(minutes=90), due]


def test_a_rung_beyond_the_calendar_is_an_error() -> None:
    start, limit = local("2027-12-29T09:00"), Amount(1, Unit.WORKING_DAYS)
    due = add(start, limit, HK).at
    with pytest.raises(CalendarExhausted):
        rung_times(LADDER, stage="completion", start=start, due=due, limit=limit, calendar=HK)
    assert rung_times(LADDER, stage="contact", start=start, due=due, limit=limit, calendar=HK)


def test_the_next_rung_is_the_one_above_the_last() -> None:
    start, limit = local("2026-11-24T09:05"), Amount(5, Unit.WORKING_DAYS)
    due = local("2026-12-01T17:30")
    times = rung_times(LADDER, stage="completion", start=start, due=due, limit=limit, calendar=HK)
    assert next_rung(times, None) == times[0]
    assert [next_rung(times, level) for level in range(5)] == [*times[1:], None]
    assert next_rung((), None) is None


YELLOW, YELLOW_BY_SHARE, RED, LEADER, OFFICE, EFFICIENCY = (each for each in LADDER if not each.is_counted)


def test_the_default_ladder_has_no_fault() -> None:
    assert ladder_faults(LADDER) == []
    assert [(rung.level, rung.card) for rung in LADDER if not rung.is_counted] == [
        (0, "yellow"),
        (0, "yellow"),
        (1, "red"),
        (2, None),
        (3, None),
        (4, None),
    ]


@pytest.mark.parametrize(
    ("ladder", "faults"),
    [
        ([], ["the ladder has no rung"]),
        ([replace(RED, receiver=" ")], ["level 1 has no receiver"]),
        (
            [replace(RED, cc=()), replace(RED, stages=frozenset({Stage.SIGN}))],
            ["level 1 means different things", "level 1 is there twice"],
        ),
        ([replace(RED, stages=frozenset())], ["level 1 belongs to no stage"]),
        ([YELLOW, YELLOW, RED], ["level 0 is there twice"]),
        (
            [RED, LEADER, replace(LEADER, level=1)],
            ["level 1 means different things", "level 1 is there twice"],
        ),
        ([replace(RED, level=0), replace(YELLOW, level=1)], ["level 1 comes before level 0"]),
        ([replace(RED, level=0), replace(YELLOW_BY_SHARE, level=1)], ["level 1 comes before level 0"]),
        ([RED, replace(OFFICE, level=2), replace(LEADER, level=3)], ["level 3 comes before level 2"]),
        (
            [YELLOW, replace(YELLOW, level=1, amount=Amount(3, Unit.WORKING_DAYS))],
            ["level 1 comes before level 0"],
        ),
        (
            [RED, LEADER, replace(OFFICE, amount=Amount(90, Unit.WALL_MINUTES))],
            ["level 3 and level 2 count in different units"],
        ),
        ([YELLOW, replace(YELLOW_BY_SHARE, receiver="someone else")], ["level 0 means different things"]),
    ],
)
def test_a_ladder_out_of_order_is_found(ladder: list[Rung], faults: list[str]) -> None:
    assert ladder_faults(ladder) == faults


@pytest.mark.parametrize("anchor", Anchor)
@pytest.mark.parametrize("by", ["amount", "percent", "times", "nothing", "both"])
def test_each_anchor_takes_its_own_measure_only(anchor: Anchor, by: str) -> None:
    amount = Amount(1, Unit.WORKING_DAYS) if by in ("amount", "both") else None
    percent = 75 if by in ("percent", "both") else None
    measures = {
        Anchor.SHARE_OF_LIMIT: "percent",
        Anchor.AT_DUE: "nothing",
        Anchor.COUNTED: "times",
        Anchor.MONTHLY: "times",
    }
    times = 2 if by == "times" else None
    counted = Counted.REDOS if anchor is Anchor.COUNTED else None
    changed: dict[str, Any] = {
        "anchor": anchor,
        "amount": amount,
        "percent": percent,
        "times": times,
        "counted": counted,
    }
    if by == measures.get(anchor, "amount"):
        assert replace(RED, **changed).anchor is anchor
    else:
        with pytest.raises(ValueError, match="needs another measure"):
            replace(RED, **changed)


def test_a_rung_measured_by_what_cannot_be_is_refused() -> None:
    for percent in (0, 100, 175):
        with pytest.raises(ValueError, match="between 1 and 99"):
            replace(YELLOW_BY_SHARE, percent=percent)
    with pytest.raises(ValueError, match="counts working days or minutes"):
        replace(YELLOW, amount=Amount(1, Unit.CALENDAR_DAYS))
