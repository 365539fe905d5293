"""The reference data that ships as one catalogue, for what works without a database."""

from functools import lru_cache

from intake.defaults import rows, shipped_lines
from intake.domain.catalogue import Catalogue, Division
from intake.domain.place.gazetteer import Gazetteer, read_places


def shipped_catalogue() -> Catalogue:
    """Return hotlines, categories, divisions and places as they ship; what a city changed is not in it."""
    categories = {row["code"] or "": row["name"] or "" for row in rows("categories")}
    divisions = tuple(
        Division(row["code"] or "", row["level"] or "", row["name"] or "", row["parent"])
        for row in rows("divisions")
    )
    return Catalogue.of(shipped_lines(), categories, divisions, gazetteer=shipped_gazetteer(divisions))


@lru_cache(maxsize=2)
def shipped_gazetteer(divisions: tuple[Division, ...]) -> Gazetteer:
    """Return the names of these divisions with the other places that ship, compiled once."""
    names = ("division_aliases", "elsewhere", "landmarks", "roads")
    aliases, elsewhere, landmarks, roads = (read_places(rows(name)) for name in names)
    return Gazetteer.of(divisions, [*aliases, *elsewhere], landmarks, roads)
