"""Standard Webhooks signatures, of what is sent and of what comes; the tests check them by the library."""

import base64
import hmac
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

SECRET_BYTES = 32
MOST_OLD_SECRETS = 8
"""More signatures than these and the newest make a header that receivers refuse, sooner or later."""
PREFIX = "whsec_"


def show_secret(random: bytes) -> str:
    """Return a secret as it is shown to its owner, once: `whsec_` and base64."""
    return PREFIX + base64.b64encode(random).decode()


def signature(secret: str, message_id: str, seconds: str, body: bytes) -> bytes:
    """Return the signature, version 1, of a message sent at that Unix time."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return hmac.digest(key, f"{message_id}.{seconds}.".encode() + body, "sha256")


def signed_headers(secrets: Sequence[str], event_id: UUID, sent_at: datetime, body: bytes) -> dict[str, str]:
    """
    Return the headers of one attempt, signed by each of the secrets.

    `webhook-id` is the event's and stays the same on every attempt;
    `sent_at` must be real time, for the receiver refuses old signatures.
    """
    message_id, seconds = str(event_id), str(int(sent_at.timestamp()))
    signatures = [base64.b64encode(signature(each, message_id, seconds, body)).decode() for each in secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(f"v1,{each}" for each in signatures),
        "content-type": "application/json; charset=utf-8",
    }


def still_signing(secret: str, old: Sequence[dict[str, str]], now: datetime) -> list[str]:
    """Return an endpoint's secrets that sign now, the newest first."""
    return [secret, *(each["secret"] for each in old if datetime.fromisoformat(each["until_at"]) > now)]


def after_rotation(
    secret: str, old: Sequence[dict[str, str]], now: datetime, until_at: datetime
) -> list[dict[str, str]]:
    """Return the old secrets after a rotation: the last one signs until `until_at`, none signs longer."""
    ends = {each["secret"]: min(datetime.fromisoformat(each["until_at"]), until_at) for each in old}
    kept = {secret: until_at, **ends}
    return [{"secret": each, "until_at": end.isoformat()} for each, end in kept.items() if end > now]
