"""Faults of a jurisdiction table, each in a sentence a clerk can act on; pure, over the whole table."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from router.domain.gaps import gaps, without_fallback
from router.domain.known import ERROR, STREET, WARNING, Known, TableFault
from router.domain.overlap import Overlap, overlaps, shadowed, share_a_day
from router.domain.row import LAST_DAY, JurisdictionRow, Mode
from schemas.codes import category_prefixes, division_prefixes

MOST = 5000
"""Faults told of one kind: who has more mends these first."""


def lint(rows: Sequence[JurisdictionRow], known: Known) -> list[TableFault]:
    """Return every fault of a table, errors first."""
    kinds: tuple[Iterator[TableFault], ...] = (
        _each(rows, known),
        contradictions(rows, known),
        _never(rows, known),
        _gaps(rows, known),
    )
    found = [fault for kind in kinds for fault in islice(kind, MOST)]
    return sorted(found, key=lambda fault: fault.severity)


def contradictions(rows: Sequence[JurisdictionRow], known: Known) -> Iterator[TableFault]:
    """Yield the rows between which nothing decides."""
    for each in overlaps(rows, known.areas):
        ids = (each.one.id, each.other.id)
        yield TableFault("two_leads" if each.two_leads else "overlap", ERROR, ids, _overlap(each, known))


def _overlap(each: Overlap, known: Known) -> str:
    one, other = each.one, each.other
    if each.two_leads:
        names = "和".join(
            known.department(row.department) + ("(经区)" if row.mode is Mode.VIA_DISTRICT else "")
            if row.department
            else "人工研判"
            for row in (one, other)
        )
        same = "条件完全相同" if each.same else "可同时适用于同一工单,且同样具体"
        return f"第{one.id}条与第{other.id}条{same},却有两个主办:{names};请合并、改条件或设优先级"
    same = "重复" if each.same else "重叠:可同时适用于同一工单,且同样具体"
    return f"第{one.id}条与第{other.id}条{same};请删去一条、改条件或设优先级"


def _each(rows: Iterable[JurisdictionRow], known: Known) -> Iterator[TableFault]:
    for row in rows:
        yield from _codes(row, known)
        yield from _departments(row, known)
        yield from _duty(row, known)


def _error(code: str, row: JurisdictionRow, column: str | None, says: str) -> TableFault:
    return TableFault(code, ERROR, (row.id,), f"第{row.id}条:{says}", column)


def _codes(row: JurisdictionRow, known: Known) -> Iterator[TableFault]:
    if known.category(row.category) is None and category_prefixes(row.category)[0] == row.category:
        yield _error("unknown_category", row, "category", f"没有类别{row.category}")
    if known.division(row.division) is None and division_prefixes(row.division)[0] == row.division:
        yield _error("unknown_division", row, "division", f"没有区划{row.division}")
    if row.area is not None and row.area not in known.areas:
        yield _error("unknown_area", row, "area", f"没有特殊区域{row.area}")
    if (fault := row.window_fault()) is not None:
        yield _error("bad_window", row, "hours", fault)


def _departments(row: JurisdictionRow, known: Known) -> Iterator[TableFault]:
    named = [("department", row.department)] if row.department else []
    named += [("co_handlers", each) for each in row.co_handlers] + [("cc", each) for each in row.cc]
    first, last = max(row.valid_from, known.day), row.valid_to or LAST_DAY
    for column, code in named:
        found = known.departments.get(code)
        if found is None:
            yield _error("unknown_department", row, column, f"没有承办单位{code}")
        elif first <= last and not found.in_force(first, last):
            ended = (
                f"自{found.valid_from}起才存在" if found.valid_from > last else f"已于{found.valid_to}撤销"
            )
            yield _error("expired_department", row, column, f"{found.name}{ended}")
        elif found.valid_to is not None and found.valid_to < last:
            says = f"第{row.id}条:{found.name}将于{found.valid_to}撤销,其后的工单须人工派单"
            yield TableFault("department_ends", WARNING, (row.id,), says, column)
        if found is not None and row.department_only and found.level == STREET and column != "cc":
            says = f"属部门专属职责,不得派给镇街{found.name}(国办函〔2025〕66号)"
            yield _error("department_only_street", row, column, says)


def _duty(row: JurisdictionRow, known: Known) -> Iterator[TableFault]:
    if not row.legal_basis:
        yield _error("no_legal_basis", row, "legal_basis", "没有写依据")
    if row.department in row.co_handlers:
        yield _error("co_handler_is_lead", row, "co_handlers", f"协办单位与主办单位相同:{row.department}")
    if len(set(row.co_handlers)) < len(row.co_handlers) or set(row.co_handlers) & set(row.cc):
        says = f"第{row.id}条:同一单位既协办又抄送,或写了两次"
        yield TableFault("named_twice", WARNING, (row.id,), says, "cc")
    if row.mode is Mode.VIA_DISTRICT and row.area is None and len(row.division) < 6:
        yield _error("via_no_district", row, "mode", "经区转办的条目须写明区划到区")


def _never(rows: Sequence[JurisdictionRow], known: Known) -> Iterator[TableFault]:
    """Yield the rows that can never win."""
    for row in rows:
        if (why := _never_fits(row, known)) is not None:
            yield _error("never_wins", row, None, f"永远不会适用:{why}")
    for row, winners in shadowed(rows, known.day):
        ids = tuple(each.id for each in winners)
        says = f"永远不会适用:凡适用它的工单都适用优先级更高的第{'、'.join(ids)}条"
        yield TableFault("never_wins", ERROR, (row.id, *ids), f"第{row.id}条{says}")


def _never_fits(row: JurisdictionRow, known: Known) -> str | None:
    if category_prefixes(row.category)[0] != row.category:
        return f"{row.category}不是类别的一级、二级或三级代码"
    if division_prefixes(row.division)[0] != row.division:
        return f"{row.division}不是市、区、镇街或村居的代码"
    if row.valid_to is not None and row.valid_to < row.valid_from:
        return f"失效日期{row.valid_to}早于生效日期{row.valid_from}"
    if row.valid_to is not None and row.valid_to < known.day:
        return f"已于{row.valid_to}失效"
    periods = known.areas.get(row.area or "")
    if not periods:
        return None
    there = [each for each in periods if share_a_day(row, each)]
    if not there:
        return f"特殊区域{periods[-1].name}在该条有效期内不存在"
    if row.division and not any(each.may_reach(row.division) for each in there):
        return f"特殊区域{there[-1].name}不在区划{row.division}内"
    return None


def _gaps(rows: Sequence[JurisdictionRow], known: Known) -> Iterator[TableFault]:
    for gap in gaps(rows, known):
        names = "、".join(known.division(each) or each for each in gap.districts)
        matter = f"类别{gap.category}({known.category(gap.category)})在{names}"
        if gap.fallback:
            yield TableFault("only_fallback", WARNING, (), f"{matter}没有专门条目,由属地政府兜底")
        elif gap.day > known.day:
            yield TableFault("gap_later", WARNING, (), f"自{gap.day}起{matter}没有主办单位;请补条目")
        else:
            yield TableFault("gap", ERROR, (), f"{matter}没有主办单位;请补条目,或写明由人工研判")
    for each in without_fallback(rows, known):
        says = f"{known.division(each) or each}没有兜底条目(类别留空、区划为该区)"
        yield TableFault("no_fallback", WARNING, (), says)
