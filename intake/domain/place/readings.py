"""What each source says about the place, and what they say together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from intake.domain.evidence import Problem
from intake.domain.place.gazetteer import DIGITS, DISTRICT, STREET, Certainty, Gazetteer, Meaning, full, meet
from intake.domain.place.mentions import Chain, Mention, Part, is_journey
from intake.domain.place.spelling import plain

SILENT = frozenset(
    [
        "",
        "undefined",
        "null",
        "none",
        "nan",
        "n/a",
        "全市",
        "海口市",
        "市辖区",
        "全区",
        "多个",
        "无",
        "暂无",
        "不详",
        "未知",
        "其他",
        "其它",
        "-",
        "/",
    ]
)
SHORTEST_LOOSE = 2
SAID_IN = {"declared": "填报的区划", "address": "诉求地址", "title": "标题", "text": "诉求内容"}


@dataclass(slots=True)
class Reading:
    """
    What one source says: `codes` that may be meant (one when it is sure), `torn` between which otherwise.

    `firm` is a reading no other may overrule, `exact` one that may contradict others;
    `district` is filled in when readings are weighed.
    """

    chains: list[Chain] = field(default_factory=list)
    codes: tuple[str, ...] = ()
    torn: tuple[str, ...] = ()
    exact: bool = False
    firm: bool = False
    district: str = ""

    @property
    def words(self) -> str:
        """What it says and where, for a reader."""
        return f"{SAID_IN[self.chains[0].source]}「{self.chains[0].words}」"


def read_declared(
    names: Iterable[str], division: str | None, gazetteer: Gazetteer, problems: list[Problem]
) -> Reading:
    """Return what the sender's own columns say; what is unknown or contradicts itself is a problem."""
    reading = Reading(exact=True)
    for words, codes in _declared(names, division, gazetteer, problems):
        both = meet(reading.codes, codes) if reading.codes else codes
        if not both:
            reading.torn = (*reading.torn, *reading.codes, *codes)
            known = _names(reading.codes, gazetteer)
            problems.append(problem("division_contradiction", f"填报的「{words}」不属于{known}"))
            continue
        reading.codes = both
        mention = Mention(0, 0, words, Meaning(codes, Certainty.EXACT))
        reading.chains.append(Chain("declared", [mention], codes, certainty=Certainty.EXACT))
    if reading.torn:
        reading.codes = _common((*reading.codes, *reading.torn))
    coded = bool(division and reading.codes and reading.chains[0].words == division)
    reading.firm = coded or any(len(each) >= STREET for each in reading.codes)
    return reading


def read_address(chains: Sequence[Chain]) -> Reading:
    """
    Return what an address says.

    A form that begins with the place of its desk is completed by the true
    address behind it: of two full ones the last counts.
    """
    exact = [each for each in _scene(chains) if each.certainty is Certainty.EXACT]
    reading = _read(chains)
    if not reading.codes and len(exact) > 1 and (exact[-1].against is None or _begins_anew(exact[-1])):
        meant = exact[-1]
        after = [each for each in chains if each not in exact or meet(each.codes, meant.codes)]
        reading = _read(after)
        reading.torn = tuple(code for each in exact for code in each.codes)
    return reading


def read_words(chains: Sequence[Chain], text: str) -> Reading:
    """
    Return what title and text say; without a place, the district whose office was asked to act.

    In a text about a journey only a division named as such counts, not a landmark.
    """
    reading = _read(chains)
    if reading.codes and not reading.exact and is_journey(text):
        reading = Reading(torn=reading.codes)
    offices = [each for each in chains if each.part is Part.OFFICE and each.certainty is Certainty.EXACT]
    if reading.exact or not offices:
        return reading
    codes, _ = _agree([*reading.chains, *offices])
    districts = tuple(dict.fromkeys(each[:DISTRICT] for each in codes if len(each) >= DISTRICT))
    if len(districts) == 1:
        found = codes if reading.codes and meet(reading.codes, codes) == codes else districts
        return Reading([*reading.chains, *offices], found)
    return Reading(torn=(*reading.codes, *reading.torn, *(code for each in offices for code in each.codes)))


def weigh(
    readings: Sequence[Reading], gazetteer: Gazetteer, problems: list[Problem]
) -> tuple[str, list[str]]:
    """Return the deepest certain division by its significant digits, or nothing, and the candidates."""
    candidates = [code for each in readings for code in (*each.codes, *each.torn)]
    for reading in readings:
        reading.district = next(iter(_common(reading.codes)), "")[:DISTRICT]
        if reading.torn:
            _note_ambiguous(reading, gazetteer, problems)
    district = _district([each for each in readings if each.district], problems)
    if district is None:
        return "", candidates
    code = next(iter(_common(_together(readings, district, problems))), "")
    for reading in readings:
        if not meet((code,), reading.codes):
            reading.chains = []
    return code, candidates


def _together(readings: Sequence[Reading], district: str, problems: list[Problem]) -> tuple[str, ...]:
    """Return what the readings of a district say together, the first ones to be believed."""
    codes: tuple[str, ...] = (district,) if district else ()
    believed: Reading | None = None
    for reading in readings:
        both = meet(codes, reading.codes) if codes else reading.codes
        if both:
            codes, believed = both, believed or reading
        elif believed and reading.exact and reading.district == district:
            problems.append(_contradiction(believed, reading))
    return codes


def _district(readings: list[Reading], problems: list[Problem]) -> str | None:
    """Return the district most say, an empty string where none is said, None where it is open."""
    if not readings:
        return ""
    first = readings[0]
    others = [
        each for each in readings[1:] if each.district != first.district and (each.exact or not first.exact)
    ]
    problems += [_contradiction(first, each) for each in others]
    if not others or first.firm:
        return first.district
    votes = [each.district for each in readings if each.exact]
    best = max(votes, key=votes.count, default="")
    return best if votes.count(best) > 1 else None


