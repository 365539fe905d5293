"""Use case and face: say what would become of a call, and store nothing."""

from typing import Any

from fastapi import APIRouter

from intake.admit import Admissibility, admit, advice_of
from intake.candidates import candidates
from intake.domain.likely import likely_categories
from intake.domain.normalize import NormalizedCall, normalize
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
    case = _case(clean, now)
    async with resources.database.transaction() as connection:
        parts = await resources.part(Previews).of(case, connection)
        may_repeat = not admission.is_new
        repeats = await candidates(connection, clean, principal, resources, may_repeat=may_repeat)
    return Preview(
        call=clean.call,
        **_read(clean),
        categories=_categories(clean, catalogue.categories),
        **parts,
        advice=advice_of(admission.verdict),
        repeats=repeats,
    )


def _case(clean: NormalizedCall, now: Any) -> Case:
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
    )
    return Case(matter, call.title, call.text, call.longitude, call.latitude)


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
