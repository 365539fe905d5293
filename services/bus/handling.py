"""Hand events to a consumer: claim and effect in one commit, poison set apart."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.errors import HotlineError, Invalid
from schemas.event import Event
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

Read = Callable[[Message], AnyEvent]

log = structlog.get_logger()


class ReadOnce:
    """Reads each of these messages once, however many consumers ask for its event."""

    def __init__(self) -> None:
        self._events: dict[int, tuple[Message, AnyEvent]] = {}

    def __call__(self, message: Message) -> AnyEvent:
        """Return the event of a message; raises `Invalid` each time it is asked for one that is none."""
        if id(message) not in self._events:
            self._events[id(message)] = (message, from_message(message))
        return self._events[id(message)][1]


async def handle(
    subscription: Subscription,
    messages: Sequence[Message],
    resources: Resources,
    bury: Bury,
    read: Read = from_message,
) -> None:
    """
    Handle messages in their order, all in one transaction when nothing is wrong.

    Between tickets there is no order: those of one type are handled together where that is possible.

    When something is, each is tried alone, so that only the faulty one is
    buried. A passing fault (database away, deadlock) is raised: nothing of the
    failed message is done, and the caller comes back with the same messages.
    Messages addressed to another consumer are passed over.
    """
    ours = [each for each in messages if each.headers.get(ADDRESSEE) in (None, subscription.consumer)]
    try:
        await _together(subscription, ours, resources, read)
    except Exception as fault:
        if is_passing(fault):
            raise
        for message in ours:
            await _alone(subscription, message, resources, bury)


async def _together(
    subscription: Subscription, messages: Sequence[Message], resources: Resources, read: Read = from_message
) -> None:
    events = [event for event in map(read, messages) if subscription.takes(event.type)]
    if not events:
        return
    async with resources.database.transaction() as connection:
        await _effect(subscription, events, connection, resources)


async def _effect(
    subscription: Subscription, events: Sequence[AnyEvent], connection: AsyncConnection, resources: Resources
) -> None:
    ids = [event.id for event in events]
    fresh = await inbox.claim(connection, subscription.consumer, ids, resources.clock.now())
    first = {event.id: event for event in events if event.id in fresh}  # one may have come twice
    with structlog.contextvars.bound_contextvars(consumer=subscription.consumer):
        for same in rounds(list(first.values()), subscription.together):
            if together := subscription.together.get(same[0].type):
                await together(same, connection, resources)
                continue
            for event in same:
                with about(event):
                    await subscription.handlers[event.type](event, connection, resources)


def about(event: Event) -> AbstractContextManager[None]:
    """Say in the log which event is handled."""
    return structlog.contextvars.bound_contextvars(ticket_id=event.ticket, event_id=str(event.id))


def rounds(events: Sequence[AnyEvent], together: Mapping[str, object]) -> Iterator[list[AnyEvent]]:
    """
    Deal events out so that each ticket's stay in their order.

    Those of one type that can be handled together come together, at most one of a ticket;
    the others alone, where they stand.
    """
    waiting = events
    while waiting:
        seen: set[str] = set()
        later: list[AnyEvent] = []
        by_type: dict[object, list[AnyEvent]] = {}
        for event in waiting:
            if event.ticket in seen:
                later.append(event)
                continue
            seen.add(event.ticket)
            by_type.setdefault(event.type if event.type in together else event.id, []).append(event)
        yield from by_type.values()
        waiting = later


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
