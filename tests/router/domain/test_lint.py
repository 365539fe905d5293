"""Every fault of a table, in the sentence a clerk reads."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given

from router.domain.area import Area, by_code
from router.domain.inquiry import Inquiry
from router.domain.known import Known, KnownDepartment, TableFault
from router.domain.lint import lint
from router.domain.matching import JurisdictionTable, decide
from router.domain.overlap import overlaps, shadowed
from router.domain.row import JurisdictionRow, Mode
from schemas.places import Basis
from tests.router.domain.making import DAY, inquiries, row, rows_at_random


def department(code: str, name: str, level: str = "city", **days: date) -> KnownDepartment:
    return KnownDepartment(
        code, name, level, "460100000000", days.get("valid_from", date(2019, 1, 1)), days.get("valid_to")
    )


YESTERDAY = DAY - timedelta(1)
DEPARTMENTS = [
    department("water", "市水务局"),
    department("police", "市公安局"),
    department("old", "市旧局", valid_to=YESTERDAY),
    department("ending", "市改革局", valid_to=date(2027, 6, 30)),
    department("street", "滨海街道办事处", "township"),
    department("government", "龙华区人民政府", "district"),
]
AREAS = [
    Area("port", "港区", ("460106002",), (), date(2019, 1, 1), None),
    Area("zone", "新区", ("460106",), (), date(2019, 1, 1), None),
    Area("closed", "旧区", ("460106",), (), date(2019, 1, 1), date(2020, 1, 1)),
    Area("moved", "园区", ("460106002",), (), date(2019, 1, 1), date(2026, 12, 31)),
    Area("moved", "园区", ("460106003",), (), date(2027, 1, 1), None),
]
KNOWN = Known(
    DAY,
    {"020000": "噪声", "020100": "施工噪声", "020200": "社会噪声"},
    {
        "460100000000": "海口市",
        "460106000000": "龙华区",
        "460106002000": "滨海街道",
        "460106003000": "金贸街道",
    },
    {each.code: each for each in DEPARTMENTS},
    by_code(AREAS),
)
FALLBACK = row("", "460106", "government", id="fallback")


def told(*rows: JurisdictionRow) -> list[tuple[str, str, str]]:
    """The faults of a table that is whole but for these rows."""
    whole = [FALLBACK, row("02", "4601", "water", id="whole"), *rows]
    return [(each.severity, each.code, each.message) for each in lint(whole, KNOWN)]


def test_a_table_without_a_fault_has_none() -> None:
    assert told() == []


@pytest.mark.parametrize(
    ("park", "street", "codes"),
    [
        ({"valid_to": date(2026, 12, 31)}, {}, []),  # as long as it has its old borders
        ({"valid_to": date(2026, 12, 31), "division": "460106003"}, {}, ["never_wins"]),  # not yet
        ({}, {"area": "port"}, ["two_leads"]),  # the port lies where the park lay
        ({"valid_from": date(2027, 1, 1)}, {"area": "port"}, []),  # and not where it will lie
    ],
)
def test_an_area_is_what_its_borders_are_on_the_day(
    park: dict[str, Any], street: dict[str, Any], codes: list[str]
) -> None:
    rows = [row("0201", "", "water", id="a", area="moved"), row("0201", "", "police", id="b")]
    found = told(replace(rows[0], **park), replace(rows[1], **street))
    assert [code for _, code, _ in found] == codes


@pytest.mark.parametrize(
    ("rows", "code", "message"),
    [
        (
            [row("0201", "4601", "water", id="a"), row("0201", "4601", "police", id="b")],
            "two_leads",
            "第a条与第b条条件完全相同,却有两个主办:市水务局和市公安局;请合并、改条件或设优先级",
        ),
        (
            [
                row("0201", "4601", "water", id="a", keywords=("夜间",)),
                row("0201", "4601", "police", id="b", keywords=("工地",)),
            ],
            "two_leads",
            "第a条与第b条可同时适用于同一工单,且同样具体,却有两个主办:市水务局和市公安局;请合并、改条件或设优先级",
        ),
        (
            [
                row("0201", "460106", "water", id="a"),
                row("0201", "460106", "water", id="b", mode=Mode.VIA_DISTRICT),
            ],
            "two_leads",
            "第a条与第b条条件完全相同,却有两个主办:市水务局和市水务局(经区);请合并、改条件或设优先级",
        ),
        (
            [row("0201", "4601", "water", id="a"), row("0201", "4601", "water", id="b")],
            "overlap",
            "第a条与第b条重复;请删去一条、改条件或设优先级",
        ),
        (
            [row("0201", "", "water", id="a", area="port"), row("0201", "", "police", id="b", area="zone")],
            "two_leads",
            "第a条与第b条可同时适用于同一工单,且同样具体,却有两个主办:市水务局和市公安局;请合并、改条件或设优先级",
        ),
        (
            [row("0201", "4601", "water", id="a", priority=1), row("0201", "4601", "police", id="b")],
            "never_wins",
            "第b条永远不会适用:凡适用它的工单都适用优先级更高的第a条",
        ),
        (
            [
                row("0201", "4601", "water", id="a", priority=1, valid_from=DAY, valid_to=date(2026, 12, 31)),
                row("0201", "4601", "water", id="b", priority=2, valid_from=date(2027, 1, 1)),
                row("0201", "4601", "police", id="c"),
            ],
            "never_wins",
            "第c条永远不会适用:凡适用它的工单都适用优先级更高的第a、b条",
        ),
        (
            [row("020", "4601", "water", id="a")],
            "never_wins",
            "第a条:永远不会适用:020不是类别的一级、二级或三级代码",
        ),
        (
            [row("02", "46010", "water", id="a")],
            "never_wins",
            "第a条:永远不会适用:46010不是市、区、镇街或村居的代码",
        ),
        (
            [row("0201", "4601", "water", id="a", valid_to=date(2024, 1, 1))],
            "never_wins",
            "第a条:永远不会适用:失效日期2024-01-01早于生效日期2025-01-01",
        ),
        (
            [row("0201", "4601", "water", id="a", valid_to=YESTERDAY)],
            "never_wins",
            "第a条:永远不会适用:已于2026-11-22失效",
        ),
        (
            [row("0201", "", "water", id="a", area="closed")],
            "never_wins",
            "第a条:永远不会适用:特殊区域旧区在该条有效期内不存在",
        ),
        ([row("0299", "4601", "water", id="a")], "unknown_category", "第a条:没有类别0299"),
        ([row("0201", "460199", "water", id="a")], "unknown_division", "第a条:没有区划460199"),
        ([row("0201", "4601", "nobody", id="a")], "unknown_department", "第a条:没有承办单位nobody"),
        (
            [row("0201", "4601", "water", id="a", co_handlers=("nobody",))],
            "unknown_department",
            "第a条:没有承办单位nobody",
        ),
        ([row("0201", "4601", "old", id="a")], "expired_department", "第a条:市旧局已于2026-11-22撤销"),
        ([row("0201", "", "water", id="a", area="moon")], "unknown_area", "第a条:没有特殊区域moon"),
        (
            [row("0201", "4601", "street", id="a", department_only=True)],
            "department_only_street",
            "第a条:属部门专属职责,不得派给镇街滨海街道办事处(国办函〔2025〕66号)",
        ),
        ([row("0201", "4601", "water", id="a", legal_basis=None)], "no_legal_basis", "第a条:没有写依据"),
        (
            [row("0201", "4601", "water", id="a", hours="8点到9点")],
            "bad_window",
            "第a条:时段“8点到9点”无法识别,应写作08:00-17:30,跨零点写作22:00-06:00",
        ),
        (
            [row("0201", "4601", "water", id="a", co_handlers=("water",))],
            "co_handler_is_lead",
            "第a条:协办单位与主办单位相同:water",
        ),
        (
            [row("0201", "4601", "water", id="a", mode=Mode.VIA_DISTRICT)],
            "via_no_district",
            "第a条:经区转办的条目须写明区划到区",
        ),
    ],
)
def test_a_fault_is_an_error_and_says_what_to_mend(
    rows: list[JurisdictionRow], code: str, message: str
) -> None:
    assert told(*rows) == [("error", code, message)]


def test_a_category_without_a_lead_in_a_district_is_a_gap() -> None:
    found = lint([row("0201", "4601", "water", id="a")], KNOWN)
    assert [(each.severity, each.code, each.message) for each in found] == [
        ("error", "gap", "类别020200(社会噪声)在龙华区没有主办单位;请补条目,或写明由人工研判"),
        ("warning", "no_fallback", "龙华区没有兜底条目(类别留空、区划为该区)"),
    ]


def test_a_category_only_the_government_answers_for_is_a_warning() -> None:
    found = lint([FALLBACK, row("0201", "4601", "water", id="a")], KNOWN)
    assert [(each.severity, each.code, each.message) for each in found] == [
        ("warning", "only_fallback", "类别020200(社会噪声)在龙华区没有专门条目,由属地政府兜底")
    ]


def test_a_gap_that_opens_when_a_row_ends_is_a_warning_with_its_day() -> None:
    ending = row("02", "4601", "water", id="a", valid_to=date(2026, 12, 31))
    assert [
        (each.severity, each.code, each.message) for each in lint([ending], KNOWN) if each.code[:3] == "gap"
    ] == [
        ("warning", "gap_later", "自2027-01-01起类别020100(施工噪声)在龙华区没有主办单位;请补条目"),
        ("warning", "gap_later", "自2027-01-01起类别020200(社会噪声)在龙华区没有主办单位;请补条目"),
    ]


def test_a_row_that_leaves_it_to_a_person_closes_a_gap() -> None:
    manual = row("0202", "4601", id="b", mode=Mode.MANUAL)
    rows = [FALLBACK, row("0201", "4601", "water", id="a"), replace(manual, department=None)]
    assert lint(rows, KNOWN) == []


def test_a_department_that_will_end_is_a_warning() -> None:
    assert told(row("0201", "4601", "ending", id="a")) == [
        ("warning", "department_ends", "第a条:市改革局将于2027-06-30撤销,其后的工单须人工派单")
    ]


@pytest.mark.parametrize(
    "rows",
    [
        # A condition makes one more specific than the other.
        [row("0201", "4601", "water", id="a"), row("0201", "4601", "police", id="b", keywords=("夜间",))],
        # No ticket meets both.
        [
            row("0201", "4601", "water", id="a", hours="06:00-22:00"),
            row("0201", "4601", "police", id="b", hours="22:00-06:00"),
        ],
        [
            row("0201", "4601", "water", id="a", weekdays="1-5"),
            row("0201", "4601", "police", id="b", weekdays="6,7"),
        ],
        [
            row("0201", "4601", "water", id="a", attributes=(("k", "1"),)),
            row("0201", "4601", "police", id="b", attributes=(("k", "2"),)),
        ],
        [
            row("0201", "4601", "water", id="a", caller_type="person"),
            row("0201", "4601", "police", id="b", caller_type="enterprise"),
        ],
        [
            row("0201", "4601", "water", id="a", valid_to=DAY),
            row("0201", "4601", "police", id="b", valid_from=DAY + timedelta(1)),
        ],
        # A priority settles it, and the other still has tickets of its own.
        [
            row("0201", "4601", "water", id="a", keywords=("夜间",), priority=1),
            row("0201", "4601", "police", id="b", keywords=("工地",)),
        ],
    ],
)
def test_rows_that_do_not_compete_are_no_fault(rows: list[JurisdictionRow]) -> None:
    assert told(*rows) == []


def test_the_same_duty_by_two_places_meets_in_one_ticket() -> None:
    """A shop in Longhua that sells to a household in Xiuying is one ticket for two rows."""
    rows = [
        row("0201", "460106", "water", id="a", basis=Basis.MERCHANT),
        row("0201", "460105", "police", id="b", basis=Basis.HOUSEHOLD),
    ]
    assert [each.two_leads for each in overlaps(rows, {})] == [True]


def test_a_fault_bears_the_line_of_the_sheet() -> None:
    fault = TableFault("x", "error", ("a", "b"), "说明")
    assert fault.record({"a": 2, "b": 9})["lines"] == [2, 9]


@given(rows_at_random(), inquiries())
def test_a_table_without_overlaps_never_leaves_a_ticket_between_two_rows(
    rows: list[JurisdictionRow], asked: object
) -> None:
    areas = {code: [Area(code, code, ("460106",), (), date(2019, 1, 1), None)] for code in ("port", "zone")}
    pairs = {frozenset((each.one.id, each.other.id)) for each in overlaps(rows, areas)}
    won = decide(JurisdictionTable.of("T", rows), asked)  # type: ignore[arg-type]
    assert all(frozenset((one.id, other.id)) in pairs for one in won for other in won if one is not other)


@given(rows_at_random(), inquiries())
def test_a_row_that_is_said_never_to_win_never_does(rows: list[JurisdictionRow], asked: Inquiry) -> None:
    never = {each.id for each, _ in shadowed(rows, asked.day)}
    assert not never & {each.id for each in decide(JurisdictionTable.of("T", rows), asked)}


def test_a_row_that_others_beat_but_for_a_day_still_wins_on_that_day() -> None:
    until = date(2026, 12, 31)
    for begins, wins in ((until + timedelta(1), False), (until + timedelta(2), True)):
        rows = [
            row("0201", "4601", "water", id="a", priority=1, valid_from=DAY, valid_to=until),
            row("0201", "4601", "water", id="b", priority=1, valid_from=begins),
            row("0201", "4601", "police", id="c"),
        ]
        assert (not told(*rows)) is wins
