"""Face: what makes routing doubtful, shown before thousands of tickets go to one district."""

from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter
from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from router.domain.skew import LEAST, skewed
from router.tables import parkings
from schemas.base import Schema
from services.http import ResourcesDep
from services.tables import tickets

routes = APIRouter(prefix="/v1", tags=["supervision"])

LATELY = timedelta(days=1)
BEFORE = timedelta(days=29)


class SkewedDivision(Schema):
    """A district whose share of the last day's tickets is five times that of the four weeks before."""

    division: str
    tickets: int
    share: float
    usual: float


class SharedPoint(Schema):
    """One point that many tickets with different addresses bear: perhaps the middle of a map, not a place."""

    longitude: float
    latitude: float
    tickets: int
    addresses: int


class FailedRow(Schema):
    """A row of the table that could not be asked, and how many tickets it left to people in the last day."""

    version: str
    row: str
    tickets: int


class RoutingAlarms(Schema):
    """What makes routing doubtful; all empty when nothing does."""

    divisions: list[SkewedDivision]
    points: list[SharedPoint]
    failed_rows: list[FailedRow]


@routes.get("/supervision/routing-alarms")
async def list_alarms(resources: ResourcesDep) -> RoutingAlarms:
    """List doubtful places of the last day, and rows of the table that failed."""
    now = resources.clock.now()
    columns = tickets.c
    district = func.left(columns.division, 6)
    lately = columns.accepted_at >= now - LATELY
    async with resources.database.transaction() as connection:
        counted = select(district, func.count()).where(columns.division.is_not(None)).group_by(district)
        recent = await _counts(connection, counted.where(lately))
        usual = await _counts(connection, counted.where(columns.accepted_at >= now - BEFORE, ~lately))
        addresses = func.count(columns.address.distinct())
        point = select(columns.longitude, columns.latitude, func.count().label("tickets"), addresses)
        shared = point.where(lately, columns.longitude.is_not(None)).group_by(
            columns.longitude, columns.latitude
        )
        points = (await connection.execute(shared.having(addresses >= LEAST))).all()
        failed = (await connection.execute(_failed_rows(now))).all()
    return RoutingAlarms(
        divisions=[
            SkewedDivision(
                division=each.division.ljust(12, "0"),
                tickets=each.tickets,
                share=round(each.share, 4),
                usual=round(each.usual, 4),
            )
            for each in skewed(recent, usual)
        ],
        points=[_point(each) for each in points],
        failed_rows=[FailedRow(version=version, row=row, tickets=count) for version, row, count in failed],
    )


def _failed_rows(now: datetime) -> Select[Any]:
    """Return each row that failed lately with its parkings: of all processes, whichever is asked."""
    row = parkings.c.failed_version, parkings.c.failed_row
    lately = parkings.c.parked_at >= now - LATELY, parkings.c.failed_row.is_not(None)
    return select(*row, func.count()).where(*lately).group_by(*row).order_by(func.count().desc(), *row)


async def _counts(connection: AsyncConnection, query: Select[Any]) -> dict[str, int]:
    return {row[0]: row[1] for row in await connection.execute(query)}


def _point(row: Any) -> SharedPoint:
    return SharedPoint(longitude=row[0], latitude=row[1], tickets=row[2], addresses=row[3])
