"""Loop: delete what has served its time: events, kept answers, deliveries, what came in, the feed."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Table, and_, delete, func, select, tuple_
from sqlalchemy.sql.dml import Delete

from services.feed import FeedStore
from services.hooks.tables import commands, messages
from services.leadership import leadership
from services.resources import Resources
from services.settings import RetentionSettings
from services.tables import dead_letters, deliveries, idempotency_keys, inbox, outbox

BATCH = 2_000
PAUSE_SECONDS = 3600.0
BELL = "purge"


async def purge(resources: Resources) -> None:
    """Delete for ever, a batch at a time, in one process; then rest for an hour."""
    async with leadership(resources, "purge"):
        bell = resources.wakeups.bell(BELL)
        while True:
            if not await purge_once(resources):
                await resources.clock.sleep_until(None, bell, PAUSE_SECONDS)


async def purge_once(resources: Resources, batch: int = BATCH) -> int:
    """Delete one batch of each kind, each in a transaction of its own; return how many rows."""
    total, now, retention = 0, resources.clock.now(), resources.settings.retention
    for statement in _statements(now, retention, batch):
        async with resources.database.transaction() as connection:
            total += (await connection.execute(statement)).rowcount
    fetched = now - timedelta(days=retention.feed_days)
    return total + await resources.database.run(lambda each: FeedStore(each).clear(fetched, batch))


def _statements(now: datetime, retention: RetentionSettings, batch: int) -> list[Delete]:
    """
    Return what deletes a batch of each kind.

    An event that waits to be replayed keeps its outbox row, which is all there
    is of it, and its inbox rows, which tell who has handled it.
    """
    events = now - timedelta(days=retention.events_days)
    answers = now - timedelta(days=retention.answers_days)
    ended = now - timedelta(days=retention.deliveries_days)
    hooks = now - timedelta(days=retention.hooks_days)
    unpublished = select(outbox.c.event_id).where(outbox.c.published_at.is_(None))
    buried = select(dead_letters.c.event_id)
    return [
        _delete(outbox, and_(outbox.c.published_at < events, outbox.c.event_id.not_in(buried)), batch),
        _delete(
            inbox,
            and_(
                inbox.c.handled_at < events,
                inbox.c.event_id.not_in(buried),
                inbox.c.event_id.not_in(unpublished),
            ),
            batch,
        ),
        _delete(idempotency_keys, idempotency_keys.c.created_at < answers, batch),
        _delete(
            deliveries,
            and_(
                deliveries.c.next_attempt_at.is_(None),
                func.coalesce(deliveries.c.delivered_at, deliveries.c.dead_at) < ended,
            ),
            batch,
        ),
        _delete(messages, messages.c.received_at < hooks, batch),
        _delete(commands, commands.c.decided_at < hooks, batch),
    ]


def _delete(table: Table, which: ColumnElement[bool], batch: int) -> Delete:
    key = tuple_(*table.primary_key.columns)
    return delete(table).where(key.in_(select(*table.primary_key.columns).where(which).limit(batch)))
