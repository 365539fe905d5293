"""What people decide again and again becomes a proposed row, if enough of them agree and no row says so."""

from datetime import date

import pytest

from router.domain.csv_sheet import read_csv
from router.domain.matching import JurisdictionRow, JurisdictionTable, Mode
from router.domain.proposals import Lesson, csv_line, proposals
from tests.router.sheets import HEADER

DAY = date(2026, 11, 23)
CITY = "460100000000"
EMPTY = JurisdictionTable.of("T", [])


def lessons(text: str) -> list[Lesson]:
    """Read lines like `4x 010200 460106 water`: so many tickets each went there."""
    found: list[Lesson] = []
    for line in text.strip().splitlines():
        times, category, division, department = line.split()
        for _ in range(int(times[:-1])):
            place = None if division == "-" else division.ljust(12, "0")
            kind = None if category == "-" else category
            found.append(Lesson(f"HK{len(found):03}", kind, place, department))
    return found


def proposed(text: str, table: JurisdictionTable = EMPTY) -> list[str]:
    found = proposals(lessons(text), table, DAY, tickets=4, agreement=0.8, city=CITY)
    return [f"{each.id} {each.department} {each.tickets} {each.agreement:g}" for each in found]


@pytest.mark.parametrize(
    ("decided", "rows"),
    [
        ("4x 010200 460106 water", ["0102-460106 water 4 1"]),
        ("3x 010200 460106 water", []),  # too few
        ("4x 010200 460106 water\n1x 010200 460106 gas", ["0102-460106 water 4 0.8"]),
        ("4x 010200 460106 water\n2x 010200 460106 gas", []),  # too divided
        ("2x 010200 460106 water\n2x 010200 460108 water", []),  # two places, each too few
        ("2x 010200 460106002 water\n2x 010200 460106003 water", ["0102-460106 water 4 1"]),  # one district
        ("4x 010200 - water", ["0102-4601 water 4 1"]),  # no place: the city
        ("9x - 460106 water", []),  # no category: nothing to write a row for
        (
            "4x 010200 460106 water\n6x 020101 460106 gas",
            ["020101-460106 gas 6 1", "0102-460106 water 4 1"],
        ),
    ],
)
def test_a_cell_with_enough_agreement_is_proposed(decided: str, rows: list[str]) -> None:
    assert proposed(decided) == rows


def test_what_the_table_decides_is_not_proposed_and_what_it_decides_otherwise_is() -> None:
    row = JurisdictionRow("r", "0102", "4601", "water", Mode.DIRECT, None, date(2020, 1, 1), None)
    table = JurisdictionTable.of("T", [row])
    assert proposed("4x 010200 460106 water", table) == []
    assert proposed("4x 010200 460106 gas", table) == ["0102-460106 gas 4 1"]


def test_a_ticket_decided_twice_counts_by_its_last_decision() -> None:
    first = lessons("4x 010200 460106 water")
    second = [Lesson(each.ticket, each.category, each.division, "gas") for each in first]
    (made,) = proposals([*first, *second], EMPTY, DAY, tickets=4, agreement=0.8, city=CITY)
    assert (made.department, made.tickets) == ("gas", 4)
    assert made.examples == ("HK000", "HK001", "HK002", "HK003")


def test_an_accepted_row_is_a_line_of_the_tables_sheet() -> None:
    (made,) = proposals(lessons("4x 010200 460106 water"), EMPTY, DAY, tickets=4, agreement=0.8, city=CITY)
    (row,) = read_csv(f"{HEADER}\n{csv_line(made, DAY, '备注')}".encode()).rows
    assert (row.id, row.category, row.division) == ("0102-460106", "0102", "460106")
    assert (row.department, row.mode, row.legal_basis) == ("water", "direct", None)
    assert (row.valid_from, row.valid_to, row.note) == (DAY, None, "备注")
