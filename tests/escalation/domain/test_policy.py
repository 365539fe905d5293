"""Which limits a matter has."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from escalation.domain.policy import (
    Clock,
    Commitment,
    Layer,
    LimitRule,
    Stage,
    limit_faults,
    limits_for,
    promised,
)
from escalation.domain.worktime import Amount, Unit
from schemas.ticket import CallerType, Kind, Urgency
from tests.escalation.domain.examples import LIMITS

AFTERWARDS = {
    Clock.DEPARTMENT: [(Stage.REDO, Amount(3, Unit.WORKING_DAYS))],
    Clock.CITIZEN: [
        (Stage.CALLBACK, Amount(2, Unit.WORKING_DAYS)),
        (Stage.ARCHIVE, Amount(1, Unit.WORKING_DAYS)),
    ],
}
"""What follows once a department has done its part: the same for every matter."""

SHORT = {"wm": Unit.WORKING_MINUTES, "min": Unit.WALL_MINUTES, "wd": Unit.WORKING_DAYS}
STAGES = {"window": "return_window", "review": "return_review", "ruling": "adjudication"}

HK_DEFAULT_1 = """
    department urgent     complaint  -    sign 15 min, contact 30 min, feedback 120 min, completion 1440 min
    department urgent     help       live sign 15 min, contact 30 min, feedback 120 min, completion 1440 min
    department livelihood complaint  -    sign 30 min, contact 120 min, window 120 min, completion 1440 min
    department livelihood complaint  live sign 30 min, contact 30 min, window 120 min, completion 1440 min
    department general    consult    -    sign 30 wm, contact 1 wd, window 1 wd, completion 1 wd
    department general    help       -    sign 30 wm, contact 1 wd, window 1 wd, completion 5 wd
    department general    complaint  -    sign 30 wm, contact 1 wd, window 1 wd, completion 5 wd
    department general    complaint  live sign 30 wm, contact 1 wd, window 1 wd, completion 5 wd
    department general    report     -    sign 30 wm, contact 1 wd, window 1 wd, completion 15 wd
    department general    suggestion -    sign 30 wm, contact 1 wd, window 1 wd, completion 10 wd
    department general    praise     -    sign 30 wm, contact 1 wd, window 1 wd, completion 5 wd
    department general    other      -    sign 30 wm, contact 1 wd, window 1 wd, completion 5 wd
    department complex consult - sign 30 wm, contact 1 wd, feedback 5 wd, window 1 wd, completion 15 wd
    citizen urgent complaint - dispatch 5 min, triage 5 min, completion 1440 min
    citizen livelihood help - dispatch 10 min, triage 10 min, review 30 min, ruling 1 wd, completion 1440 min
    citizen general report - dispatch 30 min, triage 120 wm, review 240 wm, ruling 1 wd, completion 15 wd
    citizen complex report - dispatch 30 min, triage 120 wm, review 240 wm, ruling 1 wd, completion 15 wd
