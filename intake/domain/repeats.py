"""
Whether two calls are about one matter, judged for precision: who is unsure says no and shows the other.

By `bench/repeats`, on 16,189 real calls: of follow-ups in the category and district of the call they
quote, 69 % are told to be the same; of pairs of one category and district by chance, 0.4 %, nearly all
of them callers who did come back. pg_trgm finds 58 % with as few of the latter.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from intake.domain.identity import tells_apart
from intake.domain.named import substituted, told_apart
from intake.domain.normalize import NormalizedCall
from intake.domain.person import address as addressed
from intake.domain.place_named import place_in
from schemas.codes import category_prefixes, division_prefixes
from schemas.likeness import containment, likeness, runs
from schemas.ticket import Call, Kind

SAME_WORDS = 0.5
SAME_WORDS_UNPLACED = 0.7
FEWEST_RUNS = 14
NOTHING_NEW = 0.8
AT = "@"
RECURRING = ("01", "02", "03", "05")
"""Categories of what comes back: a second call about it may be about the next night."""

_AGAIN = re.compile(
    r"再次|又(?:出现|开始|在|来|有|是|没)|仍|还是|还没|依然|依旧|至今|复发|反弹|没有?解决|未解决|未处理|没人处理|不满意|不认可|更加?严重|"
    r"反复|屡次|死灰复燃|后来|新的?问题|另外"
)
_ADMINISTRATIVE = re.compile(
    r"海南省|海口市?|(?:秀英|龙华|琼山|美兰)区|[\u4e00-\u9fff]{2,5}?(?:街道办事处|街道办|街道|社区居委会|居委会|社区)"
)
_FACILITY = (
    "小区|花园|家园|公寓|大厦|广场|商场|超市|市场|学校|小学|中学|大学|学院|幼儿园|医院|酒店|宾馆|公园|工地|车站|客运站|码头|"
    "机场|庄园|新村|新城|新苑|苑|府|城|村|湾|郡|里|中心|大楼|公司|工业园|菜市场|农贸市场|加油站|停车场"
)
_STREET = re.compile(r".*(?:路|街|大道|巷|道)(?:[0-9]+(?:-[0-9]+)?号)?")
_IS_FACILITY = re.compile(rf"[\u4e00-\u9fffA-Za-z0-9·]{{2,20}}?(?:{_FACILITY})")
_HOUSE = re.compile(r"[\u4e00-\u9fff]{1,8}?(?:路|街|大道|巷|道)[0-9]+(?:-[0-9]+)?号")
_ROAD = re.compile(r".*(?:路|街|大道|巷|道|线|高速|桥|立交)$")
_PUNCTUATION = re.compile(r"[\s,，。、;；:：.()（）\"'“”]+")

Reading = Callable[[str], str]
"""Leaves out of a text what an operator writes into every text."""


@dataclass(frozen=True, slots=True)
class Account:
    """
    What a call or a ticket says, as far as it tells one matter from another.

    `said` is its text without what an operator writes into every text; `name` is the caller's.
    """

    title: str
    text: str
    category: str | None = None
    division: str | None = None
    address: str | None = None
    place: str | None = None
    occurred_at: datetime | None = None
    kind: Kind = Kind.OTHER
    live: bool = False
    name: str | None = None
    said: str = ""
    brings: bool = False

    @classmethod
    def of_call(cls, normalized: NormalizedCall, said: Reading) -> Self:
        """Return what a call says."""
        call = normalized.call
        return cls(
            call.title,
            call.text,
            call.category,
            call.division,
            call.address,
            place_of(call.address, call.text, normalized.landmark),
            call.occurred_at,
            call.kind,
            call.live,
            call.caller.name,
            said(call.text),
            bool(call.attachments),
        )

    @classmethod
    def of_ticket(cls, row: Mapping[str, Any], said: Reading) -> Self:
        """Return what a ticket says, from its row."""
        key = row["matter_key"]
        return cls(
            row["title"],
            row["text"],
            row["category"],
            row["division"],
            row["address"],
            key.partition(AT)[2] if key else place_of(row["address"], row["text"]),
            row["occurred_at"],
            Kind(row["kind"]),
            row["live"],
            row["caller"].get("name"),
            said(row["text"]),
        )

    @property
    def gist(self) -> str:
        """Its text without what an operator writes into every text."""
        return self.said or self.text

    @property
    def named(self) -> str:
        """Whatever may name what it is about."""
        return "。".join(each for each in (self.title, self.address, self.gist) if each)

    @property
    def words(self) -> str:
        """Title and text as one; a title that only repeats the text adds nothing."""
        return self.gist if self.title in self.text else f"{self.title} {self.gist}"


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether two calls are surely about one matter, how alike they are (0 to 1), and why."""

    same: bool
    score: float
    because: tuple[str, ...]


