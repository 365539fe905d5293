"""Engines that go from one test's database to the next one's, with the statements they have compiled."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import event, make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from services.database import make_engine

_places: dict[AsyncEngine, Mapping[str, Any]] = {}
_unused: list[AsyncEngine] = []


def take_engine(url: str) -> AsyncEngine:
    """Return an engine on this database; a new one would compile every statement again."""
    engine = _unused.pop() if _unused else _make()
    _, _places[engine] = engine.dialect.create_connect_args(make_url(url))
    return engine


def put_engine_back(engine: AsyncEngine) -> None:
    """Leave an engine, whose connections are closed, to who comes next."""
    _unused.append(engine)


def _make() -> AsyncEngine:
    engine = make_engine("postgresql+asyncpg://", pool=8)

    @event.listens_for(engine.sync_engine, "do_connect")
    def lead(_dialect: object, _record: object, _arguments: object, place: dict[str, Any]) -> None:
        place.update(_places[engine])

    return engine
