"""What is wrong with allowances as they were written: rows that cannot be read, rules that contradict."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import Any

import escalation.defaults as defaults
from escalation.allowances import KINDS, read_extension, read_reopening, read_suspension
from escalation.domain.allowance import ExtensionRule, SuspensionRule
from escalation.domain.rule_fault import RuleFault
from escalation.reading import Row
from escalation.rule_lint import unread
from schemas.time_requests import ExtensionReason, SuspensionReason

READERS: Mapping[str, Callable[[Row], Any]] = {
    "extensions": read_extension,
    "suspensions": read_suspension,
    "reopenings": read_reopening,
}


def lint_allowances(content: Mapping[str, Any]) -> list[RuleFault]:
    """Return the faults of allowances; a reason without a rule is only a warning: nothing is given for it."""
    if unknown := set(content) - set(KINDS):
        return [RuleFault("unknown_column", f"没有这些表:{'、'.join(sorted(unknown))}")]
    read: dict[str, list[Any]] = {}
    faults: list[RuleFault] = []
    for name in KINDS:
        rows = content.get(name) or []
        found = list(unread(name, rows, defaults.columns(name), READERS[name]))
        faults += found
        read[name] = [] if found else [READERS[name](row) for row in rows]
    if faults:
        return faults
    return [
        *_extensions(read["extensions"]),
        *_suspensions(read["suspensions"]),
        *_twice("延期挂起规则的重办表", [each for each, _ in read["reopenings"]]),
    ]


def _extensions(rules: Iterable[ExtensionRule]) -> Iterator[RuleFault]:
    rules = tuple(rules)
    yield from _twice("延期表", [(each.urgency, each.kind, each.reason) for each in rules])
    for number, each in enumerate(rules, start=1):
        if each.reason is not None and each.reason not in set(ExtensionReason):
            yield RuleFault("unknown_reason", f"延期表第{number}行:没有“{each.reason}”这个事由", number)
        if each.most.count < 0 or each.times < 0 or (each.total or 0) < 0:
            yield RuleFault("negative", f"延期表第{number}行:天数、次数不能小于0", number)


def _suspensions(rules: Iterable[SuspensionRule]) -> Iterator[RuleFault]:
    rules = tuple(rules)
    yield from _twice("挂起表", [each.reason for each in rules])
    for number, each in enumerate(rules, start=1):
        if each.reason not in set(SuspensionReason):
            yield RuleFault("unknown_reason", f"挂起表第{number}行:没有“{each.reason}”这个事由", number)
        if each.days < 1 or each.renewals < 0:
            yield RuleFault("negative", f"挂起表第{number}行:天数至少为1,次数不能小于0", number)
        if each.total is not None and each.total < each.days:
            yield RuleFault("total_too_small", f"挂起表第{number}行:合计天数少于一次的天数", number)
    for reason in set(SuspensionReason) - {each.reason for each in rules}:
        yield RuleFault("no_rule", f"挂起表没有“{reason}”:以此为由不能挂起", severity="warning")


def _twice(table: str, conditions: list[Hashable]) -> Iterator[RuleFault]:
    times = Counter(conditions)
    for number, each in enumerate(conditions, start=1):
        if times[each] > 1:
            times[each] = 0
            same = "、".join(str(n) for n, other in enumerate(conditions, 1) if other == each)
            yield RuleFault("equal_rules", f"{table}第{same}行条件完全相同,不知适用哪一行", number)
