"""How much time may be given beyond a limit: extensions (延期) and suspensions (挂起), by a city's rules."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from escalation.domain.daycount import days_of
from escalation.domain.measuring import elapsed
from escalation.domain.policy import LimitRule
from escalation.domain.reckoning import Pause, Terms, reckon, run_out
from escalation.domain.workcalendar import DAY, instant_of
from escalation.domain.worktime import Amount, Unit, WorkCalendar, add
from schemas.errors import AskedTooLate, Conflict, NotExtendable, NotSuspendable
from schemas.ticket import Kind, Urgency


@dataclass(frozen=True, slots=True)
class ExtensionRule:
    """
    How much longer a matter may take; what is None fits any matter or reason.

    `most` at a time, so many `times`, the limit and all extensions together no more than `total`
    of the same unit. From the `supervisor_from`-th on it is not for an agent to decide.
    """

    rule: str
    urgency: Urgency | None
    kind: Kind | None
    reason: str | None
    most: Amount
    total: int | None
    times: int
    supervisor_from: int | None
    source: str

    def fits(self, urgency: Urgency, kind: Kind, reason: str) -> bool:
        """Say whether the rule speaks about such a request."""
        said = (self.urgency, urgency), (self.kind, kind), (self.reason, reason)
        return all(own in (None, asked) for own, asked in said)

    @property
    def specificity(self) -> tuple[bool, bool, bool]:
        """The reason weighs more than the urgency, and that more than the kind."""
        return self.reason is not None, self.urgency is not None, self.kind is not None

    def needs_supervisor(self, before: int) -> bool:
        """Say whether the next extension, after so many, is the hotline body's own to give."""
        return self.supervisor_from is not None and before + 1 >= self.supervisor_from


@dataclass(frozen=True, slots=True)
class SuspensionRule:
    """
    For how many calendar days a reason may stop the clocks, and how often that is renewed.

    All that a ticket's clocks stood still for it, also after they had run on, is `total` days at most.
    """

    rule: str
    reason: str
    days: int
    renewals: int
    source: str
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Extendable:
    """A clock that would be extended: its limit, what was granted before, and when it is due."""

    limit: Amount
    extensions: tuple[Amount, ...]
    due: datetime


def extension_rule(
    rules: Iterable[ExtensionRule], urgency: Urgency, kind: Kind, reason: str
) -> ExtensionRule | None:
    """Return the most specific rule about such a request."""
    fitting = [each for each in rules if each.fits(urgency, kind, reason)]
    return max(fitting, key=lambda each: each.specificity, default=None)


def by_law(limit: LimitRule) -> ExtensionRule | None:
    """Return how much longer a statutory procedure may take, once; None where its law says nothing."""
    if limit.extension is None:
        return None
    most = Amount(limit.extension, limit.amount.unit)
    return ExtensionRule(limit.rule, None, None, None, most, None, 1, None, limit.source)


def extension_refusal(
    asked: Amount, clock: Extendable, rule: ExtensionRule | None, now: datetime, zone: ZoneInfo
) -> Conflict | None:
    """Return why a clock cannot be extended by so much, or None; at the due itself it is too late."""
    if (late := lateness(clock.due, now, zone)) is not None:
        return late
    if rule is None or not rule.times:
        return NotExtendable("No extension is given to such a matter.", why="none")
    if len(clock.extensions) >= rule.times:
        return NotExtendable(f"It was extended {len(clock.extensions)} times already.", why="times")
    if asked.unit is not rule.most.unit:
        return NotExtendable(f"Extensions are counted in {rule.most.unit}.", why="unit", unit=rule.most.unit)
    most = _most(clock, rule)
    if asked.count > most:
        return NotExtendable(f"At most {most} {rule.most.unit} more are possible.", why="amount", most=most)
    return None


def lateness(due: datetime, now: datetime, zone: ZoneInfo) -> AskedTooLate | None:
    """Return that it is too late to ask for time, or None."""
    if now < due:
        return None
    was, is_now = due.astimezone(zone), now.astimezone(zone)
    return AskedTooLate(
        f"It was due on {was:%Y-%m-%d %H:%M} and it is {is_now:%Y-%m-%d %H:%M}: time is asked for before.",
        due_at=was.isoformat(),
        asked_at=is_now.isoformat(),
    )


def _most(clock: Extendable, rule: ExtensionRule) -> int:
    if rule.total is None or clock.limit.unit is not rule.most.unit:
        return rule.most.count
    given = sum(each.count for each in clock.extensions if each.unit is clock.limit.unit)
    return max(0, min(rule.most.count, rule.total - clock.limit.count - given))


def extended(terms: Terms, amount: Amount, calendar: WorkCalendar) -> Terms:
    """Return the terms with so much more time; a due that was set is set that much later."""
    fixed = None if terms.fixed is None else add(terms.fixed, amount, calendar).at
    return replace(terms, extensions=(*terms.extensions, amount), fixed=fixed)


def stood_still(terms: Terms, pause: Pause, calendar: WorkCalendar) -> Terms:
    """Return the terms with one more pause; a due that was set leaves the time that was left until it."""
    fixed = terms.fixed
    if fixed is not None and pause.begins < fixed:
        fixed = max(fixed, left_after(pause, fixed, terms.limit.unit, calendar))
    return replace(terms, pauses=(*terms.pauses, pause), fixed=fixed)


def left_after(pause: Pause, due: datetime, unit: Unit, calendar: WorkCalendar) -> datetime:
    """Return where a moment lies that was ahead when a pause began, once it has ended."""
    if unit is Unit.WALL_MINUTES:
        return due + (pause.ends - pause.begins)
    if unit is Unit.WORKING_MINUTES:
        return run_out(pause.ends, elapsed(pause.begins, due, calendar), calendar)
    eve = calendar.civil_day(pause.begins) - DAY
    left = Amount(days_of(unit, calendar).between(eve, calendar.civil_day(due)), unit)
    return reckon(Terms(instant_of(eve, time.min, calendar.zone), left, (pause,)), calendar).at


def suspension_rule(rules: Iterable[SuspensionRule], reason: str) -> SuspensionRule | None:
    """Return what may be asked for this reason; None for one the city does not know."""
    return next((each for each in rules if each.reason == reason), None)


def suspension_refusal(
    days: int, renewed: int, rule: SuspensionRule | None, stood: timedelta = timedelta(0)
) -> Conflict | None:
    """
    Return why clocks cannot be stopped so long, or None.

    `renewed` is how often that was prolonged, `stood` how long the ticket's clocks stood still for this
    reason already, or still will.
    """
    if rule is None:
        return NotSuspendable("This is no reason to stop a clock.", why="reason")
    if renewed > rule.renewals:
        return NotSuspendable(f"It was renewed {renewed - 1} times already.", why="renewals")
    if days > rule.days:
        return NotSuspendable(f"At most {rule.days} calendar days.", why="days", most=rule.days)
    if rule.total is not None and stood + timedelta(days=days) > timedelta(days=rule.total):
        most = max(0, (timedelta(days=rule.total) - stood).days)
        return NotSuspendable(
            f"Together at most {rule.total} calendar days for this reason; {most} are left.",
            why="total",
            most=most,
        )
    return None
