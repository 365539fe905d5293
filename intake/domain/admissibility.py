"""Whether 12345 may take a call, and where it is sent instead: rules as data, matched word for word."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product

from intake.domain.happening import is_happening
from intake.domain.place.spelling import is_named_after, pattern_of
from intake.domain.text import folded
from schemas.admission import Outcome
from schemas.codes import category_prefixes
from schemas.errors import Misconfigured
from schemas.ticket import Call, Kind

EVERYWHERE = 100_000
CELL = " "
EITHER = "|"
BUT = "-"


@dataclass(frozen=True, slots=True)
class Ground:
    """What decided: a field of the call, and the words or the code that were found there."""

    field: str
    words: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    What the rules say of a call, what the agent reads to the caller, and why.

    Only a `certain` verdict may act by itself; any other is advice.
    """

    outcome: Outcome
    told: str | None = None
    redirect: str | None = None
    legal_basis: str | None = None
    certain: bool = False
    grounds: tuple[Ground, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """
    One row: everything it names must hold.

    `groups` are sets of words of which each must have one in the text, all of
    them `within` so many characters; the first of them is looked for first.
    `address` holds the names an address of that place begins with, `lines` the hotlines it is for
    and `not_lines` those it is not for. A rule of what is `now` holds only if the first group's
    word is told as happening.
    """

    verdict: Verdict
    category: str = ""
    kinds: frozenset[Kind] = frozenset()
    lines: frozenset[str] = frozenset()
    not_lines: frozenset[str] = frozenset()
    address: tuple[str, ...] = ()
    groups: tuple[tuple[str, ...], ...] = ()
    none: tuple[str, ...] = ()
    within: int = EVERYWHERE
    now: bool = False


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules, those that are certain first, and what tells that none of them can hold."""

    by_words: tuple[Rule, ...]
    by_category: Mapping[str, tuple[Rule, ...]]
    by_address: tuple[Rule, ...]
    triggers: re.Pattern[str]
    addresses: tuple[str, ...]

    @classmethod
    def of(cls, rows: Iterable[Mapping[str, str | None]]) -> "Rules":
        """Compile the rows of `admissibility.csv`; raises `Misconfigured` for one that cannot be read."""
        rules = sorted(_parsed(rows), key=lambda rule: not rule.verdict.certain)
        by_category: dict[str, tuple[Rule, ...]] = {}
        for rule in rules:
            if rule.category and not rule.groups:
                by_category[rule.category] = (*by_category.get(rule.category, ()), rule)
        by_words = tuple(rule for rule in rules if rule.groups)
        by_address = tuple(rule for rule in rules if rule.address and not rule.groups)
        return cls(
            by_words,
            by_category,
            by_address,
            pattern_of(word for rule in by_words for word in rule.groups[0]),
            tuple(each for rule in by_address for each in rule.address),
        )


ACCEPTED = Verdict(Outcome.ACCEPT)


def judge(call: Call, rules: Rules) -> Verdict:
    """
    Return what the rules say of a call: the first certain rule that holds, else the first one.

    Most calls hold none of the words the rules begin with, and that is all that is looked at.
    """
    possible: list[Rule] = []
    if call.category is not None:
        for prefix in category_prefixes(call.category):
            possible += rules.by_category.get(prefix, ())
    if call.address is not None and call.address.startswith(rules.addresses):
        possible += rules.by_address
    text = folded(f"{call.title}\n{call.text}\n{call.address or ''}")
    if rules.triggers.search(text):
        possible += rules.by_words
    return _first(possible, call, text) if possible else ACCEPTED


def _first(possible: Iterable[Rule], call: Call, text: str) -> Verdict:
    found = ACCEPTED
    for rule in possible:
        grounds = _grounds(rule, call, text)
        if grounds is None or (found is not ACCEPTED and not rule.verdict.certain):
            continue
        found = replace(rule.verdict, grounds=grounds)
        if found.certain:
            break
    return found


def _grounds(rule: Rule, call: Call, text: str) -> tuple[Ground, ...] | None:
    """Return why the rule holds, or None when it does not."""
    if (rule.kinds and call.kind not in rule.kinds) or not _of_line(rule, call.hotline):
        return None
    words = _words(rule, text)
    if words is None or not (call.category or "").startswith(rule.category):
        return None
    beginning = _beginning(call.address or "", rule.address)
    if (rule.address and not beginning) or any(each in text for each in rule.none):
        return None
    grounds = [Ground("text", word) for word in words]
    if rule.category:
        grounds.append(Ground("category", call.category or ""))
    if beginning:
        grounds.append(Ground("address", beginning))
    return tuple(grounds)


def _beginning(address: str, names: tuple[str, ...]) -> str:
    """Return the name an address begins with, or nothing: 某市场 is a market, not in 某市."""
    begun = (each for each in names if address.startswith(each))
    return next((each for each in begun if not is_named_after(address, len(each))), "")


def _of_line(rule: Rule, number: str) -> bool:
    return number not in rule.not_lines and (not rule.lines or number in rule.lines)


def _words(rule: Rule, text: str) -> tuple[str, ...] | None:
    """Return one word of each group, near enough to each other, or None."""
    found = []
    for group in rule.groups:
        found.append([word for word in group if word in text])
        if not found[-1]:
            return None
    if rule.within >= EVERYWHERE and not rule.now:
        return tuple(words[0] for words in found)
    for words in product(*found):
        for places in product(*(_places(word, text) for word in words)):
            near = max(places, default=0) - min(places, default=0) <= rule.within
            if near and not (rule.now and not is_happening(text, places[0])):
                return words
    return None


def _places(word: str, text: str) -> list[int]:
    return [match.start() for match in re.finditer(re.escape(word), text)][:8]


def _parsed(rows: Iterable[Mapping[str, str | None]]) -> Iterator[Rule]:
    for number, row in enumerate(rows, start=2):
        cell = {name: value or "" for name, value in row.items()}
        try:
            places = [tuple(each.split(EITHER)) for each in cell["address"].split()] or [()]
            rules = [_rule(cell, place) for place in places]
        except (KeyError, ValueError) as fault:
            raise Misconfigured(f"Line {number} of the admissibility rules: {fault}.") from fault
        yield from rules


def _rule(cell: Mapping[str, str], place: tuple[str, ...]) -> Rule:
    """Return the rule of a row for one of its places, which goes by the first of its names."""
    lines = cell["hotline"].split()
    name = place[0] if place else ""
    redirect = cell["redirect"].format(place=name)
    told = cell["told"].format(redirect=redirect, place=name)
    rule = Rule(
        Verdict(
            Outcome(cell["outcome"]),
            told or None,
            redirect or None,
            cell["legal_basis"] or None,
            {"yes": True, "no": False}[cell["certain"]],
        ),
        cell["category"],
        frozenset(Kind(each) for each in cell["kind"].split()),
        frozenset(each for each in lines if not each.startswith(BUT)),
        frozenset(each.removeprefix(BUT) for each in lines if each.startswith(BUT)),
        place,
        tuple(tuple(group.split(EITHER)) for group in cell["words"].split(CELL) if group),
        tuple(cell["none"].split(CELL)) if cell["none"] else (),
        int(cell["within"] or EVERYWHERE),
        {"yes": True, "": False}[cell.get("now", "")],
    )
    if not (rule.category or rule.groups or rule.address):
        raise ValueError("it names no category, no words and no address")
    if not told:
        raise ValueError("it does not say what the caller is told")
    return rule
