"""E7: a warning is dated in working time, never at midnight; one from before the start is given at once."""

from typing import Any

import pytest

from escalation.domain.ladder import Anchor, Rung, rung_times
from escalation.domain.policy import Stage
from escalation.domain.worktime import Amount, Unit
from tests.escalation.domain.examples import HK, LADDER, local
from tests.escalation.domain.test_peer_vectors import FACTS, SAME_TIME, at, calendar_of

WARNED = [each for each in FACTS["vectors"] if "warn" in each.get("tags", ())]
ANCHORS = {True: Anchor.BEFORE_DUE, False: Anchor.AFTER_DUE}


def rung_of(offset: dict[str, Any]) -> Rung:
    """A rung so many office minutes, or working days, before or after the due."""
    value, days = offset["value"], offset["unit"] == "working_days"
    amount = Amount(abs(value) // (1 if days else 60), Unit.WORKING_DAYS if days else Unit.WORKING_MINUTES)
    stages = frozenset({Stage.COMPLETION})
    return Rung(0, "催办", stages, ANCHORS[value < 0], amount, None, "yellow", "operator", "提醒")


def test_there_are_twenty_of_them() -> None:
    assert len(WARNED) == 20
    assert all(not each["warn_offset"]["value"] % 60 for each in WARNED if each["warn_offset"]["unit"] == "s")


@pytest.mark.parametrize("vector", WARNED, ids=lambda each: str(each["id"]))
def test_e7_the_ladder_warns_when_other_systems_should_have(vector: dict[str, Any]) -> None:
    limit = Unit.WORKING_DAYS if vector["kind"] == "add_working_days" else Unit.WORKING_MINUTES
    ((_, warned),) = rung_times(
        [rung_of(vector["warn_offset"])],
        stage="completion",
        start=at(vector["start"]),
        due=at(vector["expected"]),
        limit=Amount(1, limit),
        calendar=calendar_of(vector["calendar"]),
        policy=SAME_TIME,
    )
    assert warned == at(vector["expected_warn"])


def test_e7_monday_at_five_and_four_hours_is_tuesday_at_eleven_warned_at_ten() -> None:
    """The hours of the peer's report: Monday to Friday, 08:00 to 18:00."""
    calendar = calendar_of("glpi22678_mf_8_18")
    start, due = at("2026-01-12T17:00:00+01:00"), at("2026-01-13T11:00:00+01:00")
    limit = Amount(240, Unit.WORKING_MINUTES)
    hour_before = rung_of({"unit": "s", "value": -3600})
    ((_, warned),) = rung_times(
        [hour_before], stage="completion", start=start, due=due, limit=limit, calendar=calendar
    )
    assert warned == at("2026-01-13T10:00:00+01:00")


def test_e7_a_warning_from_before_the_start_is_dated_at_the_start() -> None:
    start, due = local("2026-11-23T19:00"), local("2026-11-24T17:30")
    times = rung_times(
        LADDER,
        stage="completion",
        start=start,
        due=due,
        limit=Amount(1, Unit.WORKING_DAYS),
        calendar=HK,
    )
    assert [(rung.level, when) for rung, when in times][:2] == [(0, start), (1, due)]


@pytest.mark.parametrize("unit", [Unit.WORKING_MINUTES, Unit.WALL_MINUTES])
def test_a_warning_in_minutes_holds_for_every_limit_one_in_days_only_for_days(unit: Unit) -> None:
    hour = rung_of({"unit": "s", "value": -3600})
    day = rung_of({"unit": "working_days", "value": -1})
    assert (hour.holds_for(unit), day.holds_for(unit)) == (True, False)
    assert (hour.holds_for(Unit.WORKING_DAYS), day.holds_for(Unit.WORKING_DAYS)) == (True, True)
