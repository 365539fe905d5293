"""How much more time the rules that ship allow, as a clerk would check it."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalation.allowances import allowances_from
from escalation.defaults import read_calendar, shipped
from escalation.domain.allowance import (
    Extendable,
    extended,
    extension_refusal,
    extension_rule,
    stood_still,
    suspension_refusal,
    suspension_rule,
)
from escalation.domain.reckoning import Pause, Terms, reckon
from escalation.domain.worktime import Amount, Unit
from schemas.errors import Misconfigured
from schemas.ticket import Kind, Urgency
from schemas.time_requests import ExtensionReason, SuspensionReason

CONTENT = next(content for kind, _, content in shipped() if kind == "allowances")
ALLOWED = allowances_from(CONTENT)
ZONE = ZoneInfo("Asia/Shanghai")
CALENDAR = read_calendar()
DUE = datetime(2026, 12, 1, 17, 30, tzinfo=ZONE)
DAYS = Unit.WORKING_DAYS

EXTENSIONS = """
    general    | complaint | complex       | 5  |       | 10 | granted
    general    | complaint | complex       | 5  |       | 11 | amount
    general    | complaint | complex       | 5  | 10    | 10 | granted
    general    | complaint | complex       | 5  | 10 10 | 1  | times
    general    | report    | testing       | 15 |       | 10 | granted
    general    | report    | testing       | 15 | 6     | 4  | granted
    general    | report    | testing       | 15 | 6     | 5  | amount
    complex    | complaint | coordination  | 15 | 10    | 1  | amount
    general    | consult   | complex       | 1  |       | 1  | none
    general    | consult   | force_majeure | 1  |       | 10 | granted
    general    | consult   | force_majeure | 1  | 10    | 1  | times
    livelihood | complaint | complex       | 1  |       | 1  | none
    livelihood | complaint | force_majeure | 1  |       | 3  | granted
    urgent     | complaint | testing       | 1  |       | 1  | none
    urgent     | consult   | force_majeure | 1  |       | 10 | granted
