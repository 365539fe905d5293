"""Keys of a play: made for it, revoked after it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from services.resources import Resources
from services.security import CallerRole, KeyStore

NAME = "demo"
HEADQUARTERS = (CallerRole.AGENT, CallerRole.SUPERVISOR, CallerRole.ADMIN)


@asynccontextmanager
async def lent_keys(resources: Resources, departments: Sequence[str]) -> AsyncIterator[dict[str, str]]:
    """Yield a key for each role of the hotline, and for each department by its code."""
    pepper = resources.settings.api_key_pepper.get_secret_value()
    holders = [(role, None) for role in HEADQUARTERS]
    holders_of_departments = [(CallerRole.DEPARTMENT, code) for code in departments]
    async with resources.database.transaction() as connection:
        store, now = KeyStore(connection, pepper), resources.clock.now()
        made = {
            code or str(role): await store.add(NAME, role, code, now)
            for role, code in (*holders, *holders_of_departments)
        }
    try:
        yield {holder: key for holder, (_, key) in made.items()}
    finally:
        async with resources.database.transaction() as connection:
            store = KeyStore(connection, pepper)
            for key_id, _ in made.values():
                await store.revoke(key_id, resources.clock.now())
