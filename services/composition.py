"""The composition root, which alone knows all three packages, and the commands that start them."""

from escalation.role import escalation
from intake.role import intake
from router.role import router
from services.cli.contracts import contract_commands
from services.cli.serving import commands

ROLES = (intake, router, escalation)
"""In the order in which a ticket meets them."""

up, run, migrate = commands(ROLES)
contracts = contract_commands(ROLES)
