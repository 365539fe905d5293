"""The REST API as all roles together describe it."""

from collections.abc import Sequence
from typing import Any

from services.clock import SystemClock
from services.contracts.domain.rest import promised
from services.database import Database, make_engine
from services.http import create_app
from services.resources import Resources
from services.role import backing
from services.roles import Role, introduce
from services.settings import Settings
from services.wakeups import Wakeups

NOWHERE = "postgresql+asyncpg://nobody@nowhere/none"


def api_of(roles: Sequence[Role]) -> dict[str, Any]:
    """Return what the API of these roles promises; nothing is connected to read it."""
    wakeups = Wakeups()
    resources = Resources(Settings(), SystemClock(), Database(make_engine(NOWHERE), wakeups), wakeups)
    every = [*roles, backing]
    introduce(every, resources)
    return promised(create_app([face for role in every for face in role.faces], resources).openapi())
