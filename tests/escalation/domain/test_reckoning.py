"""Deadlines with pauses, extensions and a fixed due."""

import sys
from datetime import datetime, timedelta
from types import FrameType

import pytest

from escalation.domain.counting import DaysEnd, Policy, RestDay, StartDay, UsedUp
from escalation.domain.reckoning import Pause, Terms, reckon
from escalation.domain.worktime import Amount, Due, Unit
from tests.escalation.domain.examples import HK, local


def pause(begins: str, ends: str) -> Pause:
    return Pause(local(begins), local(ends))


def due(start: str, count: int, unit: Unit, *pauses: Pause, extended: tuple[Amount, ...] = ()) -> datetime:
    terms = Terms(local(start), Amount(count, unit), pauses, extended)
    return reckon(terms, HK).at.astimezone(HK.zone)


class TestDays:
    def test_the_whole_days_that_remained_are_kept_and_the_day_of_resuming_is_not_counted(self) -> None:
        stopped = pause("2026-11-18T15:00", "2026-11-25T10:00")
        assert due("2026-11-16T10:00", 5, Unit.WORKING_DAYS) == local("2026-11-23T17:30")
        assert due("2026-11-16T10:00", 5, Unit.WORKING_DAYS, stopped) == local("2026-11-30T17:30")

    @pytest.mark.parametrize(
        ("begins", "ends", "expected"),
        [
            ("2026-11-18T07:00", "2026-11-25T10:00", "2026-12-01T17:30"),
            ("2026-11-18T08:00", "2026-11-25T10:00", "2026-12-01T17:30"),
            ("2026-11-18T08:01", "2026-11-25T10:00", "2026-11-30T17:30"),
            ("2026-11-18T10:00", "2026-11-18T16:00", "2026-11-23T17:30"),
            ("2026-11-16T09:00", "2026-11-17T10:00", "2026-11-24T17:30"),
            ("2026-11-21T10:00", "2026-11-22T10:00", "2026-11-23T17:30"),
            ("2026-11-23T15:00", "2026-11-25T10:00", "2026-11-25T17:30"),
            ("2026-11-23T15:00", "2026-11-25T19:00", "2026-11-26T17:30"),
            ("2026-11-23T17:30", "2026-11-25T19:00", "2026-11-23T17:30"),
            ("2026-11-10T10:00", "2026-11-12T10:00", "2026-11-23T17:30"),
        ],
    )
    def test_a_day_is_used_up_only_once_it_has_begun(self, begins: str, ends: str, expected: str) -> None:
        stopped = pause(begins, ends)
        assert due("2026-11-16T10:00", 5, Unit.WORKING_DAYS, stopped) == local(expected)

    def test_an_extension_is_added_to_the_due_so_far(self) -> None:
        more = (Amount(10, Unit.WORKING_DAYS),)
        assert due("2026-11-24T09:05", 5, Unit.WORKING_DAYS, extended=more) == local("2026-12-15T17:30")

    def test_calendar_days_that_remained_are_kept_too(self) -> None:
        stopped = pause("2026-11-10T15:00", "2026-11-20T10:00")
        assert due("2026-11-02T10:00", 15, Unit.CALENDAR_DAYS, stopped) == local("2026-11-27T17:30")

    @pytest.mark.parametrize(
        ("begins", "expected"),
        [("2026-11-10T00:00", "2026-11-29T00:00"), ("2026-11-10T00:01", "2026-11-27T17:30")],
    )
    def test_a_calendar_day_is_used_up_once_its_midnight_has_passed(self, begins: str, expected: str) -> None:
        stopped = pause(begins, "2026-11-20T10:00")
        limit = Amount(15, Unit.CALENDAR_DAYS)
        policy = Policy(last_day_of_rest=RestDay.STAYS)
        terms = Terms(local("2026-11-02T10:00"), limit, (stopped,))
        assert reckon(terms, HK, policy).at == local(expected)

    def test_pauses_that_meet_at_closing_are_one_in_which_nothing_falls_due(self) -> None:
        cut = (
            pause("2026-11-23T15:00", "2026-11-23T17:30"),
            pause("2026-11-23T17:30", "2026-11-25T10:00"),
        )
        assert due("2026-11-16T10:00", 5, Unit.WORKING_DAYS, *cut) == local("2026-11-25T17:30")
        assert due("2026-11-16T10:00", 5, Unit.WORKING_DAYS, cut[0]) == local("2026-11-23T17:30")


