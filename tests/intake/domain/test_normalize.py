"""A sender's record becomes a clean call, or a fault with its place."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from intake.domain.catalogue import Catalogue, Division, Hotline
from intake.domain.mapping import Mapping, read_mapping
from intake.domain.normalize import NormalizedCall, normalize, normalize_record
from intake.shipped import shipped_catalogue
from schemas.errors import BadMapping, HotlineError, Invalid
from schemas.lifecycle import Status
from schemas.ticket import Call, Caller, CallerType

CATALOGUE = Catalogue.of(
    [Hotline("12345", "政务服务便民热线", "city", "merged"), Hotline("110", "报警", "police", "not_merged")],
    {"020100": "施工噪声"},
    [Division("460106000000", "district", "龙华区", "460100000000")],
)


def a_mapping(**changes: Any) -> Mapping:
    declared = {
        "name": "test",
        "hotline": "12345",
        "fields": {
            "text": {"paths": ["matter.text", "note"]},
            "category": {"paths": ["sort"], "table": "sorts"},
            "accepted_at": {"paths": ["at"], "dates": ["iso", "%Y/%m/%d"]},
            "status": {"paths": ["ended"], "table": "ends"},
        },
        "tables": {"sorts": {"噪声": "020100"}, "ends": {"是": "closed", "否": "assigned"}},
    }
    return read_mapping({**declared, **changes})


def test_the_first_path_that_says_something_wins() -> None:
    both = normalize_record({"matter": {"text": "甲"}, "note": "乙"}, a_mapping(), CATALOGUE)
    blank = normalize_record({"matter": {"text": "  "}, "note": "乙"}, a_mapping(), CATALOGUE)
    assert (both.call.text, blank.call.text) == ("甲", "乙")


def test_a_title_is_taken_from_the_text_when_there_is_none() -> None:
    call = normalize_record({"note": "长" * 50}, a_mapping(), CATALOGUE).call
    assert call.title == "长" * 30


def test_a_label_the_table_does_not_know_says_nothing() -> None:
    known = normalize_record({"note": "甲", "sort": " 噪声 "}, a_mapping(), CATALOGUE).call
    unknown = normalize_record({"note": "甲", "sort": "其他"}, a_mapping(), CATALOGUE).call
    assert (known.category, unknown.category) == ("020100", None)


def test_only_of_the_past_are_times_and_endings_read() -> None:
    record = {"note": "甲", "at": "2018/1/2", "ended": "是"}
    past = normalize_record(record, a_mapping(), CATALOGUE, historical=True)
    now = normalize_record(record, a_mapping(), CATALOGUE)
    assert past.accepted_at is not None
    assert (past.accepted_at.isoformat(), past.status) == ("2018-01-02T00:00:00+08:00", Status.CLOSED)
    assert (now.accepted_at, now.status) == (None, None)


def test_a_ticket_of_the_past_that_had_not_ended_has_no_ending() -> None:
    record = {"note": "甲", "ended": "否"}
    assert normalize_record(record, a_mapping(), CATALOGUE, historical=True).status is None


def test_a_date_in_no_known_form_spoils_a_call_of_the_past_only() -> None:
    record = {"note": "甲", "at": "昨天"}
    assert normalize_record(record, a_mapping(), CATALOGUE).call.text == "甲"
    with pytest.raises(BadMapping, match="昨天"):
        normalize_record(record, a_mapping(), CATALOGUE, historical=True)


@pytest.mark.parametrize(
    ("record", "mapping", "code"),
    [
        ({}, {}, "invalid"),
        ({"note": "\x07"}, {}, "invalid"),
        (
            {"note": "甲", "sort": "噪声"},
            {"tables": {"sorts": {"噪声": "990000"}, "ends": {}}},
            "unknown_category",
        ),
        ({"note": "甲"}, {"hotline": "12999"}, "unknown_hotline"),
    ],
)
def test_a_record_that_is_no_call_is_refused_with_a_code(
    record: dict[str, Any], mapping: dict[str, Any], code: str
) -> None:
    with pytest.raises(HotlineError) as refused:
        normalize_record(record, a_mapping(**mapping), CATALOGUE)
    assert refused.value.code == code


@pytest.mark.parametrize(
    "wrong",
    [
        {"fields": {"title": {"paths": ["t"]}}},
        {"fields": {"text": {"paths": ["t"]}, "colour": {"paths": ["c"]}}},
        {"fields": {"text": {"paths": ["t"], "table": "none"}}},
        {"hotline": "one"},
        {"format": "yaml"},
        {"surprise": 1},
    ],
    ids=lambda each: str(each)[:40],
)
def test_a_mapping_that_cannot_work_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(BadMapping):
        a_mapping(**wrong)


CITY = shipped_catalogue()
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


def a_form(**changes: Any) -> Mapping:
    """Return the mapping of a form with every field a call may have, each in a column of its own name."""
    dates = ["%Y/%m/%d %H:%M:%S", "%Y/%m/%d"]
    plain = ("source_number", "title", "text", "address", "longitude", "latitude", "coordinate_system")
    callers = ("name", "phone", "id_number", "credit_code", "type", "anonymous", "withheld", "proxy.name")
    fields = {name: {"paths": [name]} for name in (*plain, "division", "occurred_at", "follows")}
    fields |= {f"caller.{name}": {"paths": [name]} for name in callers}
    fields |= {
        name: {"paths": [name], "dates": dates} for name in ("accepted_at", "dispatched_at", "ended_at")
    }
    declared = {"name": "form", "hotline": "12345", "fields": fields, "division_names": ["区", "街", "村"]}
    return read_mapping({**declared, **changes})


FORM = a_form()


def normalized(**record: Any) -> NormalizedCall:
    return normalize_record({"text": "路灯不亮", **record}, FORM, CITY, historical=True, now=NOW)


def codes(normalized: NormalizedCall) -> list[str]:
    return [each.code for each in normalized.problems]


def why(normalized: NormalizedCall, field: str) -> list[tuple[str, str, str]]:
    return [(each.value, each.source, each.words) for each in normalized.evidence if each.field == field]


def test_a_whole_call_is_read_with_its_reasons() -> None:
    read = normalized(
        source_number="A-1",
        text="工单号20260305970123仍未处理。\r\n请龙华区政府核实处理！（请承办局在二十分钟内联系，响应处置）",
        address="龙华区滨海街道滨海大道１号",
        name="王女士",
        phone="138 7654 3210",
        id_number="110105 19491231 002x",
    )
    assert read.call.division == "460106002000"
    assert read.call.follows == "20260305970123"
    assert (
        read.call.text
        == "工单号20260305970123仍未处理。\n请龙华区政府核实处理！（请承办局在二十分钟内联系，响应处置）"
    )
    assert read.call.address == "龙华区滨海街道滨海大道１号"
    caller = read.call.caller
    assert (caller.name, caller.phone, caller.id_number) == ("王女士", "+8613876543210", "11010519491231002X")
    assert why(read, "caller.name.surname") == [("王", "declared", "女士")]
    assert why(read, "hint.unit") == [("龙华区政府", "text", "请龙华区政府核实")]
    assert why(read, "hint")[0][0] == "operators_line"
    assert why(read, "district") == [("龙华区", "address", "龙华区")]
    assert read.problems == ()


def test_swapped_axes_are_put_right_and_said() -> None:
    read = normalized(longitude="20.0215", latitude="110.3312", coordinate_system="wgs84")
    assert (read.call.longitude, read.call.latitude) == (110.3312, 20.0215)
    assert codes(read) == ["coordinates_swapped"]


@pytest.mark.parametrize(
    ("x", "y", "code"),
    [
        ("0.000000000", "0.000000000", "coordinates_zero"),
        ("195000.5", "215000.25", "coordinates_plane"),
        ("东经", "20.02", "coordinates_unreadable"),
    ],
)
def test_coordinates_that_are_no_place_are_not_used_and_said(x: str, y: str, code: str) -> None:
    read = normalized(longitude=x, latitude=y)
    assert (read.call.longitude, read.call.latitude) == (None, None)
    assert code in codes(read)


def test_a_dispatch_before_creation_is_said_and_kept_as_recorded() -> None:
    read = normalized(accepted_at="2026/3/5 8:00:00", dispatched_at="2026/3/5 7:00:00")
    assert codes(read) == ["dispatched_before_created"]
    assert read.accepted_at is not None
    assert read.dispatched_at is not None
    assert read.dispatched_at < read.accepted_at


def test_times_in_the_future_or_of_long_ago_are_said_and_not_used() -> None:
    read = normalized(accepted_at="2027/3/5 8:00:00", ended_at="1970/1/1", occurred_at="1900-01-01")
    assert (read.accepted_at, read.ended_at, read.call.occurred_at) == (None, None, None)
    assert sorted(codes(read)) == ["implausible_moment", "implausible_moment", "in_the_future"]


def test_when_it_happened_is_read_in_any_form_and_an_unreadable_one_is_said() -> None:
    read = normalized(occurred_at="2026年3月5日下午3点").call.occurred_at
    assert read is not None
    assert read.isoformat() == "2026-03-05T15:00:00+08:00"
    assert codes(normalized(occurred_at="昨天下午")) == ["moment_unreadable"]


@pytest.mark.parametrize("village", ["undefined", "", "无"])
def test_an_undefined_village_leaves_the_street(village: str) -> None:
    read = normalized(区="龙华区", 街="金贸街道办事处", 村=village)
    assert (read.call.division, read.problems) == ("460106003000", ())


def test_the_whole_city_is_no_district() -> None:
    assert normalized(区="全市").call.division is None


@pytest.mark.parametrize("street", ["大同街道", "大同街道办事处", "大同路街道办事处", "大同街道办"])
def test_a_street_is_one_street_however_it_is_spelled(street: str) -> None:
    assert (
        normalized(区="龙华区", 街=street).call.division
        == normalized(区="龙华区", 街="大同街道").call.division
    )


def test_a_code_of_no_division_in_a_record_is_a_problem_and_no_refusal() -> None:
    read = normalized(division="110101")
    assert (read.call.division, codes(read)) == (None, ["division_unknown"])
    assert normalized(division="460106").call.division == "460106000000"


def test_a_ticket_does_not_follow_itself_and_says_which_others_it_names() -> None:
    text = "工单号20260305970123与办件号20260305970124、工单号20260305970125同一问题"
    read = normalized(source_number="20260305970123", text=text)
    assert read.call.follows == "20260305970124"
    assert [value for value, _, _ in why(read, "follows.other")] == ["20260305970125"]
    assert normalized(follows="B-7", text=text).call.follows == "B-7"


def test_titles_and_addresses_too_long_are_cut_and_said() -> None:
    read = normalized(title="长" * 300, address="远" * 600)
    assert (len(read.call.title), len(read.call.address or "")) == (200, 500)
    assert codes(read) == ["title_cut", "address_cut"]


def test_papers_too_long_to_be_any_do_not_cost_the_call() -> None:
    read = normalized(id_number="9" * 60, credit_code="A" * 40, phone="0" * 60)
    assert codes(read) == ["phone_invalid", "id_number_unknown", "credit_code_form"]
    assert len(read.call.caller.credit_code or "") == 18


@pytest.mark.parametrize("address", ["无", "不详", "undefined", " "])
def test_a_word_for_no_address_is_none(address: str) -> None:
    assert normalized(address=address).call.address is None


def test_a_proxy_is_a_second_identity() -> None:
    read = normalized(name="王女士", proxy={"name": "李主任"})
    assert read.call.caller.type is CallerType.PROXY
    assert read.call.caller.proxy is not None
    alone = normalized(type="proxy", name="王女士")
    assert (alone.call.caller.type, codes(alone)) == (CallerType.PERSON, ["proxy_without_name"])


def test_half_a_character_and_nul_never_reach_the_ticket() -> None:
    read = normalized(text="坏\ud83d字\x00符", name="王\ud800女士", address="龙华区\x00")
    written = read.call.model_dump_json() + repr(read.evidence) + repr(read.problems)
    assert "\\x00" not in written
    assert "\\u0000" not in written
    assert "\\ud8" not in written


def a_call(**changes: Any) -> Call:
    return Call(**{"title": "路灯不亮", "text": "龙华区滨海大道路灯不亮。", **changes})


def test_a_canonical_call_is_read_the_same_way() -> None:
    caller = Caller(name="匿名", phone="13876543210")
    read = normalize(a_call(caller=caller, text="编号:20260305970123,龍華區的路灯不亮"), CITY)
    assert (read.call.caller.name, read.call.caller.phone) == (None, "+8613876543210")
    assert read.call.caller.withheld
    assert (read.call.follows, read.call.division) == ("20260305970123", "460106000000")
    assert "龍華區" in read.call.text


def test_a_canonical_call_that_happens_tomorrow_loses_that_time_only() -> None:
    read = normalize(a_call(occurred_at=datetime(2026, 11, 25, 9, tzinfo=UTC)), CITY, NOW)
    assert (read.call.occurred_at, codes(read)) == (None, ["in_the_future"])


def test_a_text_of_nothing_visible_is_refused_with_its_place() -> None:
    with pytest.raises(Invalid) as refused:
        normalize(a_call(text="\u200b\ufeff"), CITY)
    assert refused.value.facts["pointer"] == "/text"


def test_a_title_of_nothing_visible_is_taken_from_the_text() -> None:
    assert normalize(a_call(title="\u200b"), CITY).call.title == "龙华区滨海大道路灯不亮。"


_SAID = some.text(some.characters(exclude_characters="\x00"), min_size=1, max_size=40) | some.text(
    "龙华区滨海街道工单号2026030597请核实处理 ,。（）\n王女士13876", min_size=1, max_size=60
)


@given(_SAID, _SAID, some.none() | _SAID, some.none() | _SAID)
def test_normalizing_twice_is_normalizing_once(
    title: str, text: str, name: str | None, phone: str | None
) -> None:
    try:
        call = a_call(
            title=title, text=text, address=text, caller=Caller(name=name, phone=phone and phone[:40])
        )
    except ValueError:
        return
    try:
        once = normalize(call, CITY).call
    except Invalid:
        return
    assert normalize(once, CITY).call == once


@given(some.dictionaries(some.sampled_from([*FORM.columns, "区", "街", "村"]), some.text(some.characters())))
def test_no_record_of_texts_is_more_than_refused(record: dict[str, Any]) -> None:
    try:
        read = normalize_record(record, FORM, CITY, now=NOW)
    except HotlineError:
        return
    assert Call.model_validate(read.call.model_dump()) == read.call


def test_a_text_too_long_is_cut_and_the_call_is_taken() -> None:
    call = normalize_record({"note": "长" * 10_001}, a_mapping(), CATALOGUE)
    assert len(call.call.text) == 10_000
    assert [each.code for each in call.problems] == ["text_cut"]


def test_a_file_that_does_not_say_what_it_is_is_told_and_the_call_is_taken() -> None:
    photo = {"url": "https://files.example/1.jpg", "media_type": "image/jpeg"}
    files = {"paths": ["photos"], "each": {name: {"paths": [name]} for name in photo}}
    reading = a_mapping(fields={"text": {"paths": ["note"]}, "attachments": files})
    call = normalize_record({"note": "长", "photos": [photo]}, reading, CATALOGUE)
    assert call.call.attachments == []
    assert [(each.code, each.detail[:12]) for each in call.problems] == [
        ("attachment_unreadable", "附件未采用,sha256")
    ]
