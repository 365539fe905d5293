"""
The compose file and the image: what they start, and that nothing in them is a secret.

`compose-spec.json` is the schema of the Compose Specification as compose-go 2.16.2 ships it,
Apache-2.0.
"""

import json
import re
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from services.composition import ROLES
from services.settings import describe
from tests.command_line import app
from tests.compose import FILE, compose_file, compose_health, compose_service

ROLE_NAMES = [role.name for role in ROLES]
PASSWORD = {"HOTLINE_DB_PASSWORD": "Kept1Secret"}
SETTINGS = {variable for variable, _, _ in describe()}


def services() -> dict[str, dict[str, Any]]:
    return compose_file()["services"]  # type: ignore[no-any-return]


def run_once() -> set[str]:
    """The services that others wait for to end."""
    waits = [each.get("depends_on", {}) for each in services().values()]
    return {
        name
        for wait in waits
        for name, how in wait.items()
        if how["condition"] == "service_completed_successfully"
    }


def faults(document: object) -> list[str]:
    schema = json.loads(Path(__file__).with_name("compose-spec.json").read_text())
    return [fault.message for fault in Draft202012Validator(schema).iter_errors(document)]


def test_the_file_keeps_to_the_compose_specification() -> None:
    assert faults(compose_file()) == []


def test_the_specification_would_find_a_misspelt_key() -> None:
    document = compose_file()
    document["services"]["intake"]["helthcheck"] = document["services"]["intake"].pop("healthcheck")

    (fault,) = faults(document)
    assert "'helthcheck' was unexpected" in fault


def test_every_role_has_a_service_of_its_name() -> None:
    assert set(ROLE_NAMES) == services().keys() - {"migrate", "postgres", "kafka"}


def test_the_roles_differ_by_role_and_published_port_only() -> None:
    def without_role(name: str) -> dict[str, Any]:
        service = services()[name]
        service.pop("ports")
        service["command"] = ["ROLE" if each == name else each for each in service["command"]]
        return service

    first, *others = [without_role(name) for name in ROLE_NAMES]
    assert "ROLE" in first["command"]
    assert all(other == first for other in others)


def test_every_port_is_published_on_loopback_and_once() -> None:
    published = [port for service in services().values() for port in service.get("ports", [])]

    assert published == ["127.0.0.1:8001:8000", "127.0.0.1:8002:8000", "127.0.0.1:8003:8000"]


def test_every_service_that_runs_on_has_a_health_check_and_comes_back() -> None:
    running_on = {name: service for name, service in services().items() if name not in run_once()}

    assert run_once() == {"migrate"}
    assert [name for name, each in running_on.items() if "healthcheck" not in each] == []
    assert [name for name, each in running_on.items() if each["restart"] != "unless-stopped"] == []


def test_what_is_waited_for_to_be_healthy_can_tell() -> None:
    waits = [each.get("depends_on", {}) for each in services().values()]
    awaited = {name for wait in waits for name, how in wait.items() if how["condition"] == "service_healthy"}

    assert awaited == {"postgres", "kafka"}
    assert all("healthcheck" in services()[name] for name in awaited)


def test_databases_and_logs_outlive_their_containers() -> None:
    volumes = [name.split(":")[0] for each in services().values() for name in each.get("volumes", [])]

    assert sorted(volumes) == sorted(compose_file()["volumes"]) == ["kafka", "postgres"]


def test_every_variable_of_the_service_is_a_setting() -> None:
    given = {
        name
        for service in services().values()
        for name in service["environment"]
        if name.startswith("HOTLINE_")
    }

    assert {"HOTLINE_DATABASE_URL", "HOTLINE_KAFKA_SERVERS"} <= given
    assert given - SETTINGS == set()


