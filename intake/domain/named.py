"""What a text names that tells one thing from another: plates, numbers, buildings, roads, firms."""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from functools import lru_cache

from intake.domain.follow_up import quoted_tickets
from intake.domain.text import folded

REMEMBERED = 256
LONGEST = 2000
"""Characters of a text that are looked at: what it is about stands at its beginning."""
SHORT = 8
LONGEST_CHANGE = 100
MOST_CHANGED = 8
HALF = 0.5

_CJK = "\u4e00-\u9fff"
_NUMERAL = "零〇一二两三四五六七八九十百"
_PLATE = re.compile(
    "[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z][·•. -]?([A-Z0-9]{5,6})(?![A-Z0-9])"
)
_PLAIN = {
    "digits": re.compile("([0-9]{5,})"),
    "code": re.compile("(?<![A-Z0-9])([A-Z]{1,4}-?[0-9]{2,8})(?![0-9])"),
    "supply": re.compile("(?:停|断|没有?|缺|限|供)(水|电|气|网)"),
}
_COUNTED = {
    "building": "号楼|栋|幢|座|号院",
    "unit": "单元",
    "room": "室|房|号房|号铺面|号铺|铺面|号摊位|号摊|号车位",
    "floor": "楼|层",
    "house": "号(?!楼|院|房|铺|摊|车位|线|口|店|地块|[晚早上下左右])",
    "line": "路公交|路车|号线|路(?=公交|车|线|巴士)",
    "part": "期|区|标段|号地块|地块|号口|号出口|号门|号店|号桥",
    "class": "年级|班|中队|大队|组|队",
}
_NUMBERED = re.compile(
    f"(?P<number>[0-9]+(?:-[0-9]+)?|[{_NUMERAL}]+|(?<![A-Z])[A-Z])[ #]?(?:"
    + "|".join(f"(?P<{name}>{words})" for name, words in _COUNTED.items())
    + ")"
)
_NO_NUMBER = re.compile("一(?:楼|层|房|组|队|班|座|栋|幢|室)$")
_DAY_BEFORE = re.compile("[月年]$")

