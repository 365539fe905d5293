"""How far two points on the ground are apart: the one measure by which tickets are near each other."""

from math import cos, hypot, radians

METRES_PER_DEGREE = 111_195.0


def metres_apart(
    longitude: float | None,
    latitude: float | None,
    other_longitude: float | None,
    other_latitude: float | None,
) -> float | None:
    """Return the metres between two points, in a plane good enough for a city; None when one is not known."""
    if longitude is None or latitude is None or other_longitude is None or other_latitude is None:
        return None
    east = (longitude - other_longitude) * cos(radians(latitude))
    return hypot(east, latitude - other_latitude) * METRES_PER_DEGREE
