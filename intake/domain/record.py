"""What a mapped record says, checked once into a call; what only concerns place and time stands beside it."""

from collections.abc import Mapping as Record
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Any

from pydantic import ValidationError

from intake.domain import mapping as mappings
from intake.domain.caller import Notes, settled_caller, settled_proxy
from intake.domain.evidence import Problem
from intake.domain.mapping import Mapping
from intake.domain.moment import Moments, implausible, out_of_order, read_moment, says_none
from intake.domain.place.axes import read_axes
from intake.domain.place.others import mapped_places
from intake.domain.text import clean, one_line
from schemas.errors import Invalid
from schemas.problem import what_is_wrong
from schemas.ticket import TEXT_LENGTH, TITLE_LENGTH, Attachment, Call, Caller, CallerType

TITLE_FROM_TEXT = 30
ADDRESS_LENGTH = 500
NAME_LENGTH = 100
FIELD_LENGTH = 200
"""So much of a name, a phone or a paper's number is read: reading a megabyte of it would stop the service."""
READ_LENGTH = 4 * TEXT_LENGTH
NO_ADDRESS = frozenset({"无", "不详", "未知", "undefined", "null", "none", "-", "/"})


@dataclass(slots=True)
class Spoken:
    """What a record says about its place beside the fields of a call."""

    names: tuple[str, ...] = ()
    division: str | None = None
    x: float | None = None
    y: float | None = None
    coordinate_system: str | None = None


def said_text(given: str) -> str:
    """Return clean text; raises `Invalid` when it is nothing that can be seen."""
    text = clean(given)
    if not text:
        raise Invalid("/text: it says nothing that can be read", pointer="/text")
    return text


def title_of(text: str) -> str:
    """Return the title of a call that has none: how its text begins."""
    return " ".join(text[:TITLE_FROM_TEXT].split())


def said_address(given: str) -> str | None:
    """Return an address as one line, None for a word that says there is none."""
    address = one_line(given)
    return None if not address or address.lower() in NO_ADDRESS else address


def spoken_of(found: dict[str, Any], record: Record[str, Any], mapping: Mapping, notes: Notes) -> Spoken:
    """Take out of the fields what only says where: a code of no division is a problem, not a refusal."""
    x, y = read_axes(found.pop("longitude", None), found.pop("latitude", None), notes.problems)
    return Spoken(
        tuple(clean(each) for each in mappings.division_names(record, mapping)),
        _code(found.pop("division", None)),
        x,
        y,
        found.pop("coordinate_system", None),
    )


def _code(given: Any) -> str | None:
    """Return a division code in twelve digits: many senders leave the zeros at its end out."""
    return one_line(str(given)).ljust(12, "0") if given else None


def call_of(found: dict[str, Any], mapping: Mapping, notes: Notes, now: datetime | None) -> Call:
    """Return the call of these fields, checked once; raises `Invalid` with the pointer of the first fault."""
    today = now.astimezone(_zone(mapping)).date() if now else None
    found["occurred_at"] = _moment(found.get("occurred_at"), "occurred_at", mapping, now, notes)
    said = {name[7:]: found.pop(name) for name in list(found) if name.startswith("caller.")}
    found["places"] = mapped_places(found)
    text = said_text(str(found.get("text", ""))[:READ_LENGTH])
    found["text"] = _cut(text, "text", TEXT_LENGTH, notes)
    found["attachments"] = _files(found.get("attachments"), notes)
    title = one_line(str(found.get("title") or "")) or title_of(found["text"])
    found["title"] = _cut(title, "title", TITLE_LENGTH, notes)
    if found.get("address"):
        address = said_address(str(found["address"])) or ""
        found["address"] = _cut(address, "address", ADDRESS_LENGTH, notes) or None
    try:
        return Call(**found, hotline=mapping.hotline, caller=_caller(said, notes, today))
    except ValidationError as faults:
        first = faults.errors()[0]
        place = "/" + "/".join(str(each) for each in first["loc"])
        raise Invalid(f"{place}: {what_is_wrong(first)}", pointer=place) from faults


def _files(given: Any, notes: Notes) -> list[Attachment]:
    """Return the files that say what they are; one that does not is told, and the call is taken."""
    kept = []
    for each in given or ():
        try:
            kept.append(Attachment.model_validate(each))
        except ValidationError as faults:
            first = faults.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            notes.problems.append(
                Problem("attachments", "attachment_unreadable", f"附件未采用,{where}:{what_is_wrong(first)}")
            )
    return kept


def _caller(said: dict[str, Any], notes: Notes, today: date | None) -> Caller:
    proxy = {
        name[6:]: one_line(str(said.pop(name))[:FIELD_LENGTH])[:NAME_LENGTH]
        for name in list(said)
        if name.startswith("proxy.")
    }
    for name in ("name", "phone", "id_number", "credit_code"):
        if name in said:
            said[name] = str(said[name])[:FIELD_LENGTH]
    if proxy.get("name"):
        said |= {"type": CallerType.PROXY, "proxy": {**proxy, **settled_proxy(proxy, notes)}}
    elif said.get("type") == CallerType.PROXY:
        del said["type"]
        notes.problems.append(Problem("caller.proxy", "proxy_without_name", "代办来电没有代办员姓名。"))
    return Caller(**{**said, **settled_caller(said, notes, today)})


def _cut(text: str, name: str, length: int, notes: Notes) -> str:
    if len(text) <= length:
        return text
    notes.problems.append(
        Problem(name, f"{name}_cut", f"超过{length}字,只保存了前面部分;原始记录里保留全文。")
    )
    return text[:length].rstrip()


def day_of(moment: datetime | None, mapping: Mapping) -> date | None:
    """Return the day a moment lies on, where the sender is."""
    return moment.astimezone(_zone(mapping)).date() if moment else None


def moments_of(
    call: Call, history: Record[str, Any], mapping: Mapping, now: datetime | None, notes: Notes
) -> Moments:
    """Return the moments of a call of the past; an order that cannot be is pointed out and kept."""
    accepted, dispatched, ended = (
        _moment(history.get(name), name, mapping, now, notes)
        for name in ("accepted_at", "dispatched_at", "ended_at")
    )
    moments = Moments(call.occurred_at, accepted, dispatched, ended)
    notes.problems += out_of_order(moments)
    return moments


def _moment(given: Any, name: str, mapping: Mapping, now: datetime | None, notes: Notes) -> datetime | None:
    if given is None or says_none(given):
        return None
    moment = read_moment(given, _zone(mapping))
    problem = (
        Problem(name, "moment_unreadable", "时间无法识别,未采用。")
        if moment is None
        else implausible(name, moment, now)
    )
    if problem is None:
        return moment
    notes.problems.append(problem)
    return None


def _zone(mapping: Mapping) -> timezone:
    return timezone(timedelta(hours=mapping.utc_offset_hours))