_TRADE = (
    "餐饮|建筑|建设|物业|科技|贸易|商贸|酒店|管理|服务|实业|房地产|地产|置业|开发|装饰|装修|工程|投资|集团|连锁|网络|文化|传媒|"
    "旅游|旅行|教育|培训|劳务|人力资源|物流|运输|汽车|医疗|健康|保险|信息|技术|电子|电器|食品|药业|水务|燃气|供电|供水|"
    "股份|有限|责任|分|总|子|旗下|连锁"
)
_NAMED = {
    "firm": f"(?:{_TRADE})*公司|集团",
    "shop": "专卖店|便利店|旗舰店|连锁店|4S店|餐厅|饭店|酒楼|饭馆|餐馆|面馆|茶馆|茶楼|奶茶店|小吃店|烧烤店|"
    "火锅店|理发店|美容院|药店|药房|酒吧|歌厅|网吧|健身房|会所|宾馆|旅馆|酒店|民宿|超市|商行|商店|门店|店",
    "school": "小学|中学|大学|学院|幼儿园|学校|培训班|驾校|高中|初中",
    "hospital": "医院|卫生院|诊所|门诊部?|卫生服务中心|社区医院",
    "works": "工厂|加工厂|厂",
    "homes": "小区|花园|家园|公寓|新村|新苑|庄园|豪苑|雅苑|名苑|苑|府邸|公馆|华庭|别墅|楼盘|宿舍|安置房",
    "mall": "大厦|广场|商场|商城|市场|商业街|大楼|写字楼|步行街",
    "open": "公园|码头|机场|车站|客运站|停车场|加油站|工业园|农场|水库|大桥|立交桥|天桥|隧道|河|湖|湾",
    "village": "村委会|村|社区|居委会|镇|街道办?",
    "bank": "银行|支行|营业厅|派出所|服务大厅",
}
_NAME = re.compile(
    f"(?P<stem>[{_CJK}A-Za-z0-9·]{{1,12}}?)(?:"
    + "|".join(f"(?P<{name}>{words})" for name, words in _NAMED.items())
    + ")"
)
_ROAD = re.compile(
    f"(?P<stem>[{_CJK}]{{1,9}}?[东西南北中]?[{_NUMERAL}]?)(?:大道|公路|高速|路(?!灯|面|边|人|段|障|况|上|过|程|途|径|由)|街(?!道|坊|边|头|上)|巷|胡同)"
)
_NOT_OF_A_NAME = re.compile(
    "市民|群众|居民|来电人|来电|诉求人|业主|反映|投诉|举报|咨询|求助|反馈|表示|建议|"
    "位于|靠近|附近|旁边|对面|隔壁|门口|楼下|路口|交叉口|交汇处|之间|前往|经过|途经|住在|居住|入住|就职|上班|工作|任职|购买|"
    "海南省|海口市|海口|秀英区|龙华区|琼山区|美兰区|[\u4e00-\u9fff]{2,4}?街道办?|[\u4e00-\u9fff]{2,3}镇|"
    "(?:大道|路口?|街)(?:[0-9]+号)?|"
    "什么|怎么|哪个|这个|那个|一个|该|其|某|本|这家|那家|一家|几家|多家|我们|他们|她们|自己|"
    "[的了在是我他她你们于与及或被把由给将称说叫到去从往向对也都就还又和跟、]"
)
_NOT_A_NAME = re.compile(
    "(?:一|某|该|本|这|那|两|几|多|各|每|全|整|老|新|旧|原|大|小|物业|开发商|房地产|建筑|餐饮|施工|装修|保险|快递|"
    "旅游|民办|公办|私立|国际|居民|农贸|菜|综合|中心|商业|住宅|私人|自来水|供电|燃气|天然气|水务|公交|出租|劳务|人力|保安|"
    "手机|网络|电信|移动|联通|五金|服装|水果|食品|门|商|家|家具|奶茶|早餐|烧烤|地下|露天|临时|收费|农|乡|全市|本市|市|区|县|"
    "公立|农村|城中|自然|行政|有限|责任|股份|个|处|所|条|座|栋|间|家|有|无|没|不|在|内|外|里|上|下|前|后|旁|附近|"
    "马|道|铁|线|电|网|走|问|同|半|过|绕|修|公|水|思|出|退|十字|丁字|三岔|红绿灯|人行|乡间|机动)*"
)
_SAID = re.compile("[^\\W_]+")
_CLAUSE_END = re.compile("[,，。;；!！?？:：\\n]+")
_VALUE = {**{sign: value for value, sign in enumerate("零一二三四五六七八九")}, "两": 2, "〇": 0}


def told_apart(one: str, other: str) -> str | None:
    """
    Return what tells the things two texts speak of from each other, or None.

    Of one sort of name or number both must name some, and each a thing the other does not.
    """
    mine, theirs = names(one), names(other)
    for sort in mine.keys() & theirs.keys():
        if not _covers(sort, mine[sort], theirs[sort]) and not _covers(sort, theirs[sort], mine[sort]):
            return f"{_shown(mine[sort])}、{_shown(theirs[sort])}"
    return None


@lru_cache(REMEMBERED)
def names(text: str) -> dict[str, frozenset[str]]:
    """Return what a text names, by sort; numbers in digits, names without what stands before them."""
    found: dict[str, set[str]] = {}
    for sort, name in _names(text[:LONGEST]):
        found.setdefault(sort, set()).add(name)
    return {sort: frozenset(each) for sort, each in found.items()}


def substituted(one: str, other: str) -> str | None:
    """Return what stands in one text in place of what is in the other, if little else differs, or None."""
    if one == other:
        return None
    mine, theirs = _clauses(one), _clauses(other)
    only_mine = [each for each in mine if each not in theirs]
    only_theirs = [each for each in theirs if each not in mine]
    fewer, more = sorted((only_mine, only_theirs), key=len)
    if len(fewer) > MOST_CHANGED:
        return None
    changes = [next(filter(None, (_change(each, with_) for with_ in more)), None) for each in fewer]
    return changes[0] if changes and all(changes) else None


