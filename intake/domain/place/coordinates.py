"""Coordinates as senders give them, to WGS-84 degrees: axes, datum, local plane systems."""

from dataclasses import dataclass
from math import atan2, cos, isfinite, pi, sin, sqrt

from intake.domain.evidence import Problem

WEST, SOUTH, EAST, NORTH = 110.10, 19.50, 110.73, 20.13  # Haikou with its islands, in degrees
ECCENTRICITY = 0.00669342162296594323  # of the Krassovsky 1940 ellipsoid, on which GCJ-02 is defined
SEMI_MAJOR = 6378245.0
BD09_TURN = pi * 3000.0 / 180.0
DATUMS = {
    "wgs84": "wgs84",
    "epsg:4326": "wgs84",
    "cgcs2000": "cgcs2000",
    "epsg:4490": "cgcs2000",
    "gcj02": "gcj02",
    "bd09": "bd09",
    "bd09ll": "bd09",
}
DECIMALS = 6


@dataclass(frozen=True, slots=True)
class Point:
    """Longitude and latitude in WGS-84 degrees, or None with the reason why not."""

    longitude: float | None = None
    latitude: float | None = None
    problems: tuple[Problem, ...] = ()


NOWHERE = Point()


def read_point(x: float | None, y: float | None, system: str | None) -> Point:
    """
    Return the place of declared coordinates: `x` as longitude and `y` as latitude, which may be swapped.

    A datum that is not declared is taken for WGS-84, wrong by up to 0.6 km, and said.
    """
    if x is None and y is None:
        return NOWHERE
    if x is None or y is None or not (isfinite(x) and isfinite(y)):
        return _refused("coordinates_incomplete", "坐标不完整,未采用")
    if x == 0 and y == 0:
        return _refused("coordinates_zero", "坐标为 0/0,未采用")
    problems = []
    if _inside(y, x):
        x, y = y, x
        problems.append(_problem("coordinates_swapped", "经度与纬度颠倒,已对调"))
    if abs(x) > 180 or abs(y) > 90:
        return _refused("coordinates_plane", f"坐标 {x:g}/{y:g} 属平面坐标系,不是经纬度,未采用")
    if not _inside(x, y):
        return _refused("coordinates_outside_city", f"坐标 {x:g}/{y:g} 不在海口市范围内,未采用")
    if _datum(system) is None:
        problems.append(_problem("coordinate_system_unknown", "未说明坐标系,按 WGS-84 采用,可能偏差数百米"))
    longitude, latitude = to_wgs84(x, y, system)
    return Point(round(longitude, DECIMALS), round(latitude, DECIMALS), tuple(problems))


def to_wgs84(x: float, y: float, system: str | None) -> tuple[float, float]:
    """Return degrees in WGS-84; CGCS2000 differs from it by centimetres and is left as it is."""
    datum = _datum(system)
    if datum == "bd09":
        x, y = _bd09_to_gcj02(x, y)
    if datum in ("bd09", "gcj02"):
        return _gcj02_to_wgs84(x, y)
    return x, y


def wgs84_to_gcj02(x: float, y: float) -> tuple[float, float]:
    """Return degrees in GCJ-02, the shifted datum of map vendors."""
    east, north = x - 105.0, y - 35.0
    ripple = (20.0 * sin(6.0 * east * pi) + 20.0 * sin(2.0 * east * pi)) * 2.0 / 3.0
    d_north = -100.0 + 2.0 * east + 3.0 * north + 0.2 * north**2 + 0.1 * east * north + 0.2 * sqrt(abs(east))
    d_north += ripple + _waves(north, 160.0, 320.0, 12.0, 30.0)
    d_east = 300.0 + east + 2.0 * north + 0.1 * east**2 + 0.1 * east * north + 0.1 * sqrt(abs(east))
    d_east += ripple + _waves(east, 150.0, 300.0, 12.0, 30.0)
    radians = y / 180.0 * pi
    magic = 1 - ECCENTRICITY * sin(radians) ** 2
    meridian = SEMI_MAJOR * (1 - ECCENTRICITY) / magic**1.5
    parallel = SEMI_MAJOR / sqrt(magic) * cos(radians)
    return x + d_east * 180.0 / (parallel * pi), y + d_north * 180.0 / (meridian * pi)


def gcj02_to_bd09(x: float, y: float) -> tuple[float, float]:
    """Return degrees in BD-09, the datum one vendor shifts once more."""
    radius = sqrt(x * x + y * y) + 0.00002 * sin(y * BD09_TURN)
    angle = atan2(y, x) + 0.000003 * cos(x * BD09_TURN)
    return radius * cos(angle) + 0.0065, radius * sin(angle) + 0.006


def _waves(along: float, long_wave: float, longest: float, twelfth: float, thirtieth: float) -> float:
    third = (20.0 * sin(along * pi) + 40.0 * sin(along / 3.0 * pi)) * 2.0 / 3.0
    return third + (long_wave * sin(along / twelfth * pi) + longest * sin(along * pi / thirtieth)) * 2.0 / 3.0


def _bd09_to_gcj02(x: float, y: float) -> tuple[float, float]:
    east, north = x - 0.0065, y - 0.006
    radius = sqrt(east * east + north * north) - 0.00002 * sin(north * BD09_TURN)
    angle = atan2(north, east) - 0.000003 * cos(east * BD09_TURN)
    return radius * cos(angle), radius * sin(angle)


def _gcj02_to_wgs84(x: float, y: float) -> tuple[float, float]:
    longitude, latitude = x, y
    for _ in range(4):
        shifted_x, shifted_y = wgs84_to_gcj02(longitude, latitude)
        longitude, latitude = longitude + x - shifted_x, latitude + y - shifted_y
    return longitude, latitude


def _datum(system: str | None) -> str | None:
    return DATUMS.get((system or "").lower().replace("-", "").replace("_", "").replace(" ", ""))


def _inside(longitude: float, latitude: float) -> bool:
    return WEST <= longitude <= EAST and SOUTH <= latitude <= NORTH


def _problem(code: str, detail: str) -> Problem:
    return Problem("coordinates", code, detail)


def _refused(code: str, detail: str) -> Point:
    return Point(problems=(_problem(code, detail),))
