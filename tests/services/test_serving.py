"""`hotline run` refuses what would lose events or cannot serve."""

import subprocess

import pytest

from tests.journeys.processes import COMMAND, environment

NOWHERE = "postgresql+asyncpg://nobody:nothing@127.0.0.1:1/none"


@pytest.mark.parametrize(
    ("arguments", "env", "code", "says"),
    [
        (["intake"], {"HOTLINE_DATABASE_URL": NOWHERE}, 1, "HOTLINE_KAFKA_SERVERS"),
        (["intake", "router"], {"HOTLINE_DATABASE_URL": NOWHERE}, 1, "HOTLINE_KAFKA_SERVERS"),
        (["intake"], {}, 1, "HOTLINE_DATABASE_URL"),
        (["inteke"], {}, 2, "inteke"),
        ([], {}, 2, "ROLE"),
    ],
)
def test_a_role_that_cannot_be_run_so_is_refused_with_the_reason(
    arguments: list[str], env: dict[str, str], code: int, says: str
) -> None:
    command = [*COMMAND, "run", *arguments]
    done = subprocess.run(command, env=environment(env), capture_output=True, text=True, timeout=60)
    assert (done.returncode, says in done.stderr) == (code, True), done.stderr
