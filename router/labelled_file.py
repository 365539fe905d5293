"""A city's own history: texts and their right labels out of a file of past calls."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from router.history_file import HistoryFile
from schemas.errors import Invalid


@dataclass(frozen=True)
class History:
    """Rows that have a text, with their other columns in order; how many had none, and what file it was."""

    name: str
    sha256: str
    texts: list[str]
    columns: dict[str, list[str]]
    skipped: int
    broken: int


def read_history(file: Path, text: str, others: Sequence[str] = (), needed: Sequence[str] = ()) -> History:
    """
    Read the named columns; rows without a text, or without what is `needed`, are counted.

    Raises what `HistoryFile` raises.
    """
    given = HistoryFile(file, [text, *others])
    rows = list(given)
    kept = [row for row in rows if all(row[name].strip() for name in (text, *needed))]
    with file.open("rb") as raw:
        digest = hashlib.file_digest(raw, "sha256").hexdigest()
    return History(
        file.name,
        digest,
        [row[text] for row in kept],
        {name: [row[name].strip() for row in kept] for name in others},
        len(rows) - len(kept),
        given.broken,
    )


def merged(history: History, label: str, same: Mapping[str, str]) -> History:
    """Return a history whose right labels bear one name each, by `same`."""
    labels = [same.get(each, each) for each in history.columns[label]]
    return replace(history, columns={**history.columns, label: labels})


def read_same(file: Path) -> dict[str, str]:
    """
    Return names that mean the same, from a CSV with the columns `name` and `same_as`.

    Raises `Invalid` for a name that is the same as two, or as one that is not the last.
    """
    found = read_history(file, "name", ["same_as"], ["same_as"])
    pairs = list(zip((each.strip() for each in found.texts), found.columns["same_as"], strict=True))
    same = dict(pairs)
    for name, meant in pairs:
        if same[name] != meant:
            raise Invalid(f"{file.name}: {name} is said to be the same as {meant} and as {same[name]}.")
        if meant in same:
            raise Invalid(f"{file.name}: {name} is the same as {meant}, which is the same as {same[meant]}.")
    return same


def read_names(file: Path) -> dict[str, str]:
    """Return the names of labels by their codes, from a CSV with the columns `code` and `name`."""
    found = read_history(file, "name", ["code"], ["code"])
    return dict(zip(found.columns["code"], found.texts, strict=True))
