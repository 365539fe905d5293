"""Use case: tell somebody of something that is no rung: a supervisor's urging, a month, a halt."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.domain.receivers import Whose
from escalation.notice_store import NoticeStore
from escalation.receiver_store import PublishedReceivers
from escalation.tell import alarm, find
from services.resources import Resources


@dataclass(frozen=True, slots=True)
class Message:
    """What is told: its kind, its name, its words; to the first of these roles, and in copy (抄送)."""

    kind: str
    name: str
    says: str
    roles: tuple[str, ...]
    cc: tuple[str, ...] = ()
    ticket: str | None = None
    level: int | None = None
    urgent: bool = False


async def inform(
    message: Message, whose: Whose, connection: AsyncConnection, resources: Resources
) -> dict[str, Any]:
    """Write the notice; return its row. Where nobody holds any of the roles, that is an alarm."""
    now = resources.clock.now()
    wanted = [whose.department] if whose.department else []
    directory = await resources.part(PublishedReceivers).directory(connection, now, wanted)
    told = find(message.roles, message.cc, whose, directory, now, urgent=message.urgent)
    alarm(told.reached, whose.department, message.level, resources)
    row = {
        "id": uuid4(),
        "kind": message.kind,
        "ticket_id": message.ticket,
        "department": whose.department,
        "level": message.level,
        "name": message.name,
        "says": message.says,
        "created_at": now,
        **told.row(),
    }
    await NoticeStore(connection).add([row])
    return row
