"""Why a ticket went where it went, in a sentence for the agent and a record for the file."""

from collections.abc import Mapping
from typing import Any

from router.domain.conditions import condition_words
from router.domain.inquiry import Inquiry
from router.domain.matching import JurisdictionRow, Mode, Verdict
from router.domain.row import beaten_by
from schemas.events import Matter
from schemas.folding import folded
from schemas.places import Basis

ROWS_KEPT = 20

BASES = {Basis.WORK: "用工所在地", Basis.MERCHANT: "经营地", Basis.HOUSEHOLD: "户居地"}


def record(verdict: Verdict) -> dict[str, Any]:
    """Return the decision as it is kept with the ticket: inputs, version, winners, what they beat and why."""
    first = verdict.winners[0] if verdict.winners else None
    return {
        "version": verdict.version,
        "day": verdict.asked.day.isoformat(),
        "category": verdict.asked.category,
        "division": verdict.asked.division,
        "inputs": inputs(verdict),
        "fallback": verdict.is_fallback,
        "winners": [shown(row) for row in verdict.winners],
        "beaten": [
            {**shown(row), "because": beaten_by(first, row)} for row in verdict.beaten[:ROWS_KEPT] if first
        ],
        "excluded": [shown(row) for row in verdict.excluded[:ROWS_KEPT]],
        "unmet": [{**shown(row), "because": why} for row, why in verdict.unmet[:ROWS_KEPT]],
    }


def inputs(verdict: Verdict) -> dict[str, Any]:
    """Return what else the decision depended on; of the text, the words that rows look for and it says."""
    asked = verdict.asked
    rows = (*verdict.winners, *verdict.beaten, *verdict.excluded, *(row for row, _ in verdict.unmet))
    words = {word: None for row in rows for word in row.keywords if folded(word) in asked.text}
    return {
        "at": asked.at.isoformat() if asked.at else None,
        "places": dict(asked.places),
        "areas": {str(basis): list(areas) for basis, areas in asked.areas.items()},
        "caller_type": asked.caller_type,
        "attributes": dict(asked.attributes),
        "words": list(words),
    }


def shown(row: JurisdictionRow) -> dict[str, Any]:
    """Return what of a row explains a decision."""
    found = {
        "id": row.id,
        "category": row.category,
        "division": row.division,
        "area": row.area,
        "basis": str(row.basis),
        "conditions": condition_words(row) or None,
        "department": row.department,
        "co_handlers": list(row.co_handlers),
        "cc": list(row.cc),
        "mode": str(row.mode),
        "statutory_procedure": row.statutory_procedure,
        "legal_basis": row.legal_basis,
    }
    return {name: value for name, value in found.items() if value not in (None, []) or name in _ALWAYS}


_ALWAYS = frozenset({"id", "category", "division", "department", "mode", "legal_basis"})


def parked_reason(verdict: Verdict) -> str:
    """Return the code of why nobody was assigned."""
    if not verdict.winners:
        return "no_row"
    return "ambiguous" if len(verdict.winners) > 1 else "manual_row"


def kept_sentence(matter: Matter, name: str | None) -> str:
    """Return why a sub-centre has a matter, in Chinese; a department not in force has no name."""
    if name is None:
        return f"{matter.hotline}设分中心,但承办单位{matter.kept_by}未登记或已停用,须人工派单"
    return f"{matter.hotline}设分中心,来电不论事项均由{name}办理,12345转办并跟踪进度"


def failed_sentence(version: str, because: str) -> str:
    """Return why a person must decide where a row could not be asked."""
    return f"派单目录{version}{because},已告警,须人工派单"


def sentence(verdict: Verdict, area_names: Mapping[str, str] | None = None) -> str:
    """Return why, in Chinese, for the agent to read to the caller."""
    row = verdict.row
    matter = _matter(verdict.asked, row, area_names or {})
    if row is not None and row.mode is not Mode.MANUAL:
        conditions = condition_words(row)
        met = f"({conditions})" if conditions else ""
        fallback = ",无专门条目,由属地政府兜底" if verdict.is_fallback else ""
        basis = f",依据:{row.legal_basis}" if row.legal_basis else ""
        return f"{matter}适用派单目录{verdict.version}第{row.id}条{met}{fallback}{basis}"
    if row is not None:
        return f"{matter}适用派单目录{verdict.version}第{row.id}条,须人工研判"
    if verdict.winners:
        rows = "、".join(each.id for each in verdict.winners)
        return f"{matter}同时适用派单目录{verdict.version}第{rows}条,须人工派单"
    return f"{matter}在派单目录{verdict.version}中没有对应条目,须人工派单"


def _matter(asked: Inquiry, row: JurisdictionRow | None, area_names: Mapping[str, str]) -> str:
    place = f"区划{asked.division or '未知'}"
    if row is not None and row.basis in asked.places:
        place = f"{BASES[row.basis]}{asked.places[row.basis]}"
    if row is not None and row.area is not None:
        place = f"{place}({area_names.get(row.area, row.area)})"
    return f"类别{asked.category or '未定'}、{place}"
