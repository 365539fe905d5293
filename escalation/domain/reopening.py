"""What a clock goes by when a matter that had ended is taken up again (重办, 重新办理)."""

from datetime import datetime
from enum import StrEnum

from escalation.domain.allowance import stood_still
from escalation.domain.reckoning import Pause, Terms
from escalation.domain.worktime import Amount, WorkCalendar


class Reopening(StrEnum):
    """
    How a clock goes on; the caller's is never counted anew, so of it only `CONTINUE` is said.

    `CONTINUE`: it stood still while the matter was thought ended. `RESTART`: its whole limit from
    now on. `FRESH`: a limit of its own from now on.
    """

    CONTINUE = "continue"
    RESTART = "restart"
    FRESH = "fresh"


def reopened(
    terms: Terms, ended: datetime, again: datetime, how: Reopening, fresh: Amount, calendar: WorkCalendar
) -> Terms:
    """Return what a clock that ended then is reckoned from once its matter is taken up `again`."""
    if how is Reopening.CONTINUE:
        return stood_still(terms, Pause(ended, again), calendar)
    return Terms(again, terms.limit if how is Reopening.RESTART else fresh)
