"""Use case: say who is to have a matter: the sub-centre that keeps it, else whom the table in force names."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from router.domain.explain import failed_sentence, kept_sentence, parked_reason, sentence
from router.domain.inquiry import Inquiry
from router.domain.matching import Mode, RuleFailed, Verdict, explain
from router.excluded import excluded_from
from router.inquire import inquiry_of
from router.published import PublishedTable, Snapshot
from router.store import DepartmentStore
from schemas.errors import UnknownDepartment
from services.resources import Resources
from services.tickets import Case, TicketRow, case_of

log = structlog.get_logger()

NOBODY = frozenset[str]()
STREET = "township"
IN_CONFIDENCE = "已列入保密通道,不自动派单:须由专人研判(《信访工作条例》第三十条、第四十六条)"


@dataclass(frozen=True, slots=True)
class Choice:
    """
    Who is to have a matter and why; without a department a person must say, for the reason `parked`.

    `verdict` is what the table says. It did not decide when the matter is
    `kept`: a call of a sub-centre's line is its own whatever it is about.
    `co_handlers` are to work on it beside the lead, `cc` are to be told. `failed_row`
    could not be asked.
    """

    because: str
    verdict: Verdict
    department: str | None = None
    name: str | None = None
    parked: str | None = None
    kept: bool = False
    co_handlers: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    failed_row: str | None = None

    @property
    def decided_by(self) -> Verdict | None:
        """The verdict that decided; None when no row did."""
        return None if self.kept else self.verdict

    def withheld(self) -> "Choice":
        """Return the choice for a report in confidence: no table sends it anywhere, a person must."""
        return Choice(IN_CONFIDENCE, self.verdict, parked="confidential")

    @property
    def failed(self) -> dict[str, str | None]:
        """Which row of which version could not be asked, as it is kept with the parking."""
        version = None if self.failed_row is None else self.verdict.version
        return {"failed_version": version, "failed_row": self.failed_row}

    @property
    def candidates(self) -> list[str]:
        """Who might be competent by the table, likeliest first; nobody for a report in confidence."""
        if self.parked == "confidential":
            return []
        rows = (*self.verdict.winners, *self.verdict.beaten)
        return list(dict.fromkeys(row.department for row in rows if row.department))[:3]


@dataclass(slots=True)
class _Deciding:
    """One decision on its way: what it looks at, and whom."""

    snapshot: Snapshot
    asked: Inquiry
    excluded: frozenset[str]
    connection: AsyncConnection
    today: date

    async def department(self, code: str) -> Any:
        """
        Return a department in force today, or who has its matters since.

        None when there is neither, or it may not have this ticket.
        """
        try:
            found = await DepartmentStore(self.connection).acting(code, self.today)
        except UnknownDepartment:
            return None
        return None if found.code in self.excluded else found

    async def succeeds(self, code: str, found: Any) -> str:
        """Say that another has a department's matters since, if one has."""
        if found.code == code:
            return ""
        return f",{await DepartmentStore(self.connection).name(code)}已由{found.name}承接"


async def choice_for(
    ticket: TicketRow, connection: AsyncConnection, resources: Resources, at: datetime | None = None
) -> Choice:
    """
    Return who is to have a ticket as it now is, by the table in force now or `at` a moment.

    Who may not have it does not take part.
    """
    day = civil_day(resources.clock.now(), resources)
    excluded = await excluded_from(ticket, day, connection)
    return await choose(case_of(ticket), connection, resources, excluded, at)


async def choose(
    case: Case,
    connection: AsyncConnection,
    resources: Resources,
    excluded: frozenset[str] = NOBODY,
    at: datetime | None = None,
) -> Choice:
    """
    Return who is to have a matter, registered or not.

    The place of one whose division is unknown is the city as a whole. A
    department that is not in force has nobody to take it, so a person must say.
    """
    choice = await _choice(case, connection, resources, excluded, at)
    return choice.withheld() if case.confidential else choice


