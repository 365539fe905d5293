"""Intake at a glance."""

from intake import (
    act,
    attachments,
    batch,
    call_back,
    calls,
    correct,
    hotlines,
    linkage,
    links,
    preview,
    refusals,
    reveal,
    search,
    split,
    take_call,
    ticket_calls,
    timeline,
    unfounded,
)
from intake.api import registering, routes
from intake.counter import counter
from intake.mappings import mappings_hold
from intake.search_index import search_indexer
from intake.store import Reference, seed
from schemas.errors import Misconfigured
from services.resources import Resources
from services.roles import Role


async def has_reference(resources: Resources) -> None:
    """Refuse to serve without hotlines and divisions to check calls against."""
    catalogue = await resources.part(Reference).catalogue()
    if not (catalogue.hotlines and catalogue.divisions):
        raise Misconfigured("There are no hotlines or divisions: run `hotline migrate`.")


intake = Role(
    "intake",
    faces=[
        registering,
        routes,
        batch.routes,
        take_call.routes,
        preview.routes,
        search.routes,
        ticket_calls.routes,
        timeline.routes,
        attachments.routes,
        correct.routes,
        act.routes,
        call_back.routes,
        hotlines.routes,
        linkage.routes,
        calls.routes,
        links.routes,
        refusals.routes,
        reveal.routes,
        split.routes,
        unfounded.routes,
    ],
    loops=[counter, search_indexer],
    checks=[has_reference, mappings_hold],
    seeds=[seed],
)
