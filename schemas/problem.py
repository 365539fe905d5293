"""How an error is answered: problem+json (RFC 9457)."""

from schemas.base import Schema


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