"""


@pytest.mark.parametrize("line", EXTENSIONS.strip().splitlines(), ids=lambda each: " ".join(each.split()))
def test_an_extension_is_granted_or_refused_by_the_rules_that_ship(line: str) -> None:
    urgency, kind, reason, limit, before, asked, expected = (each.strip() for each in line.split("|"))
    rule = extension_rule(ALLOWED.extensions, Urgency(urgency), Kind(kind), reason)
    had = tuple(Amount(int(each), DAYS) for each in before.split())
    clock = Extendable(Amount(int(limit), DAYS), had, DUE)
    fault = extension_refusal(Amount(int(asked), DAYS), clock, rule, DUE - timedelta(days=2), ZONE)
    assert (fault.facts["why"] if fault else "granted") == expected


def test_the_last_moment_to_ask_is_before_the_due() -> None:
    rule = extension_rule(ALLOWED.extensions, Urgency.GENERAL, Kind.COMPLAINT, "complex")
    clock, tick = Extendable(Amount(5, DAYS), (), DUE), timedelta(microseconds=1)
    assert extension_refusal(Amount(1, DAYS), clock, rule, DUE - tick, ZONE) is None
    late = extension_refusal(Amount(1, DAYS), clock, rule, DUE, ZONE)
    assert late is not None
    assert (late.code, late.facts["due_at"]) == ("asked_too_late", "2026-12-01T17:30:00+08:00")


def test_only_the_second_extension_is_the_supervisors() -> None:
    rule = extension_rule(ALLOWED.extensions, Urgency.GENERAL, Kind.COMPLAINT, "complex")
    assert rule is not None
    assert [rule.needs_supervisor(before) for before in (0, 1)] == [False, True]


@pytest.mark.parametrize(
    ("days", "renewed", "why"), [(30, 0, None), (31, 0, "days"), (30, 1, None), (1, 2, "renewals")]
)
@pytest.mark.parametrize("reason", SuspensionReason)
def test_a_suspension_lasts_thirty_days_and_is_renewed_once(
    reason: str, days: int, renewed: int, why: str | None
) -> None:
    fault = suspension_refusal(days, renewed, suspension_rule(ALLOWED.suspensions, reason))
    assert (fault.facts["why"] if fault else None) == why


@pytest.mark.parametrize(
    ("stood", "days", "most"),
    [(0, 30, None), (30, 30, None), (31, 30, 29), (60, 1, 0), (59.5, 1, 0), (70, 1, 0)],
)
def test_all_suspensions_for_one_reason_are_sixty_days_together(
    stood: float, days: int, most: int | None
) -> None:
    rule = suspension_rule(ALLOWED.suspensions, "appraisal")
    fault = suspension_refusal(days, 0, rule, timedelta(days=stood))
    assert (fault.facts if fault else None) == (None if most is None else {"why": "total", "most": most})


def test_every_reason_that_may_be_given_has_a_rule_and_no_rule_another() -> None:
    assert {each.reason for each in ALLOWED.suspensions} == set(SuspensionReason)
    assert {each.reason for each in ALLOWED.extensions} - {None} <= set(ExtensionReason)
    fault = suspension_refusal(1, 0, suspension_rule(ALLOWED.suspensions, "busy"))
    assert fault is not None
    assert fault.facts["why"] == "reason"


@pytest.mark.parametrize(
    ("fixed", "due"), [(None, "2026-12-15T17:30"), ("2026-12-02T17:30", "2026-12-16T17:30")]
)
def test_an_extension_adds_to_a_due_that_was_reckoned_and_to_one_that_was_set(
    fixed: str | None, due: str
) -> None:
    start = datetime(2026, 11, 24, 9, 5, tzinfo=ZONE)
    was_set = datetime.fromisoformat(fixed).replace(tzinfo=ZONE) if fixed else None
    terms = extended(Terms(start, Amount(5, DAYS), fixed=was_set), Amount(10, DAYS), read_calendar())
    assert reckon(terms, read_calendar()).at == datetime.fromisoformat(due).replace(tzinfo=ZONE)
    assert terms.extensions == (Amount(10, DAYS),)


def test_rules_that_cannot_be_read_are_refused_by_name() -> None:
    broken = {**CONTENT, "extensions": [{**CONTENT["extensions"][0], "unit": "weeks"}]}
    with pytest.raises(Misconfigured, match="allowances"):
        allowances_from(broken)


@given(
    unit=st.sampled_from([Unit.WORKING_DAYS, Unit.WORKING_MINUTES, Unit.WALL_MINUTES]),
    count=st.integers(1, 3_000),
    before=st.floats(0, 1, exclude_max=True),
    hours=st.integers(1, 24 * 30),
)
def test_a_due_that_was_set_keeps_the_time_left_until_it_through_a_pause_as_one_counted_does(
    unit: Unit, count: int, before: float, hours: int
) -> None:
    start = datetime(2026, 3, 2, 9, 0, tzinfo=ZONE)
    counted = Terms(start, Amount(count % 40 + 1 if unit is DAYS else count, unit))
    due = reckon(counted, CALENDAR).at
    begins = start + (due - start) * before
    pause = Pause(begins, begins + timedelta(hours=hours))
    was_set = replace(counted, fixed=due)
    expected = reckon(replace(counted, pauses=(pause,)), CALENDAR).at
    assert reckon(stood_still(was_set, pause, CALENDAR), CALENDAR).at == expected


def test_a_pause_after_a_due_that_was_set_moves_nothing() -> None:
    late = Terms(DUE - timedelta(days=9), Amount(5, DAYS), fixed=DUE)
    pause = Pause(DUE, DUE + timedelta(days=3))
    assert stood_still(late, pause, CALENDAR).fixed == DUE
