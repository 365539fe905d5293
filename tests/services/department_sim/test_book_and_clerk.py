"""A simulated department goes on where it was left, and does nothing twice."""

import json
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from services.department_sim.book import Book
from services.department_sim.clerk import STEPS, Clerk
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


class Died(Exception):
    """In the middle of the work."""


@pytest.mark.parametrize("after", range(1, len(STEPS) + 1))
async def test_a_clerk_who_dies_after_a_step_is_followed_by_one_who_takes_none_twice(
    hotline: InProcess, after: int
) -> None:
    ticket = await hotline.call(**NOISE)
    client = await hotline.client("department", DEPARTMENT)
    (assignment,) = await hotline.rows("SELECT assignment_id::text AS id FROM tickets")
    steps = count(1)

    def die(_: str) -> None:
        if next(steps) == after:
            raise Died

    with pytest.raises(Died):
        await Clerk(client, Book(None), 0, die).handle(ticket["id"], assignment.id)
    await Clerk(client, Book(None), 0, lambda _: None).handle(ticket["id"], assignment.id)

    history = await hotline.rows(
        "SELECT step FROM ticket_history WHERE actor LIKE 'department:%' ORDER BY version"
    )
    assert [each.step for each in history] == list(STEPS)
    assert (await hotline.ticket(ticket["id"]))["status"] == "resolved"


async def test_work_that_is_refused_ends_there_and_says_why(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    said: list[str] = []
    stranger = await hotline.client("department", "water-group")
    await Clerk(stranger, Book(None), 0, said.append).handle(ticket["id"], "assignment")
    assert len(said) == 1
    assert "404 ticket_not_found" in said[0]
