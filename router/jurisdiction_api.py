"""Faces: the jurisdiction table in force, its areas, and why a matter or a ticket goes where it goes."""

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field
from sqlalchemy import select

from router.choose import choice_for, civil_day
from router.domain.area import areas_of
from router.domain.explain import failed_sentence, record, sentence
from router.domain.inquiry import Inquiry
from router.domain.matching import RuleFailed, Verdict, explain
from router.jurisdiction_store import JurisdictionStore
from router.published import PublishedTable
from router.references import refuse_unknown
from router.tables import assignments
from schemas.base import Schema
from schemas.codes import CategoryCode, DivisionCode
from schemas.errors import Invalid, TicketNotFound
from schemas.folding import folded
from schemas.places import Basis
from schemas.scrubbing import names_in, scrubbed_all
from schemas.ticket import CallerType
from services.authorization import PrincipalDep
from services.http import ResourcesDep
from services.resources import Resources
from services.tickets import TicketStore

routes = APIRouter(prefix="/v1", tags=["jurisdiction"])


class SpecialArea(Schema):
    """An area that is no division (特殊区域): the divisions wholly in it, the outline of the rest."""

    code: str
    name: str
    divisions: list[str]
    outline: list[tuple[float, float]] = Field(description="Longitude and latitude in degrees.")
    valid_from: date
    valid_to: date | None


class TicketJurisdiction(Schema):
    """
    Why a ticket is where it is: by the decision that was taken, and by the table in force now.

    `then` is null for one nobody has been given; its `version` says by which table.
    """

    id: str
    department: str | None
    then: dict[str, Any] | None
    now: dict[str, Any]


@routes.get("/jurisdictions")
async def list_jurisdictions(resources: ResourcesDep) -> list[dict[str, Any]]:
    """List the rows of the table in force."""
    async with resources.database.transaction() as connection:
        day = civil_day(resources.clock.now(), resources)
        table = (await resources.part(PublishedTable).in_force(connection, day)).table
    return [
        {"version": table.version, **{name: getattr(row, name) for name in row.__slots__}}
        for row in table.rows
    ]


@routes.get("/jurisdictions/explain")
async def explain_jurisdiction(
    resources: ResourcesDep,
    category: CategoryCode | None = None,
    division: DivisionCode | None = None,
    on: date | None = None,
    work: Annotated[DivisionCode | None, Query(description="Place of work.")] = None,
    merchant: Annotated[DivisionCode | None, Query(description="Merchant's place of business.")] = None,
    household: Annotated[DivisionCode | None, Query(description="Where the household lives.")] = None,
    caller_type: CallerType = CallerType.PERSON,
    text: Annotated[str, Query(max_length=2000, description="What rows with keywords look at.")] = "",
    attribute: Annotated[list[str], Query(max_length=20, description="As `name=value`.")] = [],  # noqa: B006
) -> dict[str, Any]:
    """
    Say who has jurisdiction over a matter on a day, by which row, and what it beat and why.

    A day to come is judged by the version that will be in force; one that is past, by today's.
    """
    now = resources.clock.now()
    today = civil_day(now, resources)
    day = on or today
    others = {Basis.WORK: work, Basis.MERCHANT: merchant, Basis.HOUSEHOLD: household}
    places = {str(basis): code for basis, code in others.items() if code}
    async with resources.database.transaction() as connection:
        for each in (division, *places.values()):
            await refuse_unknown(connection, category, each)
        snapshot = await resources.part(PublishedTable).in_force(connection, max(day, today))
    asked = Inquiry(
        category=category,
        division=division or resources.settings.city_division,
        day=day,
        at=datetime.combine(day, now.astimezone(resources.settings.zone).timetz()),
        places=places,
        areas={
            basis: codes
            for basis, place in ((str(Basis.HAPPENED), division), *places.items())
            if (codes := areas_of(place, None, snapshot.areas, day))
        },
        caller_type=str(caller_type),
        attributes=dict(_pair(each) for each in attribute),
        text=folded(text),
    )
    try:
        verdict = explain(snapshot.table, asked)
    except RuleFailed as fault:
        nobody = Verdict(snapshot.table.version, asked, (), ())
        return {"because": failed_sentence(nobody.version, str(fault)), **record(nobody)}
    return {"because": sentence(verdict, snapshot.names), **record(verdict)}


@routes.get("/jurisdictions/areas")
async def list_areas(resources: ResourcesDep) -> list[SpecialArea]:
    """List the special areas, whose rows go before those of the street."""
    async with resources.database.transaction() as connection:
        found = await JurisdictionStore(connection).areas()
    return [
        SpecialArea(
            code=each.code,
            name=each.name,
            divisions=list(each.divisions),
            outline=list(each.outline),
            valid_from=each.valid_from,
            valid_to=each.valid_to,
        )
        for each in found
    ]


@routes.get("/tickets/{ticket_id}/jurisdiction")
async def explain_ticket(
    ticket_id: str, principal: PrincipalDep, resources: ResourcesDep
) -> TicketJurisdiction:
    """Say why a ticket is with its department: the decision as it was taken, and what it would be now."""
    return await ticket_jurisdiction(ticket_id, principal.department, resources)


async def ticket_jurisdiction(
    ticket_id: str, department: str | None, resources: Resources
) -> TicketJurisdiction:
    """
    Return the explanation of a ticket for the hotline, or for the department that has it.

    Raises `TicketNotFound`, also for another department's and for a report in confidence.
    """
    async with resources.database.transaction() as connection:
        ticket = await TicketStore(connection).get(ticket_id)
        others = department is not None and ticket.department != department
        if others or ticket.confidential:
            raise TicketNotFound(f"There is no ticket {ticket_id}.")
        query = select(assignments.c.decision).where(assignments.c.ticket_id == ticket_id)
        last = query.order_by(assignments.c.assigned_at.desc()).limit(1)
        then = await connection.scalar(last)
        choice = await choice_for(ticket, connection, resources)
    if department is not None:
        then = scrubbed_all(then, names_in(ticket.caller, ticket.former_callers))
    return TicketJurisdiction(
        id=ticket.id,
        department=ticket.department,
        then=then,
        now={
            "department": choice.department,
            "because": choice.because,
            "co_handlers": list(choice.co_handlers),
            "cc": list(choice.cc),
            "parked": choice.parked,
            **record(choice.verdict),
        },
    )


def _pair(given: str) -> tuple[str, str]:
    name, equals, value = given.partition("=")
    if not (name and equals and value):
        raise Invalid(f"An attribute is written name=value, not {given}.", pointer="query:attribute")
    return name, value
