"""What a department's system has taken: every event once, every ticket as its latest event left it."""

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from services.department_sim.behaviour import Behaviour

ASSIGNED = "ticket.assigned"


@dataclass
class Held:
    """A ticket here: the version of its state, how many events it took, their types."""

    version: int = 0
    taken: int = 0
    types: list[str] = field(default_factory=list)


class Book:
    """
    Events that were taken, on disk before they are answered.

    A system that dies takes up its book again and knows what it had promised.
    `settings` are kept in it too: the secret of its endpoint.
    """

    def __init__(self, path: Path | None, behaves: Collection[Behaviour] = ()) -> None:
        self.tickets: dict[str, Held] = {}
        self.settings: dict[str, str] = {}
        self.assigned: dict[str, dict[str, Any]] = {}
        self._done: set[str] = set()
        self._seen: set[str] = set()
        self._behaves = behaves
        self._file = None
        if path is not None:
            for line in _whole_lines(path):
                self._read(json.loads(line))
            self._file = path.open("ab")

    def take(self, id_: str, posted: dict[str, Any]) -> bool:
        """Take an event; say whether it is new here."""
        if id_ in self._seen and Behaviour.FORGETS_DUPLICATES not in self._behaves:
            return False
        self._write({"id": id_, "posted": posted})
        return True

    def remember(self, id_: str) -> None:
        """Take an id for known, though its event was not: as it should not be done."""
        self._seen.add(id_)

    def keep(self, **settings: str) -> None:
        """Keep settings over restarts."""
        self._write({"settings": settings})

    def done(self, assignment: str) -> None:
        """Note that an assignment's work is done."""
        self._write({"done": assignment})

    def undone(self) -> list[dict[str, Any]]:
        """Return the assignments that were taken and are not done, oldest first."""
        return [each for name, each in self.assigned.items() if name not in self._done]

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()

    def _write(self, line: dict[str, Any]) -> None:
        if self._file is not None:
            self._file.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
            self._file.flush()
        self._read(line)

    def _read(self, line: dict[str, Any]) -> None:
        self.settings.update(line.get("settings", {}))
        self._done.update([line["done"]] if "done" in line else [])
        if "posted" in line:
            self._seen.add(line["id"])
            self._apply(line["posted"])

    def _apply(self, posted: dict[str, Any]) -> None:
        data = posted["data"]
        held = self.tickets.setdefault(data["ticket"], Held())
        held.taken += 1
        held.types.append(posted["type"])
        if data["version"] > held.version or Behaviour.GOES_BACK in self._behaves:
            held.version = data["version"]
        if posted["type"] == ASSIGNED:
            self.assigned.setdefault(data["assignment_id"], data)


def _whole_lines(path: Path) -> list[bytes]:
    """Return the lines of a book, and cut off what a death left half written: it was not answered."""
    written = path.read_bytes() if path.exists() else b""
    whole = written[: written.rfind(b"\n") + 1]
    if whole != written:
        path.write_bytes(whole)
    return whole.splitlines()