class TestMinutes:
    @pytest.mark.parametrize("unit", [Unit.WALL_MINUTES, Unit.WORKING_MINUTES])
    def test_what_is_used_up_as_a_pause_begins_is_over_then(self, unit: Unit) -> None:
        stopped = pause("2026-11-23T10:00", "2026-11-23T11:00")
        assert due("2026-11-23T09:00", 60, unit, stopped) == local("2026-11-23T10:00")
        assert due("2026-11-23T09:00", 61, unit, stopped) == local("2026-11-23T11:01")

    def test_p3_a_pause_over_the_weekend_costs_only_its_working_minutes(self) -> None:
        weekend = pause("2026-11-27T17:00", "2026-11-30T09:00")
        assert due("2026-11-27T16:00", 120, Unit.WORKING_MINUTES, weekend) == local("2026-11-30T10:00")

    def test_a15_a_thousand_pauses_of_37_seconds_add_up_exactly(self) -> None:
        start, step = local("2026-11-23T08:00"), timedelta(seconds=74)
        pauses = tuple(Pause(start + n * step, start + n * step + timedelta(seconds=37)) for n in range(1000))
        expected = start + timedelta(minutes=3000, seconds=37000)
        assert reckon(Terms(start, Amount(3000, Unit.WALL_MINUTES), pauses), HK) == Due(expected, False)

    def test_p4_a_clock_opened_while_paused_starts_when_the_pause_ends(self) -> None:
        before = pause("2026-11-23T08:00", "2026-11-23T10:00")
        assert due("2026-11-23T09:00", 60, Unit.WORKING_MINUTES, before) == local("2026-11-23T11:00")
        assert due("2026-11-23T09:00", 60, Unit.WALL_MINUTES, before) == local("2026-11-23T11:00")

    def test_p4_pauses_that_overlap_adjoin_or_are_empty_count_once(self) -> None:
        pauses = (
            pause("2026-11-23T10:00", "2026-11-23T10:30"),
            pause("2026-11-23T09:30", "2026-11-23T10:00"),
            pause("2026-11-23T09:45", "2026-11-23T10:10"),
            pause("2026-11-23T10:05", "2026-11-23T10:06"),
            pause("2026-11-23T09:10", "2026-11-23T09:10"),
            pause("2026-11-23T09:20", "2026-11-23T09:05"),
            pause("2026-11-23T19:00", "2026-11-23T20:00"),
        )
        assert due("2026-11-23T09:00", 60, Unit.WORKING_MINUTES, *pauses) == local("2026-11-23T11:00")


