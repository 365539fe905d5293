"""A mapping is data: where each field comes from, in every shape a sender may have."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.defaults import load_mapping, rows, shipped_mapping
from intake.domain.finding import text_at
from intake.domain.mapping import CALL_FIELDS, HISTORY_FIELDS, Mapping, division_names, fields, record_of
from intake.domain.source import Source, compiled, read_date
from schemas.errors import BadMapping, Invalid
from schemas.ticket import CallerType, Kind, Urgency

HAIKOU = timezone(timedelta(hours=8))
REFERENCE = Path(__file__).parents[3] / "intake" / "reference"
SHIPPED = sorted(path.stem for path in (REFERENCE / "mappings").glob("*.toml"))
CODES: dict[str, set[Any]] = {"kind": set(Kind), "urgency": set(Urgency), "caller.type": set(CallerType)}


def found(record: Any, tables: dict[str, dict[str, str]] | None = None, **source: Any) -> Any:
    return compiled(Source(**source), tables or {}, 8)(record)


def mapping(**declared: Any) -> Mapping:
    text = {"fields": {"text": {"paths": ["t"]}}}
    return load_mapping({"name": "test", "hotline": "12345", **text, **declared})


@pytest.mark.parametrize(
    ("record", "path", "says"),
    [
        ({"a": {"b": " x "}}, "a.b", "x"),
        ({"a": [{"b": "x"}, {"b": "y"}]}, "a.b", "x"),
        ({"a": [{"b": "x"}, {"b": "y"}]}, "a.1.b", "y"),
        ({"a": [{"b": "x"}, {"b": "y"}]}, "a.*.b", ["x", "y"]),
        ({"a": {"b": "x"}}, "a.*.b", ["x"]),
        ({"a": {"0": "x"}}, "a.0", "x"),
        ({"a": [["x"], ["y", "z"]]}, "a.*.*", [["x"], ["y", "z"]]),
        ({"a": {"@k": "v", "#text": " t "}}, "a", "t"),
        ({"a": {"@k": "v", "#text": " t "}}, "a.@k", "v"),
        ({"a": 12}, "a", "12"),
        ({"a": True}, "a", True),
        ({"a": ""}, "a", None),
        ({"a": "  "}, "a", None),
        ({"a": {}}, "a", None),
        ({"a": {"b": 1}}, "a", None),
        ({"a": None}, "a.b.c", None),
        ({"a": "text"}, "a.b", None),
        ({"a": []}, "a.b", None),
        ({"a": ["x"]}, "a.5", None),
        ([{"a": "x"}], "a", "x"),
    ],
)
def test_a_path_leads_to_a_text_or_nowhere(record: Any, path: str, says: Any) -> None:
    assert text_at(path)(record) == says


def test_the_first_value_that_says_something_counts_whether_of_paths_or_of_a_list() -> None:
    table = {"codes": {"b": "2", "c": "3"}}
    assert found({"x": "", "y": "1"}, paths=["x", "y"]) == "1"
    assert found({"x": ["", None, "1", "2"]}, paths=["x"]) == "1"
    assert found({"x": ["a", "b", "c"]}, table, paths=["x"], table="codes") == "2"
    assert found({"x": "a", "y": "c"}, table, paths=["x", "y"], table="codes", default="0") == "3"
    assert found({"x": "a"}, table, paths=["x"], table="codes", default="0") == "0"
    assert found({}, default=True) is True


def test_several_values_are_joined_when_the_mapping_says_so() -> None:
    assert found({"x": ["a", "", "b"]}, paths=["x"], join="、") == "a、b"
    assert found({"x": [{"y": 1}, {"y": 2}]}, paths=["x.*.y"], join="/") == "1/2"
    assert found({"x": []}, paths=["x"], join="/") is None


def test_a_template_leaves_out_the_lines_that_say_nothing() -> None:
    lines = ["{a}", "甲:{b}/{c}", "乙:{d}", "名单:{e}"]
    assert found({"a": "x", "c": 2, "e": ["p", "q"]}, template=lines) == "x\n甲:/2\n名单:p、q"
    assert found({}, template=lines) is None
    assert found({}, template=["constant"]) == "constant"


@pytest.mark.parametrize(
    ("value", "yes"),
    [("是", True), ("Y", True), ("y", True), (True, True), (False, False), ("否", False), ("1", False)],
)
def test_words_that_mean_yes_are_the_mappings_own(value: Any, yes: bool) -> None:
    assert found({"x": value}, paths=["x"], yes=["是", "y"]) is yes
    assert found({}, paths=["x"], yes=["是"]) is None


@pytest.mark.parametrize(
    ("more", "text"), [({}, "甲\n乙"), ({"join": ";"}, "甲;乙")], ids=["undeclared", "joined"]
)
def test_a_text_that_comes_in_pieces_is_kept_whole(more: dict[str, str], text: str) -> None:
    declared = {"text": {"paths": ["t"], **more}, "title": {"paths": ["t"]}}
    mapping = load_mapping({"name": "m", "hotline": "12345", "fields": declared})
    assert fields({"t": ["甲", None, "乙"]}, mapping, CALL_FIELDS) == {"text": text, "title": "甲"}


@pytest.mark.parametrize("name", ["caller.withheld", "caller.anonymous"])
@pytest.mark.parametrize(
    ("value", "wished"),
    [
        *((each, True) for each in ("1", 1, True, "Y", "Ｙ", "保密", "要求保密", "on", "2")),
        *((each, False) for each in ("0", 0, 0.0, False, "N", "否", "不保密", "无", "公开", "-")),
        *((each, False) for each in ("非匿名", "未保密", "没有要求保密", "undefined", "NaN", "未知")),
        *((each, None) for each in (None, "", " ")),
    ],
)
def test_a_wish_for_confidence_is_heard_in_any_word_that_does_not_say_no(
    name: str, value: Any, wished: bool | None
) -> None:
    declared = {"text": {"paths": ["t"]}, name: {"paths": ["x"], "yes": ["1"]}}
    mapping = load_mapping({"name": "m", "hotline": "12345", "fields": declared})
    assert fields({"t": "甲", "x": value}, mapping, CALL_FIELDS).get(name) is wished


def test_a_pattern_keeps_its_group_and_passes_over_what_does_not_match() -> None:
    pattern = r"^\s*(\d+\.\d+)\s*,"
    assert found({"at": "110.35, 20.02"}, paths=["at"], pattern=pattern) == "110.35"
    assert found({"at": "unknown", "b": "1.5,"}, paths=["at", "b"], pattern=pattern) == "1.5"


@pytest.mark.parametrize(
    ("text", "form", "moment"),
    [
        ("20261124093000", "%Y%m%d%H%M%S", datetime(2026, 11, 24, 9, 30, tzinfo=HAIKOU)),
        ("2026-11-24T01:30:00Z", "iso", datetime(2026, 11, 24, 1, 30, tzinfo=UTC)),
        ("2026-11-24", "iso", datetime(2026, 11, 24, tzinfo=HAIKOU)),
        ("1795395600000", "epoch_ms", datetime(2026, 11, 23, 1, tzinfo=UTC)),
        ("1795395600", "epoch_s", datetime(2026, 11, 23, 1, tzinfo=UTC)),
        ("2026年11月24日9时", "%Y年%m月%d日%H时", datetime(2026, 11, 24, 9, tzinfo=HAIKOU)),
    ],
)
def test_a_date_is_read_in_the_form_its_sender_uses(text: str, form: str, moment: datetime) -> None:
    assert read_date(text, ["%d.%m.%Y", form], HAIKOU) == moment


@pytest.mark.parametrize("text", ["", "soon", "0001-01-01", "9999-12-31T23:59:59-08:00", "1e400", "9" * 400])
def test_a_date_in_no_declared_form_or_far_off_is_refused(text: str) -> None:
    with pytest.raises(BadMapping):
        read_date(text, ["iso", "epoch_ms", "%Y%m%d"], HAIKOU)


@given(st.text(), st.sampled_from(["iso", "epoch_ms", "epoch_s", "%Y%m%d", "%Y-%m-%d %H:%M:%S", "%c"]))
def test_any_text_is_a_moment_that_can_be_stored_or_refused(text: str, form: str) -> None:
    try:
        moment = read_date(text, [form], HAIKOU)
    except BadMapping:
        return
    assert moment.astimezone(UTC).isoformat()


def test_a_live_call_keeps_a_date_it_cannot_read_and_one_of_the_past_says_where_it_is_wrong() -> None:
    source = {"paths": ["at"], "dates": ["%Y%m%d"]}
    declared = mapping(fields={"text": {"paths": ["t"]}, "occurred_at": source, "accepted_at": source})
    assert fields({"at": "昨天"}, declared, CALL_FIELDS) == {"occurred_at": "昨天"}
    with pytest.raises(BadMapping) as refused:
        fields({"at": "昨天"}, declared, HISTORY_FIELDS)
    assert refused.value.facts["pointer"] == "/accepted_at"


def test_the_objects_of_a_list_are_read_field_by_field() -> None:
    source: dict[str, Any] = {
        "paths": ["files"],
        "each": {"url": {"paths": ["href"]}, "size": {"paths": ["n"]}},
    }
    assert found({"files": [{"href": "a", "n": 1}, {}, {"href": "b"}]}, **source) == [
        {"url": "a", "size": "1"},
        {"url": "b"},
    ]
    assert found({"files": {"href": "a"}}, **source) == [{"url": "a"}]
    assert found({"files": []}, **source) is None
    assert found({"files": ["a", "b"]}, paths=["files"], each={"url": {"paths": [""]}}) == [
        {"url": "a"},
        {"url": "b"},
    ]


def test_the_record_may_lie_inside_a_wrapper_and_alone_in_a_list() -> None:
    wrapped = mapping(root="data.records")
    assert record_of({"data": {"records": [{"t": "x"}]}}, wrapped) == {"t": "x"}
    assert record_of([{"t": "x"}], mapping()) == {"t": "x"}
    several: list[Any] = [[], [{}, {}], "text", None, {"data": {}}, {"data": {"records": [{}, {}]}}]
    for sent in several:
        with pytest.raises(Invalid):
            record_of(sent, wrapped)


def test_district_township_and_village_come_in_order_and_empty_ones_as_empty() -> None:
    declared = mapping(division_names=["d", "area.1", "v"])
    assert division_names({"d": "龙华区", "area": ["", "金贸街道"]}, declared) == ["龙华区", "金贸街道", ""]


def test_a_mapping_takes_over_the_tables_of_one_that_ships() -> None:
    declared = mapping(
        extends="12315",
        tables={"own": {"x": "y"}},
        fields={"text": {"paths": ["t"]}, "kind": {"paths": ["k"], "table": "kind"}},
    )
    assert declared.tables["kind"]["1"] == "complaint"
    assert declared.tables["own"] == {"x": "y"}


def test_columns_are_every_member_read_those_of_templates_too() -> None:
    declared = mapping(
        fields={"text": {"template": ["{a.b}", "{c}"]}, "kind": {"paths": ["d.e"]}}, division_names=["f"]
    )
    assert declared.columns == {"a", "c", "d", "f"}


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"fields": {"text": {}}}, "no path"),
        ({"fields": {"text": {"paths": ["t"], "pattern": "("}}}, "pattern"),
        ({"fields": {"text": {"paths": ["t"], "pattern": "x"}}}, "group"),
        ({"fields": {"text": {"paths": ["t"], "table": "none"}}}, "no table"),
        ({"fields": {"text": {"paths": ["t"]}, "attachments": {"paths": ["f"]}}}, "attachment"),
        (
            {
                "fields": {
                    "text": {"paths": ["t"]},
                    "attachments": {"paths": ["f"], "each": {"x": {"paths": ["y"]}}},
                }
            },
            "attachment",
        ),
        ({"report": {"colour": {"paths": ["c"]}}}, "report"),
        ({"linkage": {"colour": {"paths": ["c"]}}}, "linkage"),
        ({"utc_offset_hours": 30}, "utc_offset_hours"),
        ({"extends": "nowhere"}, "no mapping"),
    ],
    ids=lambda each: str(each)[:50],
)
def test_a_mapping_that_cannot_work_says_what_is_wrong(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(BadMapping, match=says):
        mapping(**wrong)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_mapping_leads_to_codes_that_exist(name: str) -> None:
    shipped = shipped_mapping(name)
    known: dict[str, set[Any]] = {**CODES, "category": {row["code"] for row in rows("categories")}}
    for field, codes in known.items():
        source = shipped.fields.get(field)
        if source is None:
            continue
        reached = set(shipped.tables[source.table].values()) if source.table else set()
        assert {*reached, *({source.default} - {None})} <= codes, field
    assert shipped.name == name


def test_a_haikou_form_of_2018_brings_its_place_and_when_it_was_dispatched() -> None:
    form = {
        "诉求内容": "路灯不亮",
        "工单标题": "路灯",
        "横坐标": "20.03",
        "纵坐标": "110.33",
        "派件时间": "2018/1/2 3:04:05",
        "工单发起时间": "2018/1/2",
        "诉求地址": "某路",
        "辖区": "龙华区",
    }
    shipped = shipped_mapping("haikou_2018_forms")
    call, past = fields(form, shipped, CALL_FIELDS), fields(form, shipped, HISTORY_FIELDS)
    assert (call["latitude"], call["longitude"], call["address"]) == ("20.03", "110.33", "某路")
    assert past["dispatched_at"] == datetime(2018, 1, 2, 3, 4, 5, tzinfo=HAIKOU)
    assert division_names(form, shipped) == ["龙华区", "", ""]
