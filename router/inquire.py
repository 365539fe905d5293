"""What the table is asked about a ticket or a call: places, areas, hour and words as the city counts."""

from collections.abc import Sequence
from datetime import date

from router.domain.area import Area, areas_of
from router.domain.inquiry import NOTHING, Inquiry
from schemas.folding import folded
from schemas.places import Basis
from services.settings import Settings
from services.tickets import Case


def inquiry_of(case: Case, day: date, areas: Sequence[Area], settings: Settings) -> Inquiry:
    """Return what to ask on a day; a matter whose division is not known lies in the city as a whole."""
    matter = case.matter
    point = None if case.longitude is None or case.latitude is None else (case.longitude, case.latitude)
    found = {}
    if areas:
        found[str(Basis.HAPPENED)] = areas_of(matter.division, point, areas, day)
        found |= {basis: areas_of(place, None, areas, day) for basis, place in matter.places.items()}
    return Inquiry(
        category=matter.category,
        division=matter.division or settings.city_division,
        day=day,
        at=matter.accepted_at.astimezone(settings.zone),
        places=matter.places,
        areas={basis: codes for basis, codes in found.items() if codes} or NOTHING,
        caller_type=str(matter.caller_type),
        attributes=matter.attributes,
        text=folded(f"{case.title}\n{case.text}"),
    )
