"""Laws of working time over random calendars, zones and pauses, and agreement with counting by hand."""

import random
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalation.domain.explanation import explain
from escalation.domain.measuring import elapsed, subtract
from escalation.domain.officehours import DayKind, DayRule, Hours
from escalation.domain.reckoning import Pause, Terms, reckon
from escalation.domain.workcalendar import WorkCalendar, instant_of
from escalation.domain.worktime import (
    Amount,
    Unit,
    add_working_days,
    add_working_time,
    is_open,
    next_open,
    subtract_working_days,
    subtract_working_time,
    working_time_between,
)
from tests.escalation.domain.examples import MIDNIGHT, NINE_TO_FIVE, ROUND_THE_CLOCK, calendar, daily
from tests.escalation.domain.oracle import MINUTE, Oracle, joined

OFFICE = [(time(8), time(12)), (time(14, 30), time(17, 30))]
NIGHTS = [(MIDNIGHT, time(6)), (time(22), MIDNIGHT)]
LATE = [(time(16), MIDNIGHT)]
SPANS = {
    "Europe/Amsterdam": (date(2025, 6, 20), date(2026, 6, 30)),
    "America/Sao_Paulo": (date(2017, 6, 20), date(2018, 6, 30)),
    "Asia/Shanghai": (date(1988, 1, 1), date(1989, 1, 10)),
}
"""A year with a change of the clock both ways; in 1988 China had summer time."""

hours: st.SearchStrategy[Hours] = st.sampled_from(
    [OFFICE, NINE_TO_FIVE, NIGHTS, LATE, ROUND_THE_CLOCK, [(time(8), time(9, 15))]]
)
weeks: st.SearchStrategy[dict[int, Hours]] = st.dictionaries(st.integers(0, 6), hours, min_size=1)


class Place(NamedTuple):
    """A calendar with its oracle, and moments on it."""

    oracle: Oracle
    where: WorkCalendar
    start: datetime
    other: datetime
    pauses: tuple[Pause, ...]


