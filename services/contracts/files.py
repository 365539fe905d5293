"""The contracts as files: what the code says of them, what a folder holds, and what was released."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from schemas.errors import Misconfigured
from services.contracts.asyncapi import asyncapi
from services.contracts.domain import rest
from services.contracts.domain.compatibility import all_breaks
from services.contracts.event_schemas import topic_schemas, webhook_schemas

RELEASED, RELEASED_API = "released.json", "released_api.json"
MADE = ("events", "webhooks")
"""Folders that hold nothing but what is written here."""

Schemas = Mapping[str, Any]


def event_schemas() -> dict[str, Schemas]:
    """Return every schema of an event, by where it is written."""
    both = {"events": topic_schemas(), "webhooks": webhook_schemas()}
    return {f"{folder}/{type_}": each for folder, some in both.items() for type_, each in some.items()}


def contracts() -> dict[str, str]:
    """Return every file of the contracts by its place in their folder."""
    documents: dict[str, Any] = {f"{name}.schema.json": each for name, each in event_schemas().items()}
    documents["asyncapi.json"] = asyncapi()
    return {place: rendered(each) for place, each in documents.items()}


def write(files: Mapping[str, str], folder: Path) -> None:
    """Make a folder hold these files, and of those made earlier no others."""
    for place in set(differing(files, folder)) - files.keys():
        (folder / place).unlink()
    for place, text in files.items():
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def differing(files: Mapping[str, str], folder: Path) -> list[str]:
    """Return what in a folder is missing, is otherwise, or is not among these files any more."""
    found = {str(path.relative_to(folder)) for each in MADE for path in (folder / each).glob("*.json")}
    wrong = [place for place, text in files.items() if _text(folder / place) != text]
    return sorted({*wrong, *(found - files.keys())})


def breaks_of_released(folder: Path, api: Schemas) -> list[str]:
    """Return what breaks who reads or calls what was released; raises `Misconfigured` when nothing was."""
    events, routes = _released(folder / RELEASED), _released(folder / RELEASED_API)
    return all_breaks(events, event_schemas()) + rest.breaks(routes, api)


def release(folder: Path, api: Schemas) -> None:
    """Keep to today's schemas and API from now on; raises `Misconfigured` when one breaks."""
    if (folder / RELEASED).exists() and (broken := breaks_of_released(folder, api)):
        raise Misconfigured(f"What is released is not taken back: {broken[0]}.")
    (folder / RELEASED).write_text(rendered(event_schemas()), "utf-8")
    (folder / RELEASED_API).write_text(_in_lines(api), "utf-8")


def rendered(document: Any) -> str:
    """Return a document as it is kept: the same for the same content, a line for each value."""
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _released(file: Path) -> Any:
    text = _text(file)
    if text is None:
        raise Misconfigured(f"{file} is missing: what was released.")
    return json.loads(text)


def _in_lines(api: Schemas) -> str:
    """Return the API as it is kept: a line for each route and schema."""
    parts = [
        f'"{part}": {{\n'
        + ",\n".join(f'"{name}": {_short(each)}' for name, each in sorted(some.items()))
        + "\n}"
        for part, some in api.items()
    ]
    return "{" + ",\n".join(parts) + "}\n"


def _short(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False, sort_keys=True)


def _text(path: Path) -> str | None:
    return path.read_text("utf-8") if path.exists() else None
