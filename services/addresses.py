"""What an address says must be understood whole: what were passed over would be taken for answered."""

from collections.abc import Mapping, Sequence
from typing import Any, get_args, get_origin

from fastapi import Request
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Query
from fastapi.routing import APIRoute

from schemas.errors import Invalid, UnknownParameter

Parameters = Mapping[str, bool]
"""What a route may be asked in its query, and whether it takes several of it."""


def parameters_of(route: APIRoute) -> Parameters | None:
    """Return what a route may be asked; None, for anything, where it is a page or a probe and not the API."""
    if not route.path.startswith("/v1/"):
        return None
    fields = [each for each in get_flat_params(route.dependant) if isinstance(each.field_info, Query)]
    return {each.alias: _is_list(each.field_info.annotation) for each in fields}


def check_address(request: Request, known: Parameters | None) -> None:
    """Raise `UnknownParameter`, or `Invalid` for NUL and for a parameter given twice that is no list."""
    asked = request.query_params.multi_items()
    _refuse_nul([("path", *each) for each in request.path_params.items()])
    _refuse_nul([("query", *each) for each in asked])
    if known is not None:
        _refuse_unread([name for name, _ in asked], known)


def _refuse_nul(told: Sequence[tuple[str, str, Any]]) -> None:
    for place, name, value in told:
        if "\x00" in f"{name}{value}":  # the database knows no text with it
            raise Invalid("An address bears no NUL character.", pointer=f"{place}:{name}")


def _refuse_unread(names: Sequence[str], known: Parameters) -> None:
    for name in names:
        if name not in known:
            raise UnknownParameter(
                f"{name!r} is no parameter of this route; it has {', '.join(known) or 'none'}.",
                pointer=f"query:{name}",
                known=list(known),
            )
        if not known[name] and names.count(name) > 1:
            raise Invalid(f"The parameter {name} is given twice.", pointer=f"query:{name}")


def _is_list(annotation: Any) -> bool:
    return get_origin(annotation) is list or any(map(_is_list, get_args(annotation)))
