"""`hotline deadline`: calculate deadlines at the command line, one by its options or a file of them."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from escalation.calculate import among, calculate, without_codes
from escalation.calculation_schemas import (
    Calculated,
    CalculationAnswer,
    CalculationRequest,
    NotCalculated,
)
from escalation.domain.worktime import Unit
from escalation.rulebook import PublishedRules
from schemas.errors import Invalid
from schemas.problem import what_is_wrong
from services.cli.reach import FAILED, Data, Json, opened, run

STDIN = Path("-")


def deadline(
    start: Annotated[str | None, typer.Option(help="RFC 3339, like 2026-09-30T17:50:00+08:00.")] = None,
    amount: Annotated[int | None, typer.Option(help="How much of --unit.")] = None,
    unit: Annotated[Unit, typer.Option(help="What is counted.")] = Unit.WORKING_DAYS,
    calendar: Annotated[
        str | None, typer.Option(help="A calendar's code, or a JSON file of one. [default: the city's]")
    ] = None,
    pause: Annotated[
        list[str] | None, typer.Option(help="FROM/TO, both RFC 3339; may be given several times.")
    ] = None,
    policy: Annotated[
        list[str] | None, typer.Option(help="NAME=VALUE, like days_end=same_time; several times.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option(help='A JSON file like the body of the API, {"items": […]}; - is stdin.')
    ] = None,
    as_json: Json = False,
    data: Data = None,
) -> None:
    """
    Say when a limit is over and what was counted of it.

    One limit by --start and --amount, or up to 1,000 by --file, written as for
    `POST /v1/deadlines/calculate` and answered like there. Needs a running service
    unless every item brings its own calendar. Exits with 1 when an item has a problem.
    """

    async def work() -> CalculationAnswer:
        asked = _written(file) if file is not None else [_asked(start, amount, unit, calendar, pause, policy)]
        if not any(isinstance(each, dict) and not isinstance(each.get("calendar"), dict) for each in asked):
            return calculate(asked, without_codes)
        async with opened(data) as resources, resources.database.transaction() as connection:
            named = among(await resources.part(PublishedRules).current(connection))
        return calculate(asked, named)

    answer = run(work)
    if as_json or file is not None:
        typer.echo(answer.model_dump_json(indent=None if file else 2))
    else:
        _tell(answer.items[0])
    if any(isinstance(each, NotCalculated) for each in answer.items):
        raise typer.Exit(FAILED)


def _written(file: Path) -> list[Any]:
    body = sys.stdin.buffer.read() if file == STDIN else file.read_bytes()
    try:
        return list(CalculationRequest.model_validate_json(body).items)
    except ValidationError as fault:
        first = fault.errors(include_url=False)[0]
        raise Invalid(
            f"{file}: {'/'.join(map(str, first['loc'])) or 'the file'}: {what_is_wrong(first)}."
        ) from fault


def _asked(
    start: str | None,
    amount: int | None,
    unit: Unit,
    calendar: str | None,
    pauses: Sequence[str] | None,
    policy: Sequence[str] | None,
) -> dict[str, Any]:
    if start is None or amount is None:
        raise typer.BadParameter("Give --start and --amount, or --file.")
    return {
        "start": start,
        "limit": {"amount": amount, "unit": unit},
        "calendar": _calendar(calendar),
        "pauses": [_parted(each, "/", "--pause") for each in pauses or ()],
        "policy": {name: _setting(value) for name, value in _settings(policy or ())},
    }


def _calendar(named: str | None) -> Any:
    if named is None or not named.endswith(".json"):
        return named
    try:
        return json.loads(Path(named).read_bytes())
    except ValueError as fault:
        raise Invalid(f"{named} is no JSON: {fault}.") from fault


def _settings(policy: Sequence[str]) -> list[list[str]]:
    return [_parted(each, "=", "--policy") for each in policy]


def _setting(value: str) -> str | bool:
    return {"true": True, "false": False}.get(value, value)


def _parted(text: str, by: str, option: str) -> list[str]:
    parts = text.split(by)
    if len(parts) != 2:
        raise typer.BadParameter(f"{option} {text!r} needs one {by!r}.")
    return parts


def _tell(item: Calculated | NotCalculated) -> None:
    if isinstance(item, NotCalculated):
        problem = item.problem
        for each in problem.errors or ():
            typer.echo(f"{each.code} {each.pointer}: {each.detail}", err=True)
        if not problem.errors:
            typer.echo(f"{problem.code} {problem.pointer}: {problem.detail}", err=True)
        return
    typer.echo(f"due {item.due.isoformat()}{' (provisional)' if item.provisional else ''}")
    for number, (begins, ends) in enumerate(item.segments):
        day = f"{number + 1:>4}  " if item.days is not None else "      "
        typer.echo(f"{day}{begins.isoformat()} to {ends.isoformat()}")
    for begins, ends in item.skipped:
        typer.echo(f"pause {begins.isoformat()} to {ends.isoformat()}")
    for begins, ends in item.given_back:
        typer.echo(f"given back: due moved from {begins.isoformat()} to {ends.isoformat()}")
