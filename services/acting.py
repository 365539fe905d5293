"""Who acts, by name and post, in a transaction: said with a command, or whose the key is (岗位责任制)."""

from typing import NamedTuple, Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from services.security import Principal

HOTLINE = "12345"


class Named(Protocol):
    """Somebody with a name, and a post where it is known."""

    @property
    def name(self) -> str:
        """Their name, or number."""

    @property
    def post(self) -> str | None:
        """Their post."""


class Acting(NamedTuple):
    """A person and their post, as a history keeps them."""

    person: str | None = None
    post: str | None = None


def act_as(connection: AsyncConnection, principal: Principal, by: Named | None = None) -> None:
    """
    Let what a caller does in this transaction be kept under a name: the last they have named, or the key's.

    To be called as a command begins, and with whom it names.
    """
    if by is not None:
        connection.info["acting"] = (principal.actor, Acting(by.name, by.post))
    elif "acting" not in connection.info:
        connection.info["acting"] = (principal.actor, Acting(principal.person, principal.post))


def acting(connection: AsyncConnection, actor: str) -> Acting:
    """Return who acts as this actor in the transaction; what the service does itself has nobody's name."""
    who, named = connection.info.get("acting", (None, Acting()))
    return named if who == actor else Acting()


def unit_of(actor: str) -> str | None:
    """Return an actor's unit: a department's code, or the hotline's number; None for the service."""
    role, _, name = actor.partition(":")
    if role == "department":
        return name
    return HOTLINE if role in ("agent", "supervisor", "admin") else None
