"""
Which changes of the REST API break its clients, pure.

What a client may send stays taken and means the same; what it is answered stays there and of its
kind. Routes, optional parameters and fields may be added, and values to what is answered.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Node = Mapping[str, Any]

WORDS = frozenset({"title", "description", "summary", "example", "examples", "deprecated"})
BY_NAME = frozenset({"properties", "patternProperties", "$defs"})
"""Keywords under which a key is somebody's name, not a word of the schema."""

LEAST = ("minLength", "minimum", "exclusiveMinimum", "minItems", "minProperties")
MOST = ("maxLength", "maximum", "exclusiveMaximum", "maxItems", "maxProperties")
LOOKED_INTO = frozenset(
    {"$ref", "type", "anyOf", "oneOf", "properties", "required", "additionalProperties", "items"}
    | {"prefixItems", "enum", "const", "default", "discriminator", *LEAST, *MOST}
)
"""Keywords that are compared by what they mean; of any other the value may not change."""


def promised(document: Node) -> dict[str, Any]:
    """Return what an OpenAPI document promises: its routes and schemas, without the words about them."""
    return {
        "routes": {
            f"{method.upper()} {re.sub('{[^}]*}', '{}', path)}": _route(operation)
            for path, operations in document["paths"].items()
            for method, operation in operations.items()
        },
        "schemas": {name: _bare(each) for name, each in document["components"]["schemas"].items()},
    }


def breaks(released: Node, now: Node) -> list[str]:
    """Return what of `now` breaks a client of `released`, both as `promised`: where, and what it is."""
    compared = _Comparison(released["schemas"], now["schemas"])
    before, after = released["routes"], now["routes"]
    gone = [f"{route}: is gone" for route in sorted(before.keys() - after.keys())]
    both = sorted(before.keys() & after.keys())
    return gone + [each for route in both for each in compared.routes(before[route], after[route], route)]


def _route(operation: Node) -> dict[str, Any]:
    parameters: dict[str, Any] = {}
    for place, each in enumerate(operation.get("parameters", ())):
        name = place if each["in"] == "path" else each["name"].lower()  # in a path the place counts
        parameters[f"{each['in']} {name}"] = {"required": each.get("required", False), **_held(each)}
    body = operation.get("requestBody")
    return {
        "roles": operation.get("x-roles", []),
        "parameters": parameters,
        "body": body and {"required": body.get("required", False), "content": _content(body)},
        "answers": {status: _content(each) for status, each in operation["responses"].items()},
    }


def _content(part: Node) -> dict[str, Any]:
    return {media: _held(each)["schema"] for media, each in part.get("content", {}).items()}


def _held(part: Node) -> dict[str, Any]:
    return {"schema": _bare(part.get("schema", {}))}


def _bare(node: Any) -> Any:
    if isinstance(node, list):
        return [_bare(each) for each in node]
    if not isinstance(node, Mapping):
        return node
    return {
        key: {name: _bare(each) for name, each in value.items()} if key in BY_NAME else _bare(value)
        for key, value in node.items()
        if key not in WORDS
    }


