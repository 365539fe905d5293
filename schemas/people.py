"""Who acts for a unit, as its systems name them (岗位责任制) and callers see them (挂牌上岗制)."""

import unicodedata
from typing import Annotated

from pydantic import Field, StringConstraints

from schemas.base import Schema, Words
from schemas.folding import folded

Name = Annotated[Words, StringConstraints(min_length=1, max_length=40)]


class Official(Schema):
    """Somebody who acts for a unit, by name, or number where names are not shown, and post."""

    name: Name = Field(examples=["王某", "工号0231"])
    post: Name = Field(examples=["投诉科科员"])

    def __str__(self) -> str:
        return f"{self.name}({self.post})"


ActedBy = Annotated[
    Official | None,
    Field(description="Who does it for the department, by name and post; kept in the history."),
]


def one_person(one: Official, other: Official) -> bool:
    """
    Say whether two officials of one unit are one person: those of one name are, whatever their posts.

    People hold several posts; colleagues of one name are told apart by what is added to it.
    """
    return _folded(one.name) == _folded(other.name)


def _folded(name: str) -> str:
    """Return a name as it looks: one width, and nothing in it that cannot be seen."""
    looks = folded(unicodedata.normalize("NFKC", name)).casefold()
    return "".join(each for each in looks if unicodedata.category(each)[0] not in "ZC")
