"""How an error is answered: problem+json (RFC 9457)."""

from collections.abc import Mapping
from typing import Any

from schemas.base import Schema


def what_is_wrong(fault: Mapping[str, Any]) -> str:
    """Return what a validation found, without the mark Pydantic sets before words of ours."""
    return str(fault["msg"]).removeprefix("Value error, ")


class FieldProblem(Schema):
    """One fault of a request; `pointer` is an RFC 6901 JSON pointer into its body."""

    pointer: str
    code: str
    detail: str


class Problem(Schema):
    """An error answer, RFC 9457; `code` is stable, `detail` is for people."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str
    pointer: str | None = None
    errors: list[FieldProblem] | None = None
