"""Signs of life of the timer and the auditor, for a monitor that is not part of the service."""

from datetime import datetime

from escalation.audit_store import AuditStore
from escalation.domain.audit import Difference
from escalation.domain.horizon import horizon
from escalation.rulebook import PublishedRules, civil_day
from escalation.store import DeadlineStore
from services.metrics import Metrics
from services.resources import Resources

LOOKED = "hotline_timer_looked_at_seconds"
LAG = "hotline_timer_lag_seconds"
RUNGS = "hotline_rungs_climbed_total"
PUT_OFF = "hotline_rungs_put_off_total"
AUDITED = "hotline_auditor_finished_at_seconds"
AUDITED_DEADLINES = "hotline_auditor_deadlines"
DIFFERENCES = "hotline_auditor_differences"
NOBODY = "hotline_nobody_to_tell_total"
HORIZON = "hotline_calendar_working_days_left"
SHORT = "hotline_calendar_ends_soon"


class Pulse:
    """The figures of supervision in this process."""

    def __init__(self, resources: Resources) -> None:
        self._metrics = resources.part(Metrics)
        describe = self._metrics.describe
        describe(LOOKED, "When the timer of this process last looked, Unix time.")
        describe(LAG, "Since when the earliest rung is due that nobody has climbed; 0 when none is.")
        describe(RUNGS, "Rungs this process has climbed.", "counter")
        describe(PUT_OFF, "Rungs that could not be climbed and were put off.", "counter")
        describe(AUDITED, "When the last round of the auditor ended, Unix time.")
        describe(AUDITED_DEADLINES, "Deadlines the last round looked at.")
        describe(DIFFERENCES, "What the last round found wrong, by kind.")
        describe(
            NOBODY, "Notices of this process whose role nobody held, so that another was told.", "counter"
        )
        describe(HORIZON, "Working days left until the last official day of the calendar in force.")
        describe(SHORT, "1 when so few are left that the next year must be published now, else 0.")
        self._metrics.add(NOBODY, 0)
        self._metrics.probes.append(probe)

    def looked(self, now: datetime) -> None:
        """Note that the timer is alive."""
        self._metrics.set(LOOKED, now.timestamp())

    def climbed(self, count: int) -> None:
        """Count rungs."""
        self._metrics.add(RUNGS, count)

    def put_off(self, count: int) -> None:
        """Count rungs that could not be climbed."""
        self._metrics.add(PUT_OFF, count)

    def nobody_to_tell(self) -> None:
        """Count a notice whose role nobody holds."""
        self._metrics.add(NOBODY)


async def probe(resources: Resources) -> None:
    """Read from the database what must be true also when every loop has died."""
    metrics, now = resources.part(Metrics), resources.clock.now()
    async with resources.database.transaction() as connection:
        due = await DeadlineStore(connection).next_rung_at()
        last = next((each for each in await AuditStore(connection).latest(2) if each.finished_at), None)
        calendar = (await resources.part(PublishedRules).current(connection)).calendar
    left = horizon(calendar, civil_day(now, resources))
    metrics.set(HORIZON, left.working_days_left)
    metrics.set(SHORT, int(left.alarm))
    metrics.set(LAG, max((now - due).total_seconds(), 0.0) if due else 0.0)
    if last is not None:
        metrics.set(AUDITED, last.finished_at.timestamp())
        metrics.set(AUDITED_DEADLINES, last.looked_at)
        for kind in Difference:
            metrics.set(DIFFERENCES, last.found.get(kind, 0), kind=str(kind))
