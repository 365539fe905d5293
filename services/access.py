"""Who may call what: every route of the service on one page. A route that is not here is refused."""

from schemas.lifecycle import Step
from services.security import CallerRole

AGENT, DEPARTMENT = CallerRole.AGENT, CallerRole.DEPARTMENT
SUPERVISOR, ADMIN = CallerRole.SUPERVISOR, CallerRole.ADMIN

STAFF = frozenset({AGENT, SUPERVISOR, ADMIN})
EVERYONE = frozenset(CallerRole)
PUBLIC: frozenset[CallerRole] = frozenset()

ROUTES: dict[tuple[str, str], frozenset[CallerRole]] = {
    ("GET", "/healthz"): PUBLIC,
    ("GET", "/readyz"): PUBLIC,
    ("GET", "/docs"): PUBLIC,
    ("GET", "/docs/oauth2-redirect"): PUBLIC,
    # intake
    ("POST", "/v1/tickets"): STAFF,
    ("POST", "/v1/calls/{hotline}"): STAFF,
    ("GET", "/v1/tickets"): EVERYONE,
    ("GET", "/v1/tickets/{ticket_id}"): EVERYONE,
    ("GET", "/v1/tickets/{ticket_id}/history"): EVERYONE,
    ("GET", "/v1/hotlines"): EVERYONE,
    ("GET", "/v1/categories"): EVERYONE,
    ("GET", "/v1/divisions"): EVERYONE,
    # router
    ("GET", "/v1/departments"): EVERYONE,
    ("GET", "/v1/jurisdictions"): EVERYONE,
    ("GET", "/v1/jurisdictions/explain"): EVERYONE,
    ("GET", "/v1/triage"): STAFF,
    ("POST", "/v1/tickets/{ticket_id}/assign"): STAFF,
    ("POST", "/v1/tickets/{ticket_id}/sign"): frozenset({DEPARTMENT}),
    ("POST", "/v1/tickets/{ticket_id}/contact"): frozenset({DEPARTMENT}),
    ("POST", "/v1/tickets/{ticket_id}/return"): frozenset({DEPARTMENT}),
    ("POST", "/v1/tickets/{ticket_id}/grant-return"): STAFF,
    ("POST", "/v1/tickets/{ticket_id}/refuse-return"): STAFF,
    ("POST", "/v1/tickets/{ticket_id}/resolve"): frozenset({DEPARTMENT}),
    ("POST", "/v1/tickets/{ticket_id}/close"): STAFF,
    # escalation
    ("GET", "/v1/tickets/{ticket_id}/deadlines"): EVERYONE,
    ("GET", "/v1/supervision/overdue"): frozenset({DEPARTMENT, SUPERVISOR, ADMIN}),
    ("GET", "/v1/supervision/due-soon"): frozenset({DEPARTMENT, SUPERVISOR, ADMIN}),
    ("GET", "/v1/supervision/escalations"): frozenset({DEPARTMENT, SUPERVISOR, ADMIN}),
    ("GET", "/v1/supervision/summary"): frozenset({SUPERVISOR, ADMIN}),
    # webhooks
    ("POST", "/v1/webhooks/endpoints"): frozenset({DEPARTMENT, ADMIN}),
    ("GET", "/v1/webhooks/endpoints"): frozenset({DEPARTMENT, ADMIN}),
    ("DELETE", "/v1/webhooks/endpoints/{endpoint_id}"): frozenset({DEPARTMENT, ADMIN}),
    ("GET", "/v1/webhooks/deliveries"): frozenset({DEPARTMENT, ADMIN}),
}

STEP_ROLES: dict[Step, frozenset[CallerRole]] = {
    Step.ASSIGN: ROUTES["POST", "/v1/tickets/{ticket_id}/assign"],
    Step.SIGN: ROUTES["POST", "/v1/tickets/{ticket_id}/sign"],
    Step.CONTACT: ROUTES["POST", "/v1/tickets/{ticket_id}/contact"],
    Step.RETURN: ROUTES["POST", "/v1/tickets/{ticket_id}/return"],
    Step.GRANT_RETURN: ROUTES["POST", "/v1/tickets/{ticket_id}/grant-return"],
    Step.REFUSE_RETURN: ROUTES["POST", "/v1/tickets/{ticket_id}/refuse-return"],
    Step.RESOLVE: ROUTES["POST", "/v1/tickets/{ticket_id}/resolve"],
    Step.CLOSE: ROUTES["POST", "/v1/tickets/{ticket_id}/close"],
}
"""Which roles may take a step by hand; PARK and REGISTER are taken by the service."""
