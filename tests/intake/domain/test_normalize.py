"""A sender's record becomes a clean call, or a fault with its place."""

from typing import Any

import pytest

from intake.domain.catalogue import Catalogue, Division, Hotline
from intake.domain.mapping import Mapping, read_mapping
from intake.domain.normalize import clean, normalize_record, phone
from schemas.errors import BadMapping, HotlineError
from schemas.lifecycle import Status

CATALOGUE = Catalogue.of(
    [Hotline("12345", "政务服务便民热线", "city", "merged"), Hotline("110", "报警", "police", "not_merged")],
    {"020100": "施工噪声"},
    [Division("460106000000", "龙华区", "district", "460100000000")],
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
        ({"note": "长" * 10_001}, {}, "invalid"),
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
        {"format": "xml"},
        {"surprise": 1},
    ],
    ids=lambda each: str(each)[:40],
)
def test_a_mapping_that_cannot_work_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(BadMapping):
        a_mapping(**wrong)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("13876543210", "+8613876543210"),
        ("138 7654 3210", "+8613876543210"),
        ("+86 138-7654-3210", "+8613876543210"),
        ("0898-68723456", "+8689868723456"),
        ("12345", "12345"),
        ("不留", "不留"),
        (None, None),
    ],
)
def test_a_phone_becomes_e164_or_stays_as_it_was_said(given: str | None, kept: str | None) -> None:
    assert phone(given) == kept


def test_control_characters_go_and_line_breaks_stay() -> None:
    assert clean("\ufeff第一行\n\x00第二行\x1b[0m\t") == "\ufeff第一行\n第二行[0m"
