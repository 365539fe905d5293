"""The division a call is about, its evidence, and what contradicts it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from intake.domain.evidence import Evidence, Problem
from intake.domain.place.coordinates import read_point
from intake.domain.place.gazetteer import DISTRICT, Gazetteer, full
from intake.domain.place.mentions import Chain, Part, chains
from intake.domain.place.readings import (
    Reading,
    mismatched,
    outside,
    read_address,
    read_declared,
    read_words,
    weigh,
)
from intake.domain.place.spelling import plain, unspaced

LEVELS = ((6, "district"), (9, "street"), (12, "village"))
AT_MOST = 5


@dataclass(frozen=True, slots=True)
class Given:
    """
    What a call says about where it happened; empty strings and None where it is silent.

    `names` are declared columns from the district down, `division` a declared
    12-digit code, `x` and `y` what the sender calls longitude and latitude.
    """

    names: tuple[str, ...] = ()
    division: str | None = None
    address: str = ""
    title: str = ""
    text: str = ""
    x: float | None = None
    y: float | None = None
    coordinate_system: str | None = None


@dataclass(frozen=True, slots=True)
class Location:
    """
    The deepest certain division by its 12-digit code, else at most five candidates, the best first.

    `landmark` is the official name of a landmark or road, by which calls about
    one place can be grouped. Degrees are WGS-84.
    """

    division: str | None
    candidates: tuple[str, ...]
    landmark: str | None
    longitude: float | None
    latitude: float | None
    evidence: tuple[Evidence, ...]
    problems: tuple[Problem, ...]


def locate(given: Given, gazetteer: Gazetteer) -> Location:
    """
    Return where a call is about: declared names, then the address, then title and text; never a guess.

    Where two of the three contradict each other about the district, the third
    settles it; a declared code, street or village stands. Otherwise nothing is certain.
    """
    problems: list[Problem] = []
    heard = _free_words(given, gazetteer)
    readings = [
        read_declared(tuple(map(unspaced, given.names)), given.division, gazetteer, problems),
        read_address([each for each in heard if each.source == "address"]),
        read_words([each for each in heard if each.source != "address"], given.text or given.title),
    ]
    code, candidates = weigh(readings, gazetteer, problems)
    problems += [*mismatched(heard), *outside(heard)]
    point = read_point(given.x, given.y, given.coordinate_system)
    return Location(
        full(code) if code else None,
        _shown(code, candidates, heard),
        _landmark(heard),
        point.longitude,
        point.latitude,
        tuple(_evidence(code, readings, gazetteer)) if code else (),
        (*problems, *point.problems),
    )


def _free_words(given: Given, gazetteer: Gazetteer) -> list[Chain]:
    address, title, text = map(unspaced, (given.address, given.title, given.text))
    original = f"{address}\n{title}\n{text}"
    return chains(plain(original), original, gazetteer, (len(address), len(title)))


def _shown(code: str, candidates: Sequence[str], heard: Sequence[Chain]) -> tuple[str, ...]:
    """Return the candidates inside what is certain; where nothing is, also what was named in passing."""
    named = list(candidates)
    if not code:
        named += [each for chain in heard for each in chain.codes]
    inside = [each for each in named if len(each) >= DISTRICT and each != code and each.startswith(code)]
    return tuple(full(each) for each in dict.fromkeys(inside))[:AT_MOST]


def _landmark(heard: Sequence[Chain]) -> str | None:
    for chain in heard:
        for mention in chain.mentions:
            if mention.meaning.place:
                return mention.meaning.place
    return None


def _evidence(code: str, readings: Sequence[Reading], gazetteer: Gazetteer) -> Iterator[Evidence]:
    for digits, name in LEVELS:
        if digits <= len(code):
            yield _reason(code[:digits], name, readings, gazetteer)


def _reason(code: str, name: str, readings: Sequence[Reading], gazetteer: Gazetteer) -> Evidence:
    """Return who named a division itself, else who named it among others, else something inside it."""
    value = gazetteer.official(code)
    shared: Evidence | None = None
    inside = ""
    for chain in (each for reading in readings for each in reading.chains):
        certainty = "office" if chain.part is Part.OFFICE else ""
        for mention in chain.mentions:
            codes = mention.meaning.codes
            if code in codes:
                found = Evidence(
                    name, value, chain.source, mention.words, certainty or mention.meaning.certainty.label
                )
                if len(codes) == 1:
                    return found
                shared = shared or found
            elif not inside and any(each.startswith(code) for each in codes):
                inside = mention.words
    return shared or Evidence(name, value, "gazetteer", inside, "parent")
