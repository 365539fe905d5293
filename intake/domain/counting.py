"""Under which line a call counts, whatever number was dialled, and what that line brings with it."""

from dataclasses import dataclass
from datetime import date

from intake.domain.catalogue import Catalogue
from intake.domain.evidence import Evidence
from intake.domain.hotline import Hotline


@dataclass(frozen=True, slots=True)
class Counted:
    """
    The number a call counts under, and why.

    `kept_by` is the department whose sub-centre keeps the calls of that line, whatever they are about,
    `statutory_procedure` the one a law prescribes for its matters.
    """

    number: str
    kept_by: str | None
    evidence: tuple[Evidence, ...]
    statutory_procedure: str | None = None


def counted(dialled: str, catalogue: Catalogue, on: date | None = None) -> Counted:
    """
    Return the line that counts calls of a number, as it is on a day: that of the catalogue without one.

    Raises `UnknownHotline`, or `NotAccepted` for a number 12345 does not take.
    """
    line = catalogue.hotline(dialled, on)
    return Counted(line.number, line.kept_by, tuple(_brought(dialled, line)), line.statutory_procedure)


def _brought(dialled: str, line: Hotline) -> list[Evidence]:
    noted = []
    if dialled != line.number:
        noted.append(Evidence("hotline", line.number, "registry", dialled, "alias"))
    if line.statutory_procedure:
        noted.append(Evidence("statutory_procedure", line.statutory_procedure, "registry", line.number))
    if line.handled_by:
        noted.append(Evidence("handled_by", line.handled_by, "registry", line.number))
    return noted
