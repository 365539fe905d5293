"""`Idempotency-Key`: the same request again gets the same answer, whatever happened in between."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.errors import IdempotencyMismatch, Invalid
from services.tables import idempotency_keys as keys

LONGEST_KEY = 200


@dataclass(frozen=True)
class Once:
    """A request that is to take effect once: who sent it, under which key, and its digest."""

    caller: str
    key: str
    digest: bytes


@dataclass(frozen=True)
class Answer:
    """An answer as it was given: status, headers worth repeating, and the body's bytes."""

    status: int
    headers: dict[str, str]
    body: bytes


def once(caller: str, key: str | None, method: str, path: str, body: bytes) -> Once | None:
    """Return what makes this request the same as another, or None when it bears no key."""
    if key is None:
        return None
    if not 1 <= len(key) <= LONGEST_KEY or "\x00" in key:
        raise Invalid(
            f"An Idempotency-Key has 1 to {LONGEST_KEY} characters.",
            pointer="header:idempotency-key",
        )
    return Once(caller, key, hashlib.sha256(f"{method} {path}\n".encode() + body).digest())


async def claim(
    connection: AsyncConnection, requests: Sequence[Once], now: datetime
) -> dict[tuple[str, str], Answer | IdempotencyMismatch]:
    """
    Claim keys for this transaction; return what is already answered, by (caller, key).

    A key another transaction holds is waited for. Keys are claimed in one order
    by everybody, so that two batches cannot wait for each other.
    """
    if not requests:
        return {}
    rows = [
        {"caller": each.caller, "key": each.key, "request_hash": each.digest, "created_at": now}
        for each in sorted(requests, key=lambda each: (each.caller, each.key))
    ]
    statement = insert(keys).on_conflict_do_nothing().returning(keys.c.caller, keys.c.key)
    fresh = {(row.caller, row.key) for row in await connection.execute(statement, rows)}
    wanted = {(each.caller, each.key): each for each in requests}
    known = [pair for pair in wanted if pair not in fresh]
    if not known:
        return {}
    query = select(keys).where(tuple_(keys.c.caller, keys.c.key).in_(known))
    return {
        (row.caller, row.key): _answer(row.request_hash, wanted[row.caller, row.key])
        or Answer(row.status, row.headers, row.body)
        for row in await connection.execute(query)
    }


def _answer(kept: bytes, request: Once) -> IdempotencyMismatch | None:
    if kept == request.digest:
        return None
    return IdempotencyMismatch("This Idempotency-Key was used with another request.")


def kept(request: Once, answer: Answer, now: datetime) -> dict[str, object]:
    """Return the row of a request claimed and answered at once."""
    return {
        "caller": request.caller,
        "key": request.key,
        "request_hash": request.digest,
        "status": answer.status,
        "headers": answer.headers,
        "body": answer.body,
        "created_at": now,
    }


async def keep(connection: AsyncConnection, request: Once, answer: Answer) -> None:
    """Store the answer in the transaction that did the work."""
    await connection.execute(
        update(keys)
        .where(keys.c.caller == request.caller, keys.c.key == request.key)
        .values(status=answer.status, headers=answer.headers, body=answer.body)
    )
