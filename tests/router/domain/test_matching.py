"""The most specific row in force wins; nobody is chosen by chance."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.domain.explain import parked_reason, record, sentence
from router.domain.inquiry import Inquiry
from router.domain.matching import JurisdictionTable, RuleFailed, decide, explain
from router.domain.row import JurisdictionRow, beaten_by
from schemas.folding import folded
from schemas.places import Basis
from tests.router import oracle
from tests.router.domain.making import DAY, HAIKOU, VILLAGE, ask, inquiries, row, rows_at_random, table


@pytest.mark.parametrize(
    ("rows", "winner"),
    [
        ([("", "4601"), ("02", "4601")], ("02", "4601")),
        ([("02", "4601"), ("0201", "4601"), ("020101", "4601")], ("020101", "4601")),
        ([("0201", "4601"), ("0201", "460106"), ("0201", "460106002")], ("0201", "460106002")),
        # The matter comes before the place.
        ([("0201", "4601"), ("02", "460106002001")], ("0201", "4601")),
        # Rows of other matters and places do not count.
        ([("", "4601"), ("03", "4601"), ("02", "460105")], ("", "4601")),
    ],
)
def test_the_longest_category_wins_then_the_longest_division(
    rows: list[tuple[str, str]], winner: tuple[str, str]
) -> None:
    verdict = explain(table(*(row(*each) for each in rows)), ask())
    assert verdict.row is not None
    assert (verdict.row.category, verdict.row.division) == winner
    others = {(each.category, each.division) for each in verdict.beaten}
    assert winner not in others


@pytest.mark.parametrize(
    ("winner", "loser", "because"),
    [
        (row("0201", "4601"), row("02", "460106002", attributes=(("a", "1"),)), "事项类别更具体"),
        (row("02", "", area="port"), row("02", "460106002001"), "特殊区域优先于行政区划"),
        (row("02", "460106002"), row("02", "460106", keywords=("噪声",)), "区划更具体"),
        (row("02", keywords=("噪声",)), row("02", priority=9), "附加条件更多"),
        (row("02", attributes=(("a", "1"),)), row("02", keywords=("噪声",)), "附加条件中属性更多"),
        (row("02", keywords=("噪声",)), row("02", caller_type="person"), "附加条件中关键词优先"),
        (row("02", caller_type="person"), row("02", basis=Basis.WORK), "附加条件中诉求人类型优先"),
        (row("02", basis=Basis.WORK), row("02", weekdays="1-7"), "附加条件中管辖地依据优先"),
        (row("02", weekdays="1-7", priority=1), row("02", weekdays="1-7", id="z"), "优先级更高"),
    ],
)
def test_each_step_of_the_order_decides_where_those_before_it_are_equal(
    winner: JurisdictionRow, loser: JurisdictionRow, because: str
) -> None:
    asked = ask(areas={"happened": ("port",)}, attributes={"a": "1"}, text="噪声")
    verdict = explain(table(loser, winner), asked)
    assert verdict.winners == (winner,)
    assert beaten_by(winner, loser) == because
    assert [each["because"] for each in record(verdict)["beaten"]] == [because]


def test_a_row_counts_on_its_first_and_its_last_day_and_on_no_other() -> None:
    dated = table(row(valid_from=DAY, valid_to=DAY))
    days = [DAY - timedelta(1), DAY, DAY + timedelta(1)]
    assert [bool(decide(dated, ask(day=day))) for day in days] == [False, True, False]


def test_r3_two_rows_for_the_same_pair_are_for_a_person_and_never_the_first_of_the_database() -> None:
    rows = [row(department="a"), row(department="b")]
    for order in (rows, rows[::-1]):
        verdict = explain(table(*order), ask(category=None))
        assert (verdict.row, len(verdict.winners), parked_reason(verdict)) == (None, 2, "ambiguous")
        assert "同时适用" in sentence(verdict)


def test_two_rows_whose_days_do_not_meet_never_compete() -> None:
    old = row(department="a", valid_to=DAY - timedelta(1))
    new = row(department="b", valid_from=DAY)
    assert decide(table(old, new), ask()) == (new,)


def test_a_department_that_is_excluded_leaves_it_to_the_next_and_is_named() -> None:
    near, far = row("02", "460106", "near"), row("02", "4601", "far")
    verdict = explain(table(near, far), ask(), frozenset({"near"}))
    assert verdict.row == far
    assert [each["department"] for each in record(verdict)["excluded"]] == ["near"]


def test_no_row_at_all_says_so() -> None:
    verdict = explain(table(), ask())
    assert (verdict.row, parked_reason(verdict)) == (None, "no_row")
    assert "没有对应条目" in sentence(verdict)


def test_codes_are_compared_by_level_not_by_digit() -> None:
    """46010 is no level of a division, 020 none of a category."""
    assert decide(table(row("020", "4601"), row("02", "46010")), ask()) == ()


@pytest.mark.parametrize(
    ("moment", "holds"),
    [
        ("2026-11-23 07:00", False),  # Monday morning in Haikou is still Sunday at Greenwich
        ("2026-11-22 23:59", True),
        ("2026-11-21 00:00", True),
        ("2026-11-20 23:59", False),
    ],
)
def test_r2_a_weekend_is_the_citys_not_greenwichs(moment: str, holds: bool) -> None:
    at = datetime.fromisoformat(moment).replace(tzinfo=HAIKOU)
    assert bool(decide(table(row(weekdays="6-7")), ask(at=at))) is holds


@pytest.mark.parametrize(
    ("moment", "holds"),
    [
        ("2026-11-20 21:59", False),
        ("2026-11-20 22:00", True),  # Friday night
        ("2026-11-21 05:59", True),  # still Friday's window
        ("2026-11-21 06:00", False),
        ("2026-11-21 22:30", False),  # Saturday has none
    ],
)
def test_hours_over_midnight_belong_to_the_day_they_begin_on(moment: str, holds: bool) -> None:
    at = datetime.fromisoformat(moment).replace(tzinfo=HAIKOU)
    night = table(row(weekdays="1-5", hours="22:00-06:00"))
    assert bool(decide(night, ask(at=at))) is holds


def test_the_place_that_counts_is_the_one_the_row_goes_by() -> None:
    """Wages go by where the work was done, not by where the caller lives."""
    wages = table(
        row("06", "460108", "meilan", basis=Basis.WORK),
        row("06", "460107", "qiongshan", basis=Basis.WORK),
    )
    at_work = ask("060100", "460107000000", places={"work": "460108101000"})
    assert [each.department for each in decide(wages, at_work)] == ["meilan"]
    assert "用工所在地460108101000" in sentence(explain(wages, at_work))
    assert [each.department for each in decide(wages, ask("060100", "460107000000"))] == ["qiongshan"]


def test_a_row_that_cannot_be_read_fails_where_it_would_have_to_be_asked_and_nowhere_else() -> None:
    broken, general = row("0201", "460106", "x", hours="25:00-26:00", id="broken"), row("02")
    rows = table(broken, general)
    for find in (decide, explain):
        with pytest.raises(RuleFailed, match="第broken条无法执行"):
            find(rows, ask())
    assert decide(rows, ask("020200")) == (general,)
    better = table(broken, row("020101"))
    assert decide(better, ask()) == explain(better, ask()).winners


def test_a_districts_government_answers_for_what_nobody_else_does() -> None:
    rows = table(row("", "460106", "government"), row("03", "4601"))
    verdict = explain(rows, ask())
    assert (verdict.is_fallback, record(verdict)["fallback"]) == (True, True)
    assert "兜底" in sentence(verdict)
    assert rows.district_department(VILLAGE, DAY) == "government"
    assert rows.district_department("460100000000", DAY) is None


def decided(rows: Sequence[JurisdictionRow], asked: Inquiry, **more: Any) -> list[str]:
    return sorted(each.id for each in decide(JurisdictionTable.of("T-1", rows), asked, **more))


@given(rows_at_random(), inquiries(), st.frozensets(st.sampled_from(["a", "b"])))
def test_the_table_in_memory_says_what_reading_every_row_says(
    rows: list[JurisdictionRow], asked: Inquiry, excluded: frozenset[str]
) -> None:
    assert decided(rows, asked, excluded=excluded) == oracle.winners(rows, asked, excluded)


@given(rows_at_random(), inquiries(), st.frozensets(st.sampled_from(["a", "b"])))
def test_the_explanation_names_the_row_that_decides(
    rows: list[JurisdictionRow], asked: Inquiry, excluded: frozenset[str]
) -> None:
    verdict = explain(JurisdictionTable.of("T-1", rows), asked, excluded)
    assert sorted(each.id for each in verdict.winners) == decided(rows, asked, excluded=excluded)
    told = (*verdict.winners, *verdict.beaten, *verdict.excluded, *(each for each, _ in verdict.unmet))
    assert len({each.id for each in told}) == len(told)


@given(rows_at_random(), inquiries(), st.randoms())
def test_the_order_of_the_rows_never_decides(
    rows: list[JurisdictionRow], asked: Inquiry, random: Random
) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)
    assert decided(rows, asked) == decided(shuffled, asked)


def asked_then(kept: Mapping[str, Any]) -> Inquiry:
    """Return the inquiry of a decision that was kept, to be asked of its version again."""
    said = kept.get("inputs", {})
    at = said.get("at")
    return Inquiry(
        category=kept["category"],
        division=kept["division"],
        day=date.fromisoformat(kept["day"]),
        at=datetime.fromisoformat(at) if at else None,
        places=said.get("places", {}),
        areas={basis: tuple(areas) for basis, areas in said.get("areas", {}).items()},
        caller_type=said.get("caller_type", "person"),
        attributes=said.get("attributes", {}),
        text=folded("\n".join(said.get("words", ()))),
    )


@given(rows_at_random(), inquiries())
def test_r6_a_decision_that_was_kept_is_explained_again_from_what_was_kept(
    rows: list[JurisdictionRow], asked: Inquiry
) -> None:
    held = JurisdictionTable.of("T-1", rows)
    kept = record(explain(held, asked))
    assert record(explain(held, asked_then(kept))) == kept
