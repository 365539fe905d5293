"""The statements of the search, built once for each shape of a question: building costs more than running."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    DateTime,
    Select,
    Subquery,
    Text,
    and_,
    bindparam,
    func,
    literal_column,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by

from intake.domain.search import Wanted
from intake.tables import ticket_search
from schemas.lifecycle import Status
from services.tables import ticket_history, tickets

Place = tuple[datetime, str]

_NEWEST = (tickets.c.accepted_at.desc(), tickets.c.id.desc())
_PHONE = tickets.c.caller.op("->>")(literal_column("'phone'"))
_TYPE = tickets.c.caller.op("->>")(literal_column("'type'"))
_SHAPED_BY = (
    *("category", "division", "hotline", "caller_type", "department"),
    *("phone", "number", "source_number", "since", "until"),
)


@dataclass(frozen=True)
class Shape:
    """What of a question decides its statement: which things are named, and how many of some."""

    named: frozenset[str]
    statuses: int
    marks: int


def shape_of(wanted: Wanted, after: Place | None) -> Shape:
    """Return the shape of a question asked from a place on."""
    named = {name for name in _SHAPED_BY if getattr(wanted, name) is not None}
    named |= {name for name, asked in (("after", after), ("open_only", wanted.open_only)) if asked}
    return Shape(frozenset(named), len(_statuses(wanted)), len(wanted.marks))


def values_of(wanted: Wanted, after: Place | None, count: int) -> dict[str, Any]:
    """Return the values of a question's statement, whichever it is."""
    values = {name: getattr(wanted, name) for name in _SHAPED_BY}
    values |= {"lines": list(wanted.lines), "statuses": [str(each) for each in _statuses(wanted)]}
    values |= {f"status_{at}": str(each) for at, each in enumerate(_statuses(wanted))}
    values |= {"count": count, "beyond": _beyond(wanted.number) if wanted.number else None}
    for name in ("category", "division"):
        values[name] = f"{values[name]}%"
    return values | ({"after_at": after[0], "after_id": after[1]} if after else {})


_cached: Callable[[Callable[[Shape], Any]], Callable[[Shape], Any]] = lru_cache(maxsize=512)


@_cached
def ordered_rows(shape: Shape) -> Any:
    """Return the newest tickets themselves."""
    window = _ordered(shape)
    return select(tickets).join(window, window.c.id == tickets.c.id).order_by(*_NEWEST)


@_cached
def window(shape: Shape) -> Any:
    """Return, of the newest tickets: how many there are, those of these kinds, and where they end."""
    newest = _ordered(shape)
    at, number = newest.c.accepted_at, newest.c.id
    hits = func.array_agg(aggregate_order_by(number, at.desc(), number.desc()))
    ends = func.array_agg(aggregate_order_by(number, at, number))
    return select(
        func.count().label("seen"),
        hits.filter(_kinds(shape, newest)).label("hits"),
        func.min(at).label("end"),
        ends[1].label("last"),
    )


@_cached
def candidates(shape: Shape) -> Any:
    """Return what the index has for every mark on some days, newest first."""
    table = ticket_search.c
    where: list[ColumnElement[bool]] = [
        table.tokens.overlap(bindparam(f"mark_{at}", type_=table.tokens.type)) for at in range(shape.marks)
    ]
    where += [table.accepted_at >= _instant("begin"), table.accepted_at < _instant("end")]
    where += _within(shape, table.accepted_at)
    if "after" in shape.named:
        where.append(tuple_(table.accepted_at, table.ticket_id) < _place())
    query = select(table.ticket_id, table.accepted_at).where(*where)
    return query.order_by(table.accepted_at.desc(), table.ticket_id.desc()).limit(bindparam("count"))


@_cached
def checked(shape: Shape) -> Any:
    """Return those of some tickets that are what is looked for, newest first."""
    return select(tickets).where(_of_ids(), _holds(shape)).order_by(*_NEWEST)


@_cached
def of_one(shape: Shape) -> Any:
    """Return the tickets of one caller's phone or one sender's number, newest first."""
    query = select(tickets).where(_holds(shape)).order_by(*_NEWEST).limit(bindparam("count"))
    if "phone" in shape.named:
        query = query.where(_PHONE.in_([bindparam("phone", type_=Text)]))
    if "source_number" in shape.named:
        of_lines = tickets.c.hotline == func.any(bindparam("lines", type_=ARRAY(Text)))
        query = query.where(of_lines, tickets.c.source_number == bindparam("source_number"))
    if "after" in shape.named:
        query = query.where(tuple_(tickets.c.accepted_at, tickets.c.id) < _place())
    return query


