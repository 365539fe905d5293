"""Hand events to a consumer: claim and effect in one commit, poison set apart."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.errors import HotlineError, Invalid, Unavailable
from schemas.events import AnyEvent
from schemas.wire import Message, from_message
from services import inbox
from services.bus import Subscription
from services.database import is_passing
from services.resources import Resources

PAUSES = (0.2, 2.0)
"""Seconds between the tries of an event that fails for a reason we do not know; then it is set apart."""

ADDRESSEE = "to_consumer"
"""The header of a replayed message: the one consumer it is for, as the others have handled it."""

Bury = Callable[[Message, str, str, str], Awaitable[None]]
"""Takes the message, the consumer, an error code and a reason; returns once it is safe."""

log = structlog.get_logger()


async def handle(
    subscription: Subscription, messages: Sequence[Message], resources: Resources, bury: Bury
) -> None:
    """
    Handle messages in their order, all in one transaction when nothing is wrong.

    When something is, each is tried alone, so that only the faulty one is
    buried. A passing fault (database away, deadlock) is raised: nothing of the
    failed message is done, and the caller comes back with the same messages.
    Messages addressed to another consumer are passed over.
    """
    ours = [each for each in messages if each.headers.get(ADDRESSEE) in (None, subscription.consumer)]
    try:
        await _together(subscription, ours, resources)
    except Exception as fault:
        if is_passing(fault):
            raise
        for message in ours:
            await _alone(subscription, message, resources, bury)


async def _together(subscription: Subscription, messages: Sequence[Message], resources: Resources) -> None:
    events = [event for event in map(from_message, messages) if event.type in subscription.handlers]
    if not events:
        return
    try:
        async with resources.database.transaction() as connection:
            await _effect(subscription, events, connection, resources)
    except OSError as fault:  # a name that does not resolve, no route: never the fault of an event
        raise Unavailable("The database does not answer.") from fault


async def _effect(
    subscription: Subscription, events: Sequence[AnyEvent], connection: AsyncConnection, resources: Resources
) -> None:
    ids = [event.id for event in events]
    fresh = await inbox.claim(connection, subscription.consumer, ids, resources.clock.now())
    for event in events:
        if event.id in fresh:
            fresh.discard(event.id)
            await _call(subscription, event, connection, resources)


async def _call(
    subscription: Subscription, event: AnyEvent, connection: AsyncConnection, resources: Resources
) -> None:
    with structlog.contextvars.bound_contextvars(
        ticket_id=event.ticket, event_id=str(event.id), consumer=subscription.consumer
    ):
        await subscription.handlers[event.type](event, connection, resources)


async def _alone(subscription: Subscription, message: Message, resources: Resources, bury: Bury) -> None:
    for attempt, pause in enumerate((*PAUSES, None), start=1):
        try:
            return await _together(subscription, [message], resources)
        except HotlineError as refusal:
            if refusal.retry:
                raise
            return await _bury(subscription, message, refusal.code, str(refusal), bury)
        except Exception as fault:
            if is_passing(fault):
                raise
            log.warning("handler_failed", consumer=subscription.consumer, attempt=attempt, exc_info=True)
            if pause is None:
                reason = f"{type(fault).__name__}: {fault}"
                return await _bury(subscription, message, "internal", reason, bury)
        await resources.clock.sleep_until(None, asyncio.Event(), pause)
    return None


async def _bury(subscription: Subscription, message: Message, code: str, reason: str, bury: Bury) -> None:
    log.error(
        "dead_letter",
        consumer=subscription.consumer,
        ticket_id=message.key,
        code=code,
        reason=reason,
    )
    await bury(message, subscription.consumer, code, reason[:1000])


def event_id(message: Message) -> UUID:
    """Return the id of a message, or raise `Invalid` when it bears none."""
    try:
        return UUID(message.headers["ce_id"])
    except (KeyError, ValueError) as fault:
        raise Invalid("The message bears no event id.") from fault
