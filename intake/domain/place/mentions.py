"""Places named in free words: which ones, how they hang together, and whether the matter is there."""

import re
from dataclasses import dataclass
from enum import IntEnum

from intake.domain.place.gazetteer import DISTRICT, STREET, Certainty, Gazetteer, Meaning, meet
from intake.domain.place.spelling import is_named_after

NEAR = frozenset(("", " ", "\u3000", ",", "，", "的", "辖区", "辖区的"))

_LEADS_DOWN = re.compile(
    r"(?:[\u4e00-\u9fff]{1,6}?(?:自治县|地区|新区|街道办事处|街道|社区|区|县|镇|乡|村))+[ \u3000]?"
).fullmatch


class Part(IntEnum):
    """What a place plays in a sentence."""

    SCENE = 0
    OFFICE = 1  # 请某区政府核实: who shall act
    ASIDE = 2  # 户籍在某区: where somebody comes from or goes to


_FIELDS = (
    "消防|市政|环卫|园林|水务|农业|林业|畜牧|海洋|文体|文化|旅游|科技|卫生|住房|规划|劳动|就业|应急|财政|"
    "商务|行政|机关"
)
# 消防 alone is the office asked to act, 消防通道 what it would act on.
_ITS_MATTER = (
    "院|室|通道|栓|设施|设备|器|水池|用水|车|井|管(?!理)|门|安全|隐患|工人|垃圾|绿化|广场|公园|馆|园|用地|大棚|生产|用品|酒店|状况|条件|死角|"
    "纸|间|景|道路|工程|大厦|大楼|大道|房|漏|纠纷|合同|者|村|市场|宣传|活动|环境|差|脏|问题|堪忧|补贴|幼儿园|路|区"
)
_BEFORE = re.compile(
    r"(?:(?P<office>请|由|转|让|致电|联系)|(?<![是属在归住])不(?:是|在|属于?|归)|(?<![忍受耐挡住])不住在?|离开|搬离|[并而]非"
    r"|(?:通讯|联系|邮寄|收件|回访)地址[是为:：]?"
    r"|户籍(?:地|所在地)?址?[在是为:：]?|户口(?:本|地|所在地)?(?:[迁转落]?[到至入在]|[是为:：]|落户)?"
    r"|老家[在是]?|来自|籍贯[是为:：]?|身份证(?:地址)?[在是为:：]?|开往|驶往|(?<!前)往)(?:海口市?)?$"
)
_AFTER = re.compile(
    r"(?P<office>(?:区|镇|街道)?(?:人民)?(?:政府|法院|检察院|区委|党委|党工委|纪委|监委|人大|政协|公安|派出所|交警|城管"
    r"|城市管理|综合执法|住建|房管|环保|生态环境|教育局|民政|人社|人力资源|社保|医保|工商"
    r"|市场监|食药|食品药品|质监|国土|自然资源|卫计|计生|疾控|妇幼"
    r"|安监|审计|税务|国税|地税|发改|统计|残联|妇联|信访|司法|物价|政务|办证|便民"
    r"|征收|征地|拆迁|民宗|档案|武装部|职能|相关|有关|核实|处理|答复|回复|反馈|来电|工作人员|办事处|街道办"
    rf"|(?:{_FIELDS})(?!{_ITS_MATTER})))"
    r"(?![^,.;:!?，。；：！？\s]{0,6}(?:对面|门口|门前|旁|附近|前面|后面|路口|宿舍|大院|辖区))"
    r"|户籍|户口|籍|方向|开往|驶往"
)

_ALIKE = frozenset(("、", "或", "或者", "和", "与", "及", "以及", "跟"))
"""Between names of which the same is said."""

_SCENE_IS = re.compile(
    r"(?:事发|案发|事故|涉事|诉求|问题|发生)(?:地点?|地址|位置)[在是为位于:： ]{0,3}"
    r"(?:[\u4e00-\u9fff]{2,8}(?:省|自治区))?$"
)

_LEAVES = re.compile(r"开往|驶往|前往|出发|[到至往去搬迁]").match

