"""The script that starts everything, and `up` as an operator meets it: first, again, and after a kill."""

import ast
import os
import re
import runpy
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from services.clock import RehearsalClock, wall_clock
from services.postgres import running_url
from tests.command_line import app
from tests.journeys.processes import COMMAND, ROOT, environment
from tests.leash import LEASH

SCRIPT = ROOT / "hotline"
PASSES_ON = "import sys; print(*sys.argv[1:]); sys.exit(7)"
NO_SUCH_PACKAGE = f"no-such-package-of-ours==1.0 --hash=sha256:{'0' * 64}\n"
OFFLINE = {"PIP_NO_INDEX": "1", "UV_OFFLINE": "1", "UV_NO_INDEX": "1"}
BOUND = 120

Running = subprocess.Popen[str]


class Checkout:
    """A folder with the script, an empty lock file, and a service that only says what it was told."""

    def __init__(self, root: Path) -> None:
        self.root = root
        shutil.copy(SCRIPT, root)
        (root / "services").mkdir()
        (root / "services" / "__main__.py").write_text(PASSES_ON)
        self.lock = root / "requirements.lock"
        self.lock.write_text("# nothing\n")
        self.venv = root / ".venv"

    def begin(self, *arguments: str, python: tuple[str, ...] = (sys.executable, "hotline")) -> Running:
        return subprocess.Popen(
            [*python, *arguments],
            cwd=self.root,
            env={**os.environ, **OFFLINE},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Run it; return exit code, stdout and stderr."""
        return ended(self.begin(*arguments))


def ended(process: Running) -> tuple[int, str, str]:
    said, complained = process.communicate(timeout=BOUND)
    return process.returncode, said, complained


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A checkout that two people started at once for the first time."""
    checkout = Checkout(tmp_path_factory.mktemp("checkout"))
    both = [ended(each) for each in [checkout.begin("up", name) for name in ("one", "two")]]
    assert [each[:2] for each in both] == [(7, "up one\n"), (7, "up two\n")]
    assert sorted("installing" in each[2] for each in both) == [False, True]
    return checkout


def test_arguments_and_exit_code_pass_through_and_nothing_is_installed_again(installed: Checkout) -> None:
    made = (installed.venv / "made").stat()
    assert installed.run("keys", "add", "--name", "座席 3") == (7, "keys add --name 座席 3\n", "")
    assert (installed.venv / "made").stat() == made


def test_it_starts_from_any_folder_and_through_a_link(installed: Checkout, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(installed.root / "hotline")
    done = subprocess.run([link, "x"], cwd=tmp_path, capture_output=True, text=True, timeout=BOUND)
    assert (done.returncode, done.stdout) == (7, "x\n")


def test_a_changed_lock_is_installed_once(installed: Checkout) -> None:
    installed.lock.write_text("# nothing else\n")
    assert "installing what requirements.lock lists" in installed.run()[2]
    assert installed.run()[2] == ""


def test_a_lock_that_cannot_be_installed_is_said_and_tried_again(installed: Checkout) -> None:
    before = installed.lock.read_text()
    installed.lock.write_text(NO_SUCH_PACKAGE)
    for _ in range(2):
        code, said, complained = installed.run()
        assert (code, said) == (2, "")
        assert "no-such-package-of-ours" in complained
        assert complained.endswith("hotline: cannot install requirements.lock.\n")
    installed.lock.write_text(before)
    assert installed.run()[0] == 7


@pytest.mark.parametrize("loss", ["bin/python", "made"])
def test_an_environment_that_is_broken_or_half_made_is_made_anew(installed: Checkout, loss: str) -> None:
    (installed.venv / loss).unlink()
    (installed.venv / "installed").write_text("a mark of before" if loss == "made" else "")
    left = installed.venv / "left"
    left.touch()
    assert installed.run("x")[:2] == (7, "x\n")
    assert not left.exists()


def test_a_python_whose_link_leads_nowhere_is_replaced(installed: Checkout) -> None:
    python = installed.venv / "bin" / "python"
    python.unlink()
    python.symlink_to("/usr/bin/python3.2")
    assert installed.run("x")[:2] == (7, "x\n")


OLD = (
    "import runpy, sys; sys.version_info = (3, 9, 2, 'final', 0); sys.version = '3.9.2 (default)'; "
    "import os; os.environ['PATH'] = ''; sys.argv = ['hotline', 'up']; "
    "runpy.run_path('hotline', run_name='__main__')"
)


def test_a_python_that_is_too_old_is_told_what_is_needed(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    code, said, complained = ended(checkout.begin(python=(sys.executable, "-c", OLD)))
    assert (code, said) == (2, "")
    assert complained.endswith("hotline: needs Python 3.11 or newer; this is 3.9.2.\n")
    assert not checkout.venv.exists()


def test_a_python_that_is_too_old_hands_over_to_a_newer_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find_python = runpy.run_path(str(SCRIPT))["find_python"]
    newer = tmp_path / "python3.12"
    newer.symlink_to(sys.executable)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_python() == sys.executable
    monkeypatch.setattr(sys, "version_info", (3, 9, 2, "final", 0))
    assert find_python() == str(newer)


def test_even_an_ancient_python_can_read_the_script_to_say_so() -> None:
    ast.parse(SCRIPT.read_text(), feature_version=(3, 4))


def test_help_names_every_command() -> None:
    said = CliRunner().invoke(app, ["--help"])
    assert said.exit_code == 0
    for command in ("up", "run", "migrate", "keys", "dead-letters", "demo", "settings", "pg"):
        assert command in said.output
    assert "./hotline test" in said.output


def test_a_data_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "README.md"
    file.touch()
    for command in (["up", "--port", "0"], ["keys", "list"]):
        said = CliRunner().invoke(app, [*command, "--data", str(file)])
        assert (said.exit_code, said.stdout) == (1, "")
        assert said.stderr.startswith(f"hotline: {file} is not a folder.")


def test_a_rehearsals_data_is_not_served_as_if_it_were_real(tmp_path: Path) -> None:
    clock = tmp_path / "clock.json"
    RehearsalClock(clock).set(wall_clock())
    said = refused(tmp_path)
    assert said.startswith(f"hotline: A rehearsal's data: the time in {tmp_path} was moved.")
    assert [each.name for each in tmp_path.iterdir() if each.name != "lock"] == ["clock.json"]


@pytest.mark.parametrize(
    "arguments",
    [[], ["fly"], ["up", "--port", "x"], ["up", "--port", "65536"], ["run"], ["run", "mayor"], ["--fly"]],
    ids=" ".join,
)
def test_a_command_that_cannot_be_meant_is_a_usage_error(arguments: list[str]) -> None:
    assert CliRunner().invoke(app, arguments).exit_code == 2


def test_roles_without_a_database_say_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOTLINE_DATABASE_URL", raising=False)
    said = CliRunner().invoke(app, ["run", "intake", "--port", "0"])
    assert (said.exit_code, said.stderr) == (
        1,
        "hotline: Set HOTLINE_DATABASE_URL; `hotline up` brings a database of its own.\n",
    )


def test_up_beside_a_database_of_ones_own_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTLINE_DATABASE_URL", "postgresql+asyncpg://127.0.0.1:1/hotline")
    said = CliRunner().invoke(app, ["up", "--port", "0"])
    assert said.exit_code == 1
    assert said.stderr.startswith("hotline: HOTLINE_DATABASE_URL is set; `up` brings a database of its own.")


@dataclass
class Up:
    """A service under way, and what it said when it began."""

    child: "subprocess.Popen[str]"
    data: Path
    said: str

    @property
    def url(self) -> str:
        found = re.search(r"12345 hotline at (http://\S+)", self.said)
        assert found is not None
        return found[1]

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    @property
    def keys(self) -> dict[str, str]:
        return dict(re.findall(r"^  (\w+) +(hk_\S+)$", self.said, re.MULTILINE))

    def psql(self, *arguments: str) -> str:
        command = [*COMMAND, "pg", "psql", "--data", str(self.data), *arguments]
        return subprocess.check_output(command, env=environment({}), text=True, timeout=BOUND)

    def register(self, key: str, title: str) -> httpx.Response:
        call = {"kind": "complaint", "title": title, "text": "测试来电"}
        return httpx.post(f"{self.url}/v1/tickets", json=call, headers=_bearer(key), timeout=BOUND)

    def titles(self, key: str) -> list[str]:
        answer = httpx.get(f"{self.url}/v1/tickets", headers=_bearer(key), timeout=BOUND)
        return sorted(each["title"] for each in answer.json()["items"])

    def stop(self, how: signal.Signals) -> int:
        self.child.send_signal(how)
        return self.child.wait(BOUND)


def _bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


@contextmanager
def up(data: Path) -> Iterator[Up]:
    """`up` on a free port, once it says that it serves; killed at the end if it still runs."""
    command = [*LEASH, *COMMAND, "up", "--data", str(data), "--port", "0"]
    log = data.parent / "log"
    with log.open("a") as complaints:
        child = subprocess.Popen(
            command, env=environment({}), stdout=subprocess.PIPE, stderr=complaints, text=True
        )
    bound = threading.Timer(BOUND, child.kill)
    bound.start()
    try:
        assert child.stdout is not None
        with child.stdout:
            said = ""
            while not said.endswith("Ctrl-C stops it.\n"):
                line = child.stdout.readline()
                assert line, f"It ended:\n{said}\n{log.read_text()[-3000:]}"
                said += line
            bound.cancel()
            yield Up(child, data, said)
    finally:
        bound.cancel()
        child.kill()
        child.wait(BOUND)


def refused(data: Path, port: int = 0, **settings: str) -> str:
    """What `up` says when it fails."""
    command = [*COMMAND, "up", "--data", str(data), "--port", str(port)]
    env = environment(settings)
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=BOUND)
    assert (done.returncode, done.stdout) == (1, "")
    return done.stderr


def until(look: Callable[[], bool]) -> None:
    end = time.monotonic() + BOUND
    while not look():
        assert time.monotonic() < end, "It never came to that."
        time.sleep(0.1)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("up") / "var"


@pytest.fixture(scope="module")
def agent(data: Path) -> str:
    """An agent's key, of those the first start showed, after two starts that could not be."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = refused(data, port)
        assert said == f"hotline: Cannot listen on 127.0.0.1:{port}: Address already in use.\n"
    assert "Kafka" in refused(data, HOTLINE_KAFKA_SERVERS="127.0.0.1:1")  # once the tables are made
    with up(data) as first:
        assert set(first.keys) == {"agent", "supervisor", "admin"}
        assert f"Data in {data}" in first.said
        assert (data / "url").read_text() == first.url
        assert first.register(first.keys["agent"], "一").status_code == 201
        assert f"process {first.child.pid}) already runs on {data}." in refused(data, first.port)
        assert first.psql("-Atc", "SELECT count(*) FROM tickets") == "1\n"
        assert first.stop(signal.SIGINT) == 0
    assert running_url(data) is None
    return first.keys["agent"]


def test_what_was_registered_is_there_after_a_stop_a_kill_and_another_start(data: Path, agent: str) -> None:
    with up(data) as second:
        assert second.keys == {}
        assert second.titles(agent) == ["一"]
        assert second.register(agent, "二").status_code == 201
        second.stop(signal.SIGKILL)
    with up(data) as third:
        assert third.titles(agent) == ["一", "二"]
        assert third.stop(signal.SIGTERM) == 0


def test_a_database_killed_under_the_service_comes_back_and_has_lost_nothing(data: Path, agent: str) -> None:
    with up(data) as service:
        before = service.titles(agent)
        server = int((data / "postgres" / "postmaster.pid").read_text().splitlines()[0])
        os.kill(server, signal.SIGKILL)
        until(lambda: service.register(agent, "三").status_code == 201)
        assert service.titles(agent) == sorted([*before, "三"])
        assert service.stop(signal.SIGTERM) == 0
    assert running_url(data) is None
