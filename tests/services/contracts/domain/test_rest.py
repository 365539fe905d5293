"""Which changes of the API are breaks: a table of changes to a small one."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from services.contracts.domain.rest import breaks, promised

Schema = dict[str, Any]
Change = Callable[[Any], object]

TEXT: Schema = {"type": "string"}
MAYBE: Schema = {"anyOf": [TEXT, {"type": "null"}]}
SIGNED: Schema = {"type": "object", "properties": {"step": {"const": "sign"}}}
CLOSED: Schema = {"type": "object", "properties": {"step": {"const": "close"}, "note": TEXT}}


def _json(name: str) -> Schema:
    return {"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}}


def api() -> Schema:
    """A call is registered and read; a ticket may hold tickets."""
    read = {
        "x-roles": ["agent", "supervisor"],
        "summary": "Read.",
        "parameters": [
            {"in": "path", "name": "ticket_id", "required": True, "schema": TEXT},
            {"in": "query", "name": "limit", "schema": {"type": "integer", "maximum": 100, "default": 20}},
        ],
        "responses": {"200": _json("Ticket"), "default": _json("Problem")},
    }
    call = {
        "x-roles": [],
        "requestBody": {"required": True, **_json("Call")},
        "responses": {"201": _json("Ticket")},
    }
    schemas = {
        "Call": {
            "type": "object",
            "additionalProperties": False,
            "required": ["title"],
            "properties": {
                "title": {"type": "string", "maxLength": 100, "title": "Title"},
                "kind": {"enum": ["help", "complaint"], "type": "string"},
                "note": MAYBE,
                "steps": {"type": "array", "items": {"oneOf": [SIGNED, CLOSED]}},
                "places": {"type": "object", "additionalProperties": TEXT},
            },
        },
        "Ticket": {
            "type": "object",
            "required": ["id", "kind"],
            "properties": {
                "id": TEXT,
                "kind": {"enum": ["help", "complaint"], "type": "string"},
                "due_at": {"type": "string", "format": "date-time"},
                "urged": {"type": "integer", "minimum": 0},
                "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Ticket"}},
                "pair": {"type": "array", "prefixItems": [TEXT, TEXT]},
                "places": {"type": "object", "additionalProperties": TEXT},
            },
        },
        "Problem": {"type": "object", "required": ["code"], "properties": {"code": TEXT}},
    }
    paths = {"/tickets/{ticket_id}": {"get": read}, "/tickets": {"post": call}}
    return deepcopy({"paths": paths, "components": {"schemas": schemas}})


def _read(doc: Any) -> Any:
    return doc["paths"]["/tickets/{ticket_id}"]["get"]


def _call(doc: Any) -> Any:
    return doc["paths"]["/tickets"]["post"]


def _fields(doc: Any, name: str) -> Any:
    return doc["components"]["schemas"][name]["properties"]


BROKEN: dict[str, tuple[Change, str]] = {
    "a path is gone": (lambda it: it["paths"].pop("/tickets"), "POST /tickets: is gone"),
    "a method is another": (
        lambda it: it["paths"]["/tickets"].update(put=it["paths"]["/tickets"].pop("post")),
        "POST /tickets: is gone",
    ),
    "a role is shut out": (
        lambda it: _read(it)["x-roles"].remove("agent"),
        "GET /tickets/{}: is no longer for agent",
    ),
    "a key is needed": (lambda it: _call(it)["x-roles"].append("agent"), "POST /tickets: needs a key now"),
    "a parameter is gone": (
        lambda it: _read(it)["parameters"].pop(),
        "GET /tickets/{} query limit: is gone",
    ),
    "a new parameter is required": (
        lambda it: _read(it)["parameters"].append({"in": "query", "name": "on", "required": True}),
        "GET /tickets/{} query on: is required now",
    ),
    "a parameter takes less": (
        lambda it: _read(it)["parameters"][1]["schema"].update(maximum=50),
        "GET /tickets/{} query limit: maximum was 100, is 50",
    ),
    "what an absent parameter means is another": (
        lambda it: _read(it)["parameters"][1]["schema"].update(default=10),
        "GET /tickets/{} query limit: default was 20, is 10",
    ),
    "a place of the path is of another kind": (
        lambda it: _read(it)["parameters"][0].update(schema={"type": "integer"}),
        "GET /tickets/{} path 0: may not be string any more",
    ),
    "a body is required": (
        lambda it: _read(it).update(requestBody={"required": True, **_json("Call")}),
        "GET /tickets/{} body: is required now",
    ),
    "a body is of another form": (
        lambda it: _call(it)["requestBody"]["content"].update(
            {"text/csv": _call(it)["requestBody"]["content"].pop("application/json")}
        ),
        "POST /tickets body: is no application/json any more",
    ),
    "a field of the body is gone": (
        lambda it: _fields(it, "Call").pop("note"),
        "POST /tickets body/note: is gone",
    ),
    "a field of the body is required": (
        lambda it: it["components"]["schemas"]["Call"]["required"].append("note"),
        "POST /tickets body/note: is required now",
    ),
    "a field of the body may not be null": (
        lambda it: _fields(it, "Call").update(note=TEXT),
        "POST /tickets body/note: may not be null any more",
    ),
    "a field of the body is of another kind": (
        lambda it: _fields(it, "Call").update(title={"type": "integer"}),
        "POST /tickets body/title: may not be string any more",
    ),
    "a field of the body is shorter": (
        lambda it: _fields(it, "Call")["title"].update(maxLength=50),
        "POST /tickets body/title: maxLength was 100, is 50",
    ),
    "a field of the body has a pattern": (
        lambda it: _fields(it, "Call")["title"].update(pattern="^a"),
        "POST /tickets body/title: pattern was None, is '^a'",
    ),
    "a value of the body is no longer taken": (
        lambda it: _fields(it, "Call")["kind"].update(enum=["help"]),
        "POST /tickets body/kind: 'complaint' is no longer among the values",
    ),
    "free text of the body becomes a list": (
        lambda it: _fields(it, "Call")["title"].update(enum=["a"]),
        "POST /tickets body/title: is one of a list now",
    ),
    "one of the alternatives is gone": (
        lambda it: _fields(it, "Call")["steps"]["items"]["oneOf"].pop(0),
        "POST /tickets body/steps/*: may not be object sign any more",
    ),
    "an alternative takes less": (
        lambda it: _fields(it, "Call")["steps"]["items"]["oneOf"][1]["properties"].pop("note"),
        "POST /tickets body/steps/*/note: is gone",
    ),
    "a map of the body holds something else": (
        lambda it: _fields(it, "Call")["places"].update(additionalProperties={"type": "integer"}),
        "POST /tickets body/places/*: may not be string any more",
    ),
    "a map of the body takes nothing": (
        lambda it: _fields(it, "Call")["places"].update(additionalProperties=False),
        "POST /tickets body/places: takes no other fields now",
    ),
    "a success is answered otherwise": (
        lambda it: _call(it)["responses"].update({"202": _call(it)["responses"].pop("201")}),
        "POST /tickets 201: is never answered now",
    ),
    "an answer is of another form": (
        lambda it: _read(it)["responses"]["200"].update(content={"text/csv": {}}),
        "GET /tickets/{} 200: is no application/json any more",
    ),
    "a field of an answer is gone": (
        lambda it: _fields(it, "Ticket").pop("urged"),
        "GET /tickets/{} 200/urged: is gone",
    ),
    "a field of a problem is gone": (
        lambda it: _fields(it, "Problem").pop("code"),
        "GET /tickets/{} default/code: is gone",
    ),
    "a field of an answer is not always there": (
        lambda it: it["components"]["schemas"]["Ticket"]["required"].remove("kind"),
        "GET /tickets/{} 200/kind: is no longer always there",
    ),
    "a field of an answer may be null": (
        lambda it: _fields(it, "Ticket").update(id=MAYBE),
        "GET /tickets/{} 200/id: may be null now",
    ),
    "a field of an answer is of another kind": (
        lambda it: _fields(it, "Ticket").update(urged=TEXT),
        "GET /tickets/{} 200/urged: may be string now",
    ),
    "a field of an answer is of another format": (
        lambda it: _fields(it, "Ticket")["due_at"].update(format="date"),
        "GET /tickets/{} 200/due_at: format was 'date-time', is 'date'",
    ),
    "a field of an answer may be less": (
        lambda it: _fields(it, "Ticket")["urged"].pop("minimum"),
        "GET /tickets/{} 200/urged: minimum was 0, is None",
    ),
    "a pair becomes a triple": (
        lambda it: _fields(it, "Ticket")["pair"]["prefixItems"].append(TEXT),
        "GET /tickets/{} 200/pair: had 2 places, has 3",
    ),
    "a map of an answer holds something else": (
        lambda it: _fields(it, "Ticket")["places"].update(additionalProperties={"type": "integer"}),
        "GET /tickets/{} 200/places/*: may be integer now",
    ),
}

ALLOWED: dict[str, Change] = {
    "nothing is changed": lambda it: it,
    "a route is added": lambda it: it["paths"].update({"/calls": {"get": _read(it)}}),
    "a role is let in": lambda it: _read(it)["x-roles"].append("admin"),
    "a place of the path is called otherwise": lambda it: it["paths"].update(
        {"/tickets/{number}": it["paths"].pop("/tickets/{ticket_id}")}
    ),
    "a parameter is added": lambda it: _read(it)["parameters"].append({"in": "query", "name": "on"}),
    "a parameter takes more": lambda it: _read(it)["parameters"][1]["schema"].update(maximum=200),
    "a body need not be sent": lambda it: _call(it)["requestBody"].update(required=False),
    "a field of the body is added": lambda it: _fields(it, "Call").update(address=TEXT),
    "a field of the body need not be sent": lambda it: it["components"]["schemas"]["Call"].pop("required"),
    "a field of the body may be null": lambda it: _fields(it, "Call").update(
        title={"anyOf": [{**TEXT, "maxLength": 100}, {"type": "null"}]}
    ),
    "a value of the body is added": lambda it: _fields(it, "Call")["kind"]["enum"].append("praise"),
    "a list of the body is given up": lambda it: _fields(it, "Call")["kind"].pop("enum"),
    "a field of an answer is added": lambda it: _fields(it, "Ticket").update(title=TEXT),
    "a field of an answer is always there": lambda it: it["components"]["schemas"]["Ticket"][
        "required"
    ].append("urged"),
    "a value of an answer is added": lambda it: _fields(it, "Ticket")["kind"]["enum"].append("praise"),
    "a problem is answered too": lambda it: _call(it)["responses"].update({"default": _json("Problem")}),
    "it is described otherwise": lambda it: _read(it).update(summary="Read a ticket."),
    "a field is titled otherwise": lambda it: _fields(it, "Call")["title"].pop("title"),
    "a schema has another name": lambda it: (
        it["components"]["schemas"].update(Trouble=it["components"]["schemas"].pop("Problem")),
        _read(it)["responses"].update(default=_json("Trouble")),
    ),
}


def changed(change: Change) -> Schema:
    document = api()
    change(document)
    return promised(document)


@pytest.mark.parametrize("change", BROKEN)
def test_a_client_breaks_when(change: str) -> None:
    planted, told = BROKEN[change]
    assert told in breaks(promised(api()), changed(planted))


@pytest.mark.parametrize("change", ALLOWED)
def test_a_client_never_notices_that(change: str) -> None:
    assert breaks(promised(api()), changed(ALLOWED[change])) == []


def test_what_breaks_everywhere_is_told_where_it_is_met_first_and_once_for_each_way() -> None:
    def rename(document: Any) -> None:
        _fields(document, "Ticket")["number"] = _fields(document, "Ticket").pop("id")

    assert breaks(promised(api()), changed(rename)) == ["GET /tickets/{} 200/id: is gone"]
