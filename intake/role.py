"""Intake at a glance."""

from intake.api import routes
from intake.cli import import_file
from intake.counter import counter
from intake.store import Reference, seed
from schemas.errors import Misconfigured
from services.resources import Resources
from services.roles import Role


async def has_reference(resources: Resources) -> None:
    """Refuse to serve without hotlines and divisions to check calls against."""
    catalogue = await resources.part(Reference).catalogue()
    if not (catalogue.hotlines and catalogue.divisions):
        raise Misconfigured("There are no hotlines or divisions: run `hotline migrate`.")


intake = Role(
    "intake",
    faces=[routes],
    loops=[counter],
    checks=[has_reference],
    seeds=[seed],
    commands={"import": import_file},
)
