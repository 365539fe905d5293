"""A mapping declares how one sender's records become calls: data, no code per hotline."""

from collections.abc import Collection
from collections.abc import Mapping as Record
from functools import cached_property
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from intake.domain.finding import Find, node_at, text_at
from intake.domain.place.others import FIELDS as OTHER_PLACES
from intake.domain.source import Source, compiled, found_in
from intake.domain.wire.encoding import encoding_named
from intake.domain.wire.media import Wire
from schemas.base import Schema
from schemas.errors import BadMapping, Invalid
from schemas.lifecycle import ENDED, Status
from schemas.problem import what_is_wrong

HISTORY_FIELDS = ("accepted_at", "dispatched_at", "ended_at", "status")
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
    "longitude",
    "latitude",
    "coordinate_system",
    "occurred_at",
    "follows",
    "attachments",
    "caller.name",
    "caller.phone",
    "caller.type",
    "caller.withheld",
    "caller.anonymous",
    "caller.id_number",
    "caller.credit_code",
    "caller.proxy.name",
    "caller.proxy.phone",
    "caller.proxy.organisation",
    *OTHER_PLACES,
)
UNLESS_NO = frozenset({"caller.withheld", "caller.anonymous"})
ATTACHMENT_FIELDS = ("url", "media_type", "sha256", "size", "name")
REPORT_FIELDS = ("source_number", "status", "at", "note")
LINKAGE_FIELDS = (
    "police_matter",
    "settled",
    "outcome",
    "decided_by",
    "first_received_by",
    "parties",
    "started_at",
    "ended_at",
)


class Mapping(Schema):
    """
    A mapping file: which hotline, how it sends, where each field comes from.

    `format` and `encoding` count where a request or a file does not say itself.
    `root` leads to the record inside what was sent. `division_names` lists
    the columns with district, township and village, in that order.
    `utc_offset_hours` is the zone of dates that bear none. `report` reads what
    a sub-centre reports later, and `steps` says which reported status means that it
    signed or resolved; `linkage` reads the three-party call with 110.
    """

    name: str
    hotline: str = Field(pattern=r"^\d{3,6}$")
    format: Literal["json", "xml", "form", "csv", "ndjson"] = "ndjson"
    encoding: str = "utf-8-sig"
    root: str = ""
    utc_offset_hours: float = Field(8, ge=-14, le=14)
    fields: dict[str, Source]
    division_names: list[str] = Field(default_factory=list)
    tables: dict[str, dict[str, str]] = Field(default_factory=dict)
    report: dict[str, Source] | None = None
    steps: dict[str, Literal["sign", "resolve"]] = Field(default_factory=dict)
    linkage: dict[str, Source] | None = None

    @model_validator(mode="after")
    def _says_only_what_is_known(self) -> Self:
        _only(self.fields, (*CALL_FIELDS, *HISTORY_FIELDS), "a call")
        _only(self.report or {}, REPORT_FIELDS, "a report")
        _only(self.linkage or {}, LINKAGE_FIELDS, "a linkage")
        if (files := self.fields.get("attachments")) is not None:
            _only(files.each or {"a list without `each`": files}, ATTACHMENT_FIELDS, "an attachment")
        missing = {name for each in self._sources for name in each.every_table} - set(self.tables)
        if missing:
            raise ValueError(f"there is no table {', '.join(sorted(missing))}")
        if "text" not in self.fields:
            raise ValueError("a mapping must say where the text is")
        return self

    @property
    def columns(self) -> set[str]:
        """Every top-level column or member the mapping reads."""
        paths = [path for source in self.fields.values() for path in source.every_path]
        return {path.split(".")[0] for path in [*paths, *self.division_names]}

    @property
    def usual_wire(self) -> Wire:
        """The format of a request that has no Content-Type."""
        return Wire.JSON if self.format == "ndjson" else Wire(self.format)

    @property
    def usual_encoding(self) -> str | None:
        """The encoding of a request that names none; None is UTF-8, or what it proves to be."""
        return None if self.encoding.lower().startswith("utf") else encoding_named(self.encoding)

    @cached_property
    def plans(self) -> dict[Collection[str], dict[str, Find]]:
        """The compiled sources by the fields that were asked for: each is compiled once."""
        return {}

    def finds(self, names: Collection[str]) -> dict[str, Find]:
        """Return the functions that find those of these fields the mapping declares."""
        if (known := self.plans.get(names)) is None:
            wanted = {name: source for name, source in self.fields.items() if name in names}
            known = self.plans[names] = self._compiled(wanted)
        return known

    @cached_property
    def report_finds(self) -> dict[str, Find]:
        """The functions that find each field of a report; one that is not declared has its own name."""
        plain = {name: Source(paths=[name], dates=["iso"] if name == "at" else []) for name in REPORT_FIELDS}
        return self._compiled({**plain, **(self.report or {})})

    @cached_property
    def linkage_finds(self) -> dict[str, Find]:
        """The functions that find each field of a linkage."""
        return self._compiled(self.linkage or {})

    @cached_property
    def division_finds(self) -> list[Find]:
        """The functions that find district, township and village."""
        return [text_at(path) for path in self.division_names]

    @cached_property
    def root_find(self) -> Find:
        """The function that finds the record inside what was sent."""
        return node_at(self.root)

    @property
    def _sources(self) -> list[Source]:
        parts = (self.fields, self.report or {}, self.linkage or {})
        return [source for part in parts for source in part.values()]

    def _compiled(self, sources: dict[str, Source]) -> dict[str, Find]:
        """
        Compile sources; a live call is not refused for a date in a form its sender never declared.

        Nor is a caller's wish not to be named lost because it stands there in another word, or
        what they said because it came in several pieces.
        """
        return {
            name: compiled(
                source if name != "text" or source.join is not None else _whole(source),
                self.tables,
                self.utc_offset_hours,
                strict=name not in CALL_FIELDS,
                unless_no=name in UNLESS_NO,
            )
            for name, source in sources.items()
        }


