"""A case: what is posted, which answers are right, and what the vendor's system must then know."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Expected(StrEnum):
    """Which answers are right."""

    TAKEN = "2xx"
    REFUSED = "4xx"
    TURNED_AWAY = "4xx, or hung up"


@dataclass(frozen=True)
class Post:
    """One post and what is expected of its answer."""

    headers: dict[str, str]
    body: bytes
    expected: Expected = Expected.TAKEN


@dataclass(frozen=True)
class Held:
    """What a vendor's system holds of a ticket: the version of its state, and how many events it took."""

    version: int | None
    taken: int


NOTHING = Held(version=None, taken=0)


@dataclass(frozen=True)
class Case:
    """
    Posts about a ticket of its own, one after the other or `together`; `because` says what it is about.

    `then` is what is held after it; None where it is the vendor's choice.
    """

    name: str
    because: str
    ticket: str
    posts: Sequence[Post]
    then: Held | None
    together: bool = False


@dataclass(frozen=True)
class Answer:
    """What came of a post: a status, or how it failed to come; and after how long."""

    status: int | None
    fault: str | None = None
    seconds: float = 0.0

    def __str__(self) -> str:
        return str(self.status) if self.status is not None else str(self.fault)


@dataclass(frozen=True)
class Finding:
    """A case, what came of it, and whether that is right; `held` is None when nobody could see it."""

    case: Case
    answers: Sequence[Answer]
    held: Held | None
    faults: Sequence[str]

    @property
    def passed(self) -> bool:
        """Whether nothing was wrong, as far as could be seen."""
        return not self.faults


HUNG_UP = "hung up"
NO_ANSWER = "no answer"


def judge(case: Case, answers: Sequence[Answer], held: Held | None) -> Finding:
    """Hold the answers, and what the vendor's system says it holds, against the case."""
    faults = [
        f"{post.expected} expected, {answer} came"
        for post, answer in zip(case.posts, answers, strict=True)
        if not _is_right(post.expected, answer)
    ]
    if held is not None and case.then is not None and held != case.then:
        faults.append(f"{_told(case.then)} expected, {_told(held)} held")
    return Finding(case, answers, held, faults)


def _is_right(expected: Expected, answer: Answer) -> bool:
    if answer.status is None:
        return expected is Expected.TURNED_AWAY and answer.fault == HUNG_UP
    hundreds = answer.status // 100
    if expected is Expected.TAKEN:
        return hundreds == 2
    return hundreds == 4 and answer.status not in MISLEADING


MISLEADING = (410, 429)
"""Refusals that would make the hotline end the endpoint, or only wait."""


def _told(held: Held) -> str:
    return "nothing" if held == NOTHING else f"version {held.version} by {held.taken} events"
