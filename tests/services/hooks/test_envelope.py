"""Whatever stands in a body, it is read or refused, and a command is the same however it is written."""

import json
from contextlib import suppress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import Invalid
from services.hooks.envelope import CommandIn, orders_of, read

LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
VALUES = st.recursive(LEAVES, lambda each: st.lists(each) | st.dictionaries(st.text(), each), max_leaves=10)
NAMES = st.sampled_from(["id", "command", "ticket", "data", "occurred_at", "version", "by", "x"])
COMMANDS = st.dictionaries(NAMES, VALUES)
BATCHES = st.fixed_dictionaries({"commands": st.lists(COMMANDS | VALUES, max_size=12)})


@given(st.binary() | (COMMANDS | BATCHES | VALUES).map(lambda said: json.dumps(said).encode()))
def test_no_body_is_too_strange_to_be_refused(body: bytes) -> None:
    with suppress(Invalid):
        orders, is_batch = orders_of("msg_1", body, 10)
        assert is_batch or [each.id for each in orders] == ["msg_1"]
        for order in orders:
            assert len(order.digest) == 32
            with suppress(Invalid):
                read(CommandIn, order.said)


@given(st.dictionaries(st.text(), VALUES.filter(lambda each: "nan" not in repr(each)), max_size=4))
def test_a_command_is_the_same_in_whatever_order_and_with_whatever_spaces(said: dict[str, Any]) -> None:
    ways = [
        json.dumps(said),
        json.dumps(dict(reversed(said.items())), indent=3),
        json.dumps(said, ensure_ascii=False, separators=(",", ":")),
    ]
    digests = set()
    for way in ways:
        with suppress(Invalid, UnicodeEncodeError):
            digests |= {each.digest for each in orders_of("msg_1", way.encode(), 10)[0]}
    assert len(digests) <= 1


def test_ids_nobody_can_give_are_given_to_commands_without_one() -> None:
    body = json.dumps({"commands": [{"command": "sign"}, 5, {"id": "msg_1.0"}, {"id": "a"}]}).encode()
    orders, _ = orders_of("msg_1", body, 10)
    assert [each.id for each in orders] == ["msg_1.0", "msg_1.1", "msg_1.2", "a"]
    assert [each.fault is None for each in orders] == [False, False, False, True]
