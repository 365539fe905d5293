"""The life of a co-handling, beside that of its ticket."""

from enum import StrEnum

from schemas.errors import IllegalTransition
from schemas.lifecycle import Step


class CoStatus(StrEnum):
    """Where a co-handling stands; `ENDED` had no answer when its lead was done or gone."""

    ASSIGNED = "assigned"
    SIGNED = "signed"
    ANSWERED = "answered"
    ENDED = "ended"


CO_TRANSITIONS: dict[tuple[CoStatus, Step], CoStatus] = {
    (CoStatus.ASSIGNED, Step.CO_SIGN): CoStatus.SIGNED,
    (CoStatus.SIGNED, Step.CO_CONTACT): CoStatus.SIGNED,
    (CoStatus.SIGNED, Step.CO_FEEDBACK): CoStatus.SIGNED,
    (CoStatus.SIGNED, Step.CO_ANSWER): CoStatus.ANSWERED,
    (CoStatus.ASSIGNED, Step.CO_END): CoStatus.ENDED,
    (CoStatus.SIGNED, Step.CO_END): CoStatus.ENDED,
}


def co_advance(status: CoStatus, step: Step) -> CoStatus:
    """Return where a co-handling stands after `step`, or raise `IllegalTransition`."""
    try:
        return CO_TRANSITIONS[status, step]
    except KeyError:
        allowed = [str(each) for origin, each in CO_TRANSITIONS if origin is status]
        raise IllegalTransition(
            f"A co-handling that is {status} cannot {step}.", co_handling_status=str(status), allowed=allowed
        ) from None
