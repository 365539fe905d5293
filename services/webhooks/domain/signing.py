"""Standard Webhooks signatures, by the specification's own library."""

import base64
from datetime import datetime
from uuid import UUID

from standardwebhooks import Webhook

SECRET_BYTES = 32


def show_secret(random: bytes) -> str:
    """Return a secret as it is shown to its owner, once: `whsec_` and base64."""
    return "whsec_" + base64.b64encode(random).decode()


def signed_headers(secret: str, event_id: UUID, sent_at: datetime, body: bytes) -> dict[str, str]:
    """
    Return the headers of one attempt.

    `webhook-id` is the event's and stays the same on every attempt;
    `sent_at` must be real time, for the receiver refuses old signatures.
    """
    return {
        "webhook-id": str(event_id),
        "webhook-timestamp": str(int(sent_at.timestamp())),
        "webhook-signature": Webhook(secret).sign(str(event_id), sent_at, body.decode()),
        "content-type": "application/json; charset=utf-8",
    }
