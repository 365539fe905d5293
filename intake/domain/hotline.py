"""A public number: whether 12345 takes its calls, what is told when not, and how lines follow each other."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from schemas.errors import Invalid
from schemas.hotlines import ALWAYS, MergeMode

EMERGENCIES = frozenset({"110", "119", "120", "122"})
HOST = "12345"
_NOT_ACCEPTED = frozenset({MergeMode.NOT_MERGED, MergeMode.EMERGENCY, MergeMode.CONFIDENTIAL})
_TOLD = {
    MergeMode.EMERGENCY: "{number}({name})的事项不由12345受理:请立即一键转接{redirect},接通前不要挂断。",
    MergeMode.CONFIDENTIAL: "此类举报由{name}受理,12345不登记、不转办:请告知市民拨打{redirect},并为其保密。",
    MergeMode.NOT_MERGED: "此类事项不由12345受理:请告知市民直接拨打{redirect}({name})。",
}


@dataclass(frozen=True, slots=True)
class Hotline:
    """
    A public number from a day to a day, and how it was merged.

    `alias_of` is the line a cancelled number's calls are counted under.
    `department` is the one whose sub-centre keeps the line's calls.
    `statutory_procedure` names the procedure a law prescribes for its matters.
    """

    number: str
    name: str
    owner: str
    mode: str
    certainty: str = "found"
    alias_of: str | None = None
    statutory_procedure: str | None = None
    redirect: str | None = None
    department: str | None = None
    valid_from: date = ALWAYS
    valid_to: date | None = None

    @property
    def accepted(self) -> bool:
        """Whether 12345 takes calls of this line; linked enterprises' lines hand theirs over, so it does."""
        return self.mode not in _NOT_ACCEPTED

    @property
    def handled_by(self) -> str | None:
        """The sub-centre that keeps its calls, if it is one."""
        return self.owner if self.mode == MergeMode.SUBCENTRE else None

    @property
    def kept_by(self) -> str | None:
        """The department its calls go to whatever they are about, if it is a sub-centre."""
        return self.department if self.mode == MergeMode.SUBCENTRE else None

    @property
    def told(self) -> str | None:
        """What the agent tells the caller when the line is not accepted."""
        sentence = _TOLD.get(MergeMode(self.mode))
        return sentence and sentence.format(number=self.number, name=self.name, redirect=self.redirected_to)

    @property
    def redirected_to(self) -> str:
        """The number to call instead."""
        return self.redirect or self.number

    def in_force(self, on: date) -> bool:
        """Say whether it is in force on a day."""
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)


def amended(lines: Iterable[Hotline], new: Hotline) -> list[Hotline]:
    """
    Return the registry with a line as it is from its first day on.

    The line before it ends the day before; a later one stays, and the new line
    ends before it begins. Raises `Invalid` for what no city may decide.
    """
    known = list(lines)
    _check(known, new)
    after = [each for each in known if each.number == new.number and each.valid_from > new.valid_from]
    if after:
        eve = min(each.valid_from for each in after) - timedelta(1)
        new = replace(new, valid_to=min(new.valid_to or eve, eve))
    kept = [
        _ended(each, new) for each in known if (each.number, each.valid_from) != (new.number, new.valid_from)
    ]
    return sorted([*kept, new], key=lambda each: (each.number, each.valid_from))


def _ended(earlier: Hotline, new: Hotline) -> Hotline:
    eve = new.valid_from - timedelta(1)
    follows = earlier.number == new.number and earlier.valid_from < new.valid_from
    return replace(earlier, valid_to=min(earlier.valid_to or eve, eve)) if follows else earlier


def _check(known: Sequence[Hotline], new: Hotline) -> None:
    if new.number in EMERGENCIES and new.mode != MergeMode.EMERGENCY:
        raise Invalid(f"{new.number} is never merged (国办发〔2020〕53号).", pointer="/mode")
    if (new.number == HOST) != (new.mode == MergeMode.HOST):
        raise Invalid("12345 is the host, and nothing else is.", pointer="/mode")
    if (new.mode == MergeMode.SUBCENTRE) != (new.department is not None):
        raise Invalid("A sub-centre, and no other line, has a department.", pointer="/department")
    if new.alias_of is None:
        return
    targets = [each for each in known if each.number == new.alias_of]
    if new.alias_of == new.number or not targets or any(each.alias_of for each in targets):
        raise Invalid(
            f"{new.alias_of} is no line of its own that calls can be counted under.", pointer="/alias_of"
        )
    if any(each.alias_of == new.number for each in known):
        raise Invalid(f"Calls of another line are counted under {new.number}.", pointer="/alias_of")
    if not new.accepted or not all(each.accepted for each in targets):
        raise Invalid("Calls that are not accepted are counted nowhere.", pointer="/alias_of")
