"""What follows from a rung beside its notice, as a record with a state of its own."""

from datetime import datetime
from enum import StrEnum

from escalation.domain.worktime import Amount, Unit, WorkCalendar, add


class Consequence(StrEnum):
    """
    What follows: the department explains in writing, or supervisors do something about it.

    A bulletin (每日通报) is no work of anybody: it stands from the beginning. Raising is a
    possibility (可提级办理), which supervisors take or let be.
    """

    EXPLANATION = "explanation"
    BULLETIN = "bulletin"
    LISTING = "listing"
    RAISING = "raising"
    ADMONITION = "admonition"
    TALK = "talk"
    INSPECTION = "inspection"
    REFERRAL = "referral"


CHINESE = {
    Consequence.EXPLANATION: "书面说明",
    Consequence.BULLETIN: "每日通报",
    Consequence.LISTING: "挂牌督办",
    Consequence.RAISING: "提级办理",
    Consequence.ADMONITION: "效能告诫",
    Consequence.TALK: "约谈",
    Consequence.INSPECTION: "督查",
    Consequence.REFERRAL: "移送纪检监察机关",
}

EXPLAIN_WITHIN = Amount(1, Unit.WORKING_DAYS)
"""一个工作日内书面说明 (HK-DEFAULT-1), counted from when the department is told, not from the rung's date."""


def due_of(kind: Consequence, told_at: datetime, calendar: WorkCalendar) -> datetime | None:
    """Return until when it must be done; None for what has no limit. Raises `CalendarExhausted`."""
    return add(told_at, EXPLAIN_WITHIN, calendar).at if kind is Consequence.EXPLANATION else None
