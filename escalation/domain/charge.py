"""Against whom a passed deadline counts: a department in time answers for no day it did not have."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

Charged = Literal["department", "dispatcher"]
Span = tuple[datetime, datetime | None]
"""A department's completion clock: when it was due, and when it was settled."""


def charged_to(settled: datetime | None, now: datetime, departments: Iterable[Span]) -> Charged:
    """
    Return against whom the caller's passed clock counts: the lead if its own clock has passed too.

    Where the lead is in time, or nobody has the ticket, the time was lost on the way to it, and the
    dispatcher answers. An ended clock counts as it stood at the end.
    """
    at = settled or now
    running = [due for due, until in departments if until is None or until >= at]
    return "department" if any(due < at for due in running) else "dispatcher"
