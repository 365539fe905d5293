"""How a department's system takes a step: by its signed hook, or by REST with the department's key."""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

import httpx
from standardwebhooks import Webhook

from services.clock import wall_clock
from services.department_sim.behaviour import Sending

CLERK = {"name": "模拟经办人", "post": "A岗"}
LATE = timedelta(hours=1)
AGAIN = "-again"
FORGED = "whsec_" + "A" * 43 + "="


class Way(StrEnum):
    """By what a system acts."""

    HOOK = "hook"
    REST = "rest"


@dataclass(frozen=True, slots=True)
class Order:
    """A step of a ticket, what is said with it, and the version it rests on; its `key` makes it the same."""

    ticket: str
    step: str
    said: Mapping[str, Any]
    key: str
    version: int


@dataclass(frozen=True, slots=True)
class Answered:
    """What the service answered: an HTTP status, a word, and the version its ticket then had."""

    status: int
    told: str
    version: int

    @property
    def taken(self) -> bool:
        """Say whether the step was taken."""
        return self.status < httpx.codes.BAD_REQUEST

    @property
    def failed(self) -> bool:
        """Say whether the service failed, and is to be asked again."""
        return self.status >= httpx.codes.INTERNAL_SERVER_ERROR


class Hand(Protocol):
    """Takes a step, once however often it is asked to."""

    async def take(self, order: Order) -> Answered:
        """Return the service's answer; raises `httpx.TransportError` when there is none."""


@dataclass(frozen=True, slots=True)
class ByRest:
    """Acts with the department's key."""

    client: httpx.AsyncClient

    async def take(self, order: Order) -> Answered:
        """Post to the step's route, under an Idempotency-Key."""
        headers = {"idempotency-key": order.key}
        path = f"/v1/tickets/{order.ticket}/{order.step}"
        answer = await self.client.post(path, json=order.said, headers=headers)
        said = answer.json()
        return _answered(answer, said, said, order)


@dataclass(frozen=True, slots=True)
class ByHook:
    """
    Acts without a key, by messages signed with a secret of the department's.

    They are signed at real time, also where the service rehearses another: its replay window is of
    real time. A message sent again has the same id and the same bytes, and is signed anew.
    """

    client: httpx.AsyncClient
    department: str
    secret: str
    sends: Collection[Sending] = ()
    now: Callable[[], datetime] = wall_clock

    async def take(self, order: Order) -> Answered:
        """Send a command, as badly as this system sends."""
        answered = await self._send(order)
        if Sending.TWICE in self.sends and not answered.failed:
            answered = await self._send(order)
        if Sending.AGAIN_AS_NEW in self.sends and not answered.failed:
            await self._send(Order(order.ticket, order.step, order.said, order.key + AGAIN, order.version))
        return answered

    async def _send(self, order: Order) -> Answered:
        body = json.dumps(self._command(order), ensure_ascii=False).encode()
        answer = await self.client.post(
            f"/v1/hooks/{self.department}", content=body, headers=self._signed(order.key, body)
        )
        said = answer.json()
        return _answered(answer, said, said.get("state") or {}, order)

    def _command(self, order: Order) -> dict[str, Any]:
        is_old = Sending.OLD_VERSIONS in self.sends and order.version > 1
        version = {"version": 1 if is_old and order.step != "sign" else order.version}
        command = {"command": order.step, "ticket": order.ticket, "by": CLERK, "data": order.said, **version}
        return command | ({"colour": "red"} if Sending.UNKNOWN_FIELDS in self.sends else {})

    def _signed(self, message_id: str, body: bytes) -> dict[str, str]:
        moment = self.now() - (LATE if Sending.LATE in self.sends else timedelta())
        secret = FORGED if Sending.FORGED in self.sends else self.secret
        return {
            "webhook-id": message_id,
            "webhook-timestamp": str(int(moment.timestamp())),
            "webhook-signature": Webhook(secret).sign(message_id, moment, body.decode()),
            "content-type": "application/json",
        }


def _answered(
    answer: httpx.Response, said: Mapping[str, Any], state: Mapping[str, Any], order: Order
) -> Answered:
    told = str(state["status"]) if answer.is_success else f"{said['code']}: {said['detail']}"
    return Answered(answer.status_code, told, int(state.get("version", order.version)))
