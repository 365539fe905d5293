"""
Every error raised on purpose, and the problem (RFC 9457) it is answered with.

    HotlineError              500  dead-letter
      Invalid                 422  UnknownHotline UnknownCategory UnknownDivision UnknownDepartment
                                   BadMapping BadCursor BadEndpoint
      NotFound                404  TicketNotFound EndpointNotFound
      Conflict                409  IllegalTransition IdempotencyMismatch DepartmentExcluded
        Stale                 412
      NotAccepted             409  a number the hotline must not take: says whom to call instead
      Denied                  401  BadApiKey; Forbidden 403
      TooLarge                413
      Unavailable             503  retried by the bus: DatabaseDown, BusDown
      Misconfigured           500  refused at start-up and by readiness: CalendarExhausted
"""

from typing import ClassVar

from schemas.base import Schema


class HotlineError(Exception):
    """
    Root of every error raised on purpose.

    `code` is the stable name clients match on, `status` the answer over HTTP;
    `retry` is the answer on the event bus: try again, or dead-letter.
    `facts` reach the client as members of the problem; never put secrets there.
    """

    code: ClassVar[str] = "internal"
    title: ClassVar[str] = "The service failed"
    status: ClassVar[int] = 500
    retry: ClassVar[bool] = False

    def __init__(self, message: str, **facts: object) -> None:
        super().__init__(message)
        self.facts = facts


class Invalid(HotlineError):
    """The request cannot be understood or names what does not exist; `pointer` says where."""

    code = "invalid"
    title = "The request is not valid"
    status = 422


class UnknownHotline(Invalid):
    """No such number in the hotline table."""

    code = "unknown_hotline"


class UnknownCategory(Invalid):
    """No such code in the category tree."""

    code = "unknown_category"


class UnknownDivision(Invalid):
    """No such code among the city's divisions."""

    code = "unknown_division"


class UnknownDepartment(Invalid):
    """No such department, or none in force on that day."""

    code = "unknown_department"


class BadMapping(Invalid):
    """A mapping file does not say what it must, or a record does not fit its mapping."""

    code = "bad_mapping"


class BadCursor(Invalid):
    """A page cursor this service did not hand out."""

    code = "bad_cursor"


class BadEndpoint(Invalid):
    """A webhook address the service will not post to."""

    code = "bad_endpoint"


class NotFound(HotlineError):
    """Nothing there, or nothing this caller may know of."""

    code = "not_found"
    title = "Not found"
    status = 404


class TicketNotFound(NotFound):
    """No such ticket for this caller."""

    code = "ticket_not_found"


class Conflict(HotlineError):
    """The request is well-formed, but the present state forbids it."""

    code = "conflict"
    title = "The present state forbids it"
    status = 409


class IllegalTransition(Conflict):
    """The lifecycle has no such step from the ticket's present status."""

    code = "illegal_transition"


class IdempotencyMismatch(Conflict):
    """An Idempotency-Key was used again with another request."""

    code = "idempotency_mismatch"


class DepartmentExcluded(Conflict):
    """This department has returned the ticket and is not handed it again."""

    code = "department_excluded"


class NotAccepted(Conflict):
    """A number 12345 must not take; the message says whom to call instead."""

    code = "not_accepted"
    title = "12345 does not take this matter"


class Stale(Conflict):
    """`If-Match` names a version the ticket has left behind."""

    code = "stale_version"
    title = "The ticket has changed meanwhile"
    status = 412


class BadApiKey(HotlineError):
    """No key, or one that was never issued or is revoked."""

    code = "bad_api_key"
    title = "An API key is needed"
    status = 401


class Forbidden(HotlineError):
    """The key is good, but its role may not do this."""

    code = "forbidden"
    title = "This key may not do this"
    status = 403


class TooLarge(HotlineError):
    """The body exceeds what a call may weigh."""

    code = "too_large"
    title = "The body is too large"
    status = 413


class Unavailable(HotlineError):
    """A backing service is away; the same request may succeed later."""

    code = "unavailable"
    title = "Try again later"
    status = 503
    retry = True


class Misconfigured(HotlineError):
    """The service is set up so that it would do wrong; refused at start and by readiness."""

    code = "misconfigured"
    title = "The service is set up wrongly"


class CalendarExhausted(Misconfigured):
    """The working calendar ends before the deadline; never answered with a guess."""

    code = "calendar_exhausted"


class FieldProblem(Schema):
    """One fault of a request; `pointer` is an RFC 6901 JSON pointer into its body."""

    pointer: str
    code: str
    detail: str


class Problem(Schema):
    """An error answer, RFC 9457; `code` is stable, `detail` is for people."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str
    pointer: str | None = None
    errors: list[FieldProblem] | None = None
