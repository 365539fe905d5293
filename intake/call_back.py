"""Use case and face: ask the caller whether it is solved (回访), and close the ticket when it is."""

from collections.abc import Sequence
from itertools import takewhile
from typing import Any

from fastapi import APIRouter, Response
from sqlalchemy import Row, func, insert, select

from intake.closing import close
from intake.held import Held, HoldingDep
from intake.tables import callbacks, unfounded_claims
from schemas.acts import CallBackRequest, Unfounded
from schemas.errors import Conflict
from schemas.events import CallBack, TicketCalledBack
from schemas.lifecycle import Step
from schemas.ticket import Ticket
from services.steps import check_step
from services.tickets import TicketStore

MOST_ATTEMPTS = 3
"""Three attempts, on two different days for a caller who cannot be reached (`HK-DEFAULT-1`)."""

OUTCOMES = {"solved": "已解决", "unsolved": "未解决", "unreachable": "未接通"}
SATISFIED = {True: ",满意", False: ",不满意", None: ""}
ATTEMPTS = (Step.CALL_BACK, Step.NO_ANSWER, Step.CLAIM_UNFOUNDED)

routes = APIRouter(prefix="/v1", tags=["intake"])


@routes.post("/tickets/{ticket_id}/callback", response_model=Ticket)
async def call_back_caller(made: CallBackRequest, holding: HoldingDep) -> Response:
    """
    Record that the caller of a resolved ticket was asked, and what came of it.

    Solved closes the ticket, and so does the third time nobody answers. Unsolved, or solved so that the
    caller is not satisfied, sends it back to the department that did it (重办); where that is `unfounded`
    (不属实) it waits for a second person instead.
    """
    return await holding.run(lambda held: call_back(held, made))


async def call_back(held: Held, made: CallBackRequest) -> None:
    """
    Count an attempt on a locked ticket.

    Raises `IllegalTransition` unless it is resolved, and `Conflict` after the last
    attempt, or when nobody answered and all attempts would be on one day.
    """
    step = _step(made)
    check_step(held.ticket, step, held.principal)
    earlier = await _earlier(held)
    attempt, number = len(earlier) + 1, await _made(held) + 1
    _refuse(held, earlier, made)
    words = f"第{attempt}次回访:{OUTCOMES[made.outcome]}{SATISFIED[made.satisfied]}{_ground(made)}"
    said = f"{words}。{made.note}" if made.note else words
    answers = made.model_dump(exclude={"unfounded"})
    told = CallBack(
        **answers,
        attempt=attempt,
        department=held.ticket.department,
        unfounded=made.unfounded is not None,
    )
    await held.step(step, TicketCalledBack, told, said)
    kept = {"ticket_id": held.ticket.id, "attempt": number}
    who = {"at": held.now, "by": held.principal.actor}
    await held.connection.execute(insert(callbacks).values({**kept, **answers, **who}))
    if made.unfounded is not None:
        await _claim(held, kept, made.unfounded)
    elif made.outcome == "solved" and made.satisfied is not False:
        await close(held, "solved", "回访确认已解决")
    elif made.outcome == "unreachable" and attempt == MOST_ATTEMPTS:
        await close(held, "no_answer", f"{MOST_ATTEMPTS}次回访未完成,末次未接通(no_answer)")


def _step(made: CallBackRequest) -> Step:
    if made.outcome == "unreachable":
        return Step.NO_ANSWER
    return Step.CALL_BACK if made.unfounded is None else Step.CLAIM_UNFOUNDED


def _ground(made: CallBackRequest) -> str:
    """Return what is said of a caller's "unsolved" that is without ground."""
    claimed = made.unfounded
    return f";拟认定不属实:{claimed.reason},依据{claimed.legal_basis},待另一人审核" if claimed else ""


async def _claim(held: Held, kept: dict[str, Any], claimed: Unfounded) -> None:
    row = {**kept, **claimed.model_dump(), "claimed_by": held.principal.actor, "claimed_at": held.now}
    await held.connection.execute(insert(unfounded_claims).values(row))


async def _earlier(held: Held) -> Sequence[Row[Any]]:
    """Return the attempts since the department resolved the ticket, for the last time if it did so again."""
    entries = await TicketStore(held.connection).history(held.ticket.id)
    since = takewhile(lambda each: each.step != Step.RESOLVE, reversed(entries))
    return [each for each in since if each.step in ATTEMPTS]


async def _made(held: Held) -> int:
    query = select(func.count()).where(callbacks.c.ticket_id == held.ticket.id)
    return int(await held.connection.scalar(query) or 0)


def _refuse(held: Held, earlier: Sequence[Row[Any]], made: CallBackRequest) -> None:
    if len(earlier) >= MOST_ATTEMPTS:
        raise Conflict(f"The caller was asked {MOST_ATTEMPTS} times already.", attempts=len(earlier))
    zone = held.resources.settings.zone
    days = {each.at.astimezone(zone).date() for each in earlier} | {held.now.astimezone(zone).date()}
    last = len(earlier) + 1 == MOST_ATTEMPTS
    if made.outcome == "unreachable" and last and len(days) < 2:
        raise Conflict(
            "The last attempt to reach a caller must be on another day than the others.",
            attempts=len(earlier),
        )
