"""What a deadline is reckoned from, and its rungs, read from its row and written to it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from escalation.domain.reckoning import Pause, Terms
from escalation.domain.schedule import Place
from escalation.domain.worktime import Amount, Unit


def terms_of(row: Any) -> Terms:
    """Return the terms on a deadline's row; a pause that has not ended is not among them."""
    return Terms(
        start=row.started_at,
        limit=Amount(row.amount, Unit(row.unit)),
        pauses=tuple(Pause(*map(datetime.fromisoformat, each)) for each in row.pauses),
        extensions=tuple(Amount(count, Unit(unit)) for count, unit in row.extensions),
        fixed=row.fixed,
    )


def places_of(schedule: Iterable[tuple[int, str]]) -> tuple[Place, ...]:
    """Return the rungs of a deadline as its row keeps them."""
    return tuple((level, datetime.fromisoformat(at)) for level, at in schedule)


def columns_of(terms: Terms) -> dict[str, Any]:
    """Return what of a deadline's row says its terms."""
    return {
        "started_at": terms.start,
        "amount": terms.limit.count,
        "unit": str(terms.limit.unit),
        "pauses": written(terms.pauses),
        "extensions": [[each.count, str(each.unit)] for each in terms.extensions],
        "fixed": terms.fixed,
    }


def written(pauses: Iterable[Pause]) -> list[list[str]]:
    """Return pauses as they are kept: to the microsecond, with their offset."""
    return [[each.begins.isoformat(), each.ends.isoformat()] for each in pauses]
