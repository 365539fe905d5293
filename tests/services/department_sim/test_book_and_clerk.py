"""A simulated department goes on where it was left, and does nothing twice."""

import json
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from schemas.errors import Misconfigured
from services.department_sim.behaviour import SENDING_MEANS, Sending
from services.department_sim.book import Book
from services.department_sim.clerk import STEPS, Clerk
from services.department_sim.hand import CLERK, ByHook, ByRest, Hand, Way
from services.department_sim.reception import Say
from services.department_sim.system import Hotline as Service
from services.department_sim.system import System
from tests.inprocess import InProcess

DEPARTMENT = "ecology-environment-longhua"
NOISE = {"category": "020100", "division": "460106002000"}


def assigned(version: int = 2, type_: str = "ticket.assigned", ticket: str = "HK1") -> dict[str, Any]:
    data = {"ticket": ticket, "version": version, "assignment_id": f"{ticket}-assignment"}
    return {"type": type_, "data": data}


def test_an_event_is_taken_once_however_often_the_book_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "book"
    first = Book(path)
    first.keep(secret="whsec_")
    assert first.take("a", assigned())
    assert not first.take("a", assigned())
    first.close()
    again = Book(path)
    assert not again.take("a", assigned())
    assert again.take("b", assigned(3, "ticket.urged"))
    held = again.tickets["HK1"]
    assert (held.version, held.taken, held.types) == (3, 2, ["ticket.assigned", "ticket.urged"])
    assert again.settings == {"secret": "whsec_"}
    again.close()


def test_an_older_event_is_kept_and_puts_nothing_back() -> None:
    book = Book(None)
    for id_, version in (("a", 5), ("b", 3)):
        assert book.take(id_, assigned(version))
    assert (book.tickets["HK1"].version, book.tickets["HK1"].taken) == (5, 2)


def test_what_a_death_left_half_written_was_never_taken(tmp_path: Path) -> None:
    path = tmp_path / "book"
    whole = json.dumps({"id": "a", "posted": assigned()}).encode() + b"\n"
    path.write_bytes(whole + whole[:20])
    book = Book(path)
    assert book.take("b", assigned(3))
    book.close()
    assert [json.loads(line)["id"] for line in path.read_bytes().splitlines()] == ["a", "b"]


def test_work_that_is_not_done_is_known_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "book"
    book = Book(path)
    for ticket in ("HK1", "HK2"):
        book.take(ticket, assigned(ticket=ticket))
    book.done("HK1-assignment")
    book.close()
    again = Book(path)
    assert [each["ticket"] for each in again.undone()] == ["HK2"]
    again.close()


async def test_a_book_is_gone_on_with_at_the_port_that_is_posted_to(tmp_path: Path) -> None:
    taken: list[dict[str, Any]] = []

    async def register(request: web.Request) -> web.Response:
        taken.append(await request.json())
        return web.json_response({"id": "1", "secret": "whsec_c2VjcmV0"}, status=201)

    service = web.Application()
    service.router.add_post("/{path:.*}", register)

    def system(port: int) -> System:
        hotline = Service(f"http://127.0.0.1:{server.port}", "key", DEPARTMENT)
        return System("127.0.0.1", port, (), hotline, None, tmp_path / "book", 0, 0, lambda _: None)

    async with TestServer(service) as server:
        addresses = []
        for _ in range(2):
            async with system(0).opened() as (address, _secret):
                addresses.append(address)
        registered = [each["url"] for each in taken if "url" in each]
        assert [f"{each}/hook" for each in addresses] == registered * 2
        with pytest.raises(Misconfigured, match="registered at port"):
            async with system(1).opened():
                pass


class Died(Exception):
    """In the middle of the work."""


async def hand_of(
    hotline: InProcess, way: Way, *sends: Sending, department: str = DEPARTMENT
) -> ByHook | ByRest:
    client = await hotline.client("department", department)
    if way is Way.REST:
        return ByRest(client)
    made = await client.post(f"/v1/hooks/{department}/secrets", json={})
    keyless = httpx.AsyncClient(transport=httpx.ASGITransport(hotline.app), base_url="http://test")
    return ByHook(keyless, department, made.json()["secret"], sends, hotline.clock.real)


async def steps_taken(hotline: InProcess) -> list[str]:
    history = await hotline.rows(
        "SELECT step FROM ticket_history WHERE actor LIKE 'department:%' ORDER BY version"
    )
    return [each.step for each in history]


async def work(hotline: InProcess, hand: Hand, say: Say = lambda _: None) -> None:
    """Let the clerk of a system do what was assigned last."""
    (ticket,) = await hotline.rows("SELECT id, assignment_id::text, version FROM tickets")
    await Clerk(hand, Book(None), 0, say).handle(ticket.id, ticket.assignment_id, 2)


@pytest.mark.parametrize("way", list(Way))
@pytest.mark.parametrize("after", range(1, len(STEPS) + 1))
async def test_a_clerk_who_dies_after_a_step_is_followed_by_one_who_takes_none_twice(
    hotline: InProcess, after: int, way: Way
) -> None:
    ticket = await hotline.call(**NOISE)
    hand = await hand_of(hotline, way)
    steps = count(1)

    def die(_: str) -> None:
        if next(steps) == after:
            raise Died

    with pytest.raises(Died):
        await work(hotline, hand, die)
    await work(hotline, hand)

    assert await steps_taken(hotline) == list(STEPS)
    assert (await hotline.ticket(ticket["id"]))["status"] == "resolved"


@pytest.mark.parametrize("way", list(Way))
async def test_work_that_is_refused_ends_there_and_says_why(hotline: InProcess, way: Way) -> None:
    await hotline.call(**NOISE)
    said: list[str] = []
    await work(hotline, await hand_of(hotline, way, department="water-group"), said.append)
    assert len(said) == 1
    assert "404 ticket_not_found" in said[0]


async def test_by_hook_the_history_names_who_did_it_though_the_clock_is_a_rehearsals(
    hotline: InProcess,
) -> None:
    hotline.clock.moved = timedelta(days=100)  # so far it is ahead of real time, and of signatures
    await hotline.call(**NOISE)
    await work(hotline, await hand_of(hotline, Way.HOOK))
    rows = await hotline.rows("SELECT DISTINCT actor, person, post FROM ticket_history WHERE person <> ''")
    assert [tuple(each) for each in rows] == [(f"department:{DEPARTMENT}", *CLERK.values())]


@pytest.mark.parametrize(
    ("sends", "steps", "says"),
    [
        (Sending.FORGED, [], "401 bad_signature"),
        (Sending.LATE, [], "401 signature_expired"),
        (Sending.UNKNOWN_FIELDS, [], "422 invalid"),
        (Sending.OLD_VERSIONS, ["sign"], "409 older_than_applied"),
        (Sending.TWICE, list(STEPS), "200 resolved"),
        (Sending.AGAIN_AS_NEW, ["sign", "contact", "feedback", "feedback", "resolve"], "200 resolved"),
    ],
)
async def test_what_is_sent_badly_does_no_more_than_what_can_be_believed_of_it(
    hotline: InProcess, sends: Sending, steps: list[str], says: str
) -> None:
    """What comes again under a new id is another command: what may be said twice is taken twice."""
    await hotline.call(**NOISE)
    said: list[str] = []
    await work(hotline, await hand_of(hotline, Way.HOOK, sends), said.append)
    assert await steps_taken(hotline) == steps
    assert says in said[-1]
    assert set(SENDING_MEANS) == set(Sending)
