"""The place a text names: sure where it begins, or none."""

import pytest

from intake.domain.place_named import place_in


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("琼山区国兴大道与大英山东一路路口的路灯不亮", "国兴大道/大英山东一路"),
        ("市民反映:琼山区大英山东一路和国兴大道交叉口路灯不亮", "国兴大道/大英山东一路"),
        ("路灯不亮,在国兴大道大英山东一路路口", "国兴大道/大英山东一路"),
        ("位于和平大道与海甸五西路交叉路口", "和平大道/海甸五西路"),
        ("请修一下国兴大道与大英山东一路路口的路灯", None),
        ("我家住在龙华区滨海大道56号,楼下很吵", "滨海大道56号"),
        ("海垦花园门口的工地夜间施工", "海垦花园"),
        ("龙华区苍峄路电力明园小区门前积水", "电力明园小区"),
        ("门口的工地很吵", None),
        ("某小区停水", None),
        ("小区停水三天", None),
        ("请问在哪个小区办理居住证", None),
        ("每天晚上居民小区有人跳舞", None),
        ("人民大道路口红绿灯坏了", None),
        ("从国兴大道到海府路路口堵车", None),
    ],
)
def test_a_place_begins_where_it_surely_begins(text: str, place: str | None) -> None:
    assert place_in(text) == place
