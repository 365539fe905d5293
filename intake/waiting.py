"""`Prefer: wait=5`: hold an answer until the ticket has its department and its date."""

import asyncio
import json
import re

from intake.view import ticket_of
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
    Wait, if the caller prefers to, until the ticket has its department and its date.

    What was told of the call beside its ticket stays in the answer.
    """
    asked = re.search(r"\bwait=(\d{1,4})", prefer or "")
    if asked is None or "location" not in answer.headers:
        return answer
    ticket_id = answer.headers["location"].rsplit("/", 1)[-1]
    end = asyncio.get_running_loop().time() + min(float(asked[1]), LONGEST_WAIT)
    while True:
        async with resources.database.transaction() as connection:
            row = await TicketStore(connection).get(ticket_id)
            shown = await ticket_of(row._asdict(), principal, connection, resources)
        settled = row.status != Status.REGISTERED and row.due_at is not None
        if settled or asyncio.get_running_loop().time() >= end:
            fresh = shown.model_dump(mode="json")
            body = json.dumps({**json.loads(answer.body), **fresh}, ensure_ascii=False).encode()
            return Answer(answer.status, {**answer.headers, "etag": f'"{row.version}"'}, body)
        await asyncio.sleep(LOOK_EVERY)
