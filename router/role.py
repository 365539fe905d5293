"""The router at a glance."""

from router import (
    co_handling_api,
    contact,
    department_api,
    jurisdiction_api,
    jurisdiction_drafts_api,
    jurisdiction_versions_api,
    learning_api,
    mass_events,
    matters,
    offers,
    people_api,
    places_api,
    resolutions_api,
    returns_api,
    supplements_api,
    triage_api,
)
from router.api import COMMANDS, routes
from router.choose import civil_day
from router.consumer import router as dispatching
from router.domain.lint import contradictions
from router.merge import moving
from router.preview import likely_department
from router.published import PublishedTable
from router.references import known_on
from router.store import seed
from router.text_model import TextModels
from schemas.errors import BadModel, Misconfigured
from services.resources import Resources
from services.roles import Role


async def table_holds(resources: Resources) -> None:
    """Refuse to serve without a published jurisdiction table, or with one that contradicts itself."""
    day = civil_day(resources.clock.now(), resources)
    async with resources.database.transaction() as connection:
        table = (await resources.part(PublishedTable).in_force(connection, day)).table
        known = await known_on(connection, day)
    if not table.rows:
        raise Misconfigured("The jurisdiction table is empty: run `hotline migrate`.")
    if faults := [each.message for each in contradictions(table.rows, known)]:
        told = "; ".join(faults[:10])
        raise Misconfigured(f"The jurisdiction table {table.version} is out of order: {told}.")


async def model_holds(resources: Resources) -> None:
    """Refuse to serve with a text model that cannot be read."""
    try:
        resources.part(TextModels)
    except (BadModel, OSError) as fault:
        raise Misconfigured(f"The text model: {fault}") from fault


router = Role(
    "router",
    faces=[
        routes,
        contact.routes,
        learning_api.routes,
        triage_api.routes,
        department_api.routes,
        people_api.routes,
        jurisdiction_api.routes,
        jurisdiction_versions_api.routes,
        jurisdiction_drafts_api.routes,
        returns_api.routes,
        resolutions_api.routes,
        supplements_api.routes,
        co_handling_api.routes,
        matters.routes,
        mass_events.routes,
        places_api.routes,
    ],
    consumers=[dispatching],
    loops=[moving],
    checks=[table_holds, model_holds],
    seeds=[seed],
    previews={"department": likely_department},
    refuses=offers.REFUSES,
    ticket_commands=[
        *COMMANDS,
        *contact.COMMANDS,
        *resolutions_api.COMMANDS,
        *supplements_api.COMMANDS,
        *returns_api.COMMANDS,
        *co_handling_api.COMMANDS,
    ],
)
