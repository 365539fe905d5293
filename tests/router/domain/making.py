"""Rows, tables and inquiries for tests, small and at random."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from router.domain.inquiry import Inquiry
from router.domain.matching import JurisdictionTable
from router.domain.row import JurisdictionRow, Mode
from schemas.places import Basis

DAY = date(2026, 11, 23)
HAIKOU = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=HAIKOU)
VILLAGE = "460106002001"
MATTER = "020101"


def row(
    category: str = "", division: str = "4601", department: str | None = None, **changes: Any
) -> JurisdictionRow:
    given = department or f"d-{category}-{division}"
    made = {
        "id": f"{category}-{division}-{given}",
        "department": given,
        "mode": Mode.DIRECT,
        "legal_basis": "《某条例》第一条",
        "valid_from": date(2025, 1, 1),
        "valid_to": None,
        **changes,
    }
    return JurisdictionRow(category=category, division=division, **made)


def table(*rows: JurisdictionRow) -> JurisdictionTable:
    return JurisdictionTable.of("T-1", rows)


def ask(category: str | None = MATTER, division: str | None = VILLAGE, **changes: Any) -> Inquiry:
    return Inquiry(category, division, **{"day": DAY, "at": NOON, **changes})


_divisions = ["", "4601", "460106", "460106002", "460106002001", "460105"]
_bases = [Basis.HAPPENED, Basis.HAPPENED, Basis.WORK, Basis.MERCHANT]
_moments = st.integers(0, 14 * 24 * 60).map(lambda minutes: NOON + timedelta(minutes=minutes))


@st.composite
def rows_at_random(draw: Any) -> list[JurisdictionRow]:
    """Tables in which much competes: few categories and places, every kind of condition."""
    made = []
    for number in range(draw(st.integers(0, 14))):
        first = draw(st.sampled_from([DAY - timedelta(9), DAY, DAY + timedelta(1)]))
        made.append(
            JurisdictionRow(
                id=f"r{number}",
                category=draw(st.sampled_from(["", "02", "0201", "020101", "03"])),
                division=draw(st.sampled_from(_divisions)),
                department=draw(st.sampled_from(["a", "b", "c"])),
                mode=Mode.DIRECT,
                legal_basis=None,
                valid_from=first,
                valid_to=draw(st.sampled_from([None, None, first, first + timedelta(30)])),
                area=draw(st.sampled_from([None, None, None, "port", "zone"])),
                basis=draw(st.sampled_from(_bases)),
                caller_type=draw(st.sampled_from([None, None, "enterprise"])),
                weekdays=draw(st.sampled_from([None, None, "1-5", "6,7"])),
                hours=draw(st.sampled_from([None, None, "08:00-17:30", "22:00-06:00"])),
                keywords=draw(st.sampled_from([(), (), ("人行道",), ("小区", "院内")])),
                attributes=draw(
                    st.sampled_from([(), (), (("kind", "road"),), (("kind", "road"), ("x", "1"))])
                ),
                priority=draw(st.sampled_from([0, 0, 5])),
            )
        )
    return made


@st.composite
def inquiries(draw: Any) -> Inquiry:
    codes = st.sampled_from(["460106002001", "460106002000", "460106000000", "460105000000", "460100000000"])
    areas = st.sampled_from([(), ("port",), ("port", "zone")])
    places = draw(st.dictionaries(st.sampled_from(["work", "merchant"]), codes, max_size=2))
    return Inquiry(
        category=draw(st.sampled_from([None, "020101", "020100", "020000", "030100"])),
        division=draw(st.one_of(st.none(), codes)),
        day=DAY,
        at=draw(_moments),
        places=places,
        areas={basis: draw(areas) for basis in ("happened", *places)},
        caller_type=draw(st.sampled_from(["person", "enterprise"])),
        attributes=draw(st.sampled_from([{}, {"kind": "road"}, {"kind": "road", "x": "1"}])),
        text=draw(st.sampled_from(["", "车停在人行道上", "小区院内", "别的事"])),
    )
