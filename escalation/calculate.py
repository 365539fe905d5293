"""Use case and face: calculate deadlines for any start, limit and calendar; nothing is stored."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from pydantic import ValidationError

from escalation.calculation_schemas import (
    AskedPolicy,
    Calculated,
    CalculationAnswer,
    CalculationItem,
    CalculationRequest,
    InlineCalendar,
    NotCalculated,
    Segment,
    hours_of,
)
from escalation.domain.counting import HAIKOU, Policy
from escalation.domain.explanation import Explanation, explain
from escalation.domain.officehours import WEEKDAYS, DayKind, DayRule, OfficeHours, Season
from escalation.domain.open_ended import Allowance, OpenEndedCalendar
from escalation.domain.reckoning import Pause, Terms
from escalation.domain.workcalendar import WorkCalendar
from escalation.domain.worktime import Amount
from escalation.rulebook import PublishedRules, Rulebook
from schemas.errors import (
    BadCalendar,
    HotlineError,
    Invalid,
    TooLarge,
    UnknownCalendar,
)
from schemas.problem import FieldProblem, Problem, what_is_wrong
from services.commands import OnceDep
from services.http import ResourcesDep, pointer

MOST_DAYS = 2_000_000
MOST_SEGMENTS = 250_000

Named = Callable[[str | None], WorkCalendar]
"""The calendar of a code, or the city's; raises `UnknownCalendar`."""

Answer = Calculated | NotCalculated

routes = APIRouter(prefix="/v1", tags=["escalation"])


@routes.post("/deadlines/calculate")
async def calculate_deadlines(
    asked: CalculationRequest, resources: ResourcesDep, _: OnceDep
) -> CalculationAnswer:
    """
    Say when limits are over and what was counted, for up to 1,000 starts, limits and calendars.

    An item that cannot be calculated is answered with its problem, and the others all the same:
    `invalid` with the fields that are wrong, `unknown_calendar`, `bad_calendar` (hours that
    overlap, or never open), `calendar_exhausted` (it ends before the limit does), `too_large`.
    As nothing is stored, an `Idempotency-Key` is taken and changes nothing.
    """
    async with resources.database.transaction() as connection:
        named = among(await resources.part(PublishedRules).current(connection))
    return await asyncio.to_thread(calculate, asked.items, named)


def among(rulebook: Rulebook) -> Named:
    """Return how a code finds its calendar: the city's, which is meant without one, or a department's."""
    calendars = {rulebook.calendar.code: rulebook.calendar, **rulebook.of_departments}

    def named(code: str | None) -> WorkCalendar:
        if code is None:
            return rulebook.calendar
        if code not in calendars:
            raise UnknownCalendar(
                f"No calendar {code} is in force; there is {', '.join(calendars)}.", pointer="/calendar"
            )
        return calendars[code]

    return named


def without_codes(_code: str | None) -> WorkCalendar:
    """Stand where no calendar is in force; raises `UnknownCalendar`."""
    raise UnknownCalendar("No calendar is in force here: give one.", pointer="/calendar")


def calculate(items: Sequence[Any], named: Named) -> CalculationAnswer:
    """Return an answer for each item, read here; what is wrong with one does not touch the others."""
    batch = Batch(named)
    return CalculationAnswer(items=[_answer(number, item, batch) for number, item in enumerate(items)])