class TestPolicies:
    @pytest.mark.parametrize(
        ("used_up", "expected"),
        [(UsedUp.CLOSING, "2026-11-23T17:30"), (UsedUp.NEXT_OPENING, "2026-11-24T08:00")],
    )
    def test_a1_where_a_limit_used_up_at_closing_is_over_is_a_policy(
        self, used_up: UsedUp, expected: str
    ) -> None:
        terms = Terms(local("2026-11-23T16:30"), Amount(60, Unit.WORKING_MINUTES))
        assert reckon(terms, HK, Policy(used_up=used_up)).at == local(expected)

    @pytest.mark.parametrize(
        ("start", "expected"),
        [("2026-11-23T09:00", "2026-11-23T09:00"), ("2026-11-22T09:00", "2026-11-23T08:00")],
    )
    def test_a2_nothing_is_over_at_the_next_opening_where_that_is_the_policy(
        self, start: str, expected: str
    ) -> None:
        terms = Terms(local(start), Amount(0, Unit.WORKING_MINUTES))
        assert reckon(terms, HK, Policy(used_up=UsedUp.NEXT_OPENING)).at == local(expected)

    @pytest.mark.parametrize(
        ("policy", "expected"),
        [
            (Policy(), "2026-10-13T17:30"),
            (Policy(start_day=StartDay.COUNTED), "2026-10-12T17:30"),
            (Policy(days_end=DaysEnd.SAME_TIME), "2026-10-13T16:00"),
            (Policy(days_end=DaysEnd.SAME_TIME, start_day=StartDay.COUNTED), "2026-10-12T16:00"),
        ],
    )
    def test_a13_from_which_day_is_counted_and_when_the_last_one_ends_are_policies(
        self, policy: Policy, expected: str
    ) -> None:
        terms = Terms(local("2026-09-30T16:00"), Amount(5, Unit.WORKING_DAYS))
        assert reckon(terms, HK, policy).at == local(expected)

    @pytest.mark.parametrize(
        ("start", "expected"),
        [
            ("2026-11-23T07:00", "2026-11-24T17:30"),
            ("2026-11-23T13:00", "2026-11-24T17:30"),
            ("2026-11-23T17:29", "2026-11-24T17:30"),
            ("2026-11-23T17:30", "2026-11-25T17:30"),
            ("2026-11-22T10:00", "2026-11-24T17:30"),
        ],
    )
    def test_after_hours_may_count_as_the_next_day(self, start: str, expected: str) -> None:
        terms = Terms(local(start), Amount(1, Unit.WORKING_DAYS))
        assert reckon(terms, HK, Policy(after_hours_counts_as_next_day=True)).at == local(expected)

    def test_a_start_before_opening_is_one_of_its_day_at_its_hour(self) -> None:
        policy = Policy(after_hours_counts_as_next_day=True, days_end=DaysEnd.SAME_TIME)
        terms = Terms(local("2026-11-23T07:00"), Amount(1, Unit.WORKING_DAYS))
        assert reckon(terms, HK, policy).at == local("2026-11-24T07:00")

    def test_what_is_used_up_as_a_pause_begins_may_be_over_as_the_clock_runs_on(self) -> None:
        stopped = pause("2026-11-23T10:00", "2026-11-23T13:00")
        terms = Terms(local("2026-11-23T09:00"), Amount(60, Unit.WORKING_MINUTES), (stopped,))
        assert reckon(terms, HK, Policy(used_up=UsedUp.NEXT_OPENING)).at == local("2026-11-23T14:30")

    def test_an_extension_is_counted_from_the_due_whatever_is_said_of_the_start(self) -> None:
        policy = Policy(start_day=StartDay.COUNTED, after_hours_counts_as_next_day=True)
        terms = Terms(
            local("2026-11-23T09:00"), Amount(1, Unit.WORKING_DAYS), (), (Amount(1, Unit.WORKING_DAYS),)
        )
        assert reckon(terms, HK, policy).at == local("2026-11-24T17:30")


def test_a18_an_addition_costs_the_same_however_many_days_it_spans() -> None:
    def calls_of(count: int, unit: Unit) -> int:
        calls = 0

        def count_call(_frame: FrameType, event: str, _argument: object) -> None:
            nonlocal calls
            calls += event in ("call", "c_call")

        terms = Terms(local("2025-01-02T09:00"), Amount(count, unit))
        reckon(terms, HK)
        sys.setprofile(count_call)
        try:
            reckon(terms, HK)
        finally:
            sys.setprofile(None)
        return calls

    assert calls_of(250, Unit.WORKING_DAYS) == calls_of(1, Unit.WORKING_DAYS) < 60
    assert calls_of(100_000, Unit.WORKING_MINUTES) == calls_of(30, Unit.WORKING_MINUTES) < 60


def test_p8_a_pause_counts_from_instant_to_instant_to_the_microsecond() -> None:
    begins = local("2026-11-23T09:00:00.000001")
    stopped = Pause(begins, begins + timedelta(minutes=3, microseconds=7))
    expected = local("2026-11-23T10:00") + timedelta(minutes=3, microseconds=7)
    for unit in (Unit.WALL_MINUTES, Unit.WORKING_MINUTES):
        assert reckon(Terms(local("2026-11-23T09:00"), Amount(60, unit), (stopped,)), HK).at == expected


def test_p7_nothing_moves_a_due_that_somebody_set() -> None:
    fixed = local("2026-12-24T12:00")
    terms = Terms(
        local("2026-11-23T09:00"),
        Amount(5, Unit.WORKING_DAYS),
        (pause("2026-11-24T09:00", "2026-11-30T09:00"),),
        (Amount(1, Unit.WORKING_DAYS),),
        fixed,
    )
    assert reckon(terms, HK) == Due(fixed, provisional=False)


def test_a_deadline_in_a_year_not_published_is_provisional_with_pauses_too() -> None:
    terms = Terms(
        local("2026-12-25T09:00"),
        Amount(4, Unit.WORKING_DAYS),
        (pause("2026-12-28T07:00", "2026-12-30T09:00"),),
    )
    assert reckon(terms, HK).provisional
