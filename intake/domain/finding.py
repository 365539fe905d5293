"""Paths into a record, compiled once: each becomes a function that finds its value."""

import re
from collections.abc import Callable, Iterable
from typing import Any

from intake.domain.wire.xml_body import TEXT

Find = Callable[[Any], Any]
EVERY = "*"
_PLACE = re.compile(r"\{([^{}]+)\}")


def node_at(path: str) -> Find:
    """
    Return a function that finds the node at a dotted path, or None.

    A step is a member's name, or an element's index; `*` stands for every
    element and makes the result a list. A name applied to a list looks in
    its first element; `*` applied to anything else takes it as the only one.
    """
    steps = path.split(".") if path else []
    if not steps or EVERY in steps:
        return lambda here: _walk(here, steps)
    first, rest = steps[0], steps[1:]

    def found(here: Any) -> Any:
        if type(here) is not dict:
            return _walk(here, steps)
        inner = here.get(first)
        return _walk(inner, rest) if rest and inner is not None else inner

    return found


def text_at(path: str) -> Find:
    """
    Return a function that finds a trimmed text, a bool or a list of them, or None.

    A number becomes its text; an object is none, except an XML element's own text.
    """
    find = node_at(path)

    def found(record: Any) -> Any:
        here = find(record)
        if here is None:
            return None
        return here.strip() or None if type(here) is str else _scalar(here)

    return found


def template_of(lines: Iterable[str]) -> Find:
    """
    Return a function that fills `{path}` places and joins the lines.

    A line whose places all say nothing is left out; no line at all is None.
    """
    compiled = [_line(each) for each in lines]

    def found(record: Any) -> str | None:
        filled = [text for line in compiled if (text := line(record)) is not None]
        return "\n".join(filled) or None

    return found


def places_of(template: str) -> list[str]:
    """Return the paths a template names."""
    return _PLACE.findall(template)


def spread(found: list[Any], separator: str | None = None) -> list[Any]:
    """Return the values of a list, of lists inside it too: one by one, or joined to a single one."""
    flat = [each for each in _flat(found) if each is not None]
    return flat if separator is None or not flat else [separator.join(map(str, flat))]


def _walk(here: Any, steps: list[str]) -> Any:
    for index, step in enumerate(steps):
        if step == EVERY:
            rest = steps[index + 1 :]
            return [_walk(each, rest) for each in (here if isinstance(here, list) else [here])]
        if isinstance(here, list):
            if step.isdecimal():
                here = here[int(step)] if int(step) < len(here) else None
                continue
            here = here[0] if here else None
        here = here.get(step) if isinstance(here, dict) else None
        if here is None:
            return None
    return here


def _scalar(here: Any) -> Any:
    if here is None or isinstance(here, bool):
        return here
    if isinstance(here, str):
        return here.strip() or None
    if isinstance(here, dict):
        own = here.get(TEXT)
        return own.strip() or None if isinstance(own, str) else None
    if isinstance(here, list):
        return [_scalar(each) for each in here]
    return str(here)


def _flat(found: list[Any]) -> Iterable[Any]:
    for each in found:
        if isinstance(each, list):
            yield from _flat(each)
        else:
            yield each


def _line(template: str) -> Find:
    pieces = _PLACE.split(template)
    finds = [text_at(path) for path in pieces[1::2]]
    words = pieces[::2]

    def found(record: Any) -> str | None:
        filled = [_said(find(record)) for find in finds]
        if finds and not any(filled):
            return None
        return words[0] + "".join(value + word for value, word in zip(filled, words[1:], strict=True))

    return found


def _said(value: Any) -> str:
    if isinstance(value, list):
        return "、".join(map(str, spread(value)))
    return "" if value is None else str(value)
