"""What departments' systems say in a message, and what they are answered."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, ValidationError
from pydantic_core import from_json, to_json

from schemas.base import AskedInstant, Instant, Schema, Text, Words
from schemas.errors import Invalid
from schemas.problem import FieldProblem, what_is_wrong
from services.hooks.domain.signature import MESSAGE_ID
from services.http import pointer
from services.steps import StepTaken

Version = Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)]
Named = Annotated[Words, StringConstraints(max_length=50)]
Outcome = Literal["applied", "refused", "stale", "undecided"]
CommandId = Annotated[str, StringConstraints(pattern=MESSAGE_ID)]


class By(Schema):
    """Who did it, and at which post (岗位责任制)."""

    name: Named
    post: Named | None = None


class CommandIn(Schema):
    """
    One command: its name, the ticket's number, and in `data` what its route takes as its body.

    An older `occurred_at` or `version` than the last one applied to the ticket is refused;
    `if_match` refuses whatever happened to the ticket since that version.
    """

    command: Annotated[Text, StringConstraints(min_length=1, max_length=40)]
    ticket: Annotated[Text, StringConstraints(min_length=1, max_length=40)]
    data: dict[str, Any] = {}
    occurred_at: AskedInstant | None = Field(None, description="When it was done, by the department's clock.")
    version: Version | None = Field(None, description="The version of the ticket it rests on.")
    if_match: Version | None = Field(None, description="Refuse unless the ticket is at this very version.")
    by: By | None = None


class BatchedCommand(CommandIn):
    """A command of a batch; its `id` is its own, and sent again it gets the same answer."""

    id: CommandId


class BatchIn(Schema):
    """Several commands, taken in their order; one that is refused does not keep the others."""

    commands: Annotated[list[Any], Field(min_length=1)]


class Standing(StepTaken):
    """Where the ticket stands now, what may come next, and until when its caller was promised an answer."""

    due_at: Instant | None
    return_until_at: Instant | None


class CommandAnswer(Schema):
    """
    What became of a command; `state` is there for every ticket the department has or helps with.

    `stale`: older than what was applied. `undecided`, in a batch: the service failed; send it again.
    """

    id: str
    command: str | None = None
    ticket: str | None = None
    outcome: Outcome
    status: int
    problem: dict[str, Any] | None = None
    state: Standing | None = None


class BatchAnswer(Schema):
    """What became of each command, in their order."""

    results: list[CommandAnswer]


@dataclass(frozen=True, slots=True)
class Order:
    """A command as it came, under the id it is known by; `fault` says why it has none of its own."""

    id: str
    said: Any
    fault: Invalid | None = None

    @property
    def ticket(self) -> str | None:
        """The number of the ticket it is about, as far as it can be read."""
        found = self.said.get("ticket") if isinstance(self.said, dict) else None
        return found if isinstance(found, str) else None

    @property
    def digest(self) -> bytes:
        """What makes it the same command, however it was written down."""
        return hashlib.sha256(json.dumps(self.said, sort_keys=True).encode()).digest()


def orders_of(message_id: str, body: bytes, most: int) -> tuple[Sequence[Order], bool]:
    """Return a message's commands, and whether they are a batch; raises `Invalid` for what is no message."""
    try:
        said = from_json(body, allow_inf_nan=False)
    except ValueError as fault:
        raise Invalid(f"The body is not JSON: {fault}.", pointer="") from fault
    if not isinstance(said, dict):
        raise Invalid("The body is one JSON object.", pointer="")
    if "commands" not in said:
        return [Order(message_id, said)], False
    batch = read(BatchIn, said)
    if len(batch.commands) > most:
        raise Invalid(f"A batch has at most {most} commands.", pointer="/commands")
    return [_batched(message_id, at, each) for at, each in enumerate(batch.commands)], True


def _batched(message_id: str, at: int, said: Any) -> Order:
    """Return a command of a batch; one without an id of its own has one nobody can give."""
    own = dict(said) if isinstance(said, dict) else {}
    try:
        return Order(read(_Identified, {"id": own.pop("id", None)}).id, own)
    except Invalid as fault:
        return Order(f"{message_id}.{at}", said, fault)


class _Identified(Schema):
    id: CommandId


def read(model: type[Any], said: Mapping[str, Any], below: str = "") -> Any:
    """Return what was said as a schema, or raise `Invalid` with every fault and where it is."""
    try:
        return model.model_validate_json(to_json(said))
    except ValidationError as faults:
        found = [_problem(each, below) for each in faults.errors(include_url=False)]
        first = found[0]
        raise Invalid(
            f"{first.pointer or 'command'}: {first.detail}",
            pointer=first.pointer,
            errors=[each.model_dump() for each in found],
        ) from faults


def _problem(fault: Mapping[str, Any], below: str) -> FieldProblem:
    return FieldProblem(
        pointer=below + pointer(("body", *fault["loc"])), code=fault["type"], detail=what_is_wrong(fault)
    )
