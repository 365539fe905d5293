"""`hotline conformance`: hold a vendor's endpoint against what a department's system must do."""

import json
from typing import Annotated
from uuid import uuid4

import httpx
import typer
from rich.console import Console

from services.cli.reach import FAILED, Json, fail, run
from services.clock import wall_clock
from services.conformance.domain.case import Finding
from services.conformance.domain.cases import Writer, cases
from services.conformance.play import Endpoint
from services.conformance.report import closing, document, table

LIMIT = 10.0
"""As long as the hotline itself waits for an answer, unless it is told otherwise."""


def check_conformance(
    url: Annotated[str, typer.Argument(help="The endpoint, as the hotline would post to it.")],
    secret: Annotated[
        str, typer.Option(envvar="HOTLINE_WEBHOOK_SECRET", help="What it verifies with, whsec_…")
    ],
    status_url: Annotated[
        str | None, typer.Option(help="Where it says what it holds of a ticket; see docs/webhooks.md.")
    ] = None,
    limit: Annotated[float, typer.Option(min=0.05, help="Seconds an answer may take.")] = LIMIT,
    as_json: Json = False,
) -> None:
    """
    Post to an endpoint what it will meet, and report how it stood: exit code 1 when a case failed.

    Tickets are numbered TEST-…: for a system that is being tested, never one at work.
    """
    for each in filter(None, (url, status_url)):
        _check_address(each)
    try:
        writer = Writer(secret, wall_clock(), f"TEST-{uuid4().hex[:8]}", lambda: str(uuid4()))
        played = cases(writer)
    except ValueError as fault:
        fail(f"The secret cannot be read, it is whsec_ and base64: {fault}.")

    async def work() -> list[Finding]:
        return [each async for each in Endpoint(url, status_url, limit).play(played)]

    findings = run(work)
    if as_json:
        typer.echo(json.dumps(document(findings), ensure_ascii=False))
    else:
        Console().print(table(findings))
        typer.echo("\n".join(closing(findings)))
    if not all(each.passed for each in findings):
        raise typer.Exit(FAILED)


def _check_address(text: str) -> None:
    try:
        address = httpx.URL(text)
    except httpx.InvalidURL as fault:
        raise typer.BadParameter(f"{text} is no address: {fault}") from fault
    if address.scheme not in ("http", "https") or not address.host:
        raise typer.BadParameter(f"{text} is no address: it is http:// or https:// and a host")