def mismatched(heard: Sequence[Chain]) -> list[Problem]:
    """Return the problems of names that stand together and do not belong together: 美兰区 with 秀英街道."""
    pairs = [(each.against, each) for each in heard if each.against is not None]
    return [
        problem(
            "division_contradiction", f"{SAID_IN[after.source]}「{before.words}」与「{after.words}」不一致"
        )
        for before, after in pairs
        if before.codes and after.codes and not _begins_anew(after)
    ]


def _begins_anew(chain: Chain) -> bool:
    """Tell whether a chain is another address: it begins with a district of its own."""
    first = chain.mentions[0].meaning
    return first.certainty in (Certainty.EXACT, Certainty.LOOSE) and len(first.codes[0]) <= DISTRICT


def outside(heard: Sequence[Chain]) -> list[Problem]:
    """Return the problem of an address that names only another city."""
    said = [each for each in heard if each.source == "address"]
    if not said or any(each.codes for each in said):
        return []
    away = next((each for each in said if each.certainty is Certainty.ELSEWHERE), None)
    return [problem("outside_city", f"诉求地址「{away.words}」不在本市")] if away else []


def problem(code: str, detail: str) -> Problem:
    """Return a problem of the division."""
    return Problem("division", code, detail)


def _contradiction(one: Reading, other: Reading) -> Problem:
    return problem("division_contradiction", f"{one.words}与{other.words}不一致")


def _declared(
    names: Iterable[str], division: str | None, gazetteer: Gazetteer, problems: list[Problem]
) -> Iterable[tuple[str, tuple[str, ...]]]:
    if division and division.strip():
        code = _known_code(division.strip(), gazetteer)
        if code:
            yield division, (code,)
        else:
            problems.append(problem("division_unknown", f"区划代码「{division}」不在本市区划表中"))
    for given in names:
        name = given.strip()
        if name.lower() in SILENT:
            continue
        if codes := _spelled_out(plain(name), gazetteer):
            yield name, codes
        else:
            problems.append(problem("division_unknown", f"「{name}」不在本市区划表中"))


def _spelled_out(name: str, gazetteer: Gazetteer) -> tuple[str, ...]:
    """Return what a column means: one name, or several that lead down with nothing over (海口市龙华区)."""
    whole = gazetteer.meanings.get(name)
    if whole is not None:
        return () if whole.place else whole.codes
    codes: tuple[str, ...] = ()
    name = name.removeprefix("海南省")
    end = 0
    for match in gazetteer.pattern.finditer(name):
        meaning = gazetteer.meanings[match[0]]
        both = meet(codes, meaning.codes) if codes else meaning.codes
        if match.start() != end or meaning.place or not both:
            return ()
        codes, end = both, match.end()
    return codes if end == len(name) else ()


def _known_code(code: str, gazetteer: Gazetteer) -> str | None:
    for digits in (DISTRICT, STREET, DIGITS):
        if code[:digits] in gazetteer.names and full(code[:digits]) == code:
            return code[:digits]
    return None


def _scene(chains: Iterable[Chain]) -> list[Chain]:
    return [
        each for each in chains if each.part is Part.SCENE and each.codes and len(each.codes[0]) >= DISTRICT
    ]


def _read(chains: Sequence[Chain]) -> Reading:
    """Return what names say, the surest first; what is less sure may only tell more, never otherwise."""
    reading = Reading()
    if not (scene := _scene(chains)):
        return reading
    for certainty in (Certainty.EXACT, Certainty.ALIAS, Certainty.LANDMARK, Certainty.LOOSE):
        group = [each for each in scene if each.certainty is certainty]
        if reading.codes:
            group = [each for each in group if meet(reading.codes, each.codes)]
        elif reading.torn or certainty is Certainty.LOOSE:
            break
        if certainty is Certainty.LOOSE:
            group = [each for each in group if len(each.words) > SHORTEST_LOOSE]
        if group:
            _add(reading, group, certainty)
    return reading


def _add(reading: Reading, group: list[Chain], certainty: Certainty) -> None:
    codes, torn = _agree(group, reading.codes)
    if not reading.codes:
        reading.exact = certainty is Certainty.EXACT and bool(codes)
    reading.codes, reading.torn = codes, reading.torn or torn
    reading.chains += group


def _agree(chains: Iterable[Chain], known: tuple[str, ...] = ()) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what all chains say together, or what they have in common and what they are torn between."""
    codes = known
    for chain in chains:
        both = meet(codes, chain.codes) if codes else chain.codes
        if not both:
            every = (*known, *(code for each in chains for code in each.codes))
            return _common(every), every
        codes = both
    return codes, ()


def _common(codes: Sequence[str]) -> tuple[str, ...]:
    """Return the deepest division all codes lie in, unless it is only the city."""
    if len(codes) == 1 and len(codes[0]) >= DISTRICT:
        return (codes[0],)
    for digits in (DIGITS, STREET, DISTRICT):
        common = {each[:digits] for each in codes}
        if len(common) == 1 and len(first := common.pop()) == digits:
            return (first,)
    return ()


def _note_ambiguous(reading: Reading, gazetteer: Gazetteer, problems: list[Problem]) -> None:
    districts = dict.fromkeys(each[:DISTRICT] for each in reading.torn if len(each) >= DISTRICT)
    if len(districts) > 1 and reading.chains:
        detail = f"{SAID_IN[reading.chains[0].source]}提到{_names(districts, gazetteer)}"
        problems.append(problem("division_ambiguous", detail))


def _names(codes: Iterable[str], gazetteer: Gazetteer) -> str:
    return "、".join(gazetteer.official(each) for each in codes)
