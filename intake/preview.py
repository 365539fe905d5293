"""Use case and face: say what would become of a call, and store nothing."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncConnection

from intake.admit import Admissibility, Admission, admit, advice_of
from intake.candidates import candidates
from intake.domain.likely import likely_categories
from intake.domain.normalize import NormalizedCall, normalize
from intake.repeats import NOTHING, Look, known_matters
from intake.store import Reference
from schemas.events import Matter
from schemas.preview import LikelyCategory, Preview
from schemas.ticket import Call
from services.authorization import PrincipalDep
from services.commands import OnceDep
from services.http import ResourcesDep
from services.previews import Previews
from services.resources import Resources
from services.security import Principal
from services.tickets import Case

routes = APIRouter(prefix="/v1", tags=["intake"])


@routes.post("/preview")
async def preview_call(call: Call, principal: PrincipalDep, resources: ResourcesDep, _: OnceDep) -> Preview:
    """
    Say what would become of a call, while the caller is on the line; nothing is stored.

    As nothing happens, an `Idempotency-Key` is taken and changes nothing.
    """
    return await preview(call, principal, resources)


async def preview(call: Call, principal: Principal, resources: Resources) -> Preview:
    """
    Return a call as it would be registered now, its department, its deadlines and what it may repeat.

    Raises what registering would raise for a call that cannot be read.
    """
    now = resources.clock.now()
    catalogue = await resources.part(Reference).catalogue()
    clean = normalize(call, catalogue, now)
    admission = admit(clean.call, resources.part(Admissibility).rules)
    async with resources.database.transaction() as connection:
        found = await _look(clean, admission, connection, resources, now)
        case = _case(clean, admission, found, now)
        parts = await resources.part(Previews).of(case, connection)
        repeats = await candidates(connection, clean, found, principal, resources)
    return Preview(
        call=clean.call,
        **_read(clean),
        categories=_categories(clean, catalogue.categories),
        **parts,
        advice=advice_of(admission.verdict),
        repeats=repeats,
    )


async def _look(
    clean: NormalizedCall,
    admission: Admission,
    connection: AsyncConnection,
    resources: Resources,
    now: datetime,
) -> Look:
    if admission.is_new:
        return NOTHING
    (found,) = await known_matters(connection, [clean], resources.settings.repeats, now)
    return found


def _case(clean: NormalizedCall, admission: Admission, found: Look, now: datetime) -> Case:
    call = clean.call
    matter = Matter(
        hotline=call.hotline,
        kind=call.kind,
        urgency=call.urgency,
        live=call.live,
        category=call.category,
        division=call.division,
        caller_type=call.caller.type,
        places=call.places.divisions(),
        attributes=call.attributes,
        accepted_at=now,
        kept_by=clean.kept_by,
        statutory_procedure=clean.statutory_procedure,
        reopens=found.earlier and found.earlier.reopens,
    )
    confidential = admission.confidential
    return Case(matter, call.title, call.text, call.longitude, call.latitude, confidential=confidential)


def _read(clean: NormalizedCall) -> dict[str, Any]:
    return {
        "evidence": [each.record() for each in clean.evidence],
        "problems": [each.record() for each in clean.problems],
        "divisions": list(clean.candidates),
        "landmark": clean.landmark,
    }


def _categories(clean: NormalizedCall, names: dict[str, str]) -> list[LikelyCategory]:
    if clean.call.category is not None:
        return []
    said = f"{clean.call.title}\n{clean.call.text}"
    return [
        LikelyCategory(code=each.code, name=each.name, score=round(each.share, 2), words=list(each.words))
        for each in likely_categories(said, names)
    ]
