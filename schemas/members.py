"""Members of JSON objects: of two with one name parsers disagree which counts, so neither does."""

import codecs
import json
from contextlib import suppress
from typing import Any

from schemas.errors import Invalid


class GivenTwice(ValueError):
    """An object has a member twice."""


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the object of these members, as a decoder's hook; raises `GivenTwice`."""
    read = dict(pairs)
    if len(read) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise GivenTwice(f"the member {twice[:40]!r} is given twice")
    return read


def refuse_twice(body: bytes) -> None:
    """Raise `Invalid` when a JSON body has a member twice; what else is wrong with it is not asked."""
    with suppress(RecursionError, ValueError):
        try:
            _decoder.decode(body.decode(json.detect_encoding(body), "surrogatepass"))  # as `json.loads` does
        except GivenTwice as fault:
            raise Invalid(f"The body is no JSON: {fault}.", pointer="") from fault


def unmarked(body: bytes) -> bytes:
    """Return a JSON body without the byte order mark that some programs begin it with."""
    return body.removeprefix(codecs.BOM_UTF8)


_decoder = json.JSONDecoder(object_pairs_hook=unique, parse_int=str, parse_float=str)
