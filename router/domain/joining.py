"""Different callers, one matter: who joins whom, and when it is a mass event."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from schemas.distance import metres_apart
from schemas.lifecycle import ENDED, Status
from schemas.likeness import likeness

ALIKE = 0.15

MANY_SOON = "many_soon"
MANY_CALLERS = "many_callers"


@dataclass(frozen=True, slots=True)
class Rules:
    """What the city decides: how near is one place, how old a ticket may be, which categories, how many."""

    near: float
    within: timedelta
    categories: tuple[str, ...]
    soon: timedelta
    soon_tickets: int
    lately: timedelta
    lately_callers: int

    @property
    def look_back(self) -> timedelta:
        """How far back joining looks at other tickets."""
        return max(self.within, self.soon, self.lately)


@dataclass(frozen=True, slots=True)
class Sighting:
    """
    A ticket as joining sees it: what somebody saw, where and when.

    `text` is what the caller said, `by` tells the caller from others, None is
    nobody known; `lane` is what its limits hang on: kind, urgency, type of caller.
    """

    id: str
    category: str | None
    matter_key: str | None
    text: str
    status: Status
    accepted_at: datetime
    longitude: float | None = None
    latitude: float | None = None
    parent: str | None = None
    by: str | None = None
    lane: tuple[str, ...] = ()
    live: bool = False

    @property
    def order(self) -> tuple[datetime, str]:
        """Who was there first."""
        return self.accepted_at, self.id


def one_matter(mine: Sighting, other: Sighting, rules: Rules) -> str | None:
    """
    Return why two tickets are about one matter, or None.

    The category is the same and so is the place: one landmark, junction, facility or
    house number, or near enough by the coordinates. A text that has nothing in common with the
    other is about something else at that place.
    """
    if mine.category is None or mine.category != other.category:
        return None
    if mine.matter_key is not None and mine.matter_key == other.matter_key:
        place = mine.matter_key.partition("@")[2]
    else:
        apart = metres_apart(mine.longitude, mine.latitude, other.longitude, other.latitude)
        if apart is None or apart > rules.near:
            return None
        place = f"相距{apart:.0f}米"
    alike = likeness(mine.text, other.text)
    return f"同一类别、同一地点({place}),文字相似度{alike:.0%}" if alike >= ALIKE else None


def parent_of(mine: Sighting, others: Sequence[Sighting], rules: Rules) -> tuple[str, str] | None:
    """
    Return the ticket mine is to join, and why: the earliest open one, or the parent of one that has joined.

    Only one of the same lane will do, so that nobody is answered later than
    promised; and none of the same caller: whether that is a repeat was not sure, so
    both stand alone. A later ticket that still waits is passed over: it will join mine.
    So of two that see each other only one joins, and of two lookers one after
    the other the second joins the first.
    """
    if mine.category is None or not mine.category.startswith(rules.categories):
        return None
    callers = {each.id: each.by for each in others}
    for other in sorted(others, key=lambda each: each.order):
        too_old = mine.accepted_at - other.accepted_at > rules.within
        waits_for_mine = other.status is Status.REGISTERED and other.order > mine.order
        if other.status in ENDED or too_old or waits_for_mine or other.parent == mine.id:
            continue
        if mine.lane != other.lane or mine.live > other.live:
            continue
        parent = other.parent or other.id
        if mine.by is not None and mine.by == callers.get(parent):
            continue
        if because := one_matter(mine, other, rules):
            return parent, because
    return None


@dataclass(frozen=True, slots=True)
class Crowd:
    """Many calls about one matter: which rule says so, and how many tickets and different callers."""

    rule: str
    tickets: int
    callers: int


def crowds(mine: Sighting, others: Sequence[Sighting], rules: Rules) -> list[Crowd]:
    """
    Return the rules by which mine and others make a mass event.

    Many tickets soon after each other, or many different callers; a caller who is
    not known counts as a ticket, not as another caller.
    """
    same = [mine, *(each for each in others if each.id != mine.id and one_matter(mine, each, rules))]
    found = []
    for rule, window, tickets, callers in (
        (MANY_SOON, rules.soon, rules.soon_tickets, 0),
        (MANY_CALLERS, rules.lately, 0, rules.lately_callers),
    ):
        lately = [each for each in same if abs(mine.accepted_at - each.accepted_at) <= window]
        different = {each.by for each in lately if each.by}
        if len(lately) >= tickets and len(different) >= callers:
            found.append(Crowd(rule, len(lately), len(different)))
    return found