class Batch:
    """What the items of one request share: calendars already laid, and how much may be laid and told."""

    def __init__(self, named: Named) -> None:
        self._named = named
        self._allowance = Allowance(MOST_DAYS)
        self._inline: dict[str, OpenEndedCalendar] = {}
        self._segments = 0

    def explain(self, item: CalculationItem) -> tuple[Explanation, ZoneInfo]:
        """Return the answer to an item, and the zone its people live in."""
        pauses = tuple(Pause(*each) for each in item.pauses)
        terms = Terms(item.start, Amount(item.limit.amount, item.limit.unit), pauses)
        asked = _policy(item.policy)
        policy = HAIKOU if asked == HAIKOU else asked
        at_least = terms.limit.count if terms.limit.unit.counts_days else 0
        if isinstance(item.calendar, InlineCalendar):
            laid = self._laid(item.calendar)
            told = self._told(lambda: laid.ask(terms, lambda each: explain(terms, each, policy)), at_least)
            return told, ZoneInfo(item.calendar.time_zone)
        calendar = self._named(item.calendar)
        return self._told(lambda: explain(terms, calendar, policy), at_least), calendar.zone

    def _laid(self, written: InlineCalendar) -> OpenEndedCalendar:
        key = written.model_dump_json()
        if key not in self._inline:
            try:
                self._inline[key] = _calendar(written, self._allowance)
            except ValueError as fault:
                raise BadCalendar(str(fault), pointer="/calendar") from fault
        return self._inline[key]

    def _told(self, explained: Callable[[], Explanation], at_least: int) -> Explanation:
        """Return an explanation while all of them together are not too long."""
        if self._segments + at_least <= MOST_SEGMENTS:
            told = explained()
            together = self._segments + sum(len(each.segments) for each in told.counts)
            if together <= MOST_SEGMENTS:
                self._segments = together
                return told
        raise TooLarge(f"The answers have more than {MOST_SEGMENTS:,} segments; ask in smaller batches.")


def _answer(number: int, raw: Any, batch: Batch) -> Answer:
    where = ("items", number)
    try:
        return _shown(*batch.explain(CalculationItem.model_validate(raw)))
    except ValidationError as faults:
        return NotCalculated(problem=_unread(where, faults))
    except HotlineError as refusal:
        place = pointer(("body", *where))
        return NotCalculated(problem=_problem(refusal, place + str(refusal.facts.get("pointer", ""))))


def _shown(told: Explanation, zone: ZoneInfo) -> Calculated:
    (count,) = told.counts
    return Calculated(
        due=_local(told.due.at, zone),
        provisional=told.due.provisional,
        segments=_segments(count.segments, zone),
        days=list(count.days) if count.amount.unit.counts_days else None,
        skipped=_segments(told.skipped, zone),
        given_back=_segments(count.given_back, zone),
    )


def _segments(spans: Iterable[tuple[datetime, datetime]], zone: ZoneInfo) -> list[Segment]:
    return [(_local(begins, zone), _local(ends, zone)) for begins, ends in spans]


def _local(at: datetime, zone: ZoneInfo) -> datetime:
    """Return a moment as clocks there show it, or in UTC where RFC 3339 cannot write an old zone's offset."""
    local = at.astimezone(zone)
    offset = local.utcoffset()
    return local if offset is not None and not offset.seconds % 60 else at


def _unread(where: tuple[str | int, ...], faults: ValidationError) -> Problem:
    fields = [
        FieldProblem(pointer=_place(where, each["loc"]), code=each["type"], detail=what_is_wrong(each))
        for each in faults.errors(include_url=False)
    ]
    first = fields[0]
    problem = _problem(Invalid(f"{first.pointer}: {first.detail}"), first.pointer)
    return problem.model_copy(update={"errors": fields})


def _place(where: tuple[str | int, ...], location: Iterable[str | int]) -> str:
    """Return a pointer without the marks of which form was read."""
    return pointer(("body", *where, *(each for each in location if str(each)[:1] not in "<[")))


def _problem(refusal: HotlineError, place: str) -> Problem:
    status = refusal.status if refusal.status < 500 else Invalid.status
    title = refusal.title if refusal.status < 500 else Invalid.title
    return Problem(title=title, status=status, code=refusal.code, detail=str(refusal), pointer=place)


def _policy(asked: AskedPolicy) -> Policy:
    settings = asked.model_dump()
    closes = settings.pop("wd_deadline_time")
    return Policy(**settings, wd_deadline_time=None if closes is None else time.fromisoformat(closes))


def _calendar(written: InlineCalendar, allowance: Allowance) -> OpenEndedCalendar:
    days: dict[Any, DayRule] = {
        day: DayKind(rule) if isinstance(rule, str) else hours_of(rule) for day, rule in written.days.items()
    }
    seasons = [Season(each.first_day, each.last_day, _week(each.week)) for each in written.seasons]
    return OpenEndedCalendar(written.time_zone, _week(written.week), days, seasons, allowance)


def _week(written: dict[Any, Any]) -> OfficeHours:
    return {WEEKDAYS.index(day): hours_of(windows) for day, windows in written.items()}
