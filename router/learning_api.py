"""Faces: rows the table lacks, as people's decisions show, and how sure a suggestion must be to decide."""

from dataclasses import replace
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from router.choose import civil_day
from router.department_store import UnitStore
from router.domain.proposals import Proposal, csv_line, draft_row, proposals
from router.published import PublishedTable
from router.references import refuse_unknown
from router.triage_store import TriageStore
from schemas.base import Schema
from schemas.errors import NotFound
from schemas.triage import AcceptedRow, DraftRow, ProposedRow, RowDecision, Threshold, ThresholdChange
from services.authorization import PrincipalDep
from services.commands import CommandsDep
from services.http import ResourcesDep
from services.resources import Resources

ALL = "all"

routes = APIRouter(prefix="/v1", tags=["triage"])

Tickets = Annotated[int | None, Query(ge=2, le=100_000, description="The fewest tickets; else the setting.")]
Agreement = Annotated[
    float | None, Query(gt=0.5, le=1, description="The smallest share to one department; else the setting.")
]
Category = Annotated[str, Path(pattern=r"^((\d{2}){1,3}|all)$", examples=["0102", ALL])]


@routes.get("/triage/proposals")
async def list_proposals(
    resources: ResourcesDep, tickets: Tickets = None, agreement: Agreement = None
) -> list[ProposedRow]:
    """
    List rows the jurisdiction table lacks: so many tickets of a category and place went to one department.

    Those that were accepted or dismissed, and those the table decides by now, are left out.
    """
    async with resources.database.transaction() as connection:
        found = await _found(connection, resources, tickets, agreement)
        units = await UnitStore(connection).units()
        return [
            ProposedRow(
                **{name: getattr(each, name) for name in ("id", "category", "division", "department")},
                tickets=each.tickets,
                agreement=each.agreement,
                examples=list(each.examples),
                says=_says(each, units[each.department].name) + ",是否增加条目?",
            )
            for each in found
        ]


@routes.post("/triage/proposals/accept", response_model=AcceptedRow)
async def accept_proposal(
    said: RowDecision, principal: PrincipalDep, resources: ResourcesDep, commands: CommandsDep
) -> Response:
    """
    Accept a proposed row: it is handed out as a draft of the table takes it, and not proposed again.

    Nothing is published by this; its legal basis is still to be named.
    """

    async def work(connection: AsyncConnection) -> tuple[Schema, dict[str, str]]:
        found = await _one(said, connection, resources)
        units = await UnitStore(connection).units()
        day = civil_day(resources.clock.now(), resources)
        note = _says(found, units[found.department].name)
        await _decide(said, principal.actor, connection, resources, accepted=True)
        row = draft_row(found, day, note)
        shown = DraftRow.model_validate({name: getattr(row, name) for name in DraftRow.model_fields})
        return AcceptedRow(row=shown, csv=csv_line(found, day, note)), {}

    return await commands.run(work)


@routes.post("/triage/proposals/dismiss", response_model=RowDecision)
async def dismiss_proposal(
    said: RowDecision, principal: PrincipalDep, resources: ResourcesDep, commands: CommandsDep
) -> Response:
    """Dismiss a proposed row: it is not proposed again."""

    async def work(connection: AsyncConnection) -> tuple[Schema, dict[str, str]]:
        await _one(said, connection, resources)
        await _decide(said, principal.actor, connection, resources, accepted=False)
        return said, {}

    return await commands.run(work)


@routes.get("/suggestion-thresholds")
async def list_thresholds(resources: ResourcesDep) -> list[Threshold]:
    """List above which confidence a suggestion assigns by itself; a category that is not here: never."""
    async with resources.database.transaction() as connection:
        rows = await TriageStore(connection).thresholds()
    return [_threshold(row) for row in rows]


@routes.put("/suggestion-thresholds/{category}")
async def set_threshold(
    category: Category,
    said: ThresholdChange,
    principal: PrincipalDep,
    resources: ResourcesDep,
) -> list[Threshold]:
    """Set above which confidence a suggestion assigns by itself in a category; null is never again."""
    prefix = "" if category == ALL else category
    async with resources.database.transaction() as connection:
        if prefix:
            await refuse_unknown(connection, prefix.ljust(6, "0"), None)
        store = TriageStore(connection)
        row = {"category": prefix, "confidence": said.confidence, "source": said.source}
        await store.set_threshold({**row, "set_at": resources.clock.now(), "set_by": principal.actor})
        return [_threshold(each) for each in await store.thresholds()]


async def _found(
    connection: AsyncConnection, resources: Resources, tickets: int | None, agreement: float | None
) -> list[Proposal]:
    chosen, now, store = resources.settings.triage, resources.clock.now(), TriageStore(connection)
    lessons = await store.lessons_since(now - timedelta(days=chosen.proposal_days))
    day = civil_day(now, resources)
    gone = await UnitStore(connection).succeeded(day)
    lessons = [replace(each, department=gone.get(each.department, each.department)) for each in lessons]
    found = proposals(
        lessons,
        (await resources.part(PublishedTable).in_force(connection, day)).table,
        day,
        tickets=tickets or chosen.proposal_tickets,
        agreement=agreement or chosen.proposal_agreement,
        city=resources.settings.city_division,
    )
    decided = await store.rows_decided()
    return [each for each in found if (each.category, each.division, each.department) not in decided]


async def _one(said: RowDecision, connection: AsyncConnection, resources: Resources) -> Proposal:
    """Return the proposal that is meant, whatever the thresholds; raises `NotFound`."""
    wanted = (said.category, said.division, said.department)
    for each in await _found(connection, resources, 2, 0.5):
        if (each.category, each.division, each.department) == wanted:
            return each
    raise NotFound(f"Nothing proposes {said.category}-{said.division} for {said.department}.")


async def _decide(
    said: RowDecision, by: str, connection: AsyncConnection, resources: Resources, *, accepted: bool
) -> None:
    row = {**said.model_dump(), "accepted": accepted, "decided_at": resources.clock.now(), "decided_by": by}
    await TriageStore(connection).decide_row(row)


def _says(proposal: Proposal, name: str) -> str:
    return (
        f"类别{proposal.category}、区划{proposal.division}的{proposal.tickets}件由人工派单至{name},"
        f"一致率{proposal.agreement:.0%}"
    )


def _threshold(row: Row[tuple[object, ...]]) -> Threshold:
    values = {name: row._mapping[name] for name in Threshold.model_fields}
    return Threshold(**{**values, "category": values["category"] or ALL})
