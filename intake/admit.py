"""Use case: what becomes of a call before it is registered; one that is turned away is kept and told."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from intake.defaults import rows
from intake.domain.admissibility import Rules, Verdict, judge
from intake.domain.linkage import one_key
from intake.linkage_store import record_handover
from intake.tables import source_calls
from schemas.admission import REDIRECTS, Advice, Grounds, Outcome, Ruling
from schemas.errors import NotAccepted
from schemas.events import TicketTransferred, Transfer
from schemas.lifecycle import Step
from schemas.ticket import Call
from services.resources import Resources
from services.tickets import TicketRow, TicketStore

EMERGENCY = "110"
"""Who takes an emergency nobody has said more of: 110 alarms the others (国办发〔2022〕12号)."""
BY_LAW = "您反映的事项按规定时限办理;依法立案的,以法律规定的期限为准,承办单位会告知您。"
NO_PROMISE = "您没有留下姓名和电话,我们会依法办理,但无法向您回复结果;凭工单编号可以查询进度。"


class Admissibility:
    """This process's copy of the admissibility rules that ship, compiled once."""

    def __init__(self, _resources: Resources) -> None:
        self.rules = Rules.of(rows("admissibility"))


@dataclass(frozen=True, slots=True)
class Admission:
    """
    What was decided of a call: the rules' verdict, and the agent's ruling when it made one.

    `outcome` is what is acted upon; `advice` is what is shown beside it.
    """

    outcome: Outcome
    verdict: Verdict
    ruling: Ruling | None = None

    @property
    def turned_away(self) -> bool:
        """No ticket comes of it: answer with `turn_away`."""
        return self.outcome in REDIRECTS

    @property
    def confidential(self) -> bool:
        """The ticket is registered in the confidential lane: `tickets.confidential`, caller withheld."""
        return self.outcome is Outcome.CONFIDENTIAL_LANE

    @property
    def transferred(self) -> bool:
        """The ticket is a stub: right after registering, take it through `transfer`."""
        return self.outcome is Outcome.TRANSFER_EMERGENCY

    @property
    def attached_to(self) -> str | None:
        """The open ticket the agent's ruling attaches the call to."""
        return self.ruling.ticket if self.ruling else None

    @property
    def is_new(self) -> bool:
        """It is not asked whether its caller asks again: it is confidential, or the agent says it is new."""
        return self.confidential or (self.ruling is not None and self.attached_to is None)

    @property
    def redirect(self) -> str | None:
        """The number or body to turn to; what the rules advise only if that is what was decided."""
        said = self.ruling.redirect if self.ruling else None
        advised = self.verdict.redirect if self.verdict.outcome is self.outcome else None
        return said or advised or (EMERGENCY if self.transferred else None)

    @property
    def told(self) -> str | None:
        """What the agent reads to the caller."""
        if self.verdict.outcome is self.outcome and self.verdict.told:
            return self.verdict.told
        return _TOLD[self.outcome].format(redirect=self.redirect or "") if self.outcome in _TOLD else None

    @property
    def evidence(self) -> dict[str, Any]:
        """What decided, as it is stored beside the call."""
        ruled = {"ruling": self.ruling.reason} if self.ruling else {}
        grounds = [asdict(each) for each in self.verdict.grounds]
        return {"advice": str(self.verdict.outcome), "grounds": grounds, **ruled}

    def columns(self) -> dict[str, Any]:
        """Return the columns of `source_calls` that log the outcome and the text told."""
        return {"outcome": str(self.outcome), "told": self.told, "evidence": self.evidence}


def admit(call: Call, rules: Rules, ruling: Ruling | None = None, *, by_agent: bool = True) -> Admission:
    """
    Return what becomes of a call; costs about ten microseconds for one nothing is said of.

    A ruling goes before the verdict. Without one, only a certain verdict acts:
    any other call is accepted, with the verdict as advice. Nobody transfers
    what a machine hands over, so there an emergency is registered as usual.
    """
    verdict = judge(call, rules)
    if ruling is not None:
        return Admission(ruling.outcome, verdict, ruling)
    acts = verdict.certain and (by_agent or verdict.outcome is not Outcome.TRANSFER_EMERGENCY)
    return Admission(verdict.outcome if acts else Outcome.ACCEPT, verdict)


def advice_of(verdict: Verdict) -> Advice | None:
    """Return a verdict as it is shown in the preview and beside a ticket; None for an ordinary call."""
    if verdict.outcome is Outcome.ACCEPT:
        return None
    return Advice(
        outcome=verdict.outcome,
        told=verdict.told,
        redirect=verdict.redirect,
        legal_basis=verdict.legal_basis,
        certain=verdict.certain,
        because=[Grounds(field=each.field, words=each.words) for each in verdict.grounds],
    )


def withheld(call: Call) -> Call:
    """Return the call with its caller withheld (保密), as the confidential lane keeps it."""
    if call.caller.anonymous or call.caller.withheld:
        return call
    return call.model_copy(update={"caller": call.caller.model_copy(update={"withheld": True})})


async def turn_away(
    connection: AsyncConnection, kept: Mapping[str, Any], admission: Admission
) -> NotAccepted:
    """
    Keep a call no ticket comes of, with its outcome and the text told; return the answer to raise.

    `kept` holds hotline, received_at, content_type, raw and actor, as registering
    would keep them. Raise the answer after the commit, not inside the transaction.
    """
    row = {**kept, "ticket_id": None, **admission.columns()}
    await connection.execute(insert(source_calls).values(row))
    return refusal_of(admission)


def refusal_of(admission: Admission) -> NotAccepted:
    """Return the answer to a call that is turned away."""
    return NotAccepted(
        admission.told or "",
        outcome=str(admission.outcome),
        told=admission.told,
        redirect=admission.redirect,
        legal_basis=admission.verdict.legal_basis,
    )


async def transfer(
    connection: AsyncConnection, ticket_id: str, admission: Admission, *, at: datetime, actor: str
) -> TicketRow:
    """Make a ticket that was just registered the stub of a one-key transfer, record that, and return it."""
    store = TicketStore(connection)
    ticket = await store.lock(ticket_id)
    to = admission.redirect or EMERGENCY
    note = admission.ruling.reason if admission.ruling else admission.told
    told = Transfer(to=to, note=note)
    await store.advance(ticket, Step.TRANSFER, TicketTransferred, told, at=at, actor=actor, note=note)
    await record_handover(connection, ticket_id, "out", one_key(to, actor), at=at, actor=actor)
    return await store.get(ticket_id)


def promise_of(call: Call) -> str | None:
    """Return what a caller who leaves no name and phone is told: that nobody can answer them."""
    return NO_PROMISE if call.caller.anonymous else None


_TOLD = {
    Outcome.TRANSFER_EMERGENCY: "请不要挂断,正在为您转接{redirect}。",
    Outcome.REDIRECT_LEGAL: "您反映的事项应当通过法定途径解决,12345不登记、不转办:请向{redirect}提出。",
    Outcome.REDIRECT_OTHER_CITY: "您反映的事项不在海口市:请向{redirect}反映。",
    Outcome.CONFIDENTIAL_LANE: (
        "您反映的问题已按保密程序登记,您的身份不会告知被反映的单位和个人;也可以直接拨打12388。"
    ),
}