async def _choice(
    case: Case,
    connection: AsyncConnection,
    resources: Resources,
    excluded: frozenset[str],
    at: datetime | None,
) -> Choice:
    today, published = civil_day(resources.clock.now(), resources), resources.part(PublishedTable)
    if at is None:
        day, snapshot = today, await published.in_force(connection, today)
    else:
        day, snapshot = civil_day(at, resources), await published.when(connection, at, today)
    asked = inquiry_of(case, day, snapshot.areas, resources.settings)
    deciding = _Deciding(snapshot, asked, excluded, connection, today)
    try:
        verdict = explain(snapshot.table, asked, excluded)
    except Exception as fault:  # a rule's fault must cost a person's minute, never the ticket
        if not _keeps(case, excluded):
            return _failed(snapshot.table.version, asked, fault)
        verdict = Verdict(snapshot.table.version, asked, (), ())
    if _keeps(case, excluded):
        return await _kept(case, verdict, deciding)
    return await _chosen(verdict, deciding)


def _keeps(case: Case, excluded: frozenset[str]) -> bool:
    return case.matter.kept_by is not None and case.matter.kept_by not in excluded


async def _kept(case: Case, verdict: Verdict, deciding: _Deciding) -> Choice:
    keeper = case.matter.kept_by or ""
    found = await deciding.department(keeper)
    if found is None:
        return Choice(kept_sentence(case.matter, None), verdict, parked="no_department", kept=True)
    because = kept_sentence(case.matter, found.name) + await deciding.succeeds(keeper, found)
    return Choice(because, verdict, found.code, found.name, kept=True)


def civil_day(now: datetime, resources: Resources) -> date:
    """Return the day it is in the city."""
    return now.astimezone(ZoneInfo(resources.settings.time_zone)).date()


def _failed(version: str, asked: Inquiry, fault: Exception) -> Choice:
    row = fault.row if isinstance(fault, RuleFailed) else "?"
    log.error("rule_failed", version=version, row=row, fault=str(fault))
    because = str(fault) if isinstance(fault, RuleFailed) else "条目无法执行"
    verdict = Verdict(version, asked, (), ())
    return Choice(failed_sentence(version, because), verdict, parked="rule_failed", failed_row=row)


async def _chosen(verdict: Verdict, deciding: _Deciding) -> Choice:
    row, because = verdict.row, sentence(verdict, deciding.snapshot.names)
    if row is None or row.mode is Mode.MANUAL or row.department is None:
        return Choice(because, verdict, parked=parked_reason(verdict))
    lead = row.department
    if row.mode is Mode.VIA_DISTRICT:
        place = deciding.asked.place(row.basis)
        district = deciding.snapshot.table.district_department(place, deciding.asked.day)
        if district is None or district in deciding.excluded:
            return Choice(f"{because};属地区级承办单位未定,须人工派单", verdict, parked="no_department")
        lead = district
    found = await deciding.department(lead)
    if found is None:
        return Choice(because, verdict, parked="no_department")
    if row.department_only and found.level == STREET:
        fault = RuleFailed(row.id, f"属部门专属职责,不得派至镇街({found.name})")
        return _failed(verdict.version, deciding.asked, fault)
    because += await deciding.succeeds(lead, found)
    if lead != row.department and (handed := await deciding.department(row.department)) is not None:
        because = f"{because};经{found.name}转{handed.name}办理"
    return await _with_others(Choice(because, verdict, found.code, found.name), found, deciding)


async def _with_others(choice: Choice, lead: Any, deciding: _Deciding) -> Choice:
    """Add who co-handles and who is told; a street's district always is."""
    row = choice.verdict.row
    assert row is not None
    told = list(row.cc)
    if lead.level == STREET:
        district = deciding.snapshot.table.district_department(lead.division, deciding.asked.day)
        told += [district] if district else []
    co_handlers = await _in_force(row.co_handlers, {choice.department}, deciding)
    cc = await _in_force(told, {choice.department, *co_handlers}, deciding)
    return replace(choice, co_handlers=co_handlers, cc=cc)


async def _in_force(codes: Any, but: Any, deciding: _Deciding) -> tuple[str, ...]:
    found = [await deciding.department(each) for each in dict.fromkeys(codes)]
    return tuple(dict.fromkeys(each.code for each in found if each is not None and each.code not in but))