@dataclass
class _Comparison:
    """The schemas of both sides by name, and which of them were compared, `taken` or given."""

    old: Node
    new: Node
    seen: set[tuple[str, str, bool]] = field(default_factory=set)

    def routes(self, old: Node, new: Node, path: str) -> Iterator[str]:
        lost = set(old["roles"]) - set(new["roles"]) if new["roles"] else set()
        yield from (f"{path}: is no longer for {role}" for role in sorted(lost))
        if new["roles"] and not old["roles"]:
            yield f"{path}: needs a key now"
        yield from self._parameters(old["parameters"], new["parameters"], path)
        yield from self._bodies(old["body"], new["body"], path)
        for status in sorted(old["answers"]):
            if status not in new["answers"]:
                yield f"{path} {status}: is never answered now"
            else:
                yield from self._media(
                    old["answers"][status], new["answers"][status], f"{path} {status}", taken=False
                )

    def _parameters(self, old: Node, new: Node, path: str) -> Iterator[str]:
        yield from (f"{path} {name}: is gone" for name in sorted(old.keys() - new.keys()))
        for name in sorted(new):
            if new[name]["required"] and not old.get(name, {}).get("required"):
                yield f"{path} {name}: is required now"
            if name in old:
                yield from self.schemas(
                    old[name]["schema"], new[name]["schema"], f"{path} {name}", taken=True
                )

    def _bodies(self, old: Node | None, new: Node | None, path: str) -> Iterator[str]:
        if new and new["required"] and not (old and old["required"]):
            yield f"{path} body: is required now"
        if old:
            yield from self._media(
                old["content"], (new or {"content": {}})["content"], f"{path} body", taken=True
            )

    def _media(self, old: Node, new: Node, path: str, *, taken: bool) -> Iterator[str]:
        yield from (f"{path}: is no {media} any more" for media in sorted(old.keys() - new.keys()))
        for media in sorted(old.keys() & new.keys()):
            yield from self.schemas(old[media], new[media], path, taken=taken)

    def schemas(self, old: Node, new: Node, path: str, *, taken: bool) -> Iterator[str]:
        """Compare two schemas, each pair of those with a name once: it may contain itself."""
        if not old and not new:
            return
        if "$ref" in old and "$ref" in new:
            pair = (old["$ref"], new["$ref"], taken)
            if pair in self.seen:
                return
            self.seen.add(pair)
        before, after = _alternatives(old, self.old), _alternatives(new, self.new)
        if ANYTHING not in (after if taken else before):
            lost = sorted(before.keys() - after.keys()) if taken else []
            added = [] if taken else sorted(after.keys() - before.keys())
            yield from (f"{path}: may not be {kind} any more" for kind in lost)
            yield from (f"{path}: may be {kind} now" for kind in added)
        if taken and "default" in old and old["default"] != new.get("default"):
            yield f"{path}: default was {old['default']!r}, is {new.get('default')!r}"
        for kind in sorted(before.keys() & after.keys()):
            yield from self._of_a_kind(before[kind], after[kind], path, taken=taken)

    def _of_a_kind(self, old: Node, new: Node, path: str, *, taken: bool) -> Iterator[str]:
        wide, narrow = (old, new) if taken else (new, old)
        for keyword in _tightened(wide, narrow):
            yield f"{path}: {keyword} was {old.get(keyword)!r}, is {new.get(keyword)!r}"
        values = _values(new)
        if taken and values is not None:
            known = _values(old)
            lost = [] if known is None else [each for each in known if each not in values]
            yield from (f"{path}: {each!r} is no longer among the values" for each in lost)
            if known is None:
                yield f"{path}: is one of a list now"
        yield from self._fields(old, new, path, taken=taken)
        yield from self.schemas(old.get("items", {}), new.get("items", {}), f"{path}/*", taken=taken)
        yield from self._places(old.get("prefixItems", []), new.get("prefixItems", []), path, taken=taken)

    def _fields(self, old: Node, new: Node, path: str, *, taken: bool) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        sure, now_sure = set(old.get("required", [])), set(new.get("required", []))
        yield from (f"{path}/{name}: is gone" for name in sorted(before.keys() - after.keys()))
        if taken:
            yield from (f"{path}/{name}: is required now" for name in sorted(now_sure - sure))
        else:
            unsure = (sure - now_sure) & after.keys()
            yield from (f"{path}/{name}: is no longer always there" for name in sorted(unsure))
        for name in sorted(before.keys() & after.keys()):
            yield from self.schemas(before[name], after[name], f"{path}/{name}", taken=taken)
        yield from self._others(
            old.get("additionalProperties", True), new.get("additionalProperties", True), path, taken=taken
        )

    def _others(self, old: Any, new: Any, path: str, *, taken: bool) -> Iterator[str]:
        if taken and new is False and old is not False:
            yield f"{path}: takes no other fields now"
        elif isinstance(old, Mapping) or (taken and isinstance(new, Mapping) and old is not False):
            before, after = (each if isinstance(each, Mapping) else {} for each in (old, new))
            yield from self.schemas(before, after, f"{path}/*", taken=taken)

    def _places(self, old: Sequence[Node], new: Sequence[Node], path: str, *, taken: bool) -> Iterator[str]:
        if len(old) != len(new):
            yield f"{path}: had {len(old)} places, has {len(new)}"
        for place, (before, after) in enumerate(zip(old, new, strict=False)):
            yield from self.schemas(before, after, f"{path}/{place}", taken=taken)


ANYTHING = "anything"


def _alternatives(schema: Node, named: Node) -> dict[str, Node]:
    """Return what a schema allows by its kind; of several of a kind, also by what tells them apart."""
    parts = list(_parts(schema, named, ""))
    kinds = [each.get("type", ANYTHING if _values(each) is None else "a value") for _, each in parts]
    often = Counter(kinds)
    found = {}
    for place, (kind, (name, each)) in enumerate(zip(kinds, parts, strict=True)):
        consts = [one["const"] for one in each.get("properties", {}).values() if "const" in one]
        apart = " ".join(map(str, consts)) or name or str(place)
        found[kind if often[kind] == 1 else f"{kind} {apart}"] = each
    return found


def _parts(schema: Node, named: Node, name: str) -> Iterator[tuple[str, Node]]:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        yield from _parts(named[name], named, name)
    elif several := [*schema.get("anyOf", ()), *schema.get("oneOf", ())]:
        for each in several:
            yield from _parts(each, named, name)
    elif isinstance(schema.get("type"), list):
        yield from ((name, {**schema, "type": each}) for each in schema["type"])
    else:
        yield name, schema


def _tightened(wide: Node, narrow: Node) -> Iterator[str]:
    """Return by which keywords the second takes less than the first."""
    for keyword in sorted(narrow.keys() - LOOKED_INTO):
        if wide.get(keyword) != narrow[keyword]:
            yield keyword
    for keyword in LEAST:
        if keyword in narrow and (keyword not in wide or narrow[keyword] > wide[keyword]):
            yield keyword
    for keyword in MOST:
        if keyword in narrow and (keyword not in wide or narrow[keyword] < wide[keyword]):
            yield keyword


def _values(schema: Node) -> Sequence[Any] | None:
    return [schema["const"]] if "const" in schema else schema.get("enum")
