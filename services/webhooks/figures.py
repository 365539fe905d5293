"""What a monitor watches of the webhooks: endpoints that are not well, what waits, what was given up."""

from datetime import timedelta

from sqlalchemy import text

from services.metrics import Metrics
from services.resources import Resources
from services.webhooks.domain.circuit import OPENS_AFTER

OPEN = "hotline_webhook_circuits_open"
FALLEN = "hotline_webhook_departments_unreached"
DEAD = "hotline_webhook_dead_letters"
LAG = "hotline_webhook_lag_seconds"

_DAY = timedelta(days=1)
_FIGURES = text(
    """
    SELECT (SELECT count(*) FROM webhook_endpoints WHERE disabled_at IS NULL AND failures >= :opens) AS open,
        (SELECT count(*) FROM (
            SELECT FROM webhook_endpoints GROUP BY department
            HAVING bool_or(disabled_because <> 'ended by its owner') AND bool_and(disabled_at IS NOT NULL)
        ) AS department) AS unreached,
        (SELECT count(*) FROM webhook_deliveries WHERE dead_at > :since) AS dead,
        (SELECT extract(epoch FROM :now - min(waiting.next_attempt_at))
         FROM webhook_endpoints AS endpoint CROSS JOIN LATERAL (
            SELECT next_attempt_at FROM webhook_deliveries
            WHERE endpoint_id = endpoint.id AND next_attempt_at IS NOT NULL AND kind <> 'test'
            ORDER BY next_attempt_at LIMIT 1
         ) AS waiting
         WHERE endpoint.disabled_at IS NULL AND endpoint.failures = 0) AS lag
    """
)


class WebhookFigures:
    """The figures of webhooks, of all processes together: they are read from the database."""

    def __init__(self, resources: Resources) -> None:
        metrics = resources.part(Metrics)
        metrics.describe(OPEN, "Endpoints that are left alone because too much has failed.")
        metrics.describe(FALLEN, "Departments whose every endpoint has ended, one of them not by its owner.")
        metrics.describe(DEAD, "Deliveries that were given up in the last day.")
        metrics.describe(LAG, "How long the earliest due delivery of an endpoint that is well has waited.")
        metrics.probes.append(probe)


async def probe(resources: Resources) -> None:
    """Read the figures."""
    now, metrics = resources.clock.now(), resources.part(Metrics)
    asked = {"opens": OPENS_AFTER, "since": now - _DAY, "now": now}
    async with resources.database.transaction() as connection:
        row = (await connection.execute(_FIGURES, asked)).one()
    metrics.set(OPEN, row.open)
    metrics.set(FALLEN, row.unreached)
    metrics.set(DEAD, row.dead)
    metrics.set(LAG, max(float(row.lag or 0), 0.0))
