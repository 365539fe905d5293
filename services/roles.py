"""What a process does: roles declare it, `serve` runs it, and one broken loop stops it loudly."""

import asyncio
import gc
import socket
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import structlog
import uvicorn
from fastapi import APIRouter, FastAPI

from schemas.errors import Misconfigured
from services.bus import Subscription
from services.bus.kafka import KafkaConsumer, KafkaPublisher, ensure_topics
from services.bus.local import LocalBus
from services.bus.relay import relay
from services.database import is_passing
from services.http import Check, create_app
from services.limits import Keeper, Limits
from services.migrate import Seed
from services.offers import Offers, Refuses
from services.previews import Part, Previews
from services.processes import told_to_stop
from services.resources import Part as Kept
from services.resources import Resources
from services.ticket_commands import TicketCommand, TicketCommands

Ready = Callable[[], Awaitable[None]]
"""Called once requests are answered; what it raises takes the process down."""

Loop = Callable[[Resources], Awaitable[None]]

RETRY_SECONDS = 1.0

GRACE_SECONDS = 15
"""
How long a process that is told to stop answers what was begun; then it hangs up.

Longer than an answer is held on purpose (`Prefer: wait`), and over before anybody would kill it.
"""

KEPT_OPEN_SECONDS = 75
"""Idle connections outlast those that clients keep: a POST on one closed under way cannot be sent again."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Role:
    """
    A package at a glance: its faces, consumers and loops.

    `checks` must hold before it serves, `seeds` load what ships with it. Also in a process that does
    not run it `previews` say what it would make of a matter, `limits` answers how long it may take,
    `ticket_commands` are what can be done with a ticket, `refuses` what of it cannot be done now, and
    `parts` are kept that show figures.
    """

    name: str
    faces: Sequence[APIRouter] = ()
    consumers: Sequence[Subscription] = ()
    loops: Sequence[Loop] = ()
    checks: Sequence[Check] = ()
    seeds: Sequence[Seed] = ()
    previews: Mapping[str, Part] = field(default_factory=dict)
    limits: Keeper | None = None
    ticket_commands: Sequence[TicketCommand] = ()
    refuses: Sequence[Refuses] = ()
    parts: Sequence[type[Kept]] = ()


def introduce(every: Iterable[Role], resources: Resources) -> None:
    """Let this process ask what it must of every role, also of those it does not run."""
    for role in every:
        resources.part(Previews).add(role.previews)
        resources.part(TicketCommands).add(role.ticket_commands)
        resources.part(Offers).add(role.refuses)
        for each in role.parts:
            resources.part(each)
        if role.limits is not None:
            resources.part(Limits).kept_by(role.limits)


def open_port(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """
    Take an address to listen on; raises `Misconfigured` when another process has it.

    Others may listen on a `shared` one too, if they say so as well: the kernel deals connections out.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        listener.bind((host, port))
    except OSError as fault:
        listener.close()
        raise Misconfigured(f"Cannot listen on {host}:{port}: {fault.strerror}.") from fault
    return listener


def reserve_port(host: str, port: int) -> socket.socket:
    """Hold an address nobody has for processes that share it, without listening there."""
    with open_port(host, port) as alone:
        port = alone.getsockname()[1]
    return open_port(host, port, shared=True)


async def serve(roles: Sequence[Role], resources: Resources, listener: socket.socket, ready: Ready) -> None:
    """
    Run the faces, consumers and loops of `roles` until the process is told to stop.

    `ready` is called once requests are answered. A loop that fails for good takes
    everything down with it: a silent half of a service is worse than none.
    """
    for check in (check for role in roles for check in role.checks):
        await check(resources)
    if resources.settings.kafka_servers:
        await ensure_topics(resources.settings)
    faces = [face for role in roles for face in role.faces]
    app = create_app(faces, resources, [check for role in roles for check in role.checks])
    server = _Server(app, ready)
    spare_the_collector()
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(keep_running(name, loop, resources), name=name)
            for name, loop in _loops(roles, resources)
        ]
        with told_to_stop(server.stop):
            await server.serve(sockets=[listener])
        for task in tasks:
            task.cancel()


def spare_the_collector() -> None:
    """
    Let the garbage collector look at little, and seldom: left alone it takes a fifth of a flood's CPU.

    What is loaded by now stays, so it need not be walked again and again; and the thousands of
    objects that calls under way hold are no reason to look for cycles among them.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


async def keep_running(name: str, loop: Loop, resources: Resources) -> None:
    """Run a loop for ever; a passing fault of a backing service starts it again."""
    while True:
        try:
            await loop(resources)
            raise Misconfigured(f"The loop {name} ended.")
        except Exception as fault:
            if not is_passing(fault):
                log.critical("loop_failed", loop=name, exc_info=True)
                raise
            log.warning("loop_waits", loop=name, fault=repr(fault))
        await asyncio.sleep(RETRY_SECONDS)


def _loops(roles: Sequence[Role], resources: Resources) -> list[tuple[str, Loop]]:
    loops: list[tuple[str, Loop]] = [("wakeups", lambda each: each.wakeups.run())]
    loops += [(loop.__name__, loop) for role in roles for loop in role.loops]
    subscriptions = [each for role in roles for each in role.consumers]
    if not resources.settings.kafka_servers:
        bus = LocalBus(resources, subscriptions)
        return [*loops, ("local_bus", lambda _: bus.run())]
    publisher = KafkaPublisher(resources.settings)
    loops.append(("relay", lambda each: relay(each, publisher)))
    for subscription in subscriptions:
        consumer = KafkaConsumer(resources, subscription, publisher)
        loops.append((f"consumer_{subscription.consumer}", lambda _, one=consumer: one.run()))  # type: ignore[misc]
    return loops


class _Server(uvicorn.Server):
    """Uvicorn inside our own task group: signals are ours, and readiness is told."""

    def __init__(self, app: FastAPI, ready: Ready) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                lifespan="off",
                server_header=False,
                timeout_keep_alive=KEPT_OPEN_SECONDS,
                timeout_graceful_shutdown=GRACE_SECONDS,
            )
        )
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open the port, then say so."""
        await super().startup(sockets)
        if not self.should_exit:
            await self._ready()

    def stop(self) -> None:
        """Answer what was asked, for as long as that is waited for, then end."""
        self.should_exit = True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to the process."""
        yield
