"""Laws of working time, and agreement with an oracle that counts minute by minute."""

from datetime import UTC, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from escalation.domain.worktime import (
    Amount,
    Unit,
    WorkCalendar,
    add,
    add_working_days,
    add_working_minutes,
    add_working_time,
    is_open,
    subtract_working_days,
    working_time_between,
)
from tests.escalation.domain.examples import HK, MIDNIGHT, ROUND_THE_CLOCK, calendar, daily

MINUTE = timedelta(minutes=1)
NIGHTS = [(MIDNIGHT, time(6)), (time(22), MIDNIGHT)]

AMSTERDAM = calendar(daily(NIGHTS), first="2024-01-01", zone="Europe/Amsterdam")
SAO_PAULO = calendar(daily(ROUND_THE_CLOCK), first="2012-01-01", last="2018-12-31", zone="America/Sao_Paulo")
SHANGHAI_IN_SUMMER_TIME = calendar(daily(NIGHTS, range(5)), first="1986-01-01", last="1991-12-31")


def moments(first: str, last: str) -> st.SearchStrategy[datetime]:
    begins, ends = (datetime.fromisoformat(day).replace(tzinfo=UTC) for day in (first, last))
    return st.timedeltas(timedelta(0), ends - begins).map(begins.__add__)


moments_of_2026 = moments("2026-01-01", "2026-11-01")
short_times = st.timedeltas(timedelta(0), timedelta(hours=200))
amounts = st.builds(Amount, st.integers(0, 60), st.sampled_from(Unit))
moments_by_calendar = st.one_of(
    st.tuples(st.just(HK), moments_of_2026),
    st.tuples(st.just(AMSTERDAM), moments("2024-01-02", "2026-11-01")),
    st.tuples(st.just(SAO_PAULO), moments("2012-01-02", "2018-11-01")),
    st.tuples(st.just(SHANGHAI_IN_SUMMER_TIME), moments("1986-01-02", "1991-10-01")),
)


@given(moments_by_calendar, short_times)
def test_what_was_added_is_what_lies_between(place: tuple[WorkCalendar, datetime], amount: timedelta) -> None:
    where, start = place
    due = add_working_time(start, amount, where).at
    assert due >= start
    assert working_time_between(start, due, where) == amount


@given(moments_by_calendar, short_times, short_times)
def test_working_time_adds_up_in_any_pieces(
    place: tuple[WorkCalendar, datetime], one: timedelta, other: timedelta
) -> None:
    where, start = place
    halfway = add_working_time(start, one, where).at
    assert add_working_time(halfway, other, where) == add_working_time(start, one + other, where)


@given(moments_by_calendar, short_times.filter(bool))
def test_a_deadline_is_the_first_moment_it_can_be(
    place: tuple[WorkCalendar, datetime], amount: timedelta
) -> None:
    where, start = place
    just_before = add_working_time(start, amount, where).at - timedelta(microseconds=1)
    assert is_open(just_before, where)
    assert working_time_between(start, just_before, where) < amount


@given(moments_of_2026, moments_of_2026, amounts)
def test_who_starts_later_is_not_due_earlier(one: datetime, other: datetime, amount: Amount) -> None:
    earlier, later = sorted((one, other))
    assert add(earlier, amount, HK).at <= add(later, amount, HK).at


@given(moments_of_2026, amounts, st.integers(0, 30))
def test_who_has_more_is_not_due_earlier(start: datetime, amount: Amount, more: int) -> None:
    generous = Amount(amount.count + more, amount.unit)
    assert add(start, amount, HK).at <= add(start, generous, HK).at


@given(moments_of_2026, st.integers(1, 60), st.integers(1, 60))
def test_days_taken_back_undo_days_added(start: datetime, given_days: int, taken: int) -> None:
    due = add_working_days(start, given_days + taken, HK).at
    assert subtract_working_days(due, taken, HK) == add_working_days(start, given_days, HK).at


class MinuteOracle:
    """Counts minute by minute by the clock on the wall of each; knows no windows and no sums."""

    def __init__(self, where: WorkCalendar, hours: list[tuple[int, int]], first: datetime, days: int) -> None:
        zone, working = ZoneInfo(where.time_zone), set(where.working_days)
        self._first = first
        self._open = []
        for number in range(days * 24 * 60):
            local = (first + number * MINUTE).astimezone(zone)
            minute = local.hour * 60 + local.minute
            in_hours = any(opens <= minute < closes for opens, closes in hours)
            self._open.append(in_hours and local.date() in working)

    def add(self, start: datetime, minutes: int) -> datetime:
        number = (start - self._first) // MINUTE
        while minutes:
            minutes -= self._open[number]
            number += 1
        return self._first + number * MINUTE

    def is_open(self, at: datetime) -> bool:
        return self._open[(at - self._first) // MINUTE]


@cache
def haikou_oracle() -> MinuteOracle:
    return MinuteOracle(HK, [(480, 720), (870, 1050)], datetime(2026, 9, 14, tzinfo=UTC), 50)


@cache
def summer_time_oracle(year: int, month: int) -> MinuteOracle:
    first = datetime(year, month, 1, tzinfo=UTC)
    return MinuteOracle(SHANGHAI_IN_SUMMER_TIME, [(0, 360), (1320, 1440)], first, 40)


@given(st.integers(0, 36 * 24 * 60), st.integers(0, 1200))
def test_working_minutes_agree_with_counting_around_national_day(after: int, minutes: int) -> None:
    oracle = haikou_oracle()
    start = datetime(2026, 9, 14, tzinfo=UTC) + after * MINUTE
    assert add_working_minutes(start, minutes, HK).at == oracle.add(start, minutes)
    assert is_open(start, HK) == oracle.is_open(start)


@given(
    st.sampled_from([(1986, 5), (1986, 9), (1988, 4), (1991, 9)]),
    st.integers(0, 20 * 24 * 60),
    st.integers(0, 2400),
)
def test_working_minutes_agree_with_counting_when_china_had_summer_time(
    month: tuple[int, int], after: int, minutes: int
) -> None:
    oracle = summer_time_oracle(*month)
    start = datetime(*month, 1, tzinfo=UTC) + after * MINUTE
    assert add_working_minutes(start, minutes, SHANGHAI_IN_SUMMER_TIME).at == oracle.add(start, minutes)
    assert is_open(start, SHANGHAI_IN_SUMMER_TIME) == oracle.is_open(start)