@_cached
def changes(shape: Shape) -> Any:
    """Return what changed after a moment, first changed first."""
    table = ticket_history.c
    after = tuple_(_instant("changed_at"), bindparam("changed_id", type_=Text))
    return (
        select(table.at, table.ticket_id)
        .join(tickets, tickets.c.id == table.ticket_id)
        .where(tuple_(table.at, table.ticket_id) > after, table.at <= _instant("settled"), _holds(shape))
        .order_by(table.at, table.ticket_id)
        .limit(bindparam("count"))
    )


def _of_ids() -> ColumnElement[bool]:
    return tickets.c.id == func.any(bindparam("ids", type_=ARRAY(Text)))


BY_ID = select(tickets).where(_of_ids())


def _statuses(wanted: Wanted) -> tuple[Status, ...]:
    """A department's tickets are read status by status, as its index has them."""
    return wanted.statuses or (tuple(Status) if wanted.department is not None else ())


def _ordered(shape: Shape) -> Subquery:
    """Return the newest tickets of the wanted department and statuses, each in its index's order."""
    some = _some(shape).order_by(*_NEWEST).limit(bindparam("count"))
    if not shape.statuses:
        return some.subquery("newest")
    parts = [
        some.where(tickets.c.status == bindparam(f"status_{at}", type_=Text)) for at in range(shape.statuses)
    ]
    if len(parts) == 1:
        return parts[0].subquery("newest")
    every = union_all(*(select(each.subquery()) for each in parts)).subquery()
    newest = select(every).order_by(every.c.accepted_at.desc(), every.c.id.desc())
    return newest.limit(bindparam("count")).subquery("newest")


def _some(shape: Shape) -> Select[Any]:
    columns = (tickets.c.id, tickets.c.accepted_at, tickets.c.category, tickets.c.division, tickets.c.hotline)
    query = select(*columns, _TYPE.label("caller_type")).where(_bounds(shape))
    if "department" in shape.named:
        query = query.where(tickets.c.department == bindparam("department"))
    if "after" in shape.named:
        query = query.where(tuple_(tickets.c.accepted_at, tickets.c.id) < _place())
    return query


def _holds(shape: Shape) -> ColumnElement[bool]:
    """Return what a ticket must be, apart from its words and whose it is."""
    where = [_bounds(shape), _kinds(shape, tickets)]
    if shape.statuses:
        where.append(tickets.c.status == func.any(bindparam("statuses", type_=ARRAY(Text))))
    if "department" in shape.named:
        where.append(tickets.c.department == bindparam("department"))
    return and_(*where)


def _bounds(shape: Shape) -> ColumnElement[bool]:
    where = [true(), *_within(shape, tickets.c.accepted_at)]
    if "open_only" in shape.named:
        where.append(~tickets.c.confidential)
    if "number" in shape.named:
        where += [tickets.c.id >= bindparam("number"), tickets.c.id < bindparam("beyond", type_=Text)]
    return and_(*where)


def _within(shape: Shape, accepted_at: Any) -> list[ColumnElement[bool]]:
    since = [accepted_at >= _instant("since")] if "since" in shape.named else []
    return since + ([accepted_at < _instant("until")] if "until" in shape.named else [])


def _kinds(shape: Shape, of: Any) -> ColumnElement[bool]:
    """Return what a ticket, or a row with its kinds, must be about."""
    prefixed = [name for name in ("category", "division") if name in shape.named]
    where: list[ColumnElement[bool]] = [true()]
    where += [of.c[name].like(bindparam(name, type_=Text)) for name in prefixed]
    if "hotline" in shape.named:
        where.append(of.c.hotline == bindparam("hotline"))
    if "caller_type" in shape.named:
        of_type: Any = _TYPE if of is tickets else of.c.caller_type
        where.append(of_type == bindparam("caller_type", type_=Text))
    return and_(*where)


def _instant(name: str) -> BindParameter[Any]:
    return bindparam(name, type_=DateTime(timezone=True))


def _place() -> Any:
    return tuple_(_instant("after_at"), bindparam("after_id", type_=Text))


def _beyond(number: str) -> str:
    """Return the first text after all that begin with this one; a ticket's number ends in digits."""
    kept = number.rstrip("9") or number
    return kept[:-1] + chr(ord(kept[-1]) + 1)