def test_no_password_stands_in_the_file_or_has_a_default() -> None:
    text = FILE.read_text()
    passwords = re.findall(r"^\s*\w*(?:PASSWORD|SECRET|PEPPER)\w*:[ ]*(.*)$", text, re.MULTILINE)
    in_addresses = re.findall(r"://[^:/@\s]*:(\$\{[^}]*\}|[^@\s]*)@", text)
    references = re.findall(r"\$\{[^}]*\}", text)

    assert passwords == ["", references[0]]
    assert in_addresses == [references[0]]
    assert set(references) == {"${HOTLINE_DB_PASSWORD:?set HOTLINE_DB_PASSWORD}"}


@pytest.mark.parametrize("variables", [{}, {"HOTLINE_DB_PASSWORD": ""}], ids=["unset", "empty"])
def test_without_a_password_nothing_starts(variables: dict[str, str]) -> None:
    with pytest.raises(LookupError, match="set HOTLINE_DB_PASSWORD"):
        compose_service("intake", {}, variables)


def test_a_service_reads_as_arguments_and_environment() -> None:
    assert compose_service("router", {}, PASSWORD) == (
        ["run", "router", "--host", "0.0.0.0", "--port", "8000"],
        {
            "HOTLINE_DATABASE_URL": "postgresql+asyncpg://hotline:Kept1Secret@postgres:5432/hotline",
            "HOTLINE_KAFKA_SERVERS": "kafka:9092",
        },
    )


def test_places_are_replaced_so_that_it_runs_on_this_machine() -> None:
    places = {
        "postgres:5432": "127.0.0.1:28000",
        "kafka:9092": "127.0.0.1:29000",
        "0.0.0.0": "127.0.0.1",
        "8000": "0",
    }

    arguments, environment = compose_service("intake", places, PASSWORD)

    assert arguments == ["run", "intake", "--host", "127.0.0.1", "--port", "0"]
    assert environment == {
        "HOTLINE_DATABASE_URL": "postgresql+asyncpg://hotline:Kept1Secret@127.0.0.1:28000/hotline",
        "HOTLINE_KAFKA_SERVERS": "127.0.0.1:29000",
    }


def test_a_variable_that_is_only_named_is_passed_on_when_set() -> None:
    _, environment = compose_service("intake", {}, {**PASSWORD, "HOTLINE_LOG_LEVEL": "DEBUG"})

    assert environment["HOTLINE_LOG_LEVEL"] == "DEBUG"
    assert "HOTLINE_API_KEY_PEPPER" not in environment


@pytest.mark.parametrize("name", [*ROLE_NAMES, "migrate"])
def test_the_command_line_has_the_commands_of_the_file(name: str) -> None:
    (command, *_), _ = compose_service(name, {}, PASSWORD)

    assert CliRunner().invoke(app, [command, "--help"]).exit_code == 0


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False)])
def test_the_health_check_asks_whether_the_service_is_ready(status: int, healthy: bool) -> None:
    with answering({"/readyz": status, "/healthz": 200}) as port:
        python, *arguments = compose_health("intake", {"8000": str(port)})
        done = subprocess.run([sys.executable, *arguments], capture_output=True, timeout=30)

    assert python == "python"
    assert (done.returncode == 0) is healthy


def test_the_health_check_asks_the_port_that_is_listened_on() -> None:
    arguments, _ = compose_service("intake", {}, PASSWORD)
    port = arguments[arguments.index("--port") + 1]

    assert f":{port}/readyz" in compose_health("intake", {})[-1]


def test_the_image_holds_every_package_and_the_locked_requirements() -> None:
    root = FILE.parent
    project = tomllib.loads((root / "pyproject.toml").read_text())
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    copied = re.findall(r"^COPY (\S+)", (root / "Dockerfile").read_text(), re.MULTILINE)

    assert sorted(copied) == sorted(
        ["requirements.lock", "pyproject.toml", *(f"{each}/" for each in packages)]
    )
    assert all((root / each).exists() for each in copied)


@contextmanager
def answering(statuses: dict[str, int]) -> Iterator[int]:
    """A server on loopback that answers these paths so; yields its port."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(statuses.get(self.path, 404))
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()
