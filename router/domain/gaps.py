"""Which matters have no lead in which district."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from router.domain.inquiry import Inquiry
from router.domain.known import Known
from router.domain.matching import JurisdictionTable, decide
from router.domain.row import LAST_DAY, JurisdictionRow, Mode


@dataclass(frozen=True, slots=True)
class Gap:
    """
    A category for which from a day on no row is there in some districts.

    `fallback` when only their governments are.
    """

    category: str
    districts: tuple[str, ...]
    fallback: bool
    day: date


def gaps(rows: Sequence[JurisdictionRow], known: Known) -> Iterator[Gap]:
    """
    Yield every category × district for which a ticket that bears nothing else has no lead.

    First those of the first day, then those that open when rows end: no row need
    follow them in this table, for another version may. A row that leaves it to a
    person is no gap: somebody has decided so.
    """
    plain = [replace(row, weekdays=None, hours=None) for row in _plain(rows)]
    table = JurisdictionTable.of("lint", plain)
    yield from _gaps_on(known.day, known.matters, table, known)
    ending = defaultdict(set)
    for row in plain:
        if row.valid_to is not None and known.day <= row.valid_to < LAST_DAY:
            ending[row.valid_to + timedelta(days=1)].add(row.category)
    for day in sorted(ending):
        ended = tuple(ending[day])
        matters = [each for each in known.matters if each.startswith(ended)]
        yield from (gap for gap in _gaps_on(day, matters, table, known) if not gap.fallback)


def _gaps_on(day: date, categories: Iterable[str], table: JurisdictionTable, known: Known) -> Iterator[Gap]:
    for category in categories:
        missing, fallen = [], []
        for district in known.districts:
            found = decide(table, Inquiry(category, district.ljust(12, "0"), day))
            if not found:
                missing.append(district)
            elif found[0].is_fallback:
                fallen.append(district)
        if missing:
            yield Gap(category, tuple(missing), fallback=False, day=day)
        if fallen:
            yield Gap(category, tuple(fallen), fallback=True, day=day)


def without_fallback(rows: Sequence[JurisdictionRow], known: Known) -> list[str]:
    """Return the districts whose government is not named for what nobody else does."""
    table = JurisdictionTable.of("lint", rows)
    return [
        each for each in known.districts if table.district_department(each.ljust(12, "0"), known.day) is None
    ]


def _plain(rows: Sequence[JurisdictionRow]) -> list[JurisdictionRow]:
    """Leave out what depends on more than category and place."""
    return [row for row in rows if not row.has_conditions and row.area is None]


def leads(rows: Sequence[JurisdictionRow]) -> dict[str, list[JurisdictionRow]]:
    """Return the rows each department leads by."""
    found: dict[str, list[JurisdictionRow]] = defaultdict(list)
    for row in rows:
        if row.department is not None and row.mode is not Mode.MANUAL:
            found[row.department].append(row)
    return found
