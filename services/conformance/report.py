"""The report of a run: a table for people, a document for programs, and what nobody could see."""

from collections.abc import Sequence
from typing import Any

from rich.table import Table

from services.conformance.domain.case import Finding


def table(findings: Sequence[Finding]) -> Table:
    """Return a line for each case: what was expected, what came, what was held, whether it is right."""
    shown = Table(title="Conformance", title_justify="left", show_lines=False)
    for heading in ("case", "expected", "came", "held after it", "slowest", ""):
        shown.add_column(heading, overflow="fold")
    for each in findings:
        shown.add_row(
            each.case.name,
            ", ".join(post.expected for post in each.case.posts),
            ", ".join(str(answer) for answer in each.answers),
            _held(each),
            f"{max(answer.seconds for answer in each.answers):.2f} s",
            "ok" if each.passed else "FAILED",
        )
    return shown


def _held(finding: Finding) -> str:
    if finding.held is None or finding.case.then is None:
        return "not seen"
    held = finding.held
    return "nothing" if held.version is None else f"version {held.version}, {held.taken} events"


def closing(findings: Sequence[Finding]) -> list[str]:
    """Return what remains to be said: each fault with its reason, the count, and what was not seen."""
    failed = [each for each in findings if not each.passed]
    lines = [f"{each.case.name}: {'; '.join(each.faults)}. {each.case.because}" for each in failed]
    lines.append(f"{len(findings) - len(failed)} of {len(findings)} cases passed.")
    if any(each.held is None for each in findings):
        lines.append(
            "Only answers were seen. Whether a repeated event had one effect, an older one put nothing back "
            "and a refused one had none cannot be told from outside: name a --status-url to show it."
        )
    return lines


def document(findings: Sequence[Finding]) -> dict[str, Any]:
    """Return the report as JSON is made of it."""
    return {
        "passed": all(each.passed for each in findings),
        "effects_seen": all(each.held is not None for each in findings),
        "cases": [_case(each) for each in findings],
    }


def _case(finding: Finding) -> dict[str, Any]:
    held = finding.held
    return {
        "name": finding.case.name,
        "because": finding.case.because,
        "ticket": finding.case.ticket,
        "expected": [str(post.expected) for post in finding.case.posts],
        "came": [answer.status or answer.fault for answer in finding.answers],
        "seconds": [round(answer.seconds, 3) for answer in finding.answers],
        "held": None if held is None else {"version": held.version, "taken": held.taken},
        "faults": list(finding.faults),
    }
