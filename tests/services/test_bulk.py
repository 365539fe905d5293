"""Rows of several tables go in by one statement, whole or not at all."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from asyncpg import ForeignKeyViolationError, UniqueViolationError
from sqlalchemy import func, select

from services.bulk import Check, insert_together
from services.tables import outbox, ticket_history, tickets
from tests.inprocess import InProcess

AT = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


def ticket(number: int, **more: Any) -> dict[str, Any]:
    fixed = {
        "hotline": "12345",
        "kind": "help",
        "urgency": "general",
        "live": False,
        "title": "题",
        "text": "文",
    }
    return {
        "id": f"HK{number}",
        **fixed,
        "caller": {"name": "王", "phone": None, "type": "person"},
        "status": "registered",
        "version": 1,
        "accepted_at": AT,
        **more,
    }


def entry(number: int) -> dict[str, Any]:
    return {
        "ticket_id": f"HK{number}",
        "version": 1,
        "step": "register",
        "status": "registered",
        "at": AT,
        "actor": "试",
    }


def event(number: int) -> dict[str, Any]:
    return {
        "event_id": uuid4(),
        "topic": "t",
        "key": f"HK{number}",
        "headers": {"a": "甲"},
        "body": b"\x00\xff",
    }


async def stored(hotline: InProcess) -> list[int]:
    async with hotline.resources.database.transaction() as connection:
        counts = [select(func.count()).select_from(each) for each in (tickets, ticket_history, outbox)]
        return [(await connection.execute(each)).scalar_one() for each in counts]


async def test_rows_of_three_tables_are_there_after_one_statement(hotline: InProcess) -> None:
    numbers = range(3)
    async with hotline.resources.database.statement() as connection:
        await insert_together(
            connection,
            {
                ticket_history: [entry(each) for each in numbers],  # before the tickets they hang on
                tickets: [ticket(each, source_number=None if each else "甲-1") for each in numbers],
                outbox: [event(each) for each in numbers],
            },
        )
    assert await stored(hotline) == [3, 3, 3]
    async with hotline.resources.database.transaction() as connection:
        row = (await connection.execute(select(tickets).where(tickets.c.id == "HK0"))).one()
        told = (await connection.execute(select(outbox).where(outbox.c.key == "HK0"))).one()
    assert (row.caller, row.source_number, row.accepted_at) == (
        {"name": "王", "phone": None, "type": "person"},
        "甲-1",
        AT,
    )
    assert (told.headers, told.body) == ({"a": "甲"}, b"\x00\xff")


async def test_a_row_that_is_there_already_keeps_all_the_others_out(hotline: InProcess) -> None:
    await hotline.register()
    before = await stored(hotline)
    async with hotline.resources.database.statement() as connection:
        with pytest.raises(UniqueViolationError):
            await insert_together(
                connection, {tickets: [ticket(1), ticket(1)], ticket_history: [entry(1)], outbox: [event(1)]}
            )
    assert await stored(hotline) == before


async def test_a_row_that_hangs_on_nothing_is_refused(hotline: InProcess) -> None:
    async with hotline.resources.database.statement() as connection:
        with pytest.raises(ForeignKeyViolationError):
            await insert_together(connection, {tickets: [ticket(1)], ticket_history: [entry(2)]})
    assert await stored(hotline) == [0, 0, 0]


async def test_tables_without_rows_are_left_out(hotline: InProcess) -> None:
    async with hotline.resources.database.statement() as connection:
        await insert_together(connection, {tickets: [ticket(1)], ticket_history: [], outbox: []})
    assert await stored(hotline) == [1, 0, 0]


async def test_nothing_goes_in_when_the_check_of_the_same_statement_fails(hotline: InProcess) -> None:
    rows = {tickets: [ticket(1)], ticket_history: [entry(1)]}
    async with hotline.resources.database.statement() as connection:
        assert not await insert_together(connection, rows, Check("$1::int > 0", (0,)))
        assert await stored(hotline) == [0, 0, 0]
        assert await insert_together(connection, rows, Check("$1::int > 0", (1,)))
    assert await stored(hotline) == [1, 1, 0]


async def test_a_check_is_asked_once_and_before_anything_is_written(hotline: InProcess) -> None:
    """It takes locks: what it counts under them must be all that others wrote, and nothing of ours."""
    rows = {tickets: [ticket(1), ticket(2)], ticket_history: [entry(1), entry(2)]}
    async with hotline.resources.database.statement() as connection:
        await connection.execute("CREATE SEQUENCE asked")
        await connection.execute(
            "CREATE FUNCTION nobody_yet() RETURNS boolean LANGUAGE plpgsql AS "
            "$$ BEGIN PERFORM nextval('asked'); RETURN NOT EXISTS (SELECT FROM tickets); END $$"
        )
        assert await insert_together(connection, rows, Check("nobody_yet()", ()))
        assert await connection.fetchval("SELECT last_value FROM asked") == 1
    assert await stored(hotline) == [2, 2, 0]
