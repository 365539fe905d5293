"""The most specific row in force wins; nobody is chosen by chance."""

from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.domain.explain import parked_reason, record, sentence
from router.domain.matching import JurisdictionRow, JurisdictionTable, Mode, match, table_faults

DAY = date(2026, 11, 23)
VILLAGE = "460106002001"


def row(
    category: str = "", division: str = "4601", department: str | None = None, **changes: Any
) -> JurisdictionRow:
    name = department or f"d-{category}-{division}"
    made = JurisdictionRow(
        f"{category}-{division}-{name}", category, division, name, Mode.DIRECT, None, date(2025, 1, 1), None
    )
    return replace(made, **changes)


def table(*rows: JurisdictionRow) -> JurisdictionTable:
    return JurisdictionTable.of("T-1", rows)


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
    verdict = match(table(*(row(*each) for each in rows)), "020101", VILLAGE, DAY)
    assert verdict.row is not None
    assert (verdict.row.category, verdict.row.division) == winner
    others = {(each.category, each.division) for each in verdict.beaten}
    assert winner not in others


def test_a_row_counts_on_its_first_and_its_last_day_and_on_no_other() -> None:
    dated = table(row(valid_from=DAY, valid_to=DAY))
    days = [DAY - timedelta(1), DAY, DAY + timedelta(1)]
    assert [bool(match(dated, "020101", VILLAGE, day).winners) for day in days] == [False, True, False]


def test_two_rows_for_the_same_pair_are_for_a_person() -> None:
    verdict = match(table(row(department="a"), row(department="b")), None, VILLAGE, DAY)
    assert (verdict.row, len(verdict.winners), parked_reason(verdict)) == (None, 2, "ambiguous")
    assert "同时适用" in sentence(verdict)


def test_two_rows_whose_days_do_not_meet_never_compete() -> None:
    old = row(department="a", valid_to=DAY - timedelta(1))
    new = row(department="b", valid_from=DAY)
    verdict = match(table(old, new), None, VILLAGE, DAY)
    assert verdict.row == new


def test_a_department_that_is_excluded_leaves_it_to_the_next_and_is_named() -> None:
    near, far = row("02", "460106", "near"), row("02", "4601", "far")
    verdict = match(table(near, far), "020101", VILLAGE, DAY, frozenset({"near"}))
    assert verdict.row == far
    assert [each["department"] for each in record(verdict)["excluded"]] == ["near"]


def test_no_row_at_all_says_so() -> None:
    verdict = match(table(), "020101", VILLAGE, DAY)
    assert (verdict.row, parked_reason(verdict)) == (None, "no_row")
    assert "没有对应条目" in sentence(verdict)


def test_codes_are_compared_by_level_not_by_digit() -> None:
    """46010 is no level of a division, 020 none of a category."""
    verdict = match(table(row("020", "4601"), row("02", "46010")), "020101", VILLAGE, DAY)
    assert verdict.winners == ()


@pytest.mark.parametrize(
    ("rows", "faults"),
    [
        ([row("02"), row("02", "460106")], 0),
        ([row(department="a"), row(department="b")], 1),
        ([row(department="a", valid_to=DAY), row(department="b", valid_from=DAY)], 1),
        ([row(department="a", valid_to=DAY), row(department="b", valid_from=DAY + timedelta(1))], 0),
        ([row("020000")], 1),
        ([row("02", "460100")], 1),
        ([row("02", "46010")], 1),
    ],
)
def test_a_table_with_two_leads_or_a_row_that_cannot_win_is_out_of_order(
    rows: list[JurisdictionRow], faults: int
) -> None:
    assert len(table_faults(table(*rows))) == faults


categories = st.sampled_from(["", "02", "0201", "020101", "03", "0301"])
divisions = st.sampled_from(["4601", "460106", "460106002", "460106002001", "460105"])
rows_of = st.lists(st.builds(row, categories, divisions, st.sampled_from(["a", "b", "c"])), max_size=12)


@given(rows_of, st.randoms())
def test_the_order_of_the_rows_never_decides(rows: list[JurisdictionRow], random: Random) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)
    one = match(table(*rows), "020101", VILLAGE, DAY)
    other = match(table(*shuffled), "020101", VILLAGE, DAY)
    assert sorted(each.id for each in one.winners) == sorted(each.id for each in other.winners)
    assert (one.row and one.row.id) == (other.row and other.row.id)


@given(rows_of)
def test_no_fitting_row_is_more_specific_than_a_winner(rows: list[JurisdictionRow]) -> None:
    fits = [each for each in rows if "020101".startswith(each.category) and VILLAGE.startswith(each.division)]
    rank = {each.id: (len(each.category), len(each.division)) for each in fits}
    verdict = match(table(*rows), "020101", VILLAGE, DAY)
    best = max(rank.values(), default=None)
    assert {rank[each.id] for each in verdict.winners} == ({best} if fits else set())
    assert len(verdict.winners) == sum(rank[each.id] == best for each in fits)
