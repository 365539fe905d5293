"""A sheet is read to the cell, and what was read is written as it was."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from io import BytesIO
from zipfile import ZipFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from router.domain.csv_sheet import read_csv, write_csv
from router.domain.difference import differences
from router.domain.row import JurisdictionRow, Mode
from router.workbook import read_xlsx, write_xlsx
from schemas.places import Basis
from tests.router.domain.making import row
from tests.router.sheets import HEADER, line


@pytest.mark.parametrize(
    ("cells", "column", "message"),
    [
        ({"id": ""}, "id", "编号不能为空"),
        (
            {"category": "201"},
            "category",
            "类别“201”应为2、4或6位数字,留空表示所有类别;可能丢失了开头的0,请把该列设为文本",
        ),
        ({"division": "46010"}, "division", "区划“46010”应为4、6、9或12位数字,留空表示不限"),
        (
            {"basis": "住处"},
            "basis",
            "“住处”不是可用的值:事发地、用工所在地、经营地、户居地、happened、work、merchant、household",
        ),
        ({"weekdays": "5-1"}, "weekdays", "星期“5-1”无法识别,应写作1-5或6,7(1为星期一)"),
        ({"hours": "22:00-25:00"}, "hours", "时段“22:00-25:00”不是一天之内的时刻"),
        ({"hours": "08:00-08:00"}, "hours", "时段“08:00-08:00”起止相同;全天有效请留空"),
        ({"keywords": "噪"}, "keywords", "关键词“噪”太短,至少两个字"),
        ({"attributes": "地点:路面"}, "attributes", "属性“地点:路面”应写作 名称=值,名称为小写字母"),
        ({"department": "市水务局"}, "department", "单位代码“市水务局”应为小写字母、数字和连字符"),
        ({"department": ""}, "department", "没有填主办单位;须人工研判的请把派单方式写作人工"),
        ({"mode": "manual"}, "department", "人工研判的条目不填主办单位"),
        ({"mode": ""}, "mode", "派单方式不能为空:直派(direct)、经区(via_district)或人工(manual)"),
        ({"priority": "高"}, "priority", "优先级“高”应为0到999的整数,越大越优先"),
        ({"department_only": "也许"}, "department_only", "“也许”应填是或否"),
        ({"valid_from": ""}, "valid_from", "生效日期不能为空"),
        ({"valid_from": "2026-02-30"}, "valid_from", "日期“2026-02-30”应写作2026-01-31"),
        ({"id": "first"}, "id", "编号“first”与第2行重复"),
    ],
)
def test_a_cell_that_cannot_be_read_is_named_by_line_and_column(
    cells: dict[str, str], column: str, message: str
) -> None:
    usual = {"id": "x", "category": "02", "department": "water-group"}
    written = {**usual, **cells}
    quoted = {name: f'"{value}"' if "," in value else value for name, value in written.items()}
    sheet = read_csv("\n".join([HEADER, line(**{**usual, "id": "first"}), line(**quoted)]).encode())
    assert [(each.line, each.column, each.message) for each in sheet.faults] == [(3, column, message)]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"id,category\n", "column_missing"),
        ((HEADER + ",colour\n").encode(), "unknown_column"),
        ((HEADER + ",id\n").encode(), "column_twice"),
        (b"\xff\xfe\x00\xff", "unreadable"),
        ((HEADER + '\n"open').encode(), "unreadable"),
        (b"", "column_missing"),
    ],
)
def test_a_file_that_is_no_sheet_says_so(content: bytes, code: str) -> None:
    faults = read_csv(content).faults
    assert faults
    assert {each.code for each in faults} == {code}


def test_lines_are_counted_as_an_editor_counts_them() -> None:
    """A note over two lines does not shift the number of the line below it."""
    first = line(id="a", category="02", department="water-group", note='"一行\n两行"')
    sheet = read_csv(
        "\n".join([HEADER, first, line(id="b", category="2", department="water-group")]).encode()
    )
    assert [(each.line, each.column) for each in sheet.faults] == [(4, "category")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_sheet_is_read_in_every_encoding_excel_writes(encoding: str) -> None:
    rows = (row("02", keywords=("人行道",), note="备注"),)
    assert read_csv(write_csv(rows, encoding=encoding)).rows == rows


def test_a_workbook_a_clerk_made_by_hand_is_read_with_chinese_headings_numbers_and_dates() -> None:
    book = Workbook()
    sheet_made = book.create_sheet(index=0)
    sheet_made.append(["编号", "类别", "区划", "主办单位", "派单方式", "部门专属", "生效日期"])
    sheet_made.append(["x", "0201", 460106, "water-group", "直派", "是", date(2026, 1, 1)])
    sheet_made.append(["y", 201, 460106, "water-group", "直派", None, date(2026, 1, 1)])
    out = BytesIO()
    book.save(out)
    sheet = read_xlsx(out.getvalue())
    assert [(each.id, each.division, each.department_only) for each in sheet.rows] == [("x", "460106", True)]
    assert [(each.line, each.column) for each in sheet.faults] == [(3, "category")]
    assert "丢失了开头的0" in sheet.faults[0].message


def made_by_hand(*lines: list[object], merged: str | None = None) -> bytes:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append(["编号", "类别", "区划", "主办单位", "派单方式", "生效日期", "备注"])
    for each in lines:
        sheet.append(each)
    if merged is not None:
        sheet.merge_cells(merged)
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def by_hand(number: str, category: object, note: object = None) -> list[object]:
    return [number, category, "460106", "water-group", "直派", date(2026, 1, 1), note]


@pytest.mark.parametrize(
    ("sent", "where", "says"),
    [
        (made_by_hand(by_hand("x", '="02"')), [(2, "category")], "公式没有结果;请粘贴为值"),
        (made_by_hand(by_hand("x", "02", "#REF!")), [(2, "note")], "公式的结果是错误#REF!;请改正"),
        (
            made_by_hand(by_hand("x", "02"), by_hand("y", None), by_hand("z", None), merged="B2:B4"),
            [(3, "category"), (4, "category")],
            "与上方或左侧的单元格合并了;请取消合并,逐格填写",
        ),
        (
            made_by_hand(by_hand("x", "02"), merged="B1:C1"),
            [(1, "(合并单元格)"), (1, "division")],
            "没有名为“(合并单元格)”的列",
        ),
    ],
)
def test_a_cell_that_only_seems_empty_is_a_fault_for_an_empty_condition_holds_for_all(
    sent: bytes, where: list[tuple[int, str]], says: str
) -> None:
    sheet = read_xlsx(sent)
    assert [(each.line, each.column) for each in sheet.faults] == where
    assert sheet.faults[0].message == says


def test_what_is_no_workbook_is_refused_in_words() -> None:
    assert [each.message for each in read_xlsx(b"PK nonsense").faults] == ["不是可读的XLSX工作簿"]


def test_a_cell_that_looks_like_a_formula_stays_text() -> None:
    rows = (row("02", note="=1+1"),)
    assert read_xlsx(write_xlsx(rows)).rows == rows


_words = st.text(st.characters(categories=["L", "N"], include_characters="《》 -."), min_size=2, max_size=8)
_text = _words.map(str.strip).filter(lambda each: len(each) > 1)
_codes = st.sampled_from(["water-group", "fire-rescue", "traffic-police"])
_rows = st.builds(
    JurisdictionRow,
    id=st.uuids().map(str),
    category=st.sampled_from(["", "02", "0201", "020101"]),
    division=st.sampled_from(["", "4601", "460106", "460106002"]),
    department=_codes,
    mode=st.sampled_from([Mode.DIRECT, Mode.VIA_DISTRICT]),
    legal_basis=st.none() | _text,
    valid_from=st.dates(),
    valid_to=st.none() | st.dates(),
    area=st.none() | st.just("port"),
    basis=st.sampled_from(Basis),
    caller_type=st.sampled_from([None, "enterprise"]),
    weekdays=st.sampled_from([None, "1-5", "6,7"]),
    hours=st.sampled_from([None, "22:00-06:00"]),
    keywords=st.lists(_text, unique=True, max_size=3).map(tuple),
    attributes=st.dictionaries(st.sampled_from(["a", "b_1"]), _text, max_size=2).map(
        lambda each: tuple(sorted(each.items()))
    ),
    co_handlers=st.lists(_codes, max_size=2).map(tuple),
    cc=st.lists(_codes, max_size=2).map(tuple),
    department_only=st.booleans(),
    statutory_procedure=st.none() | _text,
    priority=st.integers(0, 999),
    note=st.none() | _text,
)


@given(st.lists(_rows, max_size=5, unique_by=lambda each: each.id), st.sampled_from(["utf-8-sig", "gb18030"]))
def test_what_is_written_as_a_csv_is_read_back_the_same(rows: list[JurisdictionRow], encoding: str) -> None:
    assert read_csv(write_csv(rows, encoding=encoding)).rows == tuple(rows)


@settings(max_examples=20)
@given(st.lists(_rows, max_size=3, unique_by=lambda each: each.id))
def test_what_is_written_as_a_workbook_is_read_back_the_same(rows: list[JurisdictionRow]) -> None:
    assert read_xlsx(write_xlsx(rows)).rows == tuple(rows)


def test_a_difference_is_told_in_words() -> None:
    one, gone = row("02", id="a"), row("03", id="b")
    found = differences([one, gone], [replace(one, priority=5), row("04", id="c")])
    assert [each.sentence() for each in found] == [
        "第a条:优先级“”改为“5”",
        "删除第b条",
        "新增第c条",
    ]


@pytest.mark.parametrize(
    ("part", "broken"),
    [
        ("xl/worksheets/sheet1.xml", lambda whole: whole[: len(whole) // 2]),
        ("xl/worksheets/sheet1.xml", lambda whole: whole.replace(b'r="2"', b'r="x"', 1)),
        ("xl/worksheets/sheet1.xml", lambda whole: re.sub(rb"<c .*?</c>", b'<c t="s"><v>9</v></c>', whole)),
        ("xl/workbook.xml", lambda whole: re.sub(rb"<sheets>.*</sheets>", b"<sheets/>", whole)),
        ("xl/styles.xml", lambda whole: b"<a"),
        ("xl/_rels/workbook.xml.rels", lambda whole: whole.replace(b'/worksheet"', b'/chartsheet"')),
        ("[Content_Types].xml", lambda whole: b""),
    ],
)
def test_a_damaged_workbook_is_refused_in_words(part: str, broken: Callable[[bytes], bytes]) -> None:
    out = BytesIO()
    with ZipFile(BytesIO(write_xlsx([row("02")]))) as whole, ZipFile(out, "w") as damaged:
        for name in whole.namelist():
            content = whole.read(name)
            damaged.writestr(name, broken(content) if name == part else content)
    assert [each.message for each in read_xlsx(out.getvalue()).faults] == ["不是可读的XLSX工作簿"]


def test_a_control_character_is_refused_in_its_cell() -> None:
    sent = write_csv([row("02", note="一\x01二")])
    assert [(each.line, each.column) for each in read_csv(sent).faults] == [(2, "note")]
