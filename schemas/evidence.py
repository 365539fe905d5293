"""What was read in a call, and what was found wrong with it."""

from schemas.base import Schema


class Found(Schema):
    """Why a field is what it is: where it was read, in which words, how surely."""

    field: str
    value: str
    source: str
    words: str
    certainty: str


class Fault(Schema):
    """Something wrong that does not stop the call, in a sentence for the agent."""

    field: str
    code: str
    detail: str