@st.composite
def places(draw: st.DrawFn, longest: timedelta = timedelta(days=9)) -> Place:
    zone = draw(st.sampled_from(sorted(SPANS)))
    first, last = SPANS[zone]
    week = draw(weeks)
    rules: st.SearchStrategy[DayRule] = st.one_of(st.sampled_from(DayKind), hours)
    number = st.integers(0, (last - first).days).map(lambda each: first + timedelta(each))
    days = draw(st.dictionaries(number, rules, max_size=12))
    oracle = Oracle(ZoneInfo(zone), week, days, first, last)
    beginning = datetime.combine(first + timedelta(100), time.min, UTC)
    minutes = st.integers(0, 75 * 24 * 60)
    lengths = st.integers(0, longest // MINUTE)

    def pause(begins: int, length: int) -> Pause:
        return Pause(beginning + begins * MINUTE, beginning + (begins + length) * MINUTE)

    start, other = (beginning + draw(minutes) * MINUTE for _ in range(2))
    near = st.integers(max(0, (start - beginning) // MINUTE - 3000), (start - beginning) // MINUTE + 20000)
    pauses = draw(st.lists(st.builds(pause, near, lengths), max_size=4))
    return Place(oracle, oracle.calendar(), start, other, tuple(pauses))


in_minutes = st.builds(
    Amount, st.integers(0, 700), st.sampled_from([Unit.WALL_MINUTES, Unit.WORKING_MINUTES])
)
in_days = st.builds(Amount, st.integers(1, 8), st.sampled_from([Unit.WORKING_DAYS, Unit.CALENDAR_DAYS]))
limits = st.one_of(in_minutes, in_days)


def due(place: Place, limit: Amount, start: datetime | None = None) -> datetime:
    return reckon(Terms(start or place.start, limit, place.pauses), place.where).at


@given(places(), in_minutes)
def test_minutes_agree_with_counting_every_one_of_them(place: Place, limit: Amount) -> None:
    office = limit.unit is Unit.WORKING_MINUTES
    assert due(place, limit) == place.oracle.add_minutes(place.start, limit.count, place.pauses, office)
    assert is_open(place.start, place.where) == place.oracle.is_open(place.start)


@given(places(), in_days)
def test_days_agree_with_counting_every_one_of_them(place: Place, limit: Amount) -> None:
    working = limit.unit is Unit.WORKING_DAYS
    by_hand = place.oracle.add_days(place.start, limit.count, joined(place.pauses), working)
    assert due(place, limit) == by_hand


@given(st.sets(st.integers(0, 24), min_size=2), st.sampled_from(["2026-03-29", "2026-10-25"]))
def test_whatever_becomes_of_some_hours_as_the_clock_is_changed_the_others_stay(
    quarters: set[int], changed: str
) -> None:
    midnight = datetime.fromisoformat(changed)
    edges = [(midnight + number * 15 * MINUTE).time() for number in sorted(quarters)]
    own = list(zip(edges[::2], edges[1::2], strict=False))
    where = calendar({0: NINE_TO_FIVE}, zone="Europe/Berlin", days={changed: own})
    spans = [[instant_of(midnight.date(), at, where.zone) for at in window] for window in own]
    for number in range(7 * 60):
        moment = instant_of(midnight.date(), time.min, where.zone) + number * MINUTE
        assert is_open(moment, where) == any(opens <= moment < closes for opens, closes in spans)


@given(places(), limits)
def test_who_starts_later_is_not_due_earlier(place: Place, limit: Amount) -> None:
    earlier, later = sorted((place.start, place.other))
    assert due(place, limit, earlier) <= due(place, limit, later)


@given(places(), limits, st.integers(0, 5))
def test_who_has_more_is_not_due_earlier(place: Place, limit: Amount, more: int) -> None:
    assert due(place, limit) <= due(place, Amount(limit.count + more, limit.unit))


@given(places(), limits)
def test_a_pause_never_makes_a_deadline_earlier(place: Place, limit: Amount) -> None:
    assert reckon(Terms(place.start, limit), place.where).at <= due(place, limit)


@given(places(), in_minutes, st.integers(0, 700))
def test_minutes_add_up_in_any_pieces(place: Place, limit: Amount, more: int) -> None:
    halfway = due(place, limit)
    assert due(place, Amount(more, limit.unit), halfway) == due(place, Amount(limit.count + more, limit.unit))


@given(places(), limits, st.randoms(use_true_random=False))
def test_the_order_of_pauses_and_how_they_are_cut_do_not_matter(
    place: Place, limit: Amount, chance: random.Random
) -> None:
    cut = []
    for begins, ends in place.pauses:
        at = begins + (ends - begins) * chance.random()
        cut += [Pause(begins, at), Pause(at, ends)]
    chance.shuffle(cut)
    assert reckon(Terms(place.start, limit, tuple(cut)), place.where).at == due(place, limit)


@given(places(), st.integers(0, 10**10))
def test_what_was_added_is_what_has_passed_to_the_microsecond(place: Place, microseconds: int) -> None:
    amount = timedelta(microseconds=microseconds)
    reached = add_working_time(place.start, amount, place.where).at
    assert elapsed(place.start, reached, place.where) == amount
    if amount:
        just_before = reached - timedelta(microseconds=1)
        assert is_open(just_before, place.where)
        assert working_time_between(place.start, just_before, place.where) < amount


@given(places(), st.integers(0, 700))
def test_of_paused_time_nothing_has_passed(place: Place, minutes: int) -> None:
    limit = Amount(minutes, Unit.WORKING_MINUTES)
    assert elapsed(place.start, due(place, limit), place.where, place.pauses) == minutes * MINUTE


@given(places(), st.integers(0, 700))
def test_taking_back_undoes_adding(place: Place, minutes: int) -> None:
    start = next_open(place.start, place.where)
    limit = Amount(minutes, Unit.WORKING_MINUTES)
    assert subtract(reckon(Terms(start, limit), place.where).at, limit, place.where) == start
    back = subtract_working_time(place.start, minutes * MINUTE, place.where)
    assert elapsed(back, place.start, place.where) == minutes * MINUTE


@given(st.sets(st.integers(0, 6), min_size=1), st.integers(0, 9000), st.integers(1, 8), st.integers(1, 4))
def test_days_taken_back_undo_days_added(weekdays: set[int], after: int, first: int, more: int) -> None:
    where = calendar(daily(OFFICE, sorted(weekdays)))
    start = datetime(2026, 3, 2, tzinfo=UTC) + after * MINUTE
    reached = add_working_days(start, first + more, where).at
    assert subtract_working_days(reached, more, where) == add_working_days(start, first, where).at


@given(places(), in_minutes)
def test_a14_what_explains_a_limit_in_minutes_adds_up_to_it(place: Place, limit: Amount) -> None:
    told = explain(Terms(place.start, limit, place.pauses), place.where)
    (count,) = told.counts
    assert sum(((ends - begins) for begins, ends in count.segments), timedelta()) == limit.count * MINUTE
    assert all(begins < ends for begins, ends in count.segments)
    assert [at for segment in count.segments for at in segment] == sorted(
        at for segment in count.segments for at in segment
    )
    for begins, ends in count.segments:
        assert place.start <= begins
        assert ends <= told.due.at == due(place, limit)
        assert not any(begins < to and since < ends for since, to in place.pauses if since < to)


@given(places(), in_days)
def test_a14_what_explains_a_limit_in_days_is_a_segment_for_each(place: Place, limit: Amount) -> None:
    told = explain(Terms(place.start, limit, place.pauses), place.where)
    (count,) = told.counts
    assert len(count.segments) == len(set(count.days)) == limit.count
    assert list(count.days) == sorted(count.days)
    assert count.segments[-1][1] <= told.due.at == due(place, limit)
    if limit.unit is Unit.WORKING_DAYS:
        assert set(count.days) <= set(place.where.working_days)


@pytest.mark.parametrize(
    ("zone", "years"),
    [
        ("Europe/Amsterdam", (2020, 2026)),
        ("America/Sao_Paulo", (2010, 2019)),
        ("Asia/Shanghai", (1986, 1991)),
    ],
)
@pytest.mark.parametrize("windows", [ROUND_THE_CLOCK, NIGHTS])
def test_a5_what_was_added_has_passed_at_ten_thousand_moments(
    zone: str, years: tuple[int, int], windows: Hours
) -> None:
    first, last = years
    where = calendar(daily(windows), first=f"{first}-01-01", last=f"{last}-12-31", zone=zone)
    chance = random.Random(12345)
    begins = datetime(first, 1, 2, tzinfo=UTC)
    seconds = int((datetime(last, 11, 1, tzinfo=UTC) - begins).total_seconds())
    for _ in range(10_000):
        start = begins + timedelta(seconds=chance.randrange(seconds))
        amount = timedelta(seconds=chance.randrange(20 * 24 * 3600) // 2)
        assert working_time_between(start, add_working_time(start, amount, where).at, where) == amount
