"""Use case and face: correct what a ticket says; the router moves it only when it must."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Response
from sqlalchemy import insert

from intake.admit import Admissibility, admit, advice_of
from intake.domain.admissibility import Verdict
from intake.domain.catalogue import Catalogue
from intake.domain.correction import LABELS, corrected, differences, reads_place, sentence, told
from intake.domain.normalize import NormalizedCall, normalize
from intake.domain.repeats import matter_key
from intake.held import Held, HoldingDep
from intake.store import Reference
from intake.tables import corrections
from schemas.acts import CorrectionRequest
from schemas.admission import Corrected
from schemas.errors import Conflict
from schemas.events import Correction, Matter, TicketCorrected
from schemas.lifecycle import Step
from schemas.ticket import Call, Ticket
from services.http import ResourcesDep
from services.steps import check_step
from services.tickets import divisions_of, matter_of

READ = ("hotline", *(name for name in Call.model_fields if name in LABELS))

routes = APIRouter(prefix="/v1", tags=["intake"])


@routes.post("/tickets/{ticket_id}/correct", response_model=Corrected)
async def correct_ticket(wanted: CorrectionRequest, holding: HoldingDep, resources: ResourcesDep) -> Response:
    """
    Correct a ticket (更正), and why.

    When another department is competent for what it now says, the ticket is taken
    back from the one that has it and given to the other; else it stays. Of what it now
    says the answer gives the advice a preview would.
    """
    catalogue = await resources.part(Reference).catalogue()
    catalogue.check_category(wanted.category)
    catalogue.check_division(wanted.division)
    for name, place in (wanted.places.known() if wanted.places else {}).items():
        catalogue.check_division(place.division, f"/places/{name}/division")
    return await holding.run(lambda held: correct(held, wanted, catalogue), _advised)


def _advised(ticket: Ticket, verdict: Verdict) -> Corrected:
    return Corrected(**dict(ticket), advice=advice_of(verdict))


async def correct(held: Held, wanted: CorrectionRequest, catalogue: Catalogue) -> Verdict:
    """
    Change a locked ticket, keep what was beside what is, and return the rules' verdict of it.

    Raises `IllegalTransition`, or `Invalid` when the ticket says all of it already.
    """
    check_step(held.ticket, Step.CORRECT, held.principal)
    before = held.ticket
    clean = _as_it_will_be(before, wanted, catalogue, held.now)
    changes = corrected(before, clean.call, wanted)
    changed = differences(before, changes)
    if "places" in changes:
        changes["places"] = clean.call.places.model_dump(exclude_none=True)
    changes["matter_key"] = matter_key(clean.call, clean.landmark)
    admission = admit(clean.call, held.resources.part(Admissibility).rules)
    secret = not before.confidential and admission.confidential
    if secret:
        changes |= _in_confidence(before)
    matters = {name: value for name, value in changes.items() if name in Matter.model_fields}
    if "places" in changes:
        matters["places"] = divisions_of(changes["places"])
    matter = matter_of(before).model_copy(update=matters)
    shown = {} if secret else told(changed)
    news = Correction(changed=shown, because=wanted.because, matter=matter, department=before.department)
    if "caller" in changes:
        changes["former_callers"] = [*before.former_callers, before.caller]
    await held.step(Step.CORRECT, TicketCorrected, news, sentence(changed, wanted.because), **changes)
    row = {
        "ticket_id": before.id,
        "version": held.ticket.version,
        "changed": changed,
        "because": wanted.because,
        "at": held.now,
        "by": held.principal.actor,
    }
    await held.connection.execute(insert(corrections).values(row))
    return admission.verdict


def _in_confidence(ticket: Any) -> dict[str, Any]:
    """Return what takes a ticket into the confidential lane; raises `Conflict` once a department has it."""
    if ticket.department is not None:
        raise Conflict("更正后属于保密通道事项:请另行登记为保密举报,不得写入承办单位已经看到的工单。")
    return {"confidential": True, "caller": {**ticket.caller, "withheld": not ticket.caller["anonymous"]}}


def _as_it_will_be(
    ticket: Any, wanted: CorrectionRequest, catalogue: Catalogue, now: datetime
) -> NormalizedCall:
    """Return the ticket as a call that says what it says after the correction."""
    said = {name: getattr(ticket, name) for name in READ} | wanted.model_dump(
        exclude_unset=True, exclude={"because"}
    )
    if reads_place(ticket, wanted):
        said["division"] = None
    if ticket.confidential and not said["caller"].get("anonymous"):
        said["caller"] = {**said["caller"], "withheld": True}
    known = catalogue if "attributes" in wanted.model_fields_set else replace(catalogue, departments=None)
    return normalize(Call(**said), known.admitting(ticket.hotline), now)
