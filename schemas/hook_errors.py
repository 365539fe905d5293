"""
What is refused to departments' systems that send commands, beside the tree in `schemas.errors`.

    BadSignature            401  SignatureExpired
    Invalid                 422  UnknownCommand OccursInFuture RestsOnFuture
    Conflict                409  OlderThanApplied TooManySecrets
"""

from schemas.errors import Conflict, HotlineError, Invalid


class BadSignature(HotlineError):
    """No secret of this department signed the message, or there is no such department."""

    code = "bad_signature"
    title = "The signature is not valid"
    status = 401
    challenge = "Webhook-Signature"


class SignatureExpired(BadSignature):
    """The signature is good, but not of these minutes: says when it was signed, and our time."""

    code = "signature_expired"


class UnknownCommand(Invalid):
    """No command of this name is a department's to give; `known` lists those that are."""

    code = "unknown_command"


class OccursInFuture(Invalid):
    """A command says it was done later than now: it would make all that follow it too old."""

    code = "occurs_in_future"


class RestsOnFuture(Invalid):
    """A command rests on a version the ticket has not come to: it would make all that follow it too old."""

    code = "rests_on_future"


class OlderThanApplied(Conflict):
    """A department's command is older than the last one applied to the ticket; says both times."""

    code = "older_than_applied"


class TooManySecrets(Conflict):
    """The department has as many secrets as it may: end one first."""

    code = "too_many_secrets"
