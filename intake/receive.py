"""Use case: a call comes in; it is judged, then registered at the counter or turned away and kept."""

from dataclasses import replace

from intake.admit import Admissibility, Admission, admit, turn_away, withheld
from intake.counter import Counter
from intake.domain.admissibility import Rules
from intake.entry import Arrival, call_row
from schemas.admission import Ruling
from services.http import PROBLEM, problem
from services.idempotency import Answer, Once, claim, keep
from services.resources import Resources
from services.security import Principal


async def receive(
    arrival: Arrival,
    principal: Principal,
    once: Once | None,
    resources: Resources,
    ruling: Ruling | None = None,
    *,
    by_agent: bool = True,
) -> Answer:
    """
    Return the answer once the call is safe; for one that is turned away, the problem that says so.

    What a hotline's own system hands over is not from an agent who could transfer it.
    """
    rules = resources.part(Admissibility).rules
    decided = judged(arrival, rules, ruling, by_agent=by_agent)
    admission = decided.admission
    if admission is not None and admission.turned_away:
        return await _turned_away(decided, admission, once, resources)
    return await resources.part(Counter).register(decided, principal, once)


async def _turned_away(
    arrival: Arrival, admission: Admission, request: Once | None, resources: Resources
) -> Answer:
    """Keep a call no ticket comes of, once for its key, and return what the agent tells the caller."""
    now = resources.clock.now()
    async with resources.database.transaction() as connection:
        if request is not None:
            known = (await claim(connection, [request], now)).get((request.caller, request.key))
            if isinstance(known, Answer):
                return known
            if known is not None:
                raise known
        refusal = problem(await turn_away(connection, call_row(arrival, now), admission))
        answer = Answer(refusal.status_code, {"content-type": PROBLEM}, bytes(refusal.body))
        if request is not None:
            await keep(connection, request, answer)
    return answer


def judged(arrival: Arrival, rules: Rules, ruling: Ruling | None = None, *, by_agent: bool) -> Arrival:
    """Return a call with what is decided of it; in the confidential lane its caller is withheld."""
    admission = admit(arrival.call.call, rules, ruling, by_agent=by_agent)
    if not admission.confidential:
        return replace(arrival, admission=admission)
    secret = replace(arrival.call, call=withheld(arrival.call.call))
    return replace(arrival, call=secret, admission=admission)
