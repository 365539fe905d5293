"""Why a ticket went where it went, in a sentence for the agent and a record for the file."""

from typing import Any

from router.domain.matching import JurisdictionRow, Mode, Verdict

ROWS_KEPT = 20


def record(verdict: Verdict) -> dict[str, Any]:
    """Return the decision as it is kept with the ticket: inputs, version, winners, what they beat."""
    return {
        "version": verdict.version,
        "day": verdict.day.isoformat(),
        "category": verdict.category,
        "division": verdict.division,
        "winners": [shown(row) for row in verdict.winners],
        "beaten": [shown(row) for row in verdict.beaten[:ROWS_KEPT]],
        "excluded": [shown(row) for row in verdict.excluded[:ROWS_KEPT]],
    }


def shown(row: JurisdictionRow) -> dict[str, Any]:
    """Return what of a row explains a decision."""
    return {
        "id": row.id,
        "category": row.category,
        "division": row.division,
        "department": row.department,
        "mode": str(row.mode),
        "legal_basis": row.legal_basis,
    }


def parked_reason(verdict: Verdict) -> str:
    """Return the code of why nobody was assigned."""
    if not verdict.winners:
        return "no_row"
    return "ambiguous" if len(verdict.winners) > 1 else "manual_row"


def sentence(verdict: Verdict) -> str:
    """Return why, in Chinese, for the agent to read to the caller."""
    matter = f"类别{verdict.category or '未定'}、区划{verdict.division or '未知'}"
    row = verdict.row
    if row is not None and row.mode is Mode.DIRECT:
        basis = f",依据:{row.legal_basis}" if row.legal_basis else ""
        return f"{matter}适用派单目录{verdict.version}第{row.id}条{basis}"
    if row is not None:
        return f"{matter}适用派单目录{verdict.version}第{row.id}条,须人工研判"
    if verdict.winners:
        rows = "、".join(each.id for each in verdict.winners)
        return f"{matter}同时适用派单目录{verdict.version}第{rows}条,须人工派单"
    return f"{matter}在派单目录{verdict.version}中没有对应条目,须人工派单"
