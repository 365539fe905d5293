"""Whether a command comes after one that was done later."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Place:
    """Where a command stands among its department's: when it was done, and on which version it rests."""

    occurred_at: datetime | None = None
    version: int | None = None


def is_older(command: Place, applied: Place) -> bool:
    """
    Say whether a command is older than what was applied, by whatever both of them say.

    As old is not older: systems keep whole seconds, and queue several commands about one version.
    """
    return _before(command.occurred_at, applied.occurred_at) or _before(command.version, applied.version)


def _before(mine: datetime | int | None, theirs: datetime | int | None) -> bool:
    return mine is not None and theirs is not None and mine < theirs  # type: ignore[operator]
