"""Use case: normalize a file of calls row by row, without a database and without storing anything."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from intake.domain.catalogue import Catalogue
from intake.domain.evidence import Problem
from intake.domain.mapping import Mapping
from intake.domain.normalize import NormalizedCall, normalize_record
from intake.source_file import Line, read_lines
from schemas.errors import HotlineError

LEVELS = (("district", 6), ("street", 9), ("village", 12))
CODE_DIGITS = 12


@dataclass
class Summary:
    """How a file of calls reads: rows, those that are no call, how deep the place is known, problems."""

    rows: int = 0
    no_call: int = 0
    district: int = 0
    street: int = 0
    village: int = 0
    candidates_only: int = 0
    phone: int = 0
    follows: int = 0
    problems: Counter[str] = field(default_factory=Counter)

    def count(self, row: dict[str, Any]) -> None:
        """Count a row in."""
        self.rows += 1
        self.no_call += row["refused"]
        for name in ("district", "street", "village", "phone", "follows"):
            setattr(self, name, getattr(self, name) + (row[name] is not None))
        self.candidates_only += row["division"] is None and bool(row["candidates"])
        self.problems.update(each["code"] for each in row["problems"])

    def as_dict(self) -> dict[str, Any]:
        """Return the counts for programs, the commonest problem first."""
        return {**asdict(self), "problems": dict(self.problems.most_common())}


def normalized_rows(
    file: Path, mapping: Mapping, catalogue: Catalogue, now: datetime | None = None
) -> Iterator[dict[str, Any]]:
    """Yield a row for every record of a file, in its order; one that is no call says why in its problems."""
    for line in read_lines(file, mapping):
        yield normalized_row(line, mapping, catalogue, now)


def normalized_row(
    line: Line, mapping: Mapping, catalogue: Catalogue, now: datetime | None = None
) -> dict[str, Any]:
    """Return what a record normalizes to, as its own history: times and ending are read too."""
    if line.fault is not None:
        return _refused(line, Problem("", "unreadable", line.fault))
    try:
        call = normalize_record(line.record, mapping, catalogue, historical=True, now=now)
    except HotlineError as refusal:
        pointer = str(refusal.facts.get("pointer") or "")
        return _refused(line, Problem(pointer.strip("/").replace("/", "."), refusal.code, str(refusal)))
    return _row(line.number, call, catalogue)


def _row(number: int, normalized: NormalizedCall, catalogue: Catalogue) -> dict[str, Any]:
    call = normalized.call
    accepted = normalized.accepted_at
    return {
        "line": number,
        "refused": False,
        "source_number": call.source_number,
        "kind": str(call.kind),
        "category": call.category,
        "division": call.division,
        **official_names(call.division, catalogue),
        "candidates": list(normalized.candidates),
        "landmark": normalized.landmark,
        "longitude": call.longitude,
        "latitude": call.latitude,
        "phone": call.caller.phone,
        "anonymous": call.caller.anonymous,
        "withheld": call.caller.withheld,
        "follows": call.follows,
        "accepted_at": accepted.isoformat() if accepted else None,
        "problems": [asdict(each) for each in normalized.problems],
        "evidence": [asdict(each) for each in normalized.evidence],
    }


def official_names(division: str | None, catalogue: Catalogue) -> dict[str, str | None]:
    """Return district, street and village of a code by their official names, None where it is not as deep."""
    names: dict[str, str | None] = dict.fromkeys(name for name, _ in LEVELS)
    for name, digits in LEVELS:
        if division is None or not int(division[digits - 3 : digits]):
            break
        known = catalogue.divisions.get(division[:digits].ljust(CODE_DIGITS, "0"))
        names[name] = known.name if known else None
    return names


def _refused(line: Line, problem: Problem) -> dict[str, Any]:
    absent = ("source_number", "kind", "category", "division", "district", "street", "village")
    others = ("landmark", "longitude", "latitude", "phone", "anonymous", "withheld", "follows", "accepted_at")
    return {
        "line": line.number,
        "refused": True,
        **dict.fromkeys(absent),
        "candidates": [],
        **dict.fromkeys(others),
        "problems": [asdict(problem)],
        "evidence": [],
    }
