"""What a call adds to the open ticket it is attached to: words, urgency, files, a wish to be withheld."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from intake.domain.repeats import marks
from schemas.ticket import Call, Urgency

RANK = {Urgency.COMPLEX: 0, Urgency.GENERAL: 0, Urgency.LIVELIHOOD: 1, Urgency.URGENT: 2}
NAMES = {
    Urgency.URGENT: "紧急",
    Urgency.LIVELIHOOD: "民生",
    Urgency.GENERAL: "一般",
    Urgency.COMPLEX: "复杂",
}


@dataclass(frozen=True, slots=True)
class Addition:
    """
    What is new in a call: its words, where it is more urgent, its files, a wish to be withheld.

    Nothing of it changes what the ticket says: `raised` is for the agent, who may correct it.
    """

    words: str | None = None
    raised: tuple[str, ...] = ()
    files: int = 0
    withholds: bool = False

    def note(self, said: str | None = None) -> str:
        """Return what the department is told with the urging."""
        parts = [said or self.words or "来电人再次来电,并入本工单", *self.raised]
        if self.files:
            parts.append(f"附件{self.files}个")
        if self.withholds:
            parts.append("来电人要求身份保密")
        return ";".join(parts)

    @property
    def told(self) -> str:
        """What the agent is told beside the ticket's number."""
        heard = "您补充的内容已转告承办单位。" if self.words or self.files else ""
        withheld = "您的身份信息已改为保密。" if self.withholds else ""
        raised = f"(坐席请核实:{';'.join(self.raised)};属实的请更正工单。)" if self.raised else ""
        return heard + withheld + raised


def addition(call: Call, ticket: Mapping[str, Any]) -> Addition:
    """Return what a call adds to a ticket."""
    words = [] if call.text == ticket["text"] else [call.text]
    if call.address and call.address != ticket["address"] and call.address not in call.text:
        words.append(f"地址:{call.address}")
    caller = ticket["caller"]
    is_theirs = not {caller.get("phone"), caller.get("id_number")}.isdisjoint(marks(call))
    return Addition(
        ";".join(words) or None,
        raised(call, ticket),
        len({each.sha256 for each in call.attachments}),
        call.caller.withheld and is_theirs and not caller.get("withheld"),
    )


def raised(call: Call, ticket: Mapping[str, Any]) -> tuple[str, ...]:
    """Return in what a call is more urgent than a ticket, as sentences."""
    found = []
    before = Urgency(ticket["urgency"])
    if RANK[call.urgency] > RANK[before]:
        found.append(f"本次来电紧急程度为{NAMES[call.urgency]},原登记为{NAMES[before]}")
    if call.live and not ticket["live"]:
        found.append("来电人称正在发生,原登记未注明")
    return tuple(found)
