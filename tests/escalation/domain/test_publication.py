"""What a publication does to a deadline that runs: nobody loses time, pauses and extensions stay."""

from dataclasses import replace
from datetime import date, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from escalation.domain.officehours import DayKind, DayRule
from escalation.domain.publication import Standing, differs_from, on_calendar, on_limit
from escalation.domain.reckoning import Pause, Terms, reckon
from escalation.domain.worktime import Amount, Unit, WorkCalendar
from tests.escalation.domain.examples import calendar, local

WEEK = {
    weekday: [(local("2026-01-01T08:00").time(), local("2026-01-01T12:00").time())] for weekday in range(5)
}
SUNDAY: dict[str, DayRule] = {"2026-06-07": DayKind.WORK}
DAYS, MINUTES = Unit.WORKING_DAYS, Unit.WORKING_MINUTES


def city(days: dict[str, DayRule] | None = None) -> WorkCalendar:
    return calendar(WEEK, days=days)


USUAL = city()


def standing(terms: Terms, by: WorkCalendar = USUAL) -> Standing:
    return Standing(terms, reckon(terms, by))


@pytest.mark.parametrize(
    ("limit", "days", "due"),
    [
        (Amount(5, DAYS), {"2026-06-05": DayKind.OFF}, "2026-06-09T12:00"),  # a day of rest gives a day more
        (Amount(5, DAYS), {"2026-06-20": DayKind.WORK}, "2026-06-08T12:00"),  # after it: nothing
        (Amount(5, DAYS), SUNDAY, "2026-06-08T12:00"),  # a make-up day takes none
        (Amount(600, MINUTES), SUNDAY, "2026-06-03T11:00"),
        (Amount(1200, MINUTES), {"2026-06-06": DayKind.WORK}, "2026-06-08T09:00"),
        (Amount(9, Unit.CALENDAR_DAYS), {"2026-06-10": DayKind.OFF}, "2026-06-11T12:00"),
    ],
)
def test_a_deadline_follows_a_calendar_later_but_never_earlier(
    limit: Amount, days: dict[str, DayRule], due: str
) -> None:
    terms = Terms(local("2026-06-01T09:00"), limit)
    found = on_calendar(standing(terms), USUAL, city(days))
    assert found.due.at == local(due)
    assert reckon(found.terms, city(days)) == found.due


def test_a_deadline_that_kept_its_date_still_grows_by_what_is_granted_later() -> None:
    after = city(SUNDAY)
    terms = Terms(local("2026-06-01T09:00"), Amount(5, DAYS))
    found = on_calendar(standing(terms), USUAL, after)
    assert (found.kept, found.due.at) == (local("2026-06-07T12:00"), local("2026-06-08T12:00"))
    extended = replace(found.terms, extensions=(Amount(3, DAYS),))
    assert reckon(extended, after).at == local("2026-06-11T12:00")


def test_pauses_and_extensions_are_kept_when_the_calendar_changes() -> None:
    pause = Pause(local("2026-06-02T09:00"), local("2026-06-03T09:00"))
    terms = Terms(local("2026-06-01T09:00"), Amount(5, DAYS), (pause,), (Amount(2, DAYS),))
    before = standing(terms)
    assert before.due.at == local("2026-06-11T12:00")
    found = on_calendar(before, USUAL, city({"2026-06-10": DayKind.OFF}))
    assert found.due.at == local("2026-06-12T12:00")
    assert (found.terms.pauses, found.terms.extensions) == ((pause,), (Amount(2, DAYS),))


def test_where_no_count_gives_the_old_date_it_is_set() -> None:
    before = calendar({**WEEK, 0: [(time(8), time(18))]})
    terms = Terms(local("2026-06-01T09:00"), Amount(5, DAYS))
    found = on_calendar(standing(terms, before), before, USUAL)
    assert (found.due.at, found.terms.fixed) == (local("2026-06-08T18:00"), local("2026-06-08T18:00"))


def test_a_due_that_somebody_set_is_not_moved() -> None:
    terms = Terms(local("2026-06-01T09:00"), Amount(5, DAYS), fixed=local("2026-06-05T10:00"))
    found = on_calendar(standing(terms), USUAL, city({"2026-06-05": DayKind.OFF}))
    assert (found.due.at, found.kept) == (local("2026-06-05T10:00"), None)


@pytest.mark.parametrize(
    ("count", "due", "kept"), [(8, "2026-06-11", False), (5, "2026-06-08", False), (3, "2026-06-08", True)]
)
def test_a_longer_limit_gives_more_time_and_a_shorter_one_takes_none(
    count: int, due: str, kept: bool
) -> None:
    terms = Terms(local("2026-06-01T09:00"), Amount(5, DAYS))
    found = on_limit(standing(terms), Amount(count, DAYS), USUAL)
    assert (found.due.at, found.kept is not None) == (local(f"{due}T12:00"), kept)
    assert found.terms.limit.count == (5 if kept else count)


def test_calendars_differ_from_the_first_day_that_does() -> None:
    assert differs_from(USUAL, city()) is None
    assert differs_from(USUAL, city(SUNDAY)) == local("2026-06-07T00:00")
    provisional = calendar(WEEK, provisional=[2026])
    assert differs_from(USUAL, provisional) == local("2026-01-01T00:00")
    assert differs_from(USUAL, calendar(WEEK, last="2027-12-31")) == local("2027-01-01T00:00")


DATES = some.integers(0, 60).map(lambda n: str(date(2026, 6, 1) + timedelta(days=n)))
CHANGES = some.dictionaries(DATES, some.sampled_from(DayKind), max_size=8)
LIMITS = some.builds(
    Amount, some.integers(1, 20), some.sampled_from([DAYS, Unit.CALENDAR_DAYS])
) | some.builds(Amount, some.integers(1, 3000), some.just(MINUTES))


@settings(deadline=None)
@given(before=CHANGES, after=CHANGES, limit=LIMITS, hour=some.integers(0, 23), day=some.integers(0, 20))
def test_whatever_is_published_the_row_gives_its_date_and_none_comes_earlier(
    before: dict[str, DayRule], after: dict[str, DayRule], limit: Amount, hour: int, day: int
) -> None:
    old, new = city(before), city(after)
    now = standing(Terms(local("2026-06-01T00:00") + timedelta(days=day, hours=hour), limit), old)
    found = on_calendar(now, old, new)
    assert found.due == reckon(found.terms, new)
    assert found.due.at >= now.due.at
    since = differs_from(old, new)
    if since is None or now.due.at <= since:
        assert found.due.at == now.due.at
