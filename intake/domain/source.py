"""Where a field of a call comes from, declared as data and compiled once into a function."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Self
from unicodedata import normalize as unicode_normalize

from pydantic import Field, model_validator

from intake.domain.finding import Find, node_at, places_of, spread, template_of, text_at
from schemas.base import Schema
from schemas.errors import BadMapping, HotlineError

Step = Callable[[Any], Any]
Tables = dict[str, dict[str, str]]
EPOCHS = {"epoch_ms": 1000, "epoch_s": 1}
FIRST_YEAR, LAST_YEAR = 1970, 2199
_NO = re.compile(
    r"0+(?:\.0+)?|n|no|f|false|off|none|null|nan|nil|undefined|n/?a|[-—/]+|否|没有|未知|不详|未填写?|"
    r"(?:可以?)?公开|实名|普通|一般|正常|"
    r"(?:不|非|未|无|无需|不用|不要|不需要?|(?:[不未]|没有?)要求)(?:是|保密|匿名)?"
).fullmatch


class Source(Schema):
    """
    Where a field comes from: the first of `paths` whose value says something, then `template`.

    A path is dotted; `0` is an element of a list, `*` all of them, `@name` an
    XML attribute. `template` holds lines with `{path}` places; a line whose
    places are all empty is left out. Of several values `join` makes one text,
    otherwise the first that says something counts. Then, in this order: `pattern` keeps its first
    group, and what does not match says nothing; `yes` lists the words that
    mean true; `table` looks a code up, and one that is not in it says
    nothing; `first` keeps that many characters; `dates` are tried in turn
    (`iso`, `epoch_ms`, `epoch_s` or a strptime form). `each` reads the objects
    of a list, field by field. `default` stands in when nothing was found;
    alone it is a constant.
    """

    paths: list[str] = Field(default_factory=list)
    template: list[str] = Field(default_factory=list)
    join: str | None = None
    pattern: str | None = None
    yes: list[str] = Field(default_factory=list)
    table: str | None = None
    first: int | None = Field(None, ge=1)
    dates: list[str] = Field(default_factory=list)
    each: "dict[str, Source] | None" = None
    default: str | bool | None = None

    @model_validator(mode="after")
    def _can_find_something(self) -> Self:
        if not (self.paths or self.template or self.default is not None):
            raise ValueError("it names no path, no template and no default")
        if self.each is not None and not self.paths:
            raise ValueError("`each` needs a path to a list")
        if self.pattern is not None and _groups(self.pattern) < 1:
            raise ValueError("its pattern has no group to keep")
        return self

    @property
    def every_path(self) -> list[str]:
        """Every path it reads, those of its templates too."""
        return [*self.paths, *(path for line in self.template for path in places_of(line))]

    @property
    def every_table(self) -> set[str]:
        """Every table it looks into, those of its `each` too."""
        inner = (self.each or {}).values()
        return {self.table} - {None} | {name for each in inner for name in each.every_table}  # type: ignore[return-value]


def _groups(pattern: str) -> int:
    try:
        return re.compile(pattern).groups
    except re.error as fault:
        raise ValueError(f"its pattern cannot be read: {fault}") from fault


def compiled(
    source: Source,
    tables: Tables,
    utc_offset_hours: float,
    *,
    strict: bool = True,
    unless_no: bool = False,
) -> Find:
    """
    Return the function that finds a source's value.

    It raises `BadMapping` for a date in no known form, or unless it is `strict`
    leaves it as it was written. `unless_no` takes any word for a yes that does not plainly say no.
    """
    if source.each is not None:
        return _each(source, tables, utc_offset_hours)
    finds = [text_at(path) for path in source.paths]
    if source.template:
        finds.append(template_of(source.template))
    refine = _refining(_steps(source, tables, utc_offset_hours, strict=strict, unless_no=unless_no))
    join, default = source.join, source.default

    def found(record: Any) -> Any:
        for find in finds:
            if (here := find(record)) is None:
                continue
            for each in spread(here, join) if type(here) is list else (here,):
                if each is not None and (refined := refine(each)) is not None:
                    return refined
        return default

    return found


def _each(source: Source, tables: Tables, utc_offset_hours: float) -> Find:
    lists = [node_at(path) for path in source.paths]
    inner = {name: compiled(each, tables, utc_offset_hours) for name, each in (source.each or {}).items()}

    def found(record: Any) -> list[dict[str, Any]] | None:
        for find in lists:
            here = find(record)
            nodes = here if isinstance(here, list) else [here] if here else []
            read = [found_in(each, inner) for each in nodes]
            if kept := [each for each in read if each]:
                return kept
        return None

    return found


def found_in(record: Any, finds: Mapping[str, Find]) -> dict[str, Any]:
    """Return what compiled sources find in a record; a fault bears the pointer of its field."""
    found: dict[str, Any] = {}
    name = ""
    try:
        for name, find in finds.items():
            if (value := find(record)) is not None:
                found[name] = value
    except HotlineError as fault:
        fault.facts.setdefault("pointer", "/" + name.replace(".", "/"))
        raise
    return found


def _refining(steps: list[Step]) -> Step:
    def refined(here: Any) -> Any:
        for step in steps:
            if here is None:
                return None
            here = step(here)
        return here

    return refined


def _steps(
    source: Source, tables: Tables, utc_offset_hours: float, *, strict: bool, unless_no: bool
) -> list[Step]:
    steps: list[Step] = []
    if source.pattern is not None:
        steps.append(_matching(re.compile(source.pattern)))
    if source.yes:
        steps.append(_is_yes(frozenset(each.lower() for each in source.yes), unless_no))
    if source.table is not None:
        table = tables[source.table]
        steps.append(lambda here: table.get(_written(here)))
    if source.first is not None:
        first = source.first
        steps.append(lambda here: str(here)[:first])
    if source.dates:
        steps.append(_dated(source.dates, timezone(timedelta(hours=utc_offset_hours)), strict))
    return steps


def _is_yes(words: frozenset[str], unless_no: bool) -> Step:
    def is_yes(here: Any) -> bool:
        if isinstance(here, bool):
            return here
        said = unicode_normalize("NFKC", str(here)).lower()
        return said in words or (unless_no and _NO(said) is None)

    return is_yes


def _matching(pattern: re.Pattern[str]) -> Step:
    def kept(here: Any) -> str | None:
        match = pattern.search(str(here))
        return (match[1] or "").strip() or None if match else None

    return kept


def _dated(forms: list[str], zone: timezone, strict: bool) -> Step:
    def dated(here: Any) -> Any:
        try:
            return read_date(str(here), forms, zone)
        except BadMapping:
            if strict:
                raise
            return here

    return dated


def _written(here: Any) -> str:
    """Return a value as JSON writes it: a code table says `true`, not `True`."""
    return str(here).lower() if isinstance(here, bool) else str(here).strip()


def read_date(text: str, forms: list[str], zone: timezone) -> datetime:
    """Return a moment from its text, in `zone` if it bears none, or raise `BadMapping`."""
    for form in forms:
        try:
            read = _moment(text, form)
        except (ValueError, OverflowError):
            continue
        if FIRST_YEAR <= read.year <= LAST_YEAR:
            return read if read.tzinfo else read.replace(tzinfo=zone)
    raise BadMapping(f"{text[:60]!r} is a date in none of the forms {', '.join(forms)}.")


def _moment(text: str, form: str) -> datetime:
    if form in EPOCHS:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(text) / EPOCHS[form])
    return datetime.fromisoformat(text) if form == "iso" else datetime.strptime(text, form)  # noqa: DTZ007
