"""
Who may call what: every route of the service on one page. A route that is not here is refused.

The steps of a ticket are among them by what the lifecycle says (`schemas.lifecycle`).
Beside them only the API's description is served, to everybody: `/openapi.json`, and the files of
its page under `/static-offline-docs`.
"""

from collections.abc import Mapping
from typing import Any

from schemas.guards import Who
from schemas.lifecycle import RULES, Status, Step, steps_from
from services.security import CallerRole, Principal

AGENT, DEPARTMENT = CallerRole.AGENT, CallerRole.DEPARTMENT
SUPERVISOR, ADMIN = CallerRole.SUPERVISOR, CallerRole.ADMIN

STAFF = frozenset({AGENT, SUPERVISOR, ADMIN})
EVERYONE = frozenset(CallerRole)
PUBLIC: frozenset[CallerRole] = frozenset()

COMPARTMENT = frozenset({SUPERVISOR, ADMIN})
"""Who reads what is in confidence, beside the department it was given to (信访工作条例第三十条)."""

SIGNED = frozenset({("POST", "/v1/hooks/{department}")})
"""Routes that need no key, as each request is signed: they see to it themselves."""

ROUTES: dict[tuple[str, str], frozenset[CallerRole]] = {
    ("GET", "/"): PUBLIC,
    ("GET", "/healthz"): PUBLIC,
    ("GET", "/readyz"): PUBLIC,
    ("GET", "/metrics"): frozenset({SUPERVISOR, ADMIN}),
    ("GET", "/docs"): PUBLIC,
    ("GET", "/docs/oauth2-redirect"): PUBLIC,
    # intake
    ("POST", "/v1/tickets"): STAFF,
    ("POST", "/v1/tickets:batch"): STAFF,
    ("POST", "/v1/calls"): STAFF,
    ("GET", "/v1/calls"): STAFF,
    ("POST", "/v1/refusals"): STAFF,
    ("GET", "/v1/refusals"): frozenset({SUPERVISOR, ADMIN}),
    ("GET", "/v1/refusals/{refusal_id}"): STAFF,
    ("POST", "/v1/refusals/{refusal_id}/grant"): frozenset({SUPERVISOR, ADMIN}),
    ("POST", "/v1/refusals/{refusal_id}/deny"): frozenset({SUPERVISOR, ADMIN}),
    ("POST", "/v1/calls/{hotline}"): STAFF,
    ("GET", "/v1/tickets"): EVERYONE,
    ("GET", "/v1/tickets/{ticket_id}"): EVERYONE,
    ("GET", "/v1/tickets/{ticket_id}/history"): EVERYONE,
    ("GET", "/v1/tickets/{ticket_id}/links"): EVERYONE,
    ("POST", "/v1/tickets/{ticket_id}/reveal"): frozenset({DEPARTMENT}),
    ("GET", "/v1/tickets/{ticket_id}/timeline"): EVERYONE,
    ("GET", "/v1/tickets/{ticket_id}/calls"): STAFF,
    ("POST", "/v1/preview"): STAFF,
    ("GET", "/v1/unfounded"): frozenset({SUPERVISOR, ADMIN}),
    ("POST", "/v1/tickets/{ticket_id}/split"): STAFF,
    ("POST", "/v1/tickets/{ticket_id}/attachments"): STAFF,
    ("GET", "/v1/tickets/{ticket_id}/attachments"): EVERYONE,
    ("POST", "/v1/calls/{hotline}/status"): STAFF,
    ("GET", "/v1/tickets/{ticket_id}/linkage"): STAFF,
    ("GET", "/v1/hotlines"): EVERYONE,
    ("GET", "/v1/hotlines/{number}"): EVERYONE,
    ("PUT", "/v1/hotlines/{number}"): frozenset({ADMIN}),
    ("GET", "/v1/hotlines/{number}/versions"): EVERYONE,
    ("GET", "/v1/categories"): EVERYONE,
    ("GET", "/v1/divisions"): EVERYONE,
    # router
    ("GET", "/v1/departments"): EVERYONE,
    ("POST", "/v1/departments"): frozenset({ADMIN}),
    ("GET", "/v1/departments:export"): STAFF,
    ("POST", "/v1/departments:import"): frozenset({ADMIN}),
    ("GET", "/v1/departments/{code}"): EVERYONE,
    ("PUT", "/v1/departments/{code}"): frozenset({ADMIN}),
    ("GET", "/v1/departments/{code}/changes"): STAFF,
    ("GET", "/v1/departments/{code}/people"): EVERYONE,
    ("PUT", "/v1/departments/{code}/people"): frozenset({DEPARTMENT, ADMIN}),
    ("GET", "/v1/departments/{code}/on-duty"): EVERYONE,
    ("GET", "/v1/departments/{code}/commitments"): EVERYONE,
    ("POST", "/v1/departments/{code}/commitments"): frozenset({ADMIN}),
    ("POST", "/v1/departments/{code}/merge-into/{other}"): frozenset({ADMIN}),
    ("GET", "/v1/departments/{code}/merger"): STAFF,
    ("DELETE", "/v1/departments/{code}/merger"): frozenset({ADMIN}),
    ("GET", "/v1/jurisdictions"): EVERYONE,
    ("GET", "/v1/jurisdictions/explain"): EVERYONE,
    ("GET", "/v1/jurisdictions/areas"): EVERYONE,
    ("GET", "/v1/jurisdictions/versions"): STAFF,
    ("GET", "/v1/jurisdictions/versions/{version}/rows"): STAFF,
    ("GET", "/v1/jurisdictions/versions/{version}/lint"): STAFF,
    ("GET", "/v1/jurisdictions/versions/{version}/overlaps"): STAFF,
    ("GET", "/v1/jurisdictions/versions/{version}/diff"): STAFF,
    ("POST", "/v1/jurisdictions/drafts"): frozenset({ADMIN}),
    ("POST", "/v1/jurisdictions:import"): frozenset({ADMIN}),
    ("DELETE", "/v1/jurisdictions/drafts/{version}"): frozenset({ADMIN}),
    ("POST", "/v1/jurisdictions/drafts/{version}/simulate"): frozenset({SUPERVISOR, ADMIN}),
    ("POST", "/v1/jurisdictions/drafts/{version}/publish"): frozenset({SUPERVISOR, ADMIN}),
    ("GET", "/v1/tickets/{ticket_id}/jurisdiction"): EVERYONE,
    ("GET", "/v1/triage"): STAFF,
    ("GET", "/v1/triage/proposals"): frozenset({SUPERVISOR, ADMIN}),
    ("POST", "/v1/triage/proposals/accept"): frozenset({SUPERVISOR, ADMIN}),
    ("POST", "/v1/triage/proposals/dismiss"): frozenset({SUPERVISOR, ADMIN}),
    ("GET", "/v1/triage/{ticket_id}"): STAFF,
    ("POST", "/v1/triage/{ticket_id}/claim"): STAFF,
    ("DELETE", "/v1/triage/{ticket_id}/claim"): STAFF,
    ("GET", "/v1/suggestion-thresholds"): STAFF,
    ("PUT", "/v1/suggestion-thresholds/{category}"): frozenset({ADMIN}),
    ("GET", "/v1/supervision/mass-events"): frozenset({SUPERVISOR, ADMIN}),
    ("GET", "/v1/supervision/routing-alarms"): frozenset({SUPERVISOR, ADMIN}),
    ("GET", "/v1/returns"): STAFF,
    ("GET", "/v1/tickets/{ticket_id}/contacts"): EVERYONE,
    ("GET", "/v1/tickets/{ticket_id}/resolutions"): EVERYONE,
    ("GET", "/v1/supervision/negative-outcomes"): frozenset({SUPERVISOR, ADMIN}),
    ("GET", "/v1/supplements"): STAFF,
    ("GET", "/v1/tickets/{ticket_id}/supplements"): EVERYONE,
    ("GET", "/v1/supervision/returns"): frozenset({SUPERVISOR, ADMIN}),
    ("GET", "/v1/tickets/{ticket_id}/co-handling"): EVERYONE,
    ("POST", "/v1/tickets/{ticket_id}/whistle"): frozenset({DEPARTMENT}),
    ("GET", "/v1/co-handling"): EVERYONE,
    ("GET", "/v1/supervision/co-handling"): frozenset({SUPERVISOR, ADMIN}),
    # escalation
    ("POST", "/v1/tickets/{ticket_id}/renew-suspension"): frozenset({DEPARTMENT}),
    ("GET", "/v1/time-requests"): STAFF,
    ("GET", "/v1/tickets/{ticket_id}/time-requests"): EVERYONE,
    ("GET", "/v1/tickets/{ticket_id}/deadlines"): EVERYONE,
    ("POST", "/v1/deadlines/calculate"): EVERYONE,
    ("GET", "/v1/supervision/overdue"): frozenset({DEPARTMENT, SUPERVISOR, ADMIN}),
    ("GET", "/v1/supervision/due-soon"): frozenset({DEPARTMENT, SUPERVISOR, ADMIN}),
    ("GET", "/v1/supervision/escalations"): frozenset({DEPARTMENT, SUPERVISOR, ADMIN}),
    ("GET", "/v1/supervision/audits"): frozenset({SUPERVISOR, ADMIN}),
    ("GET", "/v1/supervision/summary"): frozenset({SUPERVISOR, ADMIN}),
    ("GET", "/v1/supervision/notices"): frozenset({DEPARTMENT, SUPERVISOR, ADMIN}),
    ("POST", "/v1/supervision/notices/{notice_id}/acknowledge"): frozenset({DEPARTMENT, SUPERVISOR, ADMIN}),
    ("GET", "/v1/supervision/consequences"): frozenset({DEPARTMENT, SUPERVISOR, ADMIN}),
    ("POST", "/v1/supervision/consequences/{consequence_id}/settle"): frozenset(
        {DEPARTMENT, SUPERVISOR, ADMIN}
    ),
    ("GET", "/v1/supervision/bulletin"): frozenset({SUPERVISOR, ADMIN}),
    ("GET", "/v1/supervision/receivers"): frozenset({SUPERVISOR, ADMIN}),
    ("PUT", "/v1/supervision/receivers/{role}/{scope}"): frozenset({ADMIN}),
    ("DELETE", "/v1/supervision/receivers/{role}/{scope}"): frozenset({ADMIN}),
    ("GET", "/v1/policies"): EVERYONE,
    ("GET", "/v1/policies/recomputes"): STAFF,
    ("GET", "/v1/policies/{kind}"): EVERYONE,
    ("GET", "/v1/policies/{kind}/versions"): STAFF,
    ("GET", "/v1/policies/{kind}/versions/{version}"): STAFF,
    ("GET", "/v1/policies/{kind}/versions/{version}/lint"): STAFF,
    ("POST", "/v1/policies/{kind}/drafts"): frozenset({ADMIN}),
    ("PUT", "/v1/policies/{kind}/drafts/{version}"): frozenset({ADMIN}),
    ("DELETE", "/v1/policies/{kind}/drafts/{version}"): frozenset({ADMIN}),
    ("GET", "/v1/policies/{kind}/drafts/{version}/preview"): frozenset({SUPERVISOR, ADMIN}),
    ("POST", "/v1/policies/{kind}/drafts/{version}/publish"): frozenset({SUPERVISOR, ADMIN}),
    ("POST", "/v1/supervision/tickets/{ticket_id}/urge"): frozenset({SUPERVISOR, ADMIN}),
    ("GET", "/v1/supervision/halts"): frozenset({SUPERVISOR, ADMIN}),
    ("POST", "/v1/supervision/halts"): frozenset({SUPERVISOR, ADMIN}),
    ("POST", "/v1/supervision/halts/{halt_id}/grant"): frozenset({SUPERVISOR, ADMIN}),
    ("POST", "/v1/supervision/halts/{halt_id}/refuse"): frozenset({SUPERVISOR, ADMIN}),
    ("POST", "/v1/supervision/halts/{halt_id}/end"): frozenset({SUPERVISOR, ADMIN}),
    ("GET", "/v1/supervision/months"): frozenset({SUPERVISOR, ADMIN}),
    ("GET", "/v1/supervision/months/{month}"): frozenset({SUPERVISOR, ADMIN}),
    # hooks
    ("POST", "/v1/hooks/{department}"): PUBLIC,
    ("POST", "/v1/hooks/{department}/secrets"): frozenset({DEPARTMENT, ADMIN}),
    ("GET", "/v1/hooks/{department}/secrets"): frozenset({DEPARTMENT, ADMIN}),
    ("POST", "/v1/hooks/{department}/secrets/{secret_id}/rotate"): frozenset({DEPARTMENT, ADMIN}),
    ("DELETE", "/v1/hooks/{department}/secrets/{secret_id}"): frozenset({DEPARTMENT, ADMIN}),
    ("GET", "/v1/hooks/{department}/commands"): frozenset({DEPARTMENT, SUPERVISOR, ADMIN}),
    ("GET", "/v1/departments/{code}/feed"): frozenset({DEPARTMENT, ADMIN}),
    # webhooks
    ("POST", "/v1/webhooks/endpoints"): frozenset({DEPARTMENT, ADMIN}),
    ("GET", "/v1/webhooks/endpoints"): frozenset({DEPARTMENT, ADMIN}),
    ("DELETE", "/v1/webhooks/endpoints/{endpoint_id}"): frozenset({DEPARTMENT, ADMIN}),
    ("POST", "/v1/webhooks/endpoints/{endpoint_id}/rotate"): frozenset({DEPARTMENT, ADMIN}),
    ("POST", "/v1/webhooks/endpoints/{endpoint_id}/test"): frozenset({DEPARTMENT, ADMIN}),
    ("GET", "/v1/webhooks/deliveries"): frozenset({DEPARTMENT, ADMIN}),
    ("GET", "/v1/webhooks/deliveries/{delivery_id}"): frozenset({DEPARTMENT, ADMIN}),
    ("POST", "/v1/webhooks/replays"): frozenset({DEPARTMENT, ADMIN}),
}

