"""
Errors about webhooks, beside those of `schemas/errors.py`.

    NotFound                  404  EndpointNotFound DeliveryNotFound
    Conflict                  409  EndpointEnded DeliveryWaits TooManyOldSecrets
"""

from schemas.errors import Conflict, NotFound


class EndpointNotFound(NotFound):
    """No such webhook endpoint of this caller."""

    code = "endpoint_not_found"


class DeliveryNotFound(NotFound):
    """No such webhook delivery of this caller."""

    code = "delivery_not_found"


class EndpointEnded(Conflict):
    """The webhook endpoint takes nothing any more: says since when and why."""

    code = "endpoint_ended"


class DeliveryWaits(Conflict):
    """A delivery that is still waiting is not replayed: it is on its way."""

    code = "delivery_waits"


class TooManyOldSecrets(Conflict):
    """As many old secrets sign beside the newest as may: says when the first of them ends."""

    code = "too_many_old_secrets"
