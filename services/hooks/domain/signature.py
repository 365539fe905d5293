"""Whether a message is from who it says: Standard Webhooks, on the receiving side."""

import base64
import binascii
import hmac
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from schemas.hook_errors import BadSignature, SignatureExpired
from services.webhooks.domain.signing import signature

TOLERANCE = timedelta(minutes=5)
"""So far may the sender's clock be from ours, either way; a copy sent later is refused."""

MESSAGE_ID = r"^[!-\-/-~]{1,200}$"
"""Visible ASCII without the dot: a dot parts what is signed, and one in an id could be read otherwise."""

_ID = re.compile(MESSAGE_ID)
_SECONDS = re.compile(r"[0-9]{1,11}")

H = TypeVar("H")


@dataclass(frozen=True, slots=True)
class Signed:
    """A message as it came: its id, the Unix time it was signed at, its signatures, its body."""

    id: str
    seconds: str
    signatures: tuple[bytes, ...]
    body: bytes

    @property
    def sent_at(self) -> datetime:
        """The moment the sender signed it at."""
        return datetime.fromtimestamp(int(self.seconds), UTC)


def read_signed(headers: Mapping[str, str], body: bytes) -> Signed:
    """Return a message with what signs it; raises `BadSignature` for headers that are none."""
    message_id, seconds = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not _ID.fullmatch(message_id):
        raise BadSignature("`webhook-id` is 1 to 200 visible ASCII characters, none of them a dot.")
    if not _SECONDS.fullmatch(seconds):
        raise BadSignature("`webhook-timestamp` is a Unix time in whole seconds.")
    return Signed(message_id, seconds, tuple(_signatures(headers.get("webhook-signature", ""))), body)


def signer(message: Signed, holders: Mapping[str, H]) -> H | None:
    """Return the holder of the secret that signed a message; a guess that is nearly right takes no longer."""
    for secret, holder in holders.items():
        right = signature(secret, message.id, message.seconds, message.body)
        if any(hmac.compare_digest(right, given) for given in message.signatures):
            return holder
    return None


def check_window(message: Signed, now: datetime) -> None:
    """Raise `SignatureExpired` for a message signed too long ago, or too far ahead of our clock."""
    if abs(now - message.sent_at) > TOLERANCE:
        raise SignatureExpired(
            "The message was signed more than 5 minutes from now: sign it anew for each attempt.",
            signed_at=message.sent_at.isoformat(),
            now_at=now.isoformat(),
        )


def _signatures(header: str) -> Iterator[bytes]:
    """Yield the signatures of version 1; others are for other receivers."""
    for each in header.split():
        version, _, text = each.partition(",")
        if version == "v1":
            try:
                yield base64.b64decode(text, validate=True)
            except (binascii.Error, ValueError):
                continue
