"""A sender's record becomes a clean call: text, phone, codes; whatever is wrong is said where."""

from collections.abc import Mapping as Record
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from unicodedata import category as unicode_category

import phonenumbers
from pydantic import ValidationError

from intake.domain import mapping as mappings
from intake.domain.catalogue import Catalogue
from intake.domain.mapping import Mapping
from schemas.errors import Invalid
from schemas.lifecycle import Status
from schemas.ticket import Call, Caller

TITLE_FROM_TEXT = 30
REGION = "CN"


@dataclass(frozen=True, slots=True)
class NormalizedCall:
    """A call ready to be registered; a back file also says when it was accepted and ended."""

    call: Call
    accepted_at: datetime | None = None
    ended_at: datetime | None = None
    status: Status | None = None


def normalize_record(
    record: Record[str, Any], mapping: Mapping, catalogue: Catalogue, historical: bool = False
) -> NormalizedCall:
    """
    Return the call a record holds; raises `Invalid` with the pointer of its first fault.

    Only of a call of the past is it read when it was accepted and how it ended.
    """
    found = mappings.fields(record, mapping, mappings.CALL_FIELDS)
    call = normalize(_call(found, record, mapping, catalogue), catalogue)
    if not historical:
        return NormalizedCall(call)
    history = mappings.fields(record, mapping, mappings.HISTORY_FIELDS)
    return NormalizedCall(call, history.get("accepted_at"), history.get("ended_at"), mappings.status(history))


def normalize(call: Call, catalogue: Catalogue) -> Call:
    """
    Return a call with clean text and its phone in E.164, its codes checked.

    Raises `UnknownHotline`, `NotAccepted`, `UnknownCategory` or `UnknownDivision`.
    """
    catalogue.hotline(call.hotline)
    catalogue.check_category(call.category)
    catalogue.check_division(call.division)
    caller = call.caller.model_copy(update={"phone": phone(call.caller.phone)})
    return call.model_copy(update={"title": clean(call.title), "text": clean(call.text), "caller": caller})


def clean(text: str) -> str:
    """Return text without control characters other than line breaks and tabs."""
    if text.isprintable():
        return text
    kept = (each for each in text if each in "\n\t" or unicode_category(each) != "Cc")
    return "".join(kept).strip()


def phone(given: str | None) -> str | None:
    """
    Return a phone number in E.164, or as it was given when it is none that can be dialled.

    A number of this country needs no prefix; what was said is never thrown away.
    """
    if given is None:
        return None
    try:
        number = phonenumbers.parse(given, REGION)
    except phonenumbers.NumberParseException:
        return given
    if not phonenumbers.is_valid_number(number):
        return given
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _call(found: dict[str, Any], record: Record[str, Any], mapping: Mapping, catalogue: Catalogue) -> Call:
    caller = {name[7:]: found.pop(name) for name in list(found) if name.startswith("caller.")}
    found["text"] = clean(str(found.get("text", "")))
    found["title"] = clean(str(found.get("title") or found["text"][:TITLE_FROM_TEXT]))
    if "division" not in found:
        found["division"] = catalogue.division_named(mappings.division_names(record, mapping))
    try:
        return Call(**found, hotline=mapping.hotline, caller=Caller(**caller))
    except ValidationError as faults:
        first = faults.errors()[0]
        place = "/" + "/".join(str(each) for each in first["loc"])
        raise Invalid(f"{place}: {first['msg']}", pointer=place) from faults