_JOURNEY = re.compile(r"乘坐|搭乘|乘车|坐车|打车|上车|下车|出租车|网约车|公交|滴滴|班车|巴士")


@dataclass(slots=True)
class Mention:
    """A name found in a text and what it means."""

    start: int
    end: int
    words: str
    meaning: Meaning


@dataclass(slots=True)
class Chain:
    """Names that stand together and narrow each other down: 某区 某街道 某社区."""

    source: str
    mentions: list[Mention]
    codes: tuple[str, ...]
    part: Part = Part.SCENE
    certainty: Certainty = Certainty.LOOSE
    against: "Chain | None" = None  # the chain right before it, to which it does not belong

    @property
    def start(self) -> int:
        """Where its first name begins."""
        return self.mentions[0].start

    @property
    def end(self) -> int:
        """Where its last name ends."""
        return self.mentions[-1].end

    @property
    def words(self) -> str:
        """The names as they occurred."""
        return "".join(each.words for each in self.mentions)


def chains(text: str, original: str, gazetteer: Gazetteer, lengths: tuple[int, int]) -> list[Chain]:
    """
    Return the chains of names in address, title and text, joined by line breaks.

    `original` is the same text before it was made plain, `lengths` those of address and title.
    A chain behind the name of another city, or of a division within that one, belongs to it and is left out;
    all are, where such a city is said to be the scene.
    """
    found: list[Chain] = []
    last: Mention | None = None
    away = False
    for match in gazetteer.pattern.finditer(text):
        start, end = match.span()
        meaning = gazetteer.meanings[match[0]]
        if meaning.certainty is Certainty.ELSEWHERE and is_named_after(text, end):
            continue
        mention = Mention(start, end, original[start:end], meaning)
        between = text[last.end : start] if last is not None else "\n"
        near = between in NEAR
        last = mention
        if away and not _is_city(meaning) and (near or _LEADS_DOWN(between)):
            continue
        away = meaning.certainty is Certainty.ELSEWHERE
        if away and _SCENE_IS.search(text, max(0, start - 18), start):
            return []
        before = found[-1] if near and found else None
        if before and (codes := meet(before.codes, mention.meaning.codes)):
            before.mentions.append(mention)
            before.codes = codes
        else:
            found.append(Chain(_source(start, *lengths), [mention], mention.meaning.codes, against=before))
    for before, chain in zip([None, *found], found, strict=False):
        _judge(chain, text)
        if before and before.part is Part.ASIDE and text[before.end : chain.start] in _ALIKE:
            chain.part = Part.ASIDE
    return found


def is_journey(text: str) -> bool:
    """Tell whether a text is about a ride: a place in it may be only where somebody got on or off."""
    return _JOURNEY.search(text) is not None


def _is_city(meaning: Meaning) -> bool:
    return meaning.certainty is Certainty.EXACT and len(meaning.codes[0]) < DISTRICT


def _source(start: int, address: int, title: int) -> str:
    if start < address:
        return "address"
    return "title" if start <= address + title else "text"


def _judge(chain: Chain, text: str) -> None:
    """Say what part a chain plays and how surely its names mean what they seem to."""
    first, last = chain.mentions[0], chain.mentions[-1]
    if len(chain.mentions) == 1:
        chain.certainty = first.meaning.certainty
    else:
        sure = [each.meaning.certainty for each in chain.mentions if len(each.meaning.codes[0]) >= DISTRICT]
        chain.certainty = min(sure, default=Certainty.LOOSE)
    if chain.certainty < Certainty.LANDMARK and (found := _around(text, first, last)) is not None:
        if not found["office"]:
            chain.part = Part.ASIDE
        elif chain.source != "address":  # there an office is only where it stands
            chain.part = Part.OFFICE


def _around(text: str, first: Mention, last: Mention) -> re.Match[str] | None:
    """Return the words before or behind a chain by which it is an office or an aside."""
    found = _BEFORE.search(text, max(0, first.start - 12), first.start)
    if found is not None and (found["office"] != "由" or not _LEAVES(text, last.end)):
        return found
    found = None if last.meaning.place else _AFTER.match(text, last.end)
    return None if found and found["office"] and len(last.meaning.codes[0]) > STREET else found
