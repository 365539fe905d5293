"""A sender's record becomes a clean call, every step with its evidence; what is wrong is said where."""

from collections.abc import Mapping as Record
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from intake.domain import mapping as mappings
from intake.domain.attachment import check_attachment
from intake.domain.caller import Notes, settled_caller, settled_proxy
from intake.domain.catalogue import Catalogue
from intake.domain.counting import Counted, counted
from intake.domain.evidence import Evidence, Problem
from intake.domain.follow_up import quoted_tickets
from intake.domain.hint import hints
from intake.domain.mapping import Mapping
from intake.domain.moment import Moments, implausible
from intake.domain.place.locate import Given, locate
from intake.domain.place.others import settled_places
from intake.domain.record import (
    Spoken,
    call_of,
    day_of,
    moments_of,
    said_address,
    said_text,
    spoken_of,
    title_of,
)
from intake.domain.text import folded, one_line
from schemas.errors import Invalid
from schemas.lifecycle import Status
from schemas.ticket import Attachment, Call

NO_MOMENTS = Moments()


@dataclass(frozen=True, slots=True)
class NormalizedCall:
    """
    A call ready to be registered; a back file also says when it was accepted and ended.

    `evidence` says why each field is what it is and `problems` what was found
    wrong and did not stop it. `candidates` are the divisions it may be about
    when none, or none as deep, is certain; calls about one `landmark` may be
    about one matter. `kept_by` is the department whose sub-centre keeps it, `statutory_procedure` the
    procedure of its line.
    """

    call: Call
    accepted_at: datetime | None = None
    ended_at: datetime | None = None
    status: Status | None = None
    evidence: tuple[Evidence, ...] = ()
    problems: tuple[Problem, ...] = ()
    candidates: tuple[str, ...] = ()
    landmark: str | None = None
    dispatched_at: datetime | None = None
    kept_by: str | None = None
    statutory_procedure: str | None = None


def normalize_record(
    record: Record[str, Any],
    mapping: Mapping,
    catalogue: Catalogue,
    historical: bool = False,
    now: datetime | None = None,
    dialled: str | None = None,
) -> NormalizedCall:
    """
    Return the call a record holds; raises `Invalid` with the pointer of its first fault.

    Only of a call of the past is it read when it was accepted and how it ended;
    it counts under the line its number was on that day. A moment later than
    `now` is not believed. `dialled` is the number it came by, if not the mapping's.
    """
    notes = Notes()
    found = mappings.fields(record, mapping, mappings.CALL_FIELDS)
    spoken = spoken_of(found, record, mapping, notes)
    call = call_of(found, mapping, notes, now)
    kept = _allowed(call.attachments, notes)
    history = mappings.fields(record, mapping, mappings.HISTORY_FIELDS) if historical else {}
    moments = moments_of(call, history, mapping, now, notes)
    line = counted(dialled or call.hotline, catalogue, day_of(moments.accepted_at, mapping))
    _check(call, catalogue)
    changes = {"attachments": kept} if kept != call.attachments else {}
    return _settled(call, line, changes, spoken, catalogue, notes, moments, mappings.status(history))


def normalize(call: Call, catalogue: Catalogue, now: datetime | None = None) -> NormalizedCall:
    """
    Return a call under the line that counts it, with clean text, caller, place and earlier ticket read.

    Raises `UnknownHotline`, `NotAccepted`, `UnknownCategory`, `UnknownDivision`,
    `UnknownDepartment` for one accused, or `Invalid` for a text of nothing that can be seen.
    To do it twice changes nothing.
    """
    line = counted(call.hotline, catalogue)
    _check(call, catalogue)
    for name, other in call.places.known().items():
        catalogue.check_division(other.division, f"/places/{name}/division")
    for index, each in enumerate(call.attachments):
        check_attachment(each, f"/attachments/{index}")
    notes = Notes()
    changes = _words(call.title, call.text, call.address)
    caller = settled_caller(vars(call.caller), notes, now.date() if now else None)
    if call.caller.proxy is not None and (proxy := settled_proxy(vars(call.caller.proxy), notes)):
        caller["proxy"] = call.caller.proxy.model_copy(update=proxy)
    if caller:
        changes["caller"] = call.caller.model_copy(update=caller)
    if call.occurred_at is not None and (problem := implausible("occurred_at", call.occurred_at, now)):
        changes["occurred_at"] = None
        notes.problems.append(problem)
    spoken = Spoken((), call.division, call.longitude, call.latitude, "wgs84")
    return _settled(call, line, changes, spoken, catalogue, notes)


def _check(call: Call, catalogue: Catalogue) -> None:
    catalogue.check_category(call.category)
    catalogue.check_division(call.division)
    catalogue.check_accused(call.attributes)


def _allowed(given: list[Attachment], notes: Notes) -> list[Attachment]:
    """Return the files that are taken; a hotline's call is not refused for one that is not, it is told."""
    kept = []
    for each in given:
        try:
            check_attachment(each)
        except Invalid as refusal:
            notes.problems.append(Problem("attachments", "attachment_refused", f"附件未采用:{refusal}"))
        else:
            kept.append(each)
    return kept


def _words(title: str, given: str, address: str | None) -> dict[str, Any]:
    """Return those of title, text and address that read otherwise when clean."""
    changes: dict[str, Any] = {}
    text = said_text(given)
    if text != given:
        changes["text"] = text
    said = one_line(title) or title_of(text)
    if said != title:
        changes["title"] = said
    if address is not None and (place := said_address(address)) != address:
        changes["address"] = place
    return changes


def _settled(
    call: Call,
    line: Counted,
    changes: dict[str, Any],
    spoken: Spoken,
    catalogue: Catalogue,
    notes: Notes,
    moments: Moments = NO_MOMENTS,
    status: Status | None = None,
) -> NormalizedCall:
    """Find the place and the earlier ticket, and put the call together: copied once."""
    text = folded(changes.get("text") or call.text)
    _follow(call, text, changes, notes)
    notes.evidence += hints(text)
    address, title = changes.get("address", call.address), changes.get("title") or call.title
    place = locate(
        Given(
            spoken.names,
            spoken.division,
            folded(address) if address else "",
            "" if text.startswith(title) else folded(title),
            text,
            spoken.x,
            spoken.y,
            spoken.coordinate_system,
        ),
        catalogue.gazetteer,
    )
    found = {name: getattr(place, name) for name in ("division", "longitude", "latitude")}
    found["hotline"] = line.number
    found["places"] = settled_places(call.places, catalogue.gazetteer, notes.evidence, notes.problems)
    changes |= {name: value for name, value in found.items() if value != getattr(call, name)}
    return NormalizedCall(
        call.model_copy(update=changes) if changes else call,
        moments.accepted_at,
        moments.ended_at,
        status,
        (*notes.evidence, *place.evidence, *line.evidence),
        (*notes.problems, *place.problems),
        place.candidates,
        place.landmark,
        moments.dispatched_at,
        line.kept_by,
        line.statutory_procedure,
    )


def _follow(call: Call, text: str, changes: dict[str, Any], notes: Notes) -> None:
    """Note the earlier tickets a text quotes; the first is the one it follows, unless it says itself."""
    first = call.follows
    for quoted in quoted_tickets(text):
        if quoted.number in (call.source_number, call.follows):
            continue
        if first is None:
            first = changes["follows"] = quoted.number
            field = "follows"
        else:
            field = "follows.other"
        notes.evidence.append(Evidence(field, quoted.number, "text", quoted.words, quoted.certainty))
