"""Sheets and drafts as a clerk sends them."""

from typing import Any

import httpx

from router.defaults import sheet
from tests.inprocess import InProcess

HEADER = (
    "id,category,division,area,basis,caller_type,weekdays,hours,keywords,attributes,department,co_handlers,"
    "cc,mode,department_only,statutory_procedure,legal_basis,priority,valid_from,valid_to,note"
)


def line(**cells: Any) -> str:
    """A line of a sheet; what is not said is as it mostly is."""
    usual = {
        "division": "4601",
        "mode": "direct",
        "legal_basis": "《条例》第一条",
        "valid_from": "2020-01-01",
    }
    given = {**usual, **cells}
    return ",".join(str(given.get(name, "")) for name in HEADER.split(","))


def shipped_with(*lines: str, without: tuple[str, ...] = ()) -> bytes:
    """The table that ships, with more lines and without some."""
    kept = [
        each for each in sheet("jurisdictions").decode().splitlines() if each.split(",")[0] not in without
    ]
    return ("\n".join([*kept, *lines]) + "\n").encode()


async def drafted(
    hotline: InProcess, version: str, content: bytes | None = None, **more: Any
) -> httpx.Response:
    """Begin a draft and give it a sheet; the last answer."""
    client = await hotline.client("admin")
    body = {"version": version, "source": "试", **more}
    answer = await client.post("/v1/jurisdictions/drafts", json=body)
    if content is None or answer.status_code != 201:
        return answer
    return await imported(hotline, version, content)


async def imported(
    hotline: InProcess, version: str, content: bytes, media: str = "text/csv"
) -> httpx.Response:
    client = await hotline.client("admin")
    return await client.post(
        "/v1/jurisdictions:import",
        params={"version": version},
        content=content,
        headers={"content-type": media},
    )


async def simulated(hotline: InProcess, version: str, since: str = "2026-11-01") -> httpx.Response:
    client = await hotline.client("admin")
    period = {"since": since, "until": "2026-11-30"}
    return await client.post(f"/v1/jurisdictions/drafts/{version}/simulate", json=period)


async def published(
    hotline: InProcess, version: str, role: str = "supervisor", **body: Any
) -> httpx.Response:
    client = await hotline.client(role)
    return await client.post(f"/v1/jurisdictions/drafts/{version}/publish", json=body)


async def put_in_force(hotline: InProcess, version: str, content: bytes, **body: Any) -> None:
    """Draft, simulate and publish."""
    for answer in (
        await drafted(hotline, version, content),
        await simulated(hotline, version),
        await published(hotline, version, **body),
    ):
        assert answer.status_code == 200, answer.text
