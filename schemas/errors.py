"""
Every error raised on purpose, and the problem (RFC 9457) it is answered with.

    HotlineError              500  dead-letter
      Invalid                 422  UnknownParameter UnknownHotline UnknownCategory UnknownDivision
                                   UnknownDepartment BadMapping BadCursor BadEndpoint NoDueTime DueTooLate
                                   SheetFaulty TableFaulty BadModel BadCalendar UnknownCalendar RuleFaulty
      NotFound                404  TicketNotFound DepartmentNotFound UnknownVersion
      Conflict                409  IllegalTransition IdempotencyMismatch DepartmentExcluded DepartmentInUse
                                   HeldByAnother NotReturnable ReturnTooLate AdjudicationBinds NotTheLead
                                   AlreadyCoHandling InConfidence AskedTooLate NotExtendable NotSuspendable
                                   AlreadySuspended NotSuspended AlreadyAsked AskedOnce NothingAsked
                                   VersionTaken NotSimulated NotPreviewed SecondPersonNeeded
                                   DeadlineUnreadable
        Stale                 412
      NotAccepted             409  a number the hotline must not take: says whom to call instead
      Denied                  401  BadApiKey; Forbidden 403
      TooLarge                413
      UnsupportedMedia        415  a format or encoding calls are not read from
      Unavailable             503  retried by the bus: DatabaseDown, BusDown
      Misconfigured           500  refused at start-up and by readiness: CalendarExhausted
"""

from typing import ClassVar


class HotlineError(Exception):
    """
    Root of every error raised on purpose.

    `code` is the stable name clients match on, `status` the answer over HTTP;
    `retry` is the answer on the event bus: try again, or dead-letter; `challenge` says how to authenticate.
    `facts` reach the client as members of the problem; never put secrets there.
    """

    code: ClassVar[str] = "internal"
    title: ClassVar[str] = "The service failed"
    status: ClassVar[int] = 500
    retry: ClassVar[bool] = False
    challenge: ClassVar[str | None] = None

    def __init__(self, message: str, **facts: object) -> None:
        super().__init__(message)
        self.facts = facts


class Invalid(HotlineError):
    """The request cannot be understood or names what does not exist; `pointer` says where."""

    code = "invalid"
    title = "The request is not valid"
    status = 422


class UnknownParameter(Invalid):
    """The address asks what its route does not know; `known` lists what it does."""

    code = "unknown_parameter"


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


class BadCalendar(Invalid):
    """Office hours that overlap or end before they begin, or a calendar that never opens."""

    code = "bad_calendar"


class UnknownCalendar(Invalid):
    """No calendar of this code is in force."""

    code = "unknown_calendar"


class NoDueTime(Invalid):
    """Departments are not asked to help without saying until when (decision of 2008, 限时办结制)."""

    code = "co_handling_without_due"


class DueTooLate(Invalid):
    """A co-handler answers while the lead still has time to make one answer of it."""

    code = "co_handling_due_too_late"


class SheetFaulty(Invalid):
    """A sheet of the jurisdiction table cannot be read; `faults` say line, column and what is wrong."""

    code = "sheet_faulty"
    title = "The sheet cannot be read"


class TableFaulty(Invalid):
    """The jurisdiction table has errors and is not published; `faults` name the rows."""

    code = "table_faulty"
    title = "The jurisdiction table is faulty"


class RuleFaulty(Invalid):
    """A calendar, limits or a ladder has errors and is not saved; `faults` name the rows."""

    code = "rule_faulty"
    title = "The rules are faulty"


class BadModel(Invalid):
    """A file that is no model this version can read, or a damaged one."""

    code = "bad_model"


class NotFound(HotlineError):
    """Nothing there, or nothing this caller may know of."""

    code = "not_found"
    title = "Not found"
    status = 404


class TicketNotFound(NotFound):
    """No such ticket for this caller."""

    code = "ticket_not_found"


class DepartmentNotFound(NotFound):
    """No such department."""

    code = "department_not_found"


class UnknownVersion(NotFound):
    """No such version or draft of the jurisdiction table, or of a calendar, limits or a ladder."""

    code = "unknown_version"


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
    """This department has returned the ticket, or is what it is about, and is not handed it."""

    code = "department_excluded"


class DepartmentInUse(Conflict):
    """It has open tickets or rows of the jurisdiction table and nobody to take them over: says which."""

    code = "department_in_use"


class HeldByAnother(Conflict):
    """Somebody else works on the ticket just now: says who, and until when."""

    code = "held"
    title = "Somebody else works on it"


class NotReturnable(Conflict):
    """No return is possible here: an urgent ticket is acted upon first, a redo stays where it is."""

    code = "not_returnable"


class ReturnTooLate(Conflict):
    """The window in which the ticket could be returned has ended."""

    code = "return_too_late"


class AdjudicationBinds(Conflict):
    """Who handles the ticket was adjudicated: nobody returns it any more."""

    code = "adjudication_binds"


class NotTheLead(Conflict):
    """The department handles the ticket beside its lead, and only the lead may do this."""

    code = "not_the_lead"


class AlreadyCoHandling(Conflict):
    """The department has the ticket already, as its lead or beside it."""

    code = "already_co_handling"


class InConfidence(Conflict):
    """A report in confidence is shared with no further department."""

    code = "in_confidence"


class AskedTooLate(Conflict):
    """Time is asked for before the deadline; says when that was, and when it was asked."""

    code = "asked_too_late"


class NotExtendable(Conflict):
    """No extension, or none of that length, is given to such a matter; `why` says which it is."""

    code = "not_extendable"


class NotSuspendable(Conflict):
    """No reason the city knows, too long, or renewed too often; `why` says which it is."""

    code = "not_suspendable"


class AlreadySuspended(Conflict):
    """The clocks stand still already: says since when, and until when."""

    code = "already_suspended"


class NotSuspended(Conflict):
    """The clocks are running: there is nothing to resume or to renew."""

    code = "not_suspended"


class AlreadyAsked(Conflict):
    """A request of this kind waits for the hotline's decision already."""

    code = "already_asked"


class AskedOnce(Conflict):
    """The department has told what is missing; it is told once and whole (一次性告知)."""

    code = "asked_once"


class NothingAsked(Conflict):
    """No request of this kind waits for a decision."""

    code = "nothing_asked"


class VersionTaken(Conflict):
    """A version or draft has this name already."""

    code = "version_taken"


class NotSimulated(Conflict):
    """The draft was not simulated, or has changed since."""

    code = "not_simulated"


class NotPreviewed(Conflict):
    """What is published is not what was previewed: the draft or the rules in force have changed since."""

    code = "not_previewed"


class DeadlineUnreadable(Conflict):
    """What is stored of a deadline says nonsense, so it cannot be explained; the auditor counts it too."""

    code = "deadline_unreadable"


class SecondPersonNeeded(Conflict):
    """Who drafted or asked for it may not publish or grant it; another person must."""

    code = "second_person_needed"


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
    challenge = "Bearer"


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


class UnsupportedMedia(HotlineError):
    """A media type or encoding calls are not read from; `supported` lists those that are."""

    code = "unsupported_media"
    title = "This format is not read"
    status = 415


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
