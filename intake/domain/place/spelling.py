"""How people write the name of a division, and one pattern that finds any of many names."""

import re
from collections.abc import Iterable

from intake.domain.catalogue import Division
from schemas.traditional import SIMPLIFIED

_OFFICES = ("街道", "街道办", "街道办事处", "街办", "街道街道办", "街道街道办事处")
_COMMUNITY = ("社区", "社区居委会", "社区居民委员会", "居委会", "居民委员会", "社区委员会")
_COMMITTEE = ("村委会", "村民委员会", "村委员会", "村村委会", "村村民委员会", "管区")
_VILLAGE = re.compile(
    r"(?P<stem>.+?)(?:(?P<community>社区居民委员会|社区居委会|社区|居民委员会|居委会)"
    r"|村委会|村民委员会|村委员会|村委员)"
)
_SIDES = re.compile(r"(.{2,})[东西南北中上下一二三]")
_BRACKETS = re.compile(r"[（(].*[)）]")
_NO_CITY = re.compile(r"[场民政容]")
_BEARS_NAME = re.compile(
    "[东西南北中一二三四五六七八九十]{0,2}(?:路|街|大道|巷)|大厦|大楼|大酒店|花园|小区|新村|广场|城(?!区|郊)|酒家|酒楼|酒店|饭店|宾馆|"
    "会馆|商会|餐厅|餐馆|火锅|烤|小吃|风味|土菜|菜馆|包子|饺子|米粉|面馆|鸡|牌"
)
_LETTERED = re.compile(
    r"(?<![\u4e00-\u9fff])[\u4e00-\u9fff](?:[ \u3000]+[\u4e00-\u9fff](?![\u4e00-\u9fff])){2,}"
)
# What goes on behind the kind may be another name (城西 镇海路), and a road's 街道 is its surface.
_BEFORE_KIND = re.compile(
    r"(?<=[\u4e00-\u9fff])(?<![路街道巷])[ \u3000]+"
    r"(?=(?:区|县|镇|乡|街道|街道办|街道办事处|社区|居委会|村委会|村民委员会)(?![\u4e00-\u9fff]))"
)
_AT_A_TIME = 8
_PLAIN = str.maketrans(SIMPLIFIED)
_TRADITIONAL = re.compile(f"[{''.join(SIMPLIFIED)}]")


def plain(text: str) -> str:
    """Return text with its traditional characters simplified, every character in its place."""
    return text.translate(_PLAIN) if _TRADITIONAL.search(text) else text


def unspaced(text: str) -> str:
    """
    Return text without the blanks inside a division's name: 龙华 区, 龙 华 区.

    Any other blank stays: it may part two names.
    """
    if " " not in text and "\u3000" not in text:
        return text
    return _BEFORE_KIND.sub("", _LETTERED.sub(_in_one, text))


def _in_one(spaced: re.Match[str]) -> str:
    return "".join(spaced[0].split())


def spellings(division: Division) -> Iterable[str]:
    """
    Yield every way to write a division that cannot mean another kind of thing.

    海秀街道 gives 海秀街道办 and 海秀路街道办事处, never 海秀 or 海秀路: a stem is
    shared by units that have nothing to do with each other.
    """
    name = division.name
    yield name
    if division.level == "township":
        yield from _of_township(name)
    elif division.level == "village" and (parts := _VILLAGE.fullmatch(name)):
        yield from (parts["stem"] + each for each in (_COMMUNITY if parts["community"] else _COMMITTEE))
        if parts["stem"].endswith("村") and not parts["community"]:
            yield from (parts["stem"] + each for each in ("委会", "民委员会", "委员会"))


def loose_spellings(division: Division) -> Iterable[str]:
    """Yield ways to write a division that mean it only where its surroundings are known: 某村."""
    if division.level == "village" and (parts := _VILLAGE.fullmatch(division.name)):
        stem = parts["stem"]
        yield stem if stem.endswith("村") else f"{stem}村"


def undivided_spellings(division: Division) -> Iterable[str]:
    """Yield the village a community was cut out of: 某东社区 and 某西社区 were 某村."""
    parts = _VILLAGE.fullmatch(division.name) if division.level == "village" else None
    if parts and (whole := _SIDES.fullmatch(parts["stem"])):
        stem = whole[1].removesuffix("村")
        yield from (f"{stem}村", f"{stem}村委会", f"{stem}村民委员会", f"{stem}社区", f"{stem}居委会")


def is_named_after(text: str, end: int) -> bool:
    """Say whether what ends there is no city but the beginning of something named after one: 某市场, 某路."""
    if text[end - 1 : end] == "市":
        return _NO_CITY.match(text, end) is not None
    return text[end - 1 : end] not in "省县区" and _BEARS_NAME.match(text, end) is not None


def pattern_of(words: Iterable[str]) -> re.Pattern[str]:
    """Return a pattern that finds the longest of these words at the first place where one begins."""
    trie: dict[str, dict[str, object]] = {}
    for word in words:
        node = trie
        for each in word:
            node = node.setdefault(each, {})  # type: ignore[assignment]
        node[""] = {}
    if not trie:
        return re.compile(r"(?!)")
    firsts, seconds = sorted(trie), sorted({each for after in trie.values() for each in after})
    ahead = "" if "" in seconds else f"(?={_one_of(seconds)})"
    return re.compile(f"{_one_of(firsts)}{ahead}(?:{_sorted_out(trie, firsts)})")


def _of_township(name: str) -> Iterable[str]:
    if name.endswith("街道"):
        stem = name.removesuffix("街道")
        yield from (stem + each for each in _OFFICES)
        yield from (f"{stem}路{each}" for each in _OFFICES if not stem.endswith("路"))
    whole = _BRACKETS.sub("", name)
    yield from (whole, whole.removeprefix("海口"))


def _one_of(characters: Iterable[str]) -> str:
    return f"[{''.join(map(re.escape, characters))}]"


def _sorted_out(trie: dict[str, dict[str, object]], firsts: list[str]) -> str:
    """Return what follows each first character, sorted out few by few: a row of hundreds is slow."""
    if len(firsts) <= _AT_A_TIME:
        return "|".join(f"(?<={re.escape(each)}){_branch(trie[each])}" for each in firsts)  # type: ignore[arg-type]
    size = -(-len(firsts) // _AT_A_TIME)
    groups = [firsts[begin : begin + size] for begin in range(0, len(firsts), size)]
    return "|".join(f"(?<={_one_of(each)})(?:{_sorted_out(trie, each)})" for each in groups)


def _branch(node: dict[str, dict[str, object]]) -> str:
    ways = [re.escape(each) + _branch(after) for each, after in node.items() if each]  # type: ignore[arg-type]
    if not ways:
        return ""
    joined = ways[0] if len(ways) == 1 and "" not in node else f"(?:{'|'.join(ways)})"
    return joined + ("?" if "" in node else "")