"""


def parsed(limits: str) -> list[tuple[str, Amount]]:
    parts = [each.split() for each in limits.split(", ")]
    return [(STAGES.get(stage, stage), Amount(int(count), SHORT[unit])) for stage, count, unit in parts]


@pytest.mark.parametrize("line", HK_DEFAULT_1.strip().splitlines(), ids=str.strip)
def test_the_default_rules_give_each_stage_its_limit(line: str) -> None:
    clock, urgency, kind, live, limits = line.split(maxsplit=4)
    found = limits_for(LIMITS, clock=clock, urgency=Urgency(urgency), kind=Kind(kind), live=live == "live")
    assert [(each.stage, each.amount) for each in found] == parsed(limits) + AFTERWARDS[Clock(clock)]


@pytest.mark.parametrize(
    ("kind", "urgency", "limits"),
    [
        (Kind.CONSULT, Urgency.GENERAL, "sign 30 wm, contact 60 wm, window 1 wd, completion 2 wd"),
        (
            Kind.COMPLAINT,
            Urgency.GENERAL,
            "sign 30 wm, contact 60 wm, window 1 wd, completion 4 wd",
        ),
        (Kind.REPORT, Urgency.GENERAL, "sign 30 wm, contact 60 wm, window 1 wd, completion 4 wd"),
        (
            Kind.COMPLAINT,
            Urgency.LIVELIHOOD,
            "sign 30 min, contact 120 min, window 120 min, completion 1440 min",
        ),
        (
            Kind.COMPLAINT,
            Urgency.COMPLEX,
            "sign 30 wm, contact 1 wd, feedback 5 wd, window 1 wd, completion 15 wd",
        ),
    ],
)
def test_an_enterprise_has_a_lane_of_its_own(kind: Kind, urgency: Urgency, limits: str) -> None:
    found = limits_for(
        LIMITS, clock="department", urgency=urgency, kind=kind, caller_type=CallerType.ENTERPRISE
    )
    assert [(each.stage, each.amount) for each in found] == parsed(limits) + AFTERWARDS[Clock.DEPARTMENT]


@pytest.mark.parametrize("caller_type", [each for each in CallerType if each is not CallerType.ENTERPRISE])
@pytest.mark.parametrize("kind", Kind)
def test_everybody_else_has_the_limits_of_a_person(kind: Kind, caller_type: CallerType) -> None:
    found, of_a_person = (
        limits_for(LIMITS, clock="department", urgency=Urgency.GENERAL, kind=kind, caller_type=each)
        for each in (caller_type, CallerType.PERSON)
    )
    assert found == of_a_person


@pytest.mark.parametrize("caller_type", CallerType)
@pytest.mark.parametrize("urgency", Urgency)
@pytest.mark.parametrize("kind", Kind)
def test_the_caller_is_promised_what_the_department_is_given(
    urgency: Urgency, kind: Kind, caller_type: CallerType
) -> None:
    promised, given = (
        [
            each.amount
            for each in limits_for(LIMITS, clock=clock, urgency=urgency, kind=kind, caller_type=caller_type)
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


def test_whose_matter_it_is_weighs_more_than_its_kind_and_less_than_a_live_nuisance() -> None:
    enterprises = replace(rule(minutes=20), caller_type=CallerType.ENTERPRISE)
    asked = {"clock": "department", "urgency": Urgency.LIVELIHOOD, "kind": Kind.COMPLAINT}
    for live, winner in ((False, enterprises), (True, LIVE)):
        for order in ([ANY, COMPLAINTS, LIVE, enterprises], [enterprises, LIVE, COMPLAINTS, ANY]):
            found = limits_for(order, **asked, live=live, caller_type=CallerType.ENTERPRISE)  # type: ignore[arg-type]
            assert found == (winner,)


def test_a_matter_no_rule_speaks_about_has_no_limit() -> None:
    assert limits_for([LIVE], clock="department", urgency=Urgency.LIVELIHOOD, kind=Kind.HELP) == ()
    assert limits_for([ANY], clock="citizen", urgency=Urgency.LIVELIHOOD, kind=Kind.HELP) == ()
    assert limits_for([ANY], clock="department", urgency=Urgency.URGENT, kind=Kind.HELP) == ()


def test_the_default_rules_have_no_fault() -> None:
    assert limit_faults(LIMITS) == []


def test_rules_that_repeat_each_other_are_found_once_by_their_lines() -> None:
    again = replace(LIMITS[0], amount=Amount(99, Unit.WALL_MINUTES))
    (fault,) = limit_faults([*LIMITS, again])
    assert (fault.code, fault.row) == ("equal_limits", 1)
    assert f"第1、{len(LIMITS) + 1}行" in fault.message


def test_a_kind_nobody_must_complete_is_found() -> None:
    gone = [each for each in LIMITS if each.kind is not Kind.REPORT or each.clock is Clock.CITIZEN]
    assert [(each.code, each.message.split(";")[0]) for each in limit_faults(gone)] == [
        ("no_limit", "没有办结时限:clock department、urgency general、kind report")
    ]


ASKED: dict[str, Any] = {"clock": "department", "urgency": Urgency.GENERAL, "kind": Kind.COMPLAINT}
DAYS = Unit.WORKING_DAYS
CITY = LimitRule("市", Clock.DEPARTMENT, Stage.COMPLETION, None, None, None, Amount(5, DAYS), "默认值")


@pytest.mark.parametrize(
    ("category", "days"), [("020100", 2), ("020300", 3), ("030100", 5), ("", 5), (None, 5)]
)
def test_the_longest_category_that_fits_decides(category: str | None, days: int) -> None:
    noise = replace(CITY, category="02", amount=Amount(3, DAYS))
    at_sites = replace(CITY, category="0201", amount=Amount(2, DAYS))
    live = replace(CITY, live=False, kind=Kind.COMPLAINT, caller_type=CallerType.PERSON)
    for order in ([CITY, noise, at_sites], [at_sites, noise, CITY]):
        (found,) = limits_for(order, **ASKED, category=category)
        assert found.amount.count == days
    (found,) = limits_for([at_sites, live], **ASKED, category="020100")
    assert found is at_sites


@pytest.mark.parametrize(
    ("procedure", "limit"),
    [
        ("LABOUR-INSPECTION", (60, "working_days", 30)),
        ("SAMR-121", (45, "working_days", None)),
        ("XINFANG", (60, "calendar_days", 30)),
        ("INFO-DISCLOSURE", (20, "working_days", 20)),
        (None, None),
        ("UNHEARD-OF", None),
    ],
)
def test_a_statutory_procedure_has_the_time_its_law_says(procedure: str | None, limit: object) -> None:
    found = limits_for(LIMITS, **ASKED, procedure=procedure)
    statutory = [each for each in found if each.stage is Stage.STATUTORY]
    assert [(each.amount.count, each.amount.unit, each.extension) for each in statutory] == (
        [limit] if limit else []
    )
    assert all(each.layer is Layer.STATUTE for each in statutory)


def test_what_came_from_the_petition_office_may_be_objected_to_for_five_days() -> None:
    windows = [
        each.amount.count
        for procedure in (None, "XINFANG")
        for each in limits_for(LIMITS, **ASKED, procedure=procedure)
        if each.stage is Stage.RETURN_WINDOW
    ]
    assert windows == [1, 5]


def test_statute_prevails_over_what_is_more_specific() -> None:
    law = replace(CITY, layer=Layer.STATUTE, amount=Amount(15, DAYS))
    mine = replace(CITY, category="020100", kind=Kind.COMPLAINT, amount=Amount(1, DAYS))
    assert limits_for([mine, law], **ASKED, category="020100") == (law,)
    assert limit_faults([law, CITY, replace(law, clock=Clock.CITIZEN)]) == []


HOURS = {DAYS: 24, Unit.WALL_MINUTES: 1 / 60}


def ends(amount: Amount) -> datetime:
    return datetime(2026, 11, 23, tzinfo=UTC) + timedelta(hours=amount.count * HOURS[amount.unit])


def commitment(count: int, unit: Unit = DAYS, category: str = "", kind: Kind | None = None) -> Commitment:
    return Commitment(category, kind, Amount(count, unit), "服务承诺第1版", "局发〔2026〕1号")


@pytest.mark.parametrize(
    ("limit", "commitments", "amount", "layer"),
    [
        (CITY, [], Amount(5, DAYS), Layer.DEFAULT),
        (CITY, [commitment(3)], Amount(3, DAYS), Layer.COMMITMENT),
        (CITY, [commitment(8)], Amount(5, DAYS), Layer.DEFAULT),
        (CITY, [commitment(5)], Amount(5, DAYS), Layer.DEFAULT),
        (CITY, [commitment(2880, Unit.WALL_MINUTES)], Amount(2880, Unit.WALL_MINUTES), Layer.COMMITMENT),
        (CITY, [commitment(1, category="03")], Amount(5, DAYS), Layer.DEFAULT),
        (CITY, [commitment(1, kind=Kind.HELP)], Amount(5, DAYS), Layer.DEFAULT),
        (CITY, [commitment(2), commitment(4, category="0201")], Amount(4, DAYS), Layer.COMMITMENT),
        (
            CITY,
            [commitment(2, category="02"), commitment(3, category="02", kind=Kind.COMPLAINT)],
            Amount(3, DAYS),
            Layer.COMMITMENT,
        ),
        (replace(CITY, layer=Layer.STATUTE), [commitment(3)], Amount(5, DAYS), Layer.STATUTE),
        (replace(CITY, stage=Stage.CONTACT), [commitment(3)], Amount(5, DAYS), Layer.DEFAULT),
    ],
)
def test_a_commitment_only_ever_shortens_and_never_moves_what_a_law_says(
    limit: LimitRule, commitments: list[Commitment], amount: Amount, layer: Layer
) -> None:
    for order in (commitments, commitments[::-1]):
        found = promised(limit, order, Kind.COMPLAINT, "020100", ends)
        assert (found.amount, found.layer) == (amount, layer)
        assert found.source == ("局发〔2026〕1号" if layer is Layer.COMMITMENT else limit.source)
