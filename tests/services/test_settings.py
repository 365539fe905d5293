"""What an operator sets is taken as meant, or refused at the start in one line."""

import subprocess

import pytest
from pydantic import ValidationError

from services.resources import driver_dsn
from services.settings import Settings
from tests.journeys.processes import COMMAND, environment

OURS = "postgresql+asyncpg://hotline:p%40ss@db/hotline"
FORM = "write postgresql+asyncpg://user:password@host/name; no other database will do."


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("LOG_LEVEL", "FOO", "Input should be 'DEBUG', 'INFO', 'WARNING' or 'ERROR'."),
        ("LOG_LEVEL", "TRACE", "Input should be 'DEBUG', 'INFO', 'WARNING' or 'ERROR'."),
        ("DATABASE_URL", "foo", FORM),
        ("DATABASE_URL", "", FORM),
        ("DATABASE_URL", "mysql://u:secret@h/d", FORM),
        ("DATABASE_URL", "postgresql+psycopg://u:secret@h/d", FORM),
        ("DATABASE_URL", "postgresql://u:secret@h:port/d", FORM),
        ("TIME_ZONE", "Mars", "there is no time zone 'Mars'; write one like Asia/Shanghai."),
        ("TIME_ZONE", "America", "there is no time zone 'America'; write one like Asia/Shanghai."),
        ("TIME_ZONE", "", "there is no time zone ''; write one like Asia/Shanghai."),
    ],
)
def test_a_setting_that_cannot_be_is_refused_at_the_start_in_one_line(
    variable: str, value: str, says: str
) -> None:
    for command in (["up", "--port", "0"], ["run", "intake"]):
        done = subprocess.run(
            [*COMMAND, *command],
            env=environment({f"HOTLINE_{variable}": value}),
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == f"hotline: HOTLINE_{variable}: {says}\n"


def test_a_group_of_settings_that_cannot_be_read_is_one_line_too() -> None:
    env = environment({"HOTLINE_WEBHOOKS": "fast"})
    command = [*COMMAND, "run", "intake"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith('hotline: error parsing value for field "webhooks"')


@pytest.mark.parametrize("given", ["debug", "Debug", "DEBUG"])
def test_a_log_level_may_be_written_in_any_case(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTLINE_LOG_LEVEL", given)
    assert Settings().log_level == "DEBUG"


@pytest.mark.parametrize("scheme", ["postgresql+asyncpg", "postgresql", "postgres"])
def test_an_address_written_for_another_client_leads_to_the_same_database(scheme: str) -> None:
    settings = Settings(database_url=OURS.replace("postgresql+asyncpg", scheme))
    assert settings.database_url is not None
    assert settings.database_url.get_secret_value() == OURS


def test_how_to_encrypt_is_said_to_each_library_in_its_own_word() -> None:
    settings = Settings(database_url="postgresql://hotline@db/hotline?host=h&sslmode=require")
    assert settings.database_url is not None
    url = settings.database_url.get_secret_value()
    assert url == "postgresql+asyncpg://hotline@db/hotline?host=h&ssl=require"
    assert driver_dsn(url) == "postgresql://hotline@db/hotline?host=h&sslmode=require"


def test_a_refused_address_is_nowhere_shown_with_its_password() -> None:
    with pytest.raises(ValidationError) as refusal:
        Settings(database_url="mysql://u:secret@h/d")
    assert "secret" not in str(refusal.value)
