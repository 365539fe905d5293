"""The place a text names, when nobody gave an address: a junction, a house or a facility, or none."""

import re

from intake.domain.text import folded

_NO_LETTER_OF_A_NAME = (
    "请的了在是我他她你您于与及或和跟被把由给将称说叫到从往向对也都就还又这那哪谁么吗呢吧很不没有要想去来人们个"
    "位名下修坏请问第每某该其本处边旁侧段口附近门前后内外里现已经再能会因为所以"
)
_NAME = f"(?:(?![{_NO_LETTER_OF_A_NAME}])[\u4e00-\u9fff])"
_BEFORE = (
    "(?:^|(?<=[^\\w])|(?<=在)|(?<=位于)|(?<=反映)|(?<=投诉)|(?<=[省市区县镇])|(?<=街道)|(?<=街道办)|(?<=社区)|(?<=住))"
    "(?:海南省)?(?:海口市?)?(?:(?:秀英|龙华|琼山|美兰)区)?"
)
_ENDS = "大道|公路|路|街|巷"
_ROAD = f"(?:(?:和平|和谐|向阳){_NAME}{{0,4}}?|{_NAME}{{2,6}}?)(?:{_ENDS})(?:[东西南北中](?:段|路)?)?"
_JUNCTION = re.compile(
    f"{_BEFORE}(?P<one>{_ROAD})(?:与|和|跟|及|、|-|/)?(?P<two>{_ROAD})的?"
    "(?:(?:十字|丁字|三岔|红绿灯)?路口|交叉(?:路?口|处)?|交汇(?:路?口|处)?|相交(?:路?口|处)?|交界(?:路?口|处)?)"
)
_HOUSE = re.compile(f"{_BEFORE}(?P<house>{_ROAD}[0-9]+(?:-[0-9]+)?号)(?!楼|院|线)")
_FACILITY = re.compile(
    f"{_BEFORE}(?:{_ROAD}(?:[0-9]+(?:-[0-9]+)?号)?)?(?P<facility>{_NAME}{{2,8}}?"
    "(?:小区|花园|家园|公寓|大厦|广场|商城|农贸市场|菜市场|小学|中学|大学|学院|幼儿园|医院|宾馆|酒店|公园|汽车站|客运站|码头|"
    "新村|新城|新苑|雅苑|豪苑|庄园|工业园|停车场))"
)


def place_in(text: str) -> str | None:
    """
    Return the place a text names by a name every call about it would bear, or None.

    A name must begin where it surely begins: after punctuation, 在, 位于, the name of a
    district. Two roads make a junction whichever comes first.
    """
    said = folded(text)
    if ("口" in said or "交" in said) and (junction := _JUNCTION.search(said)):
        return "/".join(sorted((junction["one"], junction["two"])))
    if "号" in said and (house := _HOUSE.search(said)):
        return house["house"]
    facility = _FACILITY.search(said)
    return facility["facility"] if facility else None
