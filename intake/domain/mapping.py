"""A mapping declares how one sender's records become calls: data, no code per hotline."""

from collections.abc import Collection
from collections.abc import Mapping as Record
from datetime import datetime, timedelta, timezone
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from schemas.base import Schema
from schemas.errors import BadMapping
from schemas.lifecycle import ENDED, Status

HISTORY_FIELDS = ("accepted_at", "ended_at", "status")
CALL_FIELDS = (
    "source_number",
    "kind",
    "urgency",
    "live",
    "title",
    "text",
    "category",
    "division",
    "address",
    "caller.name",
    "caller.phone",
    "caller.type",
    "caller.withheld",
)


class Source(Schema):
    """
    Where a field comes from: the first of `paths` whose value says something.

    A path is dotted. With a `table`, a value is looked up there and passed over
    when it is not in it; `dates` are tried in turn; `first` keeps only that many
    characters; `default` stands in when nothing was found.
    """

    paths: list[str] = Field(default_factory=list)
    table: str | None = None
    dates: list[str] = Field(default_factory=list)
    first: int | None = Field(None, ge=1)
    default: str | bool | None = None


class Mapping(Schema):
    """
    A mapping file: which hotline, how the file is written, where each field comes from.

    `division_names` lists the columns with district, township and village, in
    that order. `utc_offset_hours` is the zone of dates that bear none.
    """

    name: str
    hotline: str = Field(pattern=r"^\d{3,6}$")
    format: Literal["csv", "ndjson"] = "ndjson"
    encoding: str = "utf-8-sig"
    utc_offset_hours: float = 8
    fields: dict[str, Source]
    division_names: list[str] = Field(default_factory=list)
    tables: dict[str, dict[str, str]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _says_only_what_is_known(self) -> Self:
        unknown = set(self.fields) - set(CALL_FIELDS) - set(HISTORY_FIELDS)
        if unknown:
            raise ValueError(f"a call has no field {', '.join(sorted(unknown))}")
        missing = {each.table for each in self.fields.values() if each.table} - set(self.tables)
        if missing:
            raise ValueError(f"there is no table {', '.join(sorted(missing))}")
        if "text" not in self.fields:
            raise ValueError("a mapping must say where the text is")
        return self

    @property
    def columns(self) -> set[str]:
        """Every top-level column or member the mapping reads."""
        paths = [path for source in self.fields.values() for path in source.paths]
        return {path.split(".")[0] for path in [*paths, *self.division_names]}


def read_mapping(declared: Record[str, Any]) -> Mapping:
    """Return a mapping from its parsed file; raises `BadMapping` naming the first fault."""
    try:
        return Mapping.model_validate(declared)
    except ValidationError as faults:
        first = faults.errors()[0]
        place = ".".join(str(each) for each in first["loc"]) or "mapping"
        raise BadMapping(f"{place}: {first['msg']}") from faults


def value(record: Record[str, Any], source: Source, mapping: Mapping) -> Any:
    """Return what a source finds in a record; raises `BadMapping` for a date in no known form."""
    for path in source.paths:
        found = _at(record, path)
        if found is None or found == "":
            continue
        if source.table is not None:
            found = mapping.tables[source.table].get(str(found).strip())
            if found is None:
                continue
        if source.first is not None:
            found = str(found)[: source.first]
        return _date(str(found), source.dates, mapping) if source.dates else found
    return source.default


def fields(record: Record[str, Any], mapping: Mapping, names: Collection[str]) -> dict[str, Any]:
    """Return those of these fields that the mapping finds in a record."""
    wanted = {name: source for name, source in mapping.fields.items() if name in names}
    found = {name: value(record, source, mapping) for name, source in wanted.items()}
    return {name: each for name, each in found.items() if each is not None}


def division_names(record: Record[str, Any], mapping: Mapping) -> list[str]:
    """Return district, township and village as the record names them, empty ones as empty."""
    return [str(_at(record, path) or "") for path in mapping.division_names]


def status(found: Record[str, Any]) -> Status | None:
    """Return the ending a back file gives a ticket, or None while it was open."""
    recorded = found.get("status")
    if recorded is None:
        return None
    try:
        known = Status(recorded)
    except ValueError:
        raise BadMapping(f"There is no status {recorded}.", pointer="/status") from None
    return known if known in ENDED else None


def _at(record: Record[str, Any], path: str) -> Any:
    here: Any = record
    for name in path.split("."):
        here = here.get(name) if isinstance(here, dict) else None
    return here.strip() if isinstance(here, str) else here


def _date(text: str, forms: list[str], mapping: Mapping) -> datetime:
    for form in forms:
        try:
            read = datetime.fromisoformat(text) if form == "iso" else datetime.strptime(text, form)  # noqa: DTZ007
        except ValueError:
            continue
        zone = timezone(timedelta(hours=mapping.utc_offset_hours))
        return read if read.tzinfo else read.replace(tzinfo=zone)
    raise BadMapping(f"{text!r} is a date in none of the forms {', '.join(forms)}.")