def _whole(text: Source) -> Source:
    return text.model_copy(update={"join": "\n"})


def read_mapping(declared: Record[str, Any]) -> Mapping:
    """Return a mapping from its parsed file; raises `BadMapping` naming the first fault."""
    try:
        return Mapping.model_validate(declared)
    except ValidationError as faults:
        first = faults.errors()[0]
        place = ".".join(str(each) for each in first["loc"]) or "mapping"
        raise BadMapping(f"{place}: {what_is_wrong(first)}") from faults


def record_of(sent: Any, mapping: Mapping) -> dict[str, Any]:
    """
    Return the one record inside what was sent, or raise `Invalid`.

    A list around it is taken off; several records are refused, as only one
    of them would be answered.
    """
    found = mapping.root_find(sent)
    if isinstance(found, list):
        if len(found) != 1:
            raise Invalid(f"One call at a time; {len(found)} were sent.", pointer="")
        found = found[0]
    if not isinstance(found, dict):
        place = f" at {mapping.root}" if mapping.root else ""
        raise Invalid(f"The body holds no object{place}.", pointer="")
    return found


def fields(record: Record[str, Any], mapping: Mapping, names: Collection[str]) -> dict[str, Any]:
    """
    Return those of these fields that the mapping finds in a record, by dotted name.

    Raises `BadMapping` for a date of the past in no known form.
    """
    return found_in(record, mapping.finds(names))


def division_names(record: Record[str, Any], mapping: Mapping) -> list[str]:
    """Return district, township and village as the record names them, empty ones as empty."""
    return [str(find(record) or "") for find in mapping.division_finds]


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


def _only(named: Collection[str], known: Collection[str], what: str) -> None:
    unknown = set(named) - set(known)
    if unknown:
        raise ValueError(f"{what} has no field {', '.join(sorted(unknown))}")