STEP_ROUTES: dict[Step, str] = {
    Step.ASSIGN: "assign",
    Step.SIGN: "sign",
    Step.CONTACT: "contact",
    Step.FEEDBACK: "feedback",
    Step.RETURN: "return",
    Step.GRANT_RETURN: "grant-return",
    Step.REFUSE_RETURN: "refuse-return",
    Step.ADJUDICATE: "adjudicate",
    Step.ASK_EXTENSION: "extensions",
    Step.GRANT_EXTENSION: "grant-extension",
    Step.REFUSE_EXTENSION: "refuse-extension",
    Step.ASK_SUSPENSION: "suspensions",
    Step.SUSPEND: "grant-suspension",
    Step.REFUSE_SUSPENSION: "refuse-suspension",
    Step.OPEN_PROCEDURE: "procedure",
    Step.RESUME: "resume",
    Step.ASK_SUPPLEMENT: "ask-supplement",
    Step.SUPPLEMENT: "supplement",
    Step.CO_ASSIGN: "co-handling",
    Step.CO_SIGN: "co-handling/sign",
    Step.CO_CONTACT: "co-handling/contact",
    Step.CO_FEEDBACK: "co-handling/feedback",
    Step.CO_ANSWER: "co-handling/answer",
    Step.RESOLVE: "resolve",
    Step.CLOSE: "close",
    Step.CORRECT: "correct",
    Step.NOTE: "note",
    Step.URGE: "urge",
    Step.CALL_BACK: "callback",
    Step.GRANT_UNFOUNDED: "grant-unfounded",
    Step.REFUSE_UNFOUNDED: "refuse-unfounded",
    Step.WITHDRAW: "withdraw",
    Step.JOIN: "join",
    Step.PART: "part",
    Step.TRANSFER: "transfer",
}
"""Where the steps that are taken by hand are taken; by whom, the lifecycle says."""


