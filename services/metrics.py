"""What an outside monitor reads: figures of this process in the text form of Prometheus."""

from collections.abc import Awaitable, Callable
from typing import Any

from services.resources import Resources

Probe = Callable[[Resources], Awaitable[None]]
"""Sets figures when they are asked for, so that they are true also when a loop has died."""

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """The figures of a process by name and label."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._help: dict[str, tuple[str, str]] = {}
        self._values: dict[tuple[str, str], float] = {}
        self.probes: list[Probe] = []

    def describe(self, name: str, meaning: str, kind: str = "gauge") -> None:
        """Say what a figure means; `kind` is gauge or counter."""
        self._help[name] = (kind, meaning)

    def set(self, name: str, value: float, **labels: str) -> None:
        """Set a figure to what it is now."""
        self._values[name, _labelled(labels)] = value

    def add(self, name: str, by: float = 1, **labels: str) -> None:
        """Count on."""
        place = (name, _labelled(labels))
        self._values[place] = self._values.get(place, 0) + by

    async def shown(self) -> str:
        """Return all figures; raises `Unavailable` when the database that some come from is away."""
        for probe in self.probes:
            await probe(self._resources)
        lines: list[str] = []
        for name, (kind, meaning) in sorted(self._help.items()):
            lines += [f"# HELP {name} {meaning}", f"# TYPE {name} {kind}"]
            these = [(labels, value) for (known, labels), value in self._values.items() if known == name]
            lines += [f"{name}{labels} {value!r}" for labels, value in sorted(these)]
        return "\n".join(lines) + "\n"


def _labelled(labels: dict[str, Any]) -> str:
    inside = ",".join(f'{name}="{value}"' for name, value in sorted(labels.items()))
    return f"{{{inside}}}" if inside else ""