def _names(text: str) -> Iterator[tuple[str, str]]:
    said = folded(text).upper()
    for quoted in quoted_tickets(said):
        said = said.replace(quoted.number, " ")
    yield from (("plate", match[1]) for match in _PLATE.finditer(said))
    said = _PLATE.sub(" ", said)
    for sort, pattern in _PLAIN.items():
        yield from ((sort, match[1].replace("-", "")) for match in pattern.finditer(said))
    yield from _numbers(said)
    for match in (*_ROAD.finditer(said), *_NAME.finditer(said)):
        if stem := stem_of(match["stem"]):
            yield match.lastgroup if match.re is _NAME else "road", stem  # type: ignore[misc]


def _numbers(said: str) -> Iterator[tuple[str, str]]:
    for match in _NUMBERED.finditer(said):
        if not (_NO_NUMBER.fullmatch(match[0]) or _DAY_BEFORE.search(said, 0, match.start())):
            yield match.lastgroup or "", number_of(match["number"])


def number_of(written: str) -> str:
    """Return a number in digits, however it is written: 十二 and 一二 are 12; a letter is itself."""
    if written[0] not in _NUMERAL:
        return written.lstrip("0") or "0"
    if not set(written) & {"十", "百"}:
        return "".join(str(_VALUE[each]) for each in written).lstrip("0") or "0"
    total, last = 0, 0
    for sign in written:
        if sign in _VALUE:
            last = _VALUE[sign]
        else:
            total += (last or 1) * (10 if sign == "十" else 100)
            last = 0
    return str(total + last)


def stem_of(before: str) -> str:
    """Return the name that ends before a word like 小区, without what is said before it; empty if none is."""
    *_, stem = _NOT_OF_A_NAME.split(before)
    if len(stem) == 1 and before[-2:-1] in ("和", "向"):  # 和平, 向阳
        return before[-2:]
    return "" if _NOT_A_NAME.fullmatch(stem) else stem


def _covers(sort: str, mine: frozenset[str], theirs: frozenset[str]) -> bool:
    if sort not in (*_NAMED, "road"):
        return mine <= theirs
    return all(any(_one_name(each, other) for other in theirs) for each in mine)


def _one_name(one: str, other: str) -> bool:
    """Whatever was said before a name may have been taken for its beginning."""
    return one.endswith(other) or other.endswith(one)


def _clauses(text: str) -> list[str]:
    parts = _CLAUSE_END.split(folded(text[:LONGEST]))
    return [said for each in parts if (said := "".join(_SAID.findall(each)))]


def _change(one: str, other: str) -> str | None:
    """Return what was put in place of what between two clauses, or None when they differ in another way."""
    start = _as_far_as_alike(one, other)
    end = _as_far_as_alike(one[start:][::-1], other[start:][::-1])
    mine, theirs = one[start : len(one) - end], other[start : len(other) - end]
    if max(len(mine), len(theirs)) > LONGEST_CHANGE:
        return None
    steps = SequenceMatcher(None, mine, theirs, autojunk=False).get_opcodes()
    changed = [step for step in steps if step[0] != "equal"]
    replaced = sum(max(step[2] - step[1], step[4] - step[3]) for step in changed)
    if replaced > HALF * max(len(one), len(other)) or not all(_is_short(step) for step in changed):
        return None
    _, at, until, there, to = changed[0]
    return f"{mine[at:until]}、{theirs[there:to]}"


def _as_far_as_alike(one: str, other: str) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (mine, theirs) in pairs if mine != theirs), min(len(one), len(other)))


def _is_short(step: tuple[str, int, int, int, int]) -> bool:
    what, at, until, there, to = step
    return what == "replace" and max(until - at, to - there) <= SHORT


def _shown(names_: frozenset[str]) -> str:
    return "和".join(sorted(names_))
