"""Random tables and tickets: dense ones, in which much competes, and one as large as a city's."""

from datetime import date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from router.domain.inquiry import Inquiry
from router.domain.row import JurisdictionRow, Mode
from schemas.places import Basis

DAY = date(2026, 11, 23)
ZONE = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2026, 11, 23, tzinfo=ZONE)
DISTRICTS = ("460105", "460106", "460107", "460108")
CALLERS = ("person", "enterprise")
WORDS = ("人行道", "小区内", "工地", "夜间")
AREAS = ("port", "zone", "airport")
ATTRIBUTES = (("place", "road"), ("place", "pavement"), ("live", "yes"))


class World:
    """Codes to draw from; the fewer, the more rows compete for a ticket."""

    def __init__(self, classes: int, middles: int, streets: int, villages: int) -> None:
        self.categories = [
            f"{first:02}{second:02}{third:02}"
            for first in range(1, classes + 1)
            for second in range(middles + 1)
            for third in (range(6) if second else (0,))
        ]
        self.divisions = [
            f"{district}{street:03}{village:03}"
            for district in DISTRICTS
            for street in range(streets + 1)
            for village in (range(villages + 1) if street else (0,))
        ] + ["460100000000"]

    def row(self, random: Random, number: int, conditions: float, version: str = "") -> JurisdictionRow:
        """Return a row; that share of them has further conditions."""
        area = random.choice(AREAS) if random.random() < conditions / 4 else None
        category = _cut(random, random.choice(self.categories), (0, 2, 4, 6))
        begins = random.choice((DAY - timedelta(400), DAY - timedelta(400), DAY, DAY + timedelta(1)))
        return JurisdictionRow(
            id=f"r{number}",
            category=category,
            division="" if area else _cut(random, random.choice(self.divisions), (0, 4, 6, 9, 12)),
            department=f"{version}d{random.randrange(200)}",
            mode=Mode.DIRECT,
            legal_basis=None,
            valid_from=begins,
            valid_to=begins + timedelta(90) if random.random() < 0.1 else None,
            area=area,
            basis=random.choice(list(Basis)) if random.random() < conditions / 4 else Basis.HAPPENED,
            caller_type=random.choice(CALLERS) if random.random() < conditions / 4 else None,
            weekdays=random.choice(("1-5", "6,7")) if random.random() < conditions / 4 else None,
            hours=random.choice(("08:00-17:30", "22:00-06:00")) if random.random() < conditions / 4 else None,
            keywords=tuple(random.sample(WORDS, 2)) if random.random() < conditions / 4 else (),
            attributes=(random.choice(ATTRIBUTES),) if random.random() < conditions / 4 else (),
            priority=random.choice((0, 0, 0, 1)),
        )

    def ticket(self, random: Random) -> Inquiry:
        """Return what is asked about a random ticket."""
        places, areas = {}, {}
        if random.random() < 0.3:
            places[str(random.choice((Basis.WORK, Basis.MERCHANT)))] = random.choice(self.divisions)
        if random.random() < 0.1:
            areas["happened"] = tuple(random.sample(AREAS, random.randrange(1, 3)))
        return Inquiry(
            category=random.choice(self.categories) if random.random() < 0.95 else None,
            division=random.choice(self.divisions),
            day=DAY,
            at=MONDAY + timedelta(minutes=random.randrange(7 * 24 * 60)),
            places=places,
            areas=areas,
            caller_type=random.choice(CALLERS),
            attributes=dict((random.choice(ATTRIBUTES),)) if random.random() < 0.3 else {},
            text=random.choice((*WORDS, "", "", "")),
        )


DENSE = World(2, 2, 2, 2)
CITY = World(14, 9, 12, 10)


def city_rows(random: Random, count: int, conditions: float, version: str = "") -> list[JurisdictionRow]:
    """Return a city's table, each category and place at most once."""
    found: dict[tuple[object, ...], JurisdictionRow] = {}
    while len(found) < count:
        row = CITY.row(random, len(found), conditions, version)
        found.setdefault((row.category, row.division, row.area, row.basis, row.keywords), row)
    return list(found.values())


def _cut(random: Random, code: str, levels: tuple[int, ...]) -> str:
    """Return one of a code's own prefixes."""
    own = [each for each in levels if each == 0 or code[each - 2 : each].strip("0") or each < 5]
    return code[: random.choice(own[1:] if random.random() < 0.97 else own)]
