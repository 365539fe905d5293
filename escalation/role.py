"""Escalation at a glance."""

from escalation import offers, policies_api, policy_drafts_api, requests_api
from escalation.allowances import allowances_in_force
from escalation.api import routes
from escalation.archive import archiving
from escalation.audit_api import routes as audit_routes
from escalation.auditor import auditor
from escalation.calculate import routes as calculation_routes
from escalation.consequence_api import routes as consequence_routes
from escalation.consumer import supervision
from escalation.domain.ladder import ladder_faults
from escalation.domain.policy import limit_faults
from escalation.halt_api import routes as halt_routes
from escalation.limits import keeper
from escalation.months import routes as month_routes
from escalation.notice_api import routes as notice_routes
from escalation.preview import likely_deadlines
from escalation.pulse import Pulse
from escalation.receiver_api import routes as receiver_routes
from escalation.receiver_store import seed as seed_receivers
from escalation.recompute import recomputing
from escalation.rule_lint import too_short
from escalation.rulebook import PublishedRules, seed
from escalation.suspend import resuming
from escalation.timer import timer
from escalation.urge import routes as urge_routes
from escalation.watch import watch
from schemas.errors import Misconfigured
from services.resources import Resources
from services.roles import Role


async def rules_hold(resources: Resources) -> None:
    """
    Refuse to serve with limits that contradict, a ladder out of order or a calendar too short.

    Every limit, with what its law may add and every rung that follows it, must end inside
    the calendar when counted from now.
    """
    async with resources.database.transaction() as connection:
        rulebook = await resources.part(PublishedRules).current(connection)
        await allowances_in_force(connection, rulebook)
    faults = [each.message for each in limit_faults(rulebook.limits)] + ladder_faults(rulebook.ladder)
    if faults:
        raise Misconfigured(f"The rules are out of order: {'; '.join(faults)}.")
    now = resources.clock.now()
    for each in (rulebook.calendar, *rulebook.of_departments.values()):
        limit = too_short(rulebook.limits, rulebook.ladder, each, now)
        if limit is not None:
            raise Misconfigured(
                f"The calendar {each.version} only knows days until {each.last_day}:"
                f" too short for the limit {limit.rule} {limit.stage}."
            )


escalation = Role(
    "escalation",
    faces=[
        routes,
        audit_routes,
        requests_api.routes,
        notice_routes,
        consequence_routes,
        receiver_routes,
        urge_routes,
        month_routes,
        halt_routes,
        calculation_routes,
        policies_api.routes,
        policy_drafts_api.routes,
    ],
    consumers=[supervision],
    loops=[timer, auditor, resuming, archiving, recomputing, watch],
    checks=[rules_hold],
    seeds=[seed, seed_receivers],
    previews={"deadlines": likely_deadlines},
    limits=keeper,
    refuses=offers.REFUSES,
    ticket_commands=requests_api.COMMANDS,
    parts=[Pulse],
)
