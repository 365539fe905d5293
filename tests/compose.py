"""Reads the compose file, so that a test can start its very commands as processes on this machine."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).parents[1] / "docker-compose.yml"

_REFERENCE = re.compile(r"\$\{(\w+):\?([^}]*)\}")


def compose_file() -> dict[str, Any]:
    """Return the file as it stands, anchors resolved, variables not."""
    return yaml.safe_load(FILE.read_text())  # type: ignore[no-any-return]


def compose_service(
    name: str, substitutions: Mapping[str, str], variables: Mapping[str, str] = os.environ
) -> tuple[list[str], dict[str, str]]:
    """
    Return what a service's container is told: arguments of its entry point, and environment.

    `variables` fill in `${NAME:?message}`, and variables that are only named; then every text of
    `substitutions` that stands by itself is replaced, as in `{"kafka:9092": "127.0.0.1:20000"}`.
    Raises `LookupError` with the message when a required variable is missing or empty.
    """
    service = compose_file()["services"][name]
    given = {
        key: str(variables[key] if value is None else value)
        for key, value in service["environment"].items()
        if value is not None or key in variables
    }
    return (
        [_replaced(each, substitutions) for each in service["command"]],
        {key: _replaced(_filled(value, variables), substitutions) for key, value in given.items()},
    )


def compose_health(name: str, substitutions: Mapping[str, str]) -> list[str]:
    """Return the command that asks a service's container whether it is well."""
    how, *command = compose_file()["services"][name]["healthcheck"]["test"]
    assert how == "CMD"
    return [_replaced(each, substitutions) for each in command]


def _filled(text: str, variables: Mapping[str, str]) -> str:
    def value(reference: re.Match[str]) -> str:
        name, message = reference.groups()
        if not variables.get(name):
            raise LookupError(message)
        return variables[name]

    return _REFERENCE.sub(value, text)


def _replaced(text: str, substitutions: Mapping[str, str]) -> str:
    """Replace in one pass, so that nothing put in is replaced again."""
    if not substitutions:
        return text
    known = "|".join(re.escape(each) for each in sorted(substitutions, key=len, reverse=True))
    return re.sub(rf"(?<!\w)(?:{known})(?!\w)", lambda found: substitutions[found[0]], text)
