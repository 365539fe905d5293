"""Face: a department's system sends commands, signed; no key is needed beside the signature."""

import hmac
from collections.abc import Mapping, Sequence

import structlog
from fastapi import APIRouter, Request, Response
from pydantic_core import to_json

from schemas.errors import Invalid, Unavailable
from schemas.hook_errors import BadSignature
from services.database import is_passing
from services.hooks.domain.signature import Signed, check_window, read_signed, signer
from services.hooks.envelope import BatchAnswer, CommandAnswer, Order, orders_of
from services.hooks.figures import HookFigures
from services.hooks.openapi import DESCRIBED
from services.hooks.store import InboxStore, SecretStore
from services.hooks.take import Sender, take
from services.http import PROBLEM, ResourcesDep, problem, problem_body
from services.resources import Resources
from services.security import CallerRole, Principal

routes = APIRouter(prefix="/v1/hooks", tags=["hooks"])

NOT_SIGNED = "No valid secret of this department signed the message."

log = structlog.get_logger()


@routes.post("/{department}", response_model=CommandAnswer | BatchAnswer, openapi_extra=DESCRIBED)
async def receive(department: str, request: Request, resources: ResourcesDep) -> Response:
    """
    Take a command, or several in `commands`, from a department's system.

    Signed by Standard Webhooks. The same `webhook-id` gets the same answer; what is kept and what is
    refused, docs/hooks.md says.
    """
    try:
        message = read_signed(request.headers, await request.body())
        sender, known = await _admit(department, message, request.headers, resources)
    except BadSignature as refusal:
        resources.part(HookFigures).not_let_in(refusal.code)
        log.warning("hook_not_let_in", department=department, code=refusal.code)
        raise
    if known is None:
        known = await _answer(message, sender, resources)
    status, answer = known
    return Response(answer, status, media_type=PROBLEM if status >= 400 else "application/json")


async def _admit(
    department: str, message: Signed, headers: Mapping[str, str], resources: Resources
) -> tuple[Sender, tuple[int, bytes] | None]:
    """Let in and keep a message that is signed; return who sent it, and its answer if it has one."""
    now = resources.clock.now()
    async with resources.database.transaction() as connection:
        valid = await SecretStore(connection).valid(department, now)
        secret = signer(message, {each.secret: each for each in valid})
        if secret is None:
            raise BadSignature(NOT_SIGNED)
        _check_certificate(secret.certificate, headers, resources)
        check_window(message, resources.clock.real())
        known = await InboxStore(connection, department).receive(message, secret.id, now)
    principal = Principal(secret.id, "hook", CallerRole.DEPARTMENT, department)
    return Sender(principal, department, message.id), known


def _check_certificate(wanted: str | None, headers: Mapping[str, str], resources: Resources) -> None:
    """Refuse a client whose certificate is not the secret's; without a header to see it in, everybody."""
    if wanted is None:
        return
    name = resources.settings.hooks.client_certificate_header
    shown = headers.get(name, "") if name else ""
    if not hmac.compare_digest(shown.encode("latin-1"), wanted.encode()):  # the header's own bytes
        raise BadSignature("The client's certificate is not the one this secret wants.")


async def _answer(message: Signed, sender: Sender, resources: Resources) -> tuple[int, bytes]:
    """Take what a message says; return its answer, which is kept unless something is undecided."""
    status, answer, is_decided = await _taken(message, sender, resources)
    if is_decided:
        async with resources.database.transaction() as connection:
            await InboxStore(connection, sender.department).answered(message.id, status, answer)
    return status, answer


async def _taken(message: Signed, sender: Sender, resources: Resources) -> tuple[int, bytes, bool]:
    try:
        orders, is_batch = orders_of(message.id, message.body, resources.settings.hooks.max_commands)
    except Invalid as refusal:
        return refusal.status, bytes(problem(refusal).body), True
    if is_batch:
        return 200, *await _each(orders, sender, resources)
    return *_alone(await take(orders[0], sender, resources)), True


def _alone(answer: bytes) -> tuple[int, bytes]:
    """Return the answer to the only command of a message: a problem, where it was refused."""
    told = CommandAnswer.model_validate_json(answer)
    if told.problem is None:
        return told.status, answer
    rest = told.model_dump(mode="json", exclude={"problem", "status"})
    return told.status, to_json({**told.problem, **rest})


async def _each(orders: Sequence[Order], sender: Sender, resources: Resources) -> tuple[bytes, bool]:
    """
    Take the commands of a batch in their order; say too whether all are decided.

    Where the service fails at one, its ticket's others are left for the next time: their order holds.
    """
    results: list[bytes] = []
    held_up: set[str | None] = set()
    for order in orders:
        if order.ticket in held_up:
            results.append(_undecided(order))
            continue
        try:
            results.append(await take(order, sender, resources))
        except Exception as fault:
            if is_passing(fault):
                raise
            log.exception("hook_command_failed", department=sender.department, command_id=order.id)
            held_up.add(order.ticket)
            results.append(_undecided(order))
    return b'{"results":[' + b",".join(results) + b"]}", not held_up


def _undecided(order: Order) -> bytes:
    fault = Unavailable("The service failed at this, or at an earlier command of the ticket: send it again.")
    answer = CommandAnswer(id=order.id, outcome="undecided", status=fault.status, problem=problem_body(fault))
    return answer.model_dump_json().encode()
