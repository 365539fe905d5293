"""The first contact with a caller (首次联系): how it was made, when, and what shows it."""

from enum import StrEnum

from pydantic import Field

from schemas.base import AskedInstant, Instant, Schema
from schemas.people import ActedBy, Official
from schemas.returns import Said
from schemas.ticket import Attachment

MOST_EVIDENCE = 20


class ContactWay(StrEnum):
    """How a caller was contacted: 电话, 上门, 短信, 网络 (the city's app or a chat)."""

    PHONE = "phone"
    VISIT = "visit"
    MESSAGE = "message"
    ONLINE = "online"


class ContactRequest(Schema):
    """
    Say that the caller was contacted, and by what it can be shown.

    `contacted_at` is not later than now; the contact's deadline is kept by when it is said here. The
    caller's number is no part of it, as the hotline has it.
    """

    note: Said | None = None
    way: ContactWay | None = None
    contacted_at: AskedInstant | None = Field(None, description="When, by the department's clock.")
    evidence: list[Attachment] = Field(
        [], max_length=MOST_EVIDENCE, description="Recordings, photos and papers, by address and digest."
    )
    by: ActedBy = None


class Contact(Schema):
    """A contact with the caller as its department said it was made; `at` is when it said so."""

    ticket: str
    version: int
    department: str
    at: Instant
    contacted_at: Instant | None
    way: ContactWay | None
    note: str | None
    evidence: list[Attachment]
    by: Official | None


class Contacts(Schema):
    """Every contact with a ticket's caller, the first one first."""

    items: list[Contact]
