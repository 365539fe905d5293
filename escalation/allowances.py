"""The rules of a city about more time, read from the rule table: extensions, suspensions, redoing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.domain.allowance import ExtensionRule, SuspensionRule
from escalation.domain.reopening import Reopening
from escalation.domain.worktime import Amount, Unit
from escalation.rule_store import RuleStore
from escalation.rulebook import Rulebook
from schemas.errors import Misconfigured
from schemas.ticket import Kind, Urgency

ALLOWANCES = "allowances"


@dataclass(frozen=True, slots=True)
class Allowances:
    """What may be given beyond a limit."""

    extensions: tuple[ExtensionRule, ...]
    suspensions: tuple[SuspensionRule, ...]
    reopening: Reopening = Reopening.FRESH


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
            tuple(_extension(row) for row in content["extensions"]),
            tuple(_suspension(row) for row in content["suspensions"]),
            *(Reopening(row["policy"]) for row in content["reopenings"] if row["clock"] == "department"),
        )
    except (KeyError, ValueError) as fault:
        raise Misconfigured(f"The {ALLOWANCES} cannot be read: {fault}.") from fault


def _extension(row: Mapping[str, str]) -> ExtensionRule:
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


def _suspension(row: Mapping[str, str]) -> SuspensionRule:
    return SuspensionRule(row["rule"], row["reason"], int(row["days"]), int(row["renewals"]), row["source"])
