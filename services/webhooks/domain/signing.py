"""Standard Webhooks signatures, by the specification's own library."""

import base64
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from standardwebhooks import Webhook

SECRET_BYTES = 32


def show_secret(random: bytes) -> str:
    """Return a secret as it is shown to its owner, once: `whsec_` and base64."""
    return "whsec_" + base64.b64encode(random).decode()


def signed_headers(secrets: Sequence[str], event_id: UUID, sent_at: datetime, body: bytes) -> dict[str, str]:
    """
    Return the headers of one attempt, signed by each of the secrets.

    `webhook-id` is the event's and stays the same on every attempt;
    `sent_at` must be real time, for the receiver refuses old signatures.
    """
    text = body.decode()
    signatures = [_signer(each).sign(str(event_id), sent_at, text) for each in secrets]
    return {
        "webhook-id": str(event_id),
        "webhook-timestamp": str(int(sent_at.timestamp())),
        "webhook-signature": " ".join(signatures),
        "content-type": "application/json; charset=utf-8",
    }


@lru_cache(maxsize=1024)
def _signer(secret: str) -> Webhook:
    return Webhook(secret)


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
