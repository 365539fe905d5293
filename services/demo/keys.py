"""Keys of a play: made for it, revoked after it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from services.resources import Resources
from services.security import CallerRole, KeyStore

NAME = "demo"

Holder = tuple[CallerRole, str | None]
"""A role, and the department where it has one."""

HEADQUARTERS: Sequence[Holder] = (
    (CallerRole.AGENT, None),
    (CallerRole.SUPERVISOR, None),
    (CallerRole.ADMIN, None),
)


@asynccontextmanager
async def lent_keys(resources: Resources, holders: Sequence[Holder]) -> AsyncIterator[dict[str, str]]:
    """Yield a key for each holder, by department or else by role."""
    pepper = resources.settings.api_key_pepper.get_secret_value()
    async with resources.database.transaction() as connection:
        store, now = KeyStore(connection, pepper), resources.clock.now()
        made = {code or str(role): await store.add(NAME, role, code, now) for role, code in holders}
    try:
        yield {holder: key for holder, (_, key) in made.items()}
    finally:
        async with resources.database.transaction() as connection:
            store = KeyStore(connection, pepper)
            for key_id, _ in made.values():
                await store.revoke(key_id, resources.clock.now())
