"""`Prefer: wait=5`: hold an answer until its tickets have their departments and dates."""

import asyncio
import json
import re

from intake.view import tickets_of
from schemas.lifecycle import Status
from services.idempotency import Answer
from services.resources import Resources
from services.security import Principal
from services.tickets import TicketStore

LONGEST_WAIT = 10.0
LOOK_EVERY = 0.02

PREFER = {
    "name": "Prefer",
    "in": "header",
    "schema": {"type": "string"},
    "description": "`wait=5`: answer once department and promised date are known, at most after 5 s.",
}


async def waited(answer: Answer, prefer: str | None, principal: Principal, resources: Resources) -> Answer:
    """
    Wait, if the caller prefers to, until every ticket of an answer has its department and its date.

    What was told of the call beside its tickets stays in the answer.
    """
    asked = re.search(r"\bwait=(\d{1,4})", prefer or "")
    if asked is None:
        return answer
    body = json.loads(answer.body)
    told = body.get("tickets", [body] if "location" in answer.headers else [])
    if not told:
        return answer
    end = asyncio.get_running_loop().time() + min(float(asked[1]), LONGEST_WAIT)
    while True:
        async with resources.database.transaction() as connection:
            rows = [await TicketStore(connection).get(each["id"]) for each in told]
            shown = await tickets_of([row._asdict() for row in rows], principal, connection, resources)
        settled = all(row.status != Status.REGISTERED and row.due_at is not None for row in rows)
        if settled or asyncio.get_running_loop().time() >= end:
            for each, fresh in zip(told, shown, strict=True):
                each |= fresh.model_dump(mode="json")
            headers = answer.headers | ({"etag": f'"{rows[0].version}"'} if "etag" in answer.headers else {})
            return Answer(answer.status, headers, json.dumps(body, ensure_ascii=False).encode())
        await asyncio.sleep(LOOK_EVERY)
