"""The rules of a city about more time, read from the rule table: extensions, suspensions, redoing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.domain.allowance import ExtensionRule, SuspensionRule
from escalation.domain.reopening import Reopening
from escalation.domain.worktime import Amount, Unit
from escalation.rule_store import RuleStore
from escalation.rulebook import ALLOWANCES, Rulebook
from schemas.errors import Misconfigured
from schemas.ticket import Kind, Urgency

KINDS = ("extensions", "suspensions", "reopenings")
TAKEN_UP = ("redo", "reopened")


@dataclass(frozen=True, slots=True)
class Allowances:
    """
    What may be given beyond a limit, and how a department's clock goes on.

    `redo`: it does a ticket again; `reopened`: it gets a ticket that takes an earlier one up again.
    """

    extensions: tuple[ExtensionRule, ...]
    suspensions: tuple[SuspensionRule, ...]
    redo: Reopening = Reopening.FRESH
    reopened: Reopening = Reopening.RESTART


async def allowances_in_force(connection: AsyncConnection, rulebook: Rulebook) -> Allowances:
    """Return the allowances in force; raises `Misconfigured` when none were published."""
    version = rulebook.versions.get(ALLOWANCES)
    if version is None:
        raise Misconfigured(f"No {ALLOWANCES} published: run `hotline migrate`.")
    return allowances_from(await RuleStore(connection).content(ALLOWANCES, version))


def allowances_from(content: Mapping[str, Any]) -> Allowances:
    """Return allowances from rows shaped as in the reference files; raises `Misconfigured`."""
    try:
        return Allowances(
            tuple(read_extension(row) for row in content["extensions"]),
            tuple(read_suspension(row) for row in content["suspensions"]),
            **dict(map(read_reopening, content["reopenings"])),
        )
    except (KeyError, ValueError) as fault:
        raise Misconfigured(f"The {ALLOWANCES} cannot be read: {fault}.") from fault


def read_extension(row: Mapping[str, str]) -> ExtensionRule:
    """Return an extension's rule from its row; raises `KeyError` or `ValueError`."""
    return ExtensionRule(
        rule=row["rule"],
        urgency=Urgency(row["urgency"]) if row["urgency"] else None,
        kind=Kind(row["kind"]) if row["kind"] else None,
        reason=row["reason"] or None,
        most=Amount(int(row["amount"]), Unit(row["unit"])),
        total=int(row["total"]) if row["total"] else None,
        times=int(row["times"]),
        supervisor_from=int(row["supervisor_from"]) if row["supervisor_from"] else None,
        source=row["source"],
    )


def read_reopening(row: Mapping[str, str]) -> tuple[str, Reopening]:
    """Return what is taken up again, `redo` or `reopened`, and how; raises `KeyError` or `ValueError`."""
    what = row.get("what") or "redo"
    if what not in TAKEN_UP:
        raise ValueError(f"'{what}' is not a valid what")
    return what, Reopening(row["policy"])


def read_suspension(row: Mapping[str, str]) -> SuspensionRule:
    """Return a suspension's rule from its row; raises `KeyError` or `ValueError`."""
    return SuspensionRule(
        rule=row["rule"],
        reason=row["reason"],
        days=int(row["days"]),
        renewals=int(row["renewals"]),
        source=row["source"],
        total=int(row["total"]) if row.get("total") else None,
    )
