"""The places of a matter: where it happened, and others by which jurisdiction may go."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from schemas.base import Schema, Text
from schemas.codes import DivisionCode


class Basis(StrEnum):
    """
    By which place jurisdiction goes (管辖地依据).

    Where it happened unless a law says otherwise: wages go by the place of work
    (劳动保障监察条例第十三条), consumer disputes by the merchant's place of business.
    """

    HAPPENED = "happened"
    WORK = "work"
    MERCHANT = "merchant"
    HOUSEHOLD = "household"


class OtherPlace(Schema):
    """A place of the matter beside where it happened, as a code, as an address, or both."""

    division: DivisionCode | None = None
    address: Annotated[Text, StringConstraints(max_length=500)] | None = None


class Places(Schema):
    """The places of a matter beside where it happened; one that is left out is not known, or the same."""

    work: OtherPlace | None = Field(None, description="Where the work was done (用工所在地).")
    merchant: OtherPlace | None = Field(None, description="Where the merchant does business (经营地).")
    household: OtherPlace | None = Field(None, description="Where the household lives (户居地).")

    def known(self) -> dict[str, OtherPlace]:
        """Return those that were given, by basis."""
        return {name: place for name, place in vars(self).items() if place is not None}

    def divisions(self) -> dict[str, str]:
        """Return the divisions of those whose division is known, by basis."""
        return {name: place.division for name, place in self.known().items() if place.division}


AttributeName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
AttributeValue = Annotated[Text, StringConstraints(min_length=1, max_length=100, pattern=r"^[^;=\r\n]+$")]
Attributes = Annotated[dict[AttributeName, AttributeValue], Field(max_length=20)]
"""What an agent established that a category does not say: `parking_place` = `road`."""
ACCUSED = "accused"
"""The attribute that names, by its code, the department a complaint or report is about."""
