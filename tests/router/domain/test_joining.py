"""Who joins whom, and when many are a mass event."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.domain.joining import Rules, Sighting, crowds, one_matter, parent_of
from schemas.lifecycle import Status

RULES = Rules(
    near=200.0,
    within=timedelta(hours=24),
    categories=("01", "02", "03", "0405", "05", "0803"),
    soon=timedelta(hours=2),
    soon_tickets=5,
    lately=timedelta(days=3),
    lately_callers=3,
)
NINE = datetime(2026, 11, 23, 1, tzinfo=UTC)
NOISE = "海垦花园门口的工地夜间施工噪声很大,影响居民休息,希望尽快制止"
MINE = Sighting("HK2", "020100", "020100@海垦花园", NOISE, Status.REGISTERED, NINE, by="+8613800000002")
EARLIER = replace(MINE, id="HK1", accepted_at=NINE - timedelta(hours=3), by="+8613800000001")
ELSEWHERE = {"matter_key": None, "longitude": 110.3500, "latitude": 20.0200}


@pytest.mark.parametrize(
    ("change", "joins"),
    [
        ({}, True),
        ({"status": Status.SIGNED}, True),
        ({"status": Status.RESOLVED}, False),
        ({"status": Status.WITHDRAWN}, False),
        ({"accepted_at": NINE - timedelta(hours=25)}, False),
        ({"category": "020300"}, False),
        ({"matter_key": "020100@金碧花园"}, False),
        ({"matter_key": None}, False),
        ({"text": "请问社保卡丢了怎样补办"}, False),
        ({"lane": ("complaint", "urgent", "person")}, False),
        ({"live": True}, True),
        ({"by": MINE.by}, False),
        ({"by": None}, True),
        ({"accepted_at": NINE + timedelta(minutes=1)}, False),  # it waits, and will join mine
        ({"accepted_at": NINE + timedelta(minutes=1), "status": Status.ASSIGNED}, True),
    ],
)
def test_a_ticket_joins_the_open_one_of_its_matter(change: dict[str, object], joins: bool) -> None:
    assert (parent_of(MINE, [replace(EARLIER, **change)], RULES) is not None) is joins  # type: ignore[arg-type]


def test_nobody_is_joined_to_a_parent_of_the_same_caller_by_way_of_a_child() -> None:
    parent = replace(EARLIER, by=MINE.by, matter_key="020100@别处")
    child = replace(EARLIER, id="HK0", status=Status.JOINED, parent=parent.id)
    assert parent_of(MINE, [child, parent], RULES) is None


def test_a_nuisance_going_on_now_does_not_wait_for_one_that_is_over() -> None:
    assert parent_of(replace(MINE, live=True), [EARLIER], RULES) is None


def test_what_is_everybodys_own_matter_is_not_joined() -> None:
    mine, other = (replace(each, category="060100", matter_key="060100@某公司") for each in (MINE, EARLIER))
    assert one_matter(mine, other, RULES) is not None
    assert parent_of(mine, [other], RULES) is None


def test_the_earliest_is_the_parent_and_the_parent_of_a_child_is_its_own() -> None:
    child = replace(EARLIER, status=Status.JOINED, parent="HK0", accepted_at=NINE - timedelta(hours=5))
    assert parent_of(MINE, [EARLIER, child], RULES)[0] == "HK0"  # type: ignore[index]
    assert parent_of(MINE, [EARLIER], RULES)[0] == "HK1"  # type: ignore[index]


@pytest.mark.parametrize(("north", "near"), [(0.0, True), (0.0017, True), (0.0019, False)])
def test_two_hundred_metres_are_one_place(north: float, near: bool) -> None:
    mine = replace(MINE, **ELSEWHERE)  # type: ignore[arg-type]
    other = replace(EARLIER, **{**ELSEWHERE, "latitude": 20.0200 + north})  # type: ignore[arg-type]
    assert (one_matter(mine, other, RULES) is not None) is near


def some(count: int, minutes: int, phones: int) -> list[Sighting]:
    return [
        replace(
            MINE,
            id=f"HK{number}",
            accepted_at=NINE + timedelta(minutes=number * minutes),
            by=f"+86138000000{number % phones:02}" if phones else None,
        )
        for number in range(count)
    ]


@pytest.mark.parametrize(
    ("count", "minutes", "phones", "rules"),
    [
        (5, 30, 1, ["many_soon"]),
        (4, 30, 1, []),
        (5, 31, 1, []),
        (5, 30, 0, ["many_soon"]),
        (3, 24 * 60, 3, ["many_callers"]),
        (3, 37 * 60, 3, []),
        (3, 60, 2, []),
        (9, 10, 3, ["many_soon", "many_callers"]),
    ],
)
def test_many_in_a_short_time_are_a_mass_event(
    count: int, minutes: int, phones: int, rules: list[str]
) -> None:
    *others, last = some(count, minutes, phones)
    assert [each.rule for each in crowds(last, others, RULES)] == rules


@given(st.lists(st.integers(0, 23), min_size=2, max_size=5))
def test_whoever_is_looked_at_first_all_end_under_one_parent(hours: list[int]) -> None:
    waiting = [
        replace(MINE, id=f"HK{number}", by=f"caller {number}", accepted_at=NINE + timedelta(hours=hour))
        for number, hour in enumerate(hours)
    ]
    for order in permutations(waiting):
        known = {each.id: each for each in waiting}
        for each in order:
            others = [other for other in known.values() if other.id != each.id]
            found = parent_of(known[each.id], others, RULES)
            joined = {"status": Status.JOINED, "parent": found[0]} if found else {"status": Status.ASSIGNED}
            known[each.id] = replace(known[each.id], **joined)
        assert sum(each.status is Status.ASSIGNED for each in known.values()) == 1
        assert all(known[each.parent].parent is None for each in known.values() if each.parent)
