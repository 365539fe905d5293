"""How a new ticket is tied to an earlier one of its caller about the same matter that has ended."""

from datetime import datetime, timedelta
from enum import StrEnum

from schemas.lifecycle import ANSWERED, Status


class Tie(StrEnum):
    """`REOPENS`: what was answered lately is taken up again. `FOLLOWS`: it only comes later."""

    REOPENS = "reopens"
    FOLLOWS = "follows"


def tie(status: Status, ended_at: datetime | None, now: datetime, reopen_days: int) -> Tie:
    """
    Return how a new ticket is tied to one that ended then.

    To the microsecond: at `reopen_days` times 24 hours it is still reopened, after that it is not.
    """
    lately = ended_at is not None and now - ended_at <= timedelta(days=reopen_days)
    return Tie.REOPENS if lately and status in ANSWERED else Tie.FOLLOWS
