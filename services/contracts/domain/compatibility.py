"""
What a reader of version 1 would stumble over.

Within a version a schema only grows: optional fields, and values of an enumeration
that is published as open. Everything else that differs is a break, whether or not
somebody has thought of it.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Node = Mapping[str, Any]

OPEN_VALUES = "x-extensible-enum"
ANNOTATIONS = frozenset({"title", "description", "examples", "deprecated"})
LOOKED_INTO = frozenset(
    {"$defs", "properties", "required", "items", "prefixItems", "anyOf", "additionalProperties", OPEN_VALUES}
)
"""Keywords that are compared part by part; of any other, its value may not change."""


def all_breaks(released: Mapping[str, Node], now: Mapping[str, Node]) -> list[str]:
    """Return every break between two sets of schemas, by name and path; a new schema is none."""
    gone = [f"{name}: is no longer published" for name in sorted(released.keys() - now.keys())]
    both = sorted(released.keys() & now.keys())
    return gone + [f"{name}{each}" for name in both for each in breaks(released[name], now[name])]


def breaks(old: Node, new: Node) -> list[str]:
    """Return what of `new` breaks a reader or a record of `old`: its path, and what became of it."""
    return list(_compared(_resolved(old, old), _resolved(new, new), ""))


def _resolved(node: Any, root: Node) -> Any:
    """Return a schema with every reference into its own `$defs` replaced by what it leads to."""
    if isinstance(node, list):
        return [_resolved(each, root) for each in node]
    if not isinstance(node, Mapping):
        return node
    beside = {key: _resolved(value, root) for key, value in node.items() if key not in ("$ref", "$defs")}
    if isinstance(node.get("$ref"), str):
        name = node["$ref"].removeprefix("#/$defs/")
        return {**_resolved(root["$defs"][name], root), **beside}
    return beside


def _compared(old: Any, new: Any, path: str) -> Iterator[str]:
    if old == new:
        return
    if not isinstance(old, Mapping) or not isinstance(new, Mapping):
        yield f"{path}: was {old!r}, is {new!r}"
        return
    for keyword in sorted((old.keys() | new.keys()) - ANNOTATIONS - LOOKED_INTO):
        if old.get(keyword) != new.get(keyword):
            yield f"{path}: {keyword} was {old.get(keyword)!r}, is {new.get(keyword)!r}"
    yield from _fields(old, new, path)
    yield from _values(old, new, path)
    yield from _alternatives(old.get("anyOf", []), new.get("anyOf", []), path)
    yield from _compared(old.get("items", {}), new.get("items", {}), f"{path}/*")
    yield from _compared(
        old.get("additionalProperties", {}), new.get("additionalProperties", {}), f"{path}/*"
    )
    yield from _places(old.get("prefixItems", []), new.get("prefixItems", []), path)


def _fields(old: Node, new: Node, path: str) -> Iterator[str]:
    before, after = old.get("properties", {}), new.get("properties", {})
    sure, now_sure = set(old.get("required", [])), set(new.get("required", []))
    yield from _told(path, before.keys() - after.keys(), "is gone")
    yield from _told(path, now_sure - sure, "is required now")
    yield from _told(path, (sure - now_sure) & after.keys(), "is no longer always there")
    for name in sorted(before.keys() & after.keys()):
        yield from _compared(before[name], after[name], f"{path}/{name}")


def _told(path: str, names: Iterable[str], what: str) -> Iterator[str]:
    yield from (f"{path}/{name}: {what}" for name in sorted(names))


def _values(old: Node, new: Node, path: str) -> Iterator[str]:
    """An enumeration may get values and may be given up; it loses none, and free text does not become one."""
    if OPEN_VALUES in new:
        gone = [each for each in old.get(OPEN_VALUES, []) if each not in new[OPEN_VALUES]]
        yield from (f"{path}: {each!r} is no longer among the values" for each in gone)
        if OPEN_VALUES not in old:
            yield f"{path}: is one of a list now"


def _alternatives(old: list[Node], new: list[Node], path: str) -> Iterator[str]:
    before, after = ({_kind(each): each for each in some} for some in (old, new))
    if (len(before), len(after)) != (len(old), len(new)) and old != new:
        yield f"{path}: has other alternatives"  # which is which cannot be told
    yield from (f"{path}: is never {each} now" for each in sorted(before.keys() - after.keys()))
    yield from (f"{path}: may be {each} now" for each in sorted(after.keys() - before.keys()))
    for kind in sorted(before.keys() & after.keys()):
        yield from _compared(before[kind], after[kind], path)


def _kind(alternative: Node) -> str:
    return f"{alternative.get('type', 'anything')} {alternative.get('format', '')}".rstrip()


def _places(old: list[Node], new: list[Node], path: str) -> Iterator[str]:
    if len(old) != len(new):
        yield f"{path}: had {len(old)} places, has {len(new)}"
    for place, (before, after) in enumerate(zip(old, new, strict=False)):
        yield from _compared(before, after, f"{path}/{place}")
