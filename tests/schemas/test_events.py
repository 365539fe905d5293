"""Events on the wire: what goes out comes back the same, and anything else is refused."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event
from pydantic import TypeAdapter

from schemas.errors import Invalid
from schemas.events import (
    CONFIDENTIAL_TOPIC,
    TOPIC,
    AnyEvent,
    TicketSigned,
)
from schemas.wire import Message, from_message, to_message
from services.bus.kafka import to_headers

MORNING = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
AT = MORNING.isoformat()
MATTER = {"hotline": "12345", "kind": "complaint", "urgency": "general", "accepted_at": AT}
STEP = {"assignment_id": str(UUID(int=1)), "department": "water", "note": "已签收"}
HELP = {"co_handling_id": str(UUID(int=3)), "department": "water", "lead": "a", "kind": "whistle"}
CLOCK = {"deadline_id": str(UUID(int=2)), "clock": "citizen", "stage": "resolve", "level": 1}

MOVED = {
    "clock": "department",
    "stage": "completion",
    "department": "water",
    "was_due_at": AT,
    "due_at": AT,
    "provisional": False,
}
ASKED = {
    **STEP,
    "request_id": str(UUID(int=4)),
    "reason": "investigation",
    "amount": 5,
    "unit": "working_days",
}

DATA: dict[str, dict[str, Any]] = {
    "ticket.registered": MATTER,
    "ticket.assigned": {
        **STEP,
        "assigned_at": AT,
        "because": "水务局主管",
        "matter": MATTER,
        "title": "漏水",
        "text": "路面漏水",
    },
    "ticket.handed_over": {
        **STEP,
        "assigned_at": AT,
        "because": "并入",
        "matter": MATTER,
        "title": "漏水",
        "text": "路面漏水",
        "from_department": "old-water",
        "continues": str(UUID(int=3)),
    },
    "policies.published": {
        "kind": "calendar",
        "version": "HK-2027.1",
        "valid_from": "2026-12-01",
        "source": "国办发明电〔2026〕12号",
    },
    "ticket.parked": {"reason": "ambiguous", "because": "两个单位", "candidates": ["a"], "matter": MATTER},
    "ticket.signed": STEP,
    "ticket.contacted": STEP,
    "ticket.fed_back": STEP,
    "ticket.returned": {**STEP, "reason": "不属本单位"},
    "ticket.return_granted": {**STEP, "matter": MATTER, "excluded": ["water"]},
    "ticket.return_refused": STEP,
    "ticket.return_barred": STEP,
    "supervision.halted": {"because": "台风停工", "until_at": AT, "department": "water"},
    "supervision.resumed": {"because": "台风停工", "until_at": AT},
    "ticket.dispute_opened": {
        **STEP,
        "reason": "不属本单位",
        "returned_by": ["a", "water"],
        "matter": MATTER,
    },
    "ticket.adjudicated": {
        "lead": "a",
        "co_handlers": ["water"],
        "because": "依职责",
        "improper": ["a"],
        "parties": ["a", "water"],
        "matter": MATTER,
    },
    "ticket.co_assigned": {
        **HELP,
        "assigned_at": AT,
        "due_at": AT,
        "reason": "核实管线",
        "matter": MATTER,
        "title": "漏水",
        "text": "路面漏水",
    },
    "ticket.co_signed": HELP,
    "ticket.co_contacted": HELP,
    "ticket.co_fed_back": HELP,
    "ticket.co_answered": {**HELP, "note": "已核实"},
    "ticket.co_ended": {**HELP, "because": "resolved"},
    "ticket.resolved": STEP,
    "ticket.closed": {**STEP, "result": "solved"},
    "ticket.archived": {"note": "结案期满,自动归档"},
    "ticket.corrected": {"changed": {"category": ["020100", "020300"]}, "because": "更正", "matter": MATTER},
    "ticket.recalled": {**STEP, "matter": MATTER},
    "ticket.redo_ordered": {**STEP, "count": 1, "matter": MATTER},
    "ticket.joined": {"parent": "HK2", "because": "同一事项"},
    "ticket.parted": {"parent": "HK2", "because": "不是同一事项"},
    "ticket.noted": {"note": "补充"},
    "ticket.supplement_asked": {**STEP, "request_id": str(UUID(int=4)), "missing": ["照片"]},
    "ticket.supplemented": {**STEP, "request_id": str(UUID(int=4)), "missing": ["照片"]},
    "ticket.urged": {"note": "催单", "count": 2},
    "ticket.called_back": {"outcome": "solved", "satisfied": True, "attempt": 1},
    "ticket.unfounded_refused": {"note": "现场仍有噪声"},
    "ticket.withdrawn": {"note": "诉求人撤回"},
    "ticket.transferred": {"to": "110", "note": "一键转接"},
    "ticket.mass_event": {"rule": "many_soon", "tickets": 5, "callers": 5},
    "ticket.extension_asked": ASKED,
    "ticket.extension_granted": {**ASKED, "moved": [MOVED]},
    "ticket.extension_refused": {**STEP, "request_id": str(UUID(int=4))},
    "ticket.suspension_asked": {**ASKED, "unit": "calendar_days"},
    "ticket.suspended": {**STEP, "reason": "appraisal", "from_at": AT, "until_at": AT},
    "ticket.suspension_refused": {**STEP, "request_id": str(UUID(int=4))},
    "ticket.resumed": {**STEP, "because": "by_hand", "from_at": AT, "moved": [MOVED]},
    "ticket.procedure_opened": {
        **STEP,
        "procedure": "LABOUR-INSPECTION",
        "legal_basis": "劳动保障监察条例第十七条",
        "due_at": AT,
        "provisional": True,
        "matter": MATTER,
    },
    "ticket.deadlines_moved": {"moved": [MOVED], "because": "更正"},
    "ticket.escalated": {
        **CLOCK,
        "name": "黄牌",
        "card": "yellow",
        "receiver": "supervisor",
        "effect": "card",
        "department": "water",
        "due_at": AT,
        "fell_due_at": AT,
        "detected_at": AT,
    },
    "webhook.endpoint_disabled": {
        "department": "water",
        "endpoint_id": str(UUID(int=5)),
        "because": "410 Gone",
        "given_up": 3,
    },
    "ticket.escalation_withdrawn": {**CLOCK, "fell_due_at": AT, "settled_at": AT},
}

BURIED = {"dead_consumer": "router", "dead_code": "invalid", "dead_reason": "未知字段"}
"""What a dead letter bears beside its own headers."""

events: TypeAdapter[AnyEvent] = TypeAdapter(AnyEvent)
KNOWN = set(events.json_schema()["discriminator"]["mapping"])


def event(type_: str = "ticket.signed") -> AnyEvent:
    envelope = {"id": uuid4(), "ticket": "HK1", "time": MORNING, "version": 3}
    return events.validate_python({**envelope, "type": type_, "data": DATA[type_]})


def changed(**headers: str | None) -> Message:
    """A good message with some headers changed, or taken away."""
    good = to_message(event())
    kept = {name: value for name, value in {**good.headers, **headers}.items() if value is not None}
    return good.model_copy(update={"headers": kept})


def test_every_type_of_event_stands_in_this_table() -> None:
    assert set(DATA) == KNOWN


@pytest.mark.parametrize("type_", sorted(DATA))
def test_an_event_comes_off_the_wire_as_it_went_on(type_: str) -> None:
    told = event(type_)
    assert from_message(to_message(told)) == told


@pytest.mark.parametrize("topic", [TOPIC, CONFIDENTIAL_TOPIC])
@pytest.mark.parametrize("type_", sorted(DATA))
def test_every_message_is_a_cloudevent_to_another_library(type_: str, topic: str) -> None:
    told = event(type_)
    message = to_message(told, topic)
    headers = dict(to_headers({**message.headers, **BURIED}))
    read = from_binary_event(KafkaMessage(headers, message.key.encode(), message.body))
    assert (read.get_specversion(), read.get_type(), read.get_source()) == ("1.0", type_, "/hotline/12345")
    assert (read.get_id(), read.get_subject(), read.get_time()) == (str(told.id), told.ticket, told.time)
    assert (read.get_extension("sequence"), read.get_datacontenttype()) == ("3", "application/json")
    assert read.get_data() == told.data.model_dump(mode="json")


def test_the_key_is_the_ticket_and_the_headers_are_cloudevents() -> None:
    told = event()
    message = to_message(told)
    assert (message.topic, message.key) == (TOPIC, "HK1")
    assert message.headers == {
        "ce_specversion": "1.0",
        "ce_id": str(told.id),
        "ce_source": "/hotline/12345",
        "ce_type": "ticket.signed",
        "ce_subject": "HK1",
        "ce_time": "2026-11-23T01:00:00+00:00",
        "ce_sequence": "3",
        "content-type": "application/json",
    }


def test_the_topic_is_the_senders_choice_and_no_part_of_the_event() -> None:
    told = event()
    message = to_message(told, CONFIDENTIAL_TOPIC)
    assert message.topic == CONFIDENTIAL_TOPIC
    assert from_message(message) == told


def test_two_events_of_the_same_content_are_two_events() -> None:
    told = {"ticket": "HK1", "time": MORNING, "data": DATA["ticket.signed"]}
    assert TicketSigned.model_validate(told).id != TicketSigned.model_validate(told).id


def test_fields_and_headers_added_later_are_passed_over() -> None:
    told = event()
    message = to_message(told)
    body = message.body.replace(b"{", b'{"added_later": [1], ', 1)
    headers = {**message.headers, "ce_addedlater": "x"}
    assert from_message(message.model_copy(update={"body": body, "headers": headers})) == told


@pytest.mark.parametrize("header", ["ce_id", "ce_type", "ce_subject", "ce_time", "ce_sequence"])
def test_a_message_without_one_of_its_headers_is_refused_by_name(header: str) -> None:
    with pytest.raises(Invalid, match=header):
        from_message(changed(**{header: None}))


@pytest.mark.parametrize(
    "headers",
    [
        {"ce_id": "7"},
        {"ce_type": "ticket.teleported"},
        {"ce_type": "ticket.registered"},
        {"ce_time": "2026-11-23T09:00:00"},
        {"ce_time": "yesterday"},
        {"ce_sequence": "first"},
    ],
    ids=lambda each: "=".join(*each.items()),
)
def test_a_header_that_means_nothing_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        from_message(changed(**headers))


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"null", b"[]", b"7", b"{}", b"\xff\xfe", b"[" * 100_000, b'{"department": "water"}'],
    ids=lambda each: repr(each[:12]),
)
def test_a_body_that_is_not_the_events_data_is_refused(body: bytes) -> None:
    with pytest.raises(Invalid):
        from_message(to_message(event()).model_copy(update={"body": body}))