def roles_of(step: Step) -> frozenset[CallerRole]:
    """Return whose keys may take a step: those of who takes it, by the lifecycle."""
    return frozenset(role for who, role in _ROLES.items() if who in RULES[step].who)


_ROLES = {
    Who.LEAD: DEPARTMENT,
    Who.CO_HANDLER: DEPARTMENT,
    Who.AGENT: AGENT,
    Who.SUPERVISOR: SUPERVISOR,
    Who.ADMIN: ADMIN,
}

ROUTES |= {
    ("POST", f"/v1/tickets/{{ticket_id}}/{path}"): roles_of(step) for step, path in STEP_ROUTES.items()
}


def reads_secrets(principal: Principal) -> bool:
    """Say whether a caller reads confidential tickets; a department only those that are its own."""
    return principal.role in COMPARTMENT or principal.department is not None


def leads(ticket: Mapping[str, Any], principal: Principal) -> bool:
    """Say whether a caller has the ticket itself: the hotline, or the department it is assigned to."""
    return principal.department is None or bool(ticket["department"] == principal.department)


def may_see(ticket: Mapping[str, Any], principal: Principal) -> bool:
    """Say whether a ticket, by its row, is this caller's to read; a department also helps with others'."""
    if principal.department is not None:
        return leads(ticket, principal) or principal.department in (ticket.get("co_departments") or ())
    return not ticket["confidential"] or reads_secrets(principal)


def standing(ticket: Mapping[str, Any], principal: Principal) -> Who | None:
    """Return who a caller is to a ticket, by its row; None for a department without a part in it."""
    if principal.department is None:
        return Who(principal.role)
    if leads(ticket, principal):
        return Who.LEAD
    return Who.CO_HANDLER if principal.department in (ticket.get("co_departments") or ()) else None


def steps_for(ticket: Mapping[str, Any], principal: Principal) -> list[Step]:
    """
    Return the steps this caller may take now; a department that helps has steps of its own.

    A return is among them only where there is a window for it; until when says `return_until_at`.
    """
    who = standing(ticket, principal)
    return [
        step
        for step in steps_from(Status(ticket["status"]))
        if who in RULES[step].who and step in STEP_ROUTES
        if step is not Step.RETURN or ticket.get("return_until_at") is not None
    ]
