"""Use case: tell somebody of something that is no rung: a supervisor's urging, a month, a halt."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.domain.receivers import Whose, addressee, deliver_at, reach
from escalation.notice_store import NoticeStore
from escalation.receiver_store import PublishedReceivers
from escalation.tell import alarm, shown
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
    reached = reach(message.roles, whose, directory, now)
    to = reached.addressee
    found = [addressee(role, whose, directory, now) for role in message.cc]
    cc = [each for each in found if each is not None and each != to]
    alarm(reached, whose.department, message.level, resources)
    at = deliver_at(now, to.quiet if to else None, directory.zone, urgent=message.urgent)
    row = {
        "id": uuid4(),
        "kind": message.kind,
        "ticket_id": message.ticket,
        "department": whose.department,
        "level": message.level,
        "name": message.name,
        "says": message.says,
        "addressee": to and shown(to),
        "cc": [shown(each) for each in cc],
        "roles": [str(each.role) for each in (to, *cc) if each is not None],
        "to_department": to and to.department,
        "missing": list(reached.missing),
        "created_at": now,
        "deliver_at": at,
        "updated_at": at,
    }
    await NoticeStore(connection).add([row])
    return row
