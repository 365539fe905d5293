"""Examples of events, for a department's system to be tried with: made of the events' own schemas."""

import types
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Literal, Union, get_args, get_origin
from uuid import UUID, uuid4

from pydantic import AwareDatetime, BaseModel, TypeAdapter, ValidationError

from schemas.events import EVENTS, data_class

TICKET = "TEST00000000000000"
"""The number in every example; no ticket has it."""

_SAID: dict[str, Any] = {
    "hotline": "12345",
    "category": "020100",
    "division": "460106002000",
    "title": "测试:夜间施工噪声扰民",
    "text": "测试:滨海大道某工地夜间十一点后仍在施工,噪声很大。",
    "address": "滨海大道某工地",
    "because": "测试:适用派单目录中的一条",
    "reason": "测试:需要现场核实",
    "note": "测试:请忽略本通知",
    "legal_basis": "测试:《信访工作条例》",
    "changed": {"title": ("测试:夜间噪声", "测试:夜间施工噪声扰民")},
    "clock": "department",
    "stage": "completion",
    "name": "红牌",
    "receiver": "leader",
    "effect": "supervise",
    "unit": "working_days",
    "to": "110",
    "card": "red",
}
"""What a field of this name says, also when it may be left out."""

_DEPARTMENTS = frozenset({"department", "lead", "from_department"})


def sample(event_type: str, department: str, now: datetime, new_id: Callable[[], UUID] = uuid4) -> Any:
    """Return an example of an event as this department would be told of it."""
    kind = EVENTS[event_type]
    data = _Filler(department, now, new_id).filled(data_class(event_type))
    return kind.model_validate({"id": new_id(), "ticket": TICKET, "time": now, "data": data})


def _fits(said: Any, kind: Any) -> bool:
    """Say whether a field takes it: one of this name may have a closed list of its own."""
    try:
        TypeAdapter(kind).validate_python(said)
    except ValidationError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Filler:
    """What a field says for which no name tells it."""

    department: str
    now: datetime
    new_id: Callable[[], UUID]

    def filled(self, model: type[BaseModel]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, field in model.model_fields.items():
            if name in _DEPARTMENTS:
                found[name] = self.department
            elif name in _SAID and _fits(_SAID[name], field.annotation):
                found[name] = _SAID[name]
            elif field.is_required():
                found[name] = self._value(field.annotation)
        return found

    def _value(self, kind: Any) -> Any:
        """Return some value of a type a schema is made of."""
        origin, inner = get_origin(kind), get_args(kind)
        if origin in (Union, types.UnionType):
            return self._value(next(each for each in inner if each is not type(None)))
        if origin is Literal:
            return inner[0]
        if origin is list:
            return [self._value(inner[0])]
        if origin is dict:
            return {}
        if issubclass(kind, BaseModel):
            return self.filled(kind)
        if issubclass(kind, Enum):
            return next(iter(kind))
        if kind is UUID:
            return self.new_id()
        simple: dict[Any, Any] = {AwareDatetime: self.now, int: 1, bool: False, str: self.department}
        return simple[kind]
