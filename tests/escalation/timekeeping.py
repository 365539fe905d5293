"""Words the tests about a ticket's time share: a ticket at work, requests, what they come to."""

from datetime import datetime
from typing import Any

import httpx

from tests.escalation.test_scenarios import HAIKOU, at, called
from tests.inprocess import Answer, InProcess

NOISE = {"category": "020100", "division": "460106002000"}
LONGER = {"reason": "testing", "amount": 10, "note": "需委托检测", "told": "检测需要时间,十个工作日内答复"}
STILL = {"reason": "appraisal", "days": 30, "note": "送法定机构鉴定", "told": "鉴定期间不计时限"}


async def signed(hotline: InProcess, when: str, /, **call: object) -> Answer:
    """A ticket accepted, assigned and signed at that time."""
    ticket = await called(hotline, when, **{**NOISE, **call})
    await hotline.step(ticket, "sign")
    return ticket


async def post(
    hotline: InProcess, ticket: Answer, path: str, who: str = "department", /, **body: Any
) -> httpx.Response:
    """Somebody says something about a ticket: its department, an agent or a supervisor."""
    department = ticket["department"] if who == "department" else None
    client = await hotline.client(who, department)
    answer = await client.post(f"/v1/tickets/{ticket['id']}/{path}", json=body)
    await hotline.drain()
    return answer


async def done(
    hotline: InProcess, ticket: Answer, path: str, who: str = "department", /, **body: Any
) -> Answer:
    """The same, where it must succeed."""
    answer = await post(hotline, ticket, path, who, **body)
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


async def refused(
    hotline: InProcess, ticket: Answer, path: str, who: str = "department", /, **body: Any
) -> Answer:
    """The same, where it must be refused: the problem."""
    answer = await post(hotline, ticket, path, who, **body)
    assert answer.status_code in (403, 409, 422), answer.text
    return answer.json()  # type: ignore[no-any-return]


async def extended(hotline: InProcess, ticket: Answer, **body: Any) -> None:
    """Ask for more time and be granted it."""
    await done(hotline, ticket, "extensions", **{**LONGER, **body})
    await done(hotline, ticket, "grant-extension", "supervisor")


async def suspended(hotline: InProcess, ticket: Answer, when: str, **body: Any) -> None:
    """Let the clocks of a ticket stand still from that time on."""
    await hotline.advance(at(when))
    await done(hotline, ticket, "suspensions", **{**STILL, **body})
    await done(hotline, ticket, "grant-suspension", "agent")


async def resumed(hotline: InProcess, ticket: Answer, when: str) -> Answer:
    """Let them run on from that time."""
    await hotline.advance(at(when))
    return await done(hotline, ticket, "resume")


def local(moment: str) -> str:
    """A moment of the API in Haikou's time."""
    return f"{datetime.fromisoformat(moment).astimezone(HAIKOU):%Y-%m-%d %H:%M}"


async def promised(hotline: InProcess, ticket: Answer) -> str:
    """When the caller was promised an answer."""
    return local((await hotline.ticket(ticket["id"]))["due_at"])
