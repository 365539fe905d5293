"""How the hook is described: its headers, and an example of every command departments may give."""

from collections.abc import Sequence
from typing import Any

from services.hooks.envelope import BatchedCommand, By, CommandIn
from services.http import Descriptions
from services.resources import Resources
from services.ticket_commands import PATH, TicketCommand, TicketCommands

ADDRESS = "/v1/hooks/{department}"
TICKET = "HK2026112300000147"


def _header(name: str, says: str, example: str) -> dict[str, Any]:
    schema = {"type": "string"}
    return {
        "name": name,
        "in": "header",
        "required": True,
        "schema": schema,
        "description": says,
        "example": example,
    }


DESCRIBED = {
    "parameters": [
        _header("webhook-id", "The message's own id; sent again, it gets the same answer.", "msg_2KWPBgLl"),
        _header("webhook-timestamp", "When it was signed, Unix time; at most 5 minutes ago.", "1795395600"),
        _header(
            "webhook-signature",
            "`v1,` and the Base64 of the HMAC-SHA256 of `id.timestamp.body`; several, parted by spaces.",
            "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
        ),
    ],
    "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}},
}


class HookDescription:
    """Adds every command to the description of the hook, once it is known what there is."""

    def __init__(self, resources: Resources) -> None:
        self._commands = resources.part(TicketCommands)
        resources.part(Descriptions).each.append(self.describe)

    def describe(self, api: dict[str, Any]) -> None:
        """Say what a message may hold."""
        known = list(self._commands.by_name.values())
        alone = [_variant(CommandIn, each, api) for each in known]
        batched = [_variant(BatchedCommand, each, api) for each in known]
        batch = {
            "title": "Batch",
            "type": "object",
            "required": ["commands"],
            "additionalProperties": False,
            "properties": {"commands": {"type": "array", "minItems": 1, "items": {"oneOf": batched}}},
        }
        content = {"schema": {"oneOf": [*alone, batch]}, "examples": _examples(known)}
        api["paths"][ADDRESS]["post"]["requestBody"]["content"]["application/json"] = content
        api["components"]["schemas"]["By"] = By.model_json_schema()


def _variant(model: type[CommandIn], command: TicketCommand, api: dict[str, Any]) -> dict[str, Any]:
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    schema.pop("$defs")
    schema["properties"] |= {"command": {"const": command.name}, "data": _said(command, api)}
    return {**schema, "title": f"{model.__name__} {command.name}", "description": command.summary}


def _said(command: TicketCommand, api: dict[str, Any]) -> dict[str, Any]:
    """Return what the command's route takes; in a process that does not serve it, anything."""
    route = api["paths"].get(PATH + command.path)
    if route is None:
        return {"type": "object"}
    schema: dict[str, Any] = route["post"]["requestBody"]["content"]["application/json"]["schema"]
    return schema


def _examples(known: Sequence[TicketCommand]) -> dict[str, Any]:
    alone = {each.name: {"summary": each.summary, "value": _example(each)} for each in known}
    several = [{"id": f"cmd-{at}", **_example(each)} for at, each in enumerate(known[:2], 1)]
    return {**alone, "batch": {"summary": "Several at once.", "value": {"commands": several}}}


def _example(command: TicketCommand) -> dict[str, Any]:
    return {
        "command": command.name,
        "ticket": TICKET,
        "occurred_at": "2026-11-23T09:30:00+08:00",
        "by": {"name": "王小明", "post": "A岗"},
        "data": dict(command.example),
    }