def same_matter(one: Account, other: Account) -> Judgement:
    """
    Judge whether two calls of one caller are about one matter.

    Their categories and places must go together and their words be alike: more
    so when a category or the place is not known. Another name of the caller, a
    question beside a complaint, names or numbers that differ, or a text too
    short to tell one matter from another, leave it unsure.
    """
    alike = max(likeness(one.gist, other.gist), likeness(one.words, other.words))
    because = [f"文字相似度{alike:.0%}"]
    categories = _together(one.category, other.category, category_prefixes)
    divisions = _together(one.division, other.division, division_prefixes)
    places = None if None in (one.place, other.place) else one.place == other.place
    for known, what in ((categories, "类别"), (divisions, "区划"), (places, "地点")):
        if known is not None:
            because.append(f"{what}{'一致' if known else '不同'}")
    needed = SAME_WORDS if categories and places is not False else SAME_WORDS_UNPLACED
    sure = categories is not False and divisions is not False and alike >= needed
    if sure and (doubt := _doubt(one, other)):
        return Judgement(False, round(alike, 3), (*because, doubt))
    return Judgement(sure, round(alike, 3), tuple(because))


def _doubt(one: Account, other: Account) -> str | None:
    """Return why two calls that read alike may be about two matters after all."""
    if not one_name(one.name, other.name):
        return "来电人姓名不同"
    if (one.kind is Kind.CONSULT) != (other.kind is Kind.CONSULT):
        return "一为咨询"
    if not _tells(one.gist, other.gist):
        return "内容过短"
    apart = told_apart(one.named, other.named) or substituted(one.gist, other.gist)
    return f"所指不同({apart})" if apart else None


def one_name(one: str | None, other: str | None) -> bool:
    """Say whether two names may be one person's: 王女士 may be 王丽, never 王先生 nor 李丽."""
    if one is None or other is None or one == other:
        return True
    (mine, to_me), (theirs, to_them) = addressed(one), addressed(other)
    if mine is None or mine != theirs or (to_me is None and to_them is None):
        return False
    return to_me is None or to_them is None or to_me == to_them


def other_matter(one: Account, other: Account) -> bool:
    """Say whether two calls are surely about two matters: category or division contradict each other."""
    categories = _together(one.category, other.category, category_prefixes)
    divisions = _together(one.division, other.division, division_prefixes)
    return categories is False or divisions is False


def new_facts(said: Account, earlier: Account, ended_at: datetime) -> str | None:
    """
    Return what a call says that the closed ticket did not answer, or None when it says nothing new.

    What comes back (noise, a power cut) is new unless it is known when it
    happened; a caller who says that it is not over always has something new.
    """
    if said.live:
        return "正在发生"
    if said.brings:
        return "带来附件"
    if said.occurred_at is not None and said.occurred_at > ended_at:
        return "办结之后发生"
    if again := _AGAIN.search(said.text):
        return f"来电人说“{again[0]}”"
    if containment(said.gist, f"{earlier.title} {earlier.gist}") < NOTHING_NEW:
        return "有新的内容"
    may_come_back = said.category is None or said.category.startswith(RECURRING)
    if may_come_back and said.kind is not Kind.CONSULT and said.occurred_at is None:
        return "可能再次发生"
    return None


def matter_key(call: Call, landmark: str | None) -> str | None:
    """
    Return category and place of a call, equal for calls that may be about one matter; or None.

    A road alone is no place: it takes a landmark, a facility or a house number.
    """
    if call.category is None:
        return None
    place = place_of(call.address, call.text, landmark)
    return f"{call.category}{AT}{place}" if place else None


def place_of(address: str | None, text: str, landmark: str | None = None) -> str | None:
    """
    Return the place by a name that every call about it would bear, or None when it is not specific.

    Of a landmark, the address, and the text the first that names one.
    """
    if landmark and _ROAD.fullmatch(landmark) is None:
        return landmark
    return (address and (place_at(address) or place_in(address))) or place_in(text)


def place_at(address: str) -> str | None:
    """Return the facility or the house an address names."""
    plain = _PUNCTUATION.sub("", _ADMINISTRATIVE.sub("", address))
    found = _IS_FACILITY.search(_STREET.sub("", plain)) or _HOUSE.search(plain) or _IS_FACILITY.search(plain)
    return found[0] if found else None


def marks(call: Call) -> tuple[str, ...]:
    """Return what tells this caller from every other: the phone in E.164, a sound ID number, or both."""
    caller = call.caller
    if caller.anonymous:
        return ()
    phone = caller.phone if caller.phone and caller.phone.startswith("+") else None
    number = caller.id_number if caller.id_number and tells_apart(caller.id_number) else None
    return tuple(each for each in (phone, number) if each)


def _together(one: str | None, other: str | None, prefixes: Any) -> bool | None:
    """Say whether one code is the other or lies in it; None when one is not known."""
    if one is None or other is None:
        return None
    return prefixes(one)[0] in prefixes(other) or prefixes(other)[0] in prefixes(one)


def _tells(one: str, other: str) -> bool:
    mine, theirs = runs(one), runs(other)
    return mine == theirs or min(len(mine), len(theirs)) >= FEWEST_RUNS
