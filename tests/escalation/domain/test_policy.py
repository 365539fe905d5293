"""Which limits a matter has."""

from dataclasses import replace

import pytest

from escalation.domain.policy import Clock, LimitRule, Stage, limit_faults, limits_for
from escalation.domain.worktime import Amount, Unit
from schemas.ticket import Kind, Urgency
from tests.escalation.domain.examples import LIMITS

SHORT = {"wm": Unit.WORKING_MINUTES, "min": Unit.WALL_MINUTES, "wd": Unit.WORKING_DAYS}

HK_DEFAULT_1 = """
    department urgent     complaint  -    sign 15 min, contact 30 min, feedback 120 min, completion 1440 min
    department urgent     help       live sign 15 min, contact 30 min, feedback 120 min, completion 1440 min
    department livelihood complaint  -    sign 30 min, contact 120 min, completion 1440 min
    department livelihood complaint  live sign 30 min, contact 30 min, completion 1440 min
    department general    consult    -    sign 30 wm, contact 1 wd, completion 1 wd
    department general    help       -    sign 30 wm, contact 1 wd, completion 5 wd
    department general    complaint  -    sign 30 wm, contact 1 wd, completion 5 wd
    department general    complaint  live sign 30 wm, contact 1 wd, completion 5 wd
    department general    report     -    sign 30 wm, contact 1 wd, completion 15 wd
    department general    suggestion -    sign 30 wm, contact 1 wd, completion 10 wd
    department general    praise     -    sign 30 wm, contact 1 wd, completion 5 wd
    department general    other      -    sign 30 wm, contact 1 wd, completion 5 wd
    department complex    consult    -    sign 30 wm, contact 1 wd, completion 15 wd
    citizen    urgent     complaint  -    dispatch 5 min, triage 5 min, completion 1440 min
    citizen    livelihood complaint  -    dispatch 10 min, triage 10 min, completion 1440 min
    citizen    general    report     -    dispatch 30 min, triage 120 wm, completion 15 wd
    citizen    complex    report     -    dispatch 30 min, triage 120 wm, completion 15 wd
"""


def parsed(limits: str) -> list[tuple[str, Amount]]:
    parts = [each.split() for each in limits.split(", ")]
    return [(stage, Amount(int(count), SHORT[unit])) for stage, count, unit in parts]


@pytest.mark.parametrize("line", HK_DEFAULT_1.strip().splitlines(), ids=str.strip)
def test_the_default_rules_give_each_stage_its_limit(line: str) -> None:
    clock, urgency, kind, live, limits = line.split(maxsplit=4)
    found = limits_for(LIMITS, clock=clock, urgency=Urgency(urgency), kind=Kind(kind), live=live == "live")
    assert [(each.stage, each.amount) for each in found] == parsed(limits)


@pytest.mark.parametrize("urgency", Urgency)
@pytest.mark.parametrize("kind", Kind)
def test_the_caller_is_promised_what_the_department_is_given(urgency: Urgency, kind: Kind) -> None:
    promised, given = (
        [
            each.amount
            for each in limits_for(LIMITS, clock=clock, urgency=urgency, kind=kind)
            if each.stage is Stage.COMPLETION
        ]
        for clock in Clock
    )
    assert promised == given
    assert len(given) == 1


def rule(kind: Kind | None = None, live: bool | None = None, minutes: int = 30) -> LimitRule:
    return LimitRule(
        rule="T",
        clock=Clock.DEPARTMENT,
        stage=Stage.CONTACT,
        urgency=Urgency.LIVELIHOOD,
        kind=kind,
        live=live,
        amount=Amount(minutes, Unit.WALL_MINUTES),
        source="test",
    )


ANY, COMPLAINTS, LIVE, NOT_LIVE = (
    rule(minutes=120),
    rule(Kind.COMPLAINT, minutes=60),
    rule(live=True),
    rule(live=False, minutes=90),
)


@pytest.mark.parametrize(
    ("rules", "kind", "live", "winner"),
    [
        ([ANY], Kind.HELP, False, ANY),
        ([ANY, COMPLAINTS], Kind.COMPLAINT, False, COMPLAINTS),
        ([ANY, COMPLAINTS], Kind.HELP, False, ANY),
        ([ANY, COMPLAINTS, LIVE], Kind.COMPLAINT, True, LIVE),
        ([ANY, COMPLAINTS, LIVE], Kind.COMPLAINT, False, COMPLAINTS),
        ([ANY, LIVE, NOT_LIVE], Kind.HELP, False, NOT_LIVE),
    ],
)
def test_the_most_specific_rule_wins_in_any_order(
    rules: list[LimitRule], kind: Kind, live: bool, winner: LimitRule
) -> None:
    for order in (rules, rules[::-1]):
        found = limits_for(order, clock="department", urgency=Urgency.LIVELIHOOD, kind=kind, live=live)
        assert found == (winner,)


def test_a_matter_no_rule_speaks_about_has_no_limit() -> None:
    assert limits_for([LIVE], clock="department", urgency=Urgency.LIVELIHOOD, kind=Kind.HELP) == ()
    assert limits_for([ANY], clock="citizen", urgency=Urgency.LIVELIHOOD, kind=Kind.HELP) == ()
    assert limits_for([ANY], clock="department", urgency=Urgency.URGENT, kind=Kind.HELP) == ()


def test_the_default_rules_have_no_fault() -> None:
    assert limit_faults(LIMITS) == []


def test_rules_that_repeat_each_other_are_found() -> None:
    again = replace(LIMITS[0], amount=Amount(99, Unit.WALL_MINUTES))
    assert limit_faults([*LIMITS, again]) == ["two limits for citizen dispatch urgent"]


def test_a_kind_nobody_must_complete_is_found() -> None:
    gone = [each for each in LIMITS if each.kind is not Kind.REPORT or each.clock is Clock.CITIZEN]
    assert limit_faults(gone) == ["no limit for department completion general report"]
