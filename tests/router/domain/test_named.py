"""Departments named in a text, the way callers and operators name them."""

from datetime import date

import pytest

from router.domain.named import named_units
from router.domain.units import Unit

SINCE, DAY = date(2019, 1, 1), date(2026, 11, 23)
CITY, LONGHUA, MEILAN = "460100000000", "460106000000", "460108000000"
UNITS = [
    Unit("traffic", "海口市公安局交通警察支队", "city", CITY, SINCE, aliases=("交警", "交警支队")),
    Unit("police", "海口市公安局", "city", CITY, SINCE, aliases=("公安局",)),
    Unit("urban", "海口市综合行政执法局", "city", CITY, SINCE, aliases=("城管",)),
    Unit("urban-longhua", "海口市龙华区综合行政执法局", "district", LONGHUA, SINCE, aliases=("城管",)),
    Unit("urban-meilan", "海口市美兰区综合行政执法局", "district", MEILAN, SINCE, aliases=("城管",)),
    Unit("gone", "海口市市容局", "city", CITY, SINCE, date(2020, 1, 1)),
    Unit("merged", "海口市车管所", "city", CITY, SINCE, date(2020, 1, 1), successor="traffic"),
]


@pytest.mark.parametrize(
    ("text", "division", "found"),
    [
        ("违停严重,请交警核实", None, {"traffic": "交警"}),
        ("请交警支队处理", None, {"traffic": "交警支队"}),  # the longer name, once
        ("海口市公安局交通警察支队不作为", None, {"traffic": "海口市公安局交通警察支队"}),
        ("摆摊无人管,城管来了又走", "460106002000", {"urban-longhua": "城管"}),
        ("摆摊无人管,城管来了又走", "460105000000", {"urban": "城管"}),  # that district has none here
        ("摆摊无人管,城管来了又走", None, {"urban": "城管"}),
        ("龙华区综合行政执法局处罚不公", "460108000000", {"urban-longhua": "龙华区综合行政执法局"}),
        ("请市容局和城管一起处理", MEILAN, {"urban-meilan": "城管"}),  # one of them is gone
        ("路灯不亮", LONGHUA, {}),
        ("车管所不办理", LONGHUA, {"traffic": "车管所"}),  # merged, and still called by its name
        ("车管所推给交警", None, {"traffic": "车管所"}),
    ],
)
def test_a_text_names_departments(text: str, division: str | None, found: dict[str, str]) -> None:
    assert named_units(text, division, {each.code: each for each in UNITS}, "海口市", DAY) == found
