"""Many rows at once: of several tables by one statement, or of one table by COPY."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from operator import itemgetter
from typing import Any

from pydantic_core import to_json
from sqlalchemy import LargeBinary, Table
from sqlalchemy.dialects import postgresql

from services.database import DriverConnection

Rows = Sequence[Mapping[str, Any]]
Names = tuple[str, ...]

_dialect = postgresql.dialect()  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True)
class Check:
    """A condition the same statement asks once, before it inserts anything, over `$1` and so on."""

    expression: str
    values: tuple[Any, ...]


async def insert_together(
    connection: DriverConnection, rows: Mapping[Table, Rows], check: Check | None = None
) -> bool:
    """
    Insert rows, each table's with the same columns, if a check holds; return whether it did.

    Foreign keys between the tables hold at the end of the statement, so their order does not matter.
    Raises the driver's `UniqueViolationError`, and writes nothing, when one is there already.
    """
    filled = {table: each for table, each in rows.items() if each}
    shape = tuple((table, *_parted(table, tuple(each[0]))) for table, each in filled.items())
    values = list(check.values) if check else []
    for table, plain, raw in shape:
        values += _sent(filled[table], plain, raw)
    if check is None:
        await connection.execute(_statement(shape), *values)
        return True
    return bool(await connection.fetchval(_statement(shape, check.expression, len(check.values)), *values))


async def insert_new(connection: DriverConnection, table: Table, rows: Rows) -> list[Any]:
    """Insert rows of the same columns, but none that is there already; return the `id` of each new one."""
    if not rows:
        return []
    plain, raw = _parted(table, tuple(rows[0]))
    found = await connection.fetch(_insert_new(table, plain, raw), *_sent(rows, plain, raw))
    return [row["id"] for row in found]


async def copy_in(connection: DriverConnection, table: Table, rows: Rows) -> None:
    """
    Copy rows of the same columns into a table, in the transaction under way; JSON is given as text.

    Raises the driver's `UniqueViolationError`, and writes nothing, when one is there already.
    """
    if rows:
        names = tuple(rows[0])
        records = list(map(itemgetter(*names), rows))
        await connection.copy_records_to_table(table.name, records=records, columns=names)


def _sent(rows: Rows, plain: Names, raw: Names) -> list[Any]:
    """
    Return a table's rows as they are sent: one JSON document, and an array for each column of bytes.

    The driver looks longer at the cells of an array than the database takes to read them as JSON.
    """
    document = to_json([{name: row[name] for name in plain} for row in rows] if raw else rows).decode()
    return [document, *([row[name] for row in rows] for name in raw)]


@cache
def _parted(table: Table, names: Names) -> tuple[Names, Names]:
    """Return the columns JSON can bear, and those of bytes."""
    raw = tuple(name for name in names if isinstance(table.c[name].type, LargeBinary))
    return tuple(name for name in names if name not in raw), raw


@cache
def _insert_new(table: Table, plain: Names, raw: Names) -> str:
    return f"{_insert(table, plain, raw)} ON CONFLICT DO NOTHING RETURNING id"


def _insert(table: Table, plain: Names, raw: Names, taken: int = 0, condition: str = "") -> str:
    """Return an insert of rows as `_sent` returns them, after so many values `taken` by others."""
    told = ", ".join(f"{name} {table.c[name].type.compile(_dialect)}" for name in plain)
    sources = [f"json_to_recordset(${taken + 1}::text::json) AS ({told})"]
    sources += [f"unnest(${taken + place}::bytea[])" for place, _ in enumerate(raw, 2)]
    columns = ", ".join((*plain, *raw))  # names of our own tables and columns
    new = f"ROWS FROM ({', '.join(sources)}) AS new ({columns})"
    return f"INSERT INTO {table.name} ({columns}) SELECT {columns} FROM {new}{condition}"  # noqa: S608


@cache
def _statement(
    shape: tuple[tuple[Table, Names, Names], ...], check: str | None = None, taken: int = 0
) -> str:
    condition = " CROSS JOIN checked WHERE checked.holds" if check else ""
    inserts = []
    for table, plain, raw in shape:
        inserts.append(_insert(table, plain, raw, taken, condition))
        taken += 1 + len(raw)
    *others, last = [*inserts, "SELECT holds FROM checked"] if check else inserts
    named = [f"checked AS MATERIALIZED (SELECT {check} AS holds)"] if check else []
    named += [f"insert_{number} AS ({each})" for number, each in enumerate(others)]
    return f"WITH {', '.join(named)} {last}" if named else last
