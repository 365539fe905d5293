"""The table read the slow way: every row asked about every ticket, by the words of the documents alone."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from router.domain.inquiry import Inquiry
from router.domain.row import JurisdictionRow

LEVELS = {"category": (2, 4, 6), "division": (4, 6, 9, 12)}


def winners(
    rows: Iterable[JurisdictionRow], asked: Inquiry, excluded: frozenset[str] = frozenset()
) -> list[str]:
    """Return the ids of the rows that win."""
    fits = [row for row in rows if row.department not in excluded and fits_all(row, asked)]
    best = max((order(row) for row in fits), default=None)
    return sorted(row.id for row in fits if order(row) == best)


def fits_all(row: JurisdictionRow, asked: Inquiry) -> bool:
    place = asked.places.get(row.basis, asked.division)
    areas = asked.areas.get(row.basis if row.basis in asked.places else "happened", ())
    return (
        row.valid_from <= asked.day
        and (row.valid_to is None or asked.day <= row.valid_to)
        and under(row.category, asked.category, "category")
        and under(row.division, place, "division")
        and (row.area is None or row.area in areas)
        and (row.caller_type is None or row.caller_type == asked.caller_type)
        and all(asked.attributes.get(name) == value for name, value in row.attributes)
        and (not row.keywords or any(word in asked.text for word in row.keywords))
        and within(row.weekdays, row.hours, asked.at)
    )


def under(prefix: str, code: str | None, kind: str) -> bool:
    """Whether a prefix is one of a code's own levels; the zeros a code is padded with are none."""
    if not prefix:
        return True
    return code is not None and code.startswith(prefix) and len(prefix) in own_levels(code, LEVELS[kind])


def own_levels(code: str, levels: tuple[int, ...]) -> list[int]:
    deepest = next((each for each in levels if not code[each:].strip("0")), len(code))
    return [each for each in levels if each <= deepest]


def within(weekdays: str | None, hours: str | None, at: datetime | None) -> bool:
    """Count it out minute by minute: when did the window that would hold this minute open?"""
    if not weekdays and not hours:
        return True
    if at is None:
        return False
    opens, closes = (hours or "00:00-24:00").split("-")
    first, last = (int(each[:2]) * 60 + int(each[3:]) for each in (opens, closes))
    length = last - first if last > first else last - first + 24 * 60
    for back in (0, 1):
        day = (at - timedelta(days=back)).replace(hour=0, minute=0, second=0, microsecond=0)
        begins = day + timedelta(minutes=first)
        if str(day.isoweekday()) in days(weekdays) and begins <= at < begins + timedelta(minutes=length):
            return True
    return False


def days(weekdays: str | None) -> str:
    if not weekdays:
        return "1234567"
    found = ""
    for part in weekdays.split(","):
        first, _, last = part.partition("-")
        found += "".join(str(each) for each in range(int(first), int(last or first) + 1))
    return found


def order(row: JurisdictionRow) -> tuple[int, ...]:
    """Category, area, division, how many further conditions, their kinds, priority."""
    window = 1 if row.weekdays or row.hours else 0
    words, caller = 1 if row.keywords else 0, 0 if row.caller_type is None else 1
    basis, attributes = 0 if row.basis == "happened" else 1, len(row.attributes)
    return (
        len(row.category),
        0 if row.area is None else 1,
        len(row.division),
        attributes + words + caller + basis + window,
        attributes,
        words,
        caller,
        basis,
        window,
        row.priority,
    )
