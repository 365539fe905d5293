"""What 110 hands over: whose matter it is by the three-party call's outcome (国办发〔2022〕12号)."""

from collections.abc import Mapping as Record
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError

from intake.domain.finding import text_at
from intake.domain.hotline import Hotline
from intake.domain.mapping import LINKAGE_FIELDS, REPORT_FIELDS, Mapping
from intake.domain.source import found_in
from schemas.base import Schema
from schemas.errors import Conflict, Invalid, NotAccepted
from schemas.lifecycle import TRANSITIONS, Status, Step
from schemas.linkage import Outcome, Party, Report, ThreePartyCall
from schemas.problem import what_is_wrong

S = TypeVar("S", bound=Schema)


@dataclass(frozen=True, slots=True)
class Handover:
    """A matter another platform handed over: its public number, its own number for it, the call they held."""

    partner: str
    partner_number: str | None
    call: ThreePartyCall


def one_key(partner: str, by: str, call: ThreePartyCall | None = None, number: str | None = None) -> Handover:
    """Return the handover of a matter that is clearly the partner's, or was settled by a three-party call."""
    host = Party(role="host", name=by[:100])
    clear = ThreePartyCall(outcome=Outcome.PARTNER, decided_by=by[:100], parties=[host])
    return Handover(partner, number, call or clear)


def stays_here(call: ThreePartyCall) -> bool:
    """Say whether 12345 keeps a matter after a three-party call: its own, joint, or first told to it."""
    undecided = call.outcome is Outcome.UNDECIDED and call.first_received_by != "partner"
    return undecided or call.outcome in (Outcome.HOST, Outcome.JOINT)


assert set(LINKAGE_FIELDS) == {*ThreePartyCall.model_fields, "police_matter", "settled"}
assert set(REPORT_FIELDS) == set(Report.model_fields)


def handed_over(record: Record[str, Any], mapping: Mapping, line: Hotline) -> ThreePartyCall:
    """
    Return the three-party call by which a partner hands over a matter; a clear case comes without one.

    Raises `Invalid`, also for a word its code tables do not know, or `NotAccepted` when it
    stays with the partner: danger and police matters, what both agreed is the partner's,
    and what was left undecided but reached the partner first.
    """
    found = found_in(record, mapping.linkage_finds)
    _check_words(record, found, mapping)
    police, settled = found.pop("police_matter", False), found.pop("settled", None)
    if settled is None:
        found["outcome"] = Outcome.HOST
    call = _read(ThreePartyCall, found)
    undecided = call.outcome is Outcome.UNDECIDED and call.first_received_by != "host"
    if police or call.outcome is Outcome.PARTNER or undecided:
        why = (
            "双方未商定,由首先接到诉求的平台先行受理"
            if undecided and not police
            else f"属于{line.name}{line.number}的受理范围"
        )
        told = f"{why}:请交回{line.number}办理。"
        raise NotAccepted(told, pointer="/hotline", redirect=line.redirected_to, told=told)
    return call


def _check_words(record: Record[str, Any], found: Record[str, Any], mapping: Mapping) -> None:
    for name, source in (mapping.linkage or {}).items():
        if source.table is None or name in found:
            continue
        known = "、".join(mapping.tables[source.table])
        for path in source.paths:
            if (written := text_at(path)(record)) is not None:
                pointer = "/" + path.replace(".", "/")
                raise Invalid(f"{path}: {str(written)[:60]} is none of {known}.", pointer=pointer)


def mirrored_steps(status: Status, wanted: Step) -> tuple[Step, ...]:
    """
    Return the steps that bring a ticket where its sub-centre says it is; none when it is there or past it.

    Raises `Conflict` while the ticket is not the sub-centre's yet: it is to report again.
    """
    if status in (Status.REGISTERED, Status.TRIAGE):
        raise Conflict("The ticket is not passed on yet; report this again.", ticket_status=str(status))
    if status is Status.ASSIGNED:
        return (Step.SIGN,) if wanted is Step.SIGN else (Step.SIGN, Step.RESOLVE)
    resolves = wanted is Step.RESOLVE and (status, wanted) in TRANSITIONS and status is not Status.JOINED
    return (Step.RESOLVE,) if resolves else ()


def reported(record: Record[str, Any], mapping: Mapping) -> Report:
    """Return what a sub-centre reports; raises `Invalid` or `BadMapping`."""
    return _read(Report, found_in(record, mapping.report_finds))


def _read(model: type[S], found: dict[str, Any]) -> S:
    try:
        return model.model_validate(found)
    except ValidationError as faults:
        first = faults.errors()[0]
        place = "/" + "/".join(str(each) for each in first["loc"])
        raise Invalid(f"{place}: {what_is_wrong(first)}", pointer=place) from faults
