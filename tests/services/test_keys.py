"""`hotline keys`: made, listed and revoked while the service runs."""

import asyncio
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from typer.testing import CliRunner, Result

from services import authorization
from services.cli.keys import FIRST, first_keys
from services.security import hash_key
from tests.command_line import app
from tests.inprocess import InProcess

BOUND = 10


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch, database_url: str) -> None:
    monkeypatch.setenv("HOTLINE_DATABASE_URL", database_url)


async def hotline_says(*arguments: str) -> Result:
    """Run a command, in a thread, for it has an event loop of its own."""
    return await asyncio.to_thread(lambda: CliRunner().invoke(app, list(arguments), prog_name="hotline"))


async def add(*arguments: str) -> dict[str, Any]:
    said = await hotline_says("keys", "add", *arguments, "--json")
    assert said.exit_code == 0, said.output
    return json.loads(said.stdout)  # type: ignore[no-any-return]


async def listed() -> list[dict[str, Any]]:
    said = await hotline_says("keys", "list", "--json")
    assert said.exit_code == 0, said.output
    return json.loads(said.stdout)  # type: ignore[no-any-return]


async def status(hotline: InProcess, key: str, path: str = "/v1/tickets") -> int:
    client = await hotline.client()
    return (await client.get(path, headers={"authorization": f"Bearer {key}"})).status_code


async def test_a_key_opens_what_its_role_may_do(hotline: InProcess) -> None:
    agent, supervisor = await add("--role", "agent"), await add("--role", "supervisor")
    assert await status(hotline, agent["key"]) == 200
    assert await status(hotline, agent["key"], "/v1/supervision/overdue") == 403
    assert await status(hotline, supervisor["key"], "/v1/supervision/overdue") == 200


async def test_without_json_the_key_alone_is_printed(hotline: InProcess) -> None:
    said = await hotline_says("keys", "add", "--role", "admin")
    (line,) = said.stdout.splitlines()
    assert await status(hotline, line) == 200


async def test_a_departments_key_sees_its_department_only(hotline: InProcess) -> None:
    await hotline.call(category="020100", division="460106002000")
    seen = {}
    for department in ("ecology-environment-longhua", "water-group"):
        key = (await add("--role", "department", "--department", department))["key"]
        client = await hotline.client()
        answer = await client.get("/v1/tickets", headers={"authorization": f"Bearer {key}"})
        seen[department] = len(answer.json()["items"])
    assert seen == {"ecology-environment-longhua": 1, "water-group": 0}


async def test_a_list_says_who_holds_what_and_never_the_key(hotline: InProcess) -> None:
    made = [
        await add("--role", "agent", "--name", "座席 3"),
        await add("--role", "department", "--department", "water-group"),
    ]
    rows = await listed()
    assert [(row["id"], row["role"]) for row in rows] == [(each["id"], each["role"]) for each in made]
    assert [(row["name"], row["department"]) for row in rows] == [
        ("座席 3", None),
        ("department", "water-group"),
    ]
    said = (await hotline_says("keys", "list")).stdout
    assert said.splitlines()[0].split() == ["ID", "STATE", "ROLE", "HOLDER"]
    assert len(said.splitlines()) == 3
    assert not any(each["key"] in said + json.dumps(rows) for each in made)


async def test_a_key_for_a_department_that_is_not_there_is_refused() -> None:
    said = await hotline_says("keys", "add", "--role", "department", "--department", "nope")
    assert (said.exit_code, said.stdout) == (1, "")
    assert said.stderr.startswith("hotline: There is no department nope.")
    assert await listed() == []


async def test_only_the_hash_of_a_key_is_stored(hotline: InProcess) -> None:
    key = (await add("--role", "agent"))["key"]
    (row,) = await hotline.rows("SELECT hash, api_keys::text AS everything FROM api_keys")
    assert row.hash == hash_key(key, "")
    assert key not in row.everything
    assert key.removeprefix("hk_") not in row.everything


async def test_with_another_pepper_no_key_opens_anything(
    hotline: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOTLINE_API_KEY_PEPPER", "海盐")
    key = (await add("--role", "agent"))["key"]
    assert await status(hotline, key) == 401
    assert hash_key(key, "海盐") != hash_key(key, "")


async def test_a_revoked_key_opens_nothing_in_a_process_that_has_not_seen_it(hotline: InProcess) -> None:
    made = await add("--role", "agent")
    assert (await hotline_says("keys", "revoke", made["id"])).exit_code == 0
    assert await status(hotline, made["key"]) == 401
    assert [row["id"] for row in await listed() if row["revoked_at"]] == [made["id"]]
    assert "revoked" in (await hotline_says("keys", "list")).stdout


async def test_a_revoked_key_opens_nothing_soon_after_in_a_process_that_has_seen_it(
    hotline: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert authorization.REMEMBER_SECONDS <= 5
    monkeypatch.setattr(authorization, "REMEMBER_SECONDS", 0.3)
    made, kept = await add("--role", "agent"), await add("--role", "agent")
    assert await status(hotline, made["key"]) == 200
    await hotline_says("keys", "revoke", made["id"])
    async with asyncio.timeout(BOUND):
        while await status(hotline, made["key"]) != 401:
            await asyncio.sleep(0.02)
    assert await status(hotline, kept["key"]) == 200


async def test_what_cannot_be_revoked_is_said_and_fails(hotline: InProcess) -> None:
    made = await add("--role", "agent")
    assert (await hotline_says("keys", "revoke", made["id"])).exit_code == 0
    for key_id in (made["id"], str(UUID(int=1))):
        said = await hotline_says("keys", "revoke", key_id)
        assert (said.exit_code, said.stderr) == (1, f"hotline: There is no open key {key_id}.\n")


MEANINGLESS: tuple[list[str], ...] = (
    ["add", "--role", "mayor"],
    ["add"],
    ["add", "--role", "department"],
    ["add", "--role", "agent", "--department", "water-group"],
    ["revoke", "the-first"],
    ["revoke"],
    ["burn"],
    [],
)


async def test_a_command_that_cannot_be_meant_is_a_usage_error() -> None:
    for arguments in MEANINGLESS:
        said = await hotline_says("keys", *arguments)
        assert said.exit_code == 2, arguments
        assert "Usage: hotline keys" in said.output
    assert await listed() == []


async def test_the_first_keys_are_made_once(hotline: InProcess) -> None:
    first = await first_keys(hotline.resources.settings)
    assert [name for name, _ in first] == list(FIRST)
    assert [await status(hotline, key) for _, key in first] == [200] * len(FIRST)
    assert await first_keys(hotline.resources.settings) == []
    assert len([row for row in await listed() if row["name"] == "first"]) == len(FIRST)


async def test_without_a_service_a_command_says_so_and_how_to_start_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HOTLINE_DATABASE_URL")
    said = await hotline_says("keys", "list", "--data", str(tmp_path))
    assert said.exit_code == 1
    assert said.stderr.startswith(f"hotline: No service runs on {tmp_path}.")
    assert "hotline up" in said.stderr


async def test_an_unreachable_database_is_one_line_and_not_a_traceback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOTLINE_DATABASE_URL", "postgresql+asyncpg://hotline:secret@127.0.0.1:1/hotline")
    said = await hotline_says("keys", "list")
    assert said.exit_code == 1
    assert said.stderr == "hotline: The database does not answer.\n"


async def test_a_setting_that_cannot_be_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTLINE_DATABASE_POOL", "many")
    said = await hotline_says("keys", "list")
    assert said.exit_code == 1
    assert said.stderr.startswith("hotline: HOTLINE_DATABASE_POOL: ")
