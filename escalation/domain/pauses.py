"""Stretches in which a clock stands still."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from escalation.domain.workcalendar import utc


class Pause(NamedTuple):
    """A stretch in which the clock stood still, half-open; one that is empty or reversed is none."""

    begins: datetime
    ends: datetime


Pauses = tuple[Pause, ...]


def merged(pauses: Iterable[Pause], start: datetime) -> Pauses:
    """Return what of the pauses comes after the start, in order, overlapping and adjoining ones joined."""
    joined: list[Pause] = []
    for begins, ends in sorted((max(utc(each.begins), start), utc(each.ends)) for each in pauses):
        if ends <= begins:
            continue
        if joined and begins <= joined[-1].ends:
            joined[-1] = Pause(joined[-1].begins, max(joined[-1].ends, ends))
        else:
            joined.append(Pause(begins, ends))
    return tuple(joined)
