"""XML: elements become members, attributes `@name`, repeated elements lists; nothing is ever fetched."""

from typing import Any
from xml.parsers import expat

from schemas.errors import Invalid

DEEPEST = 64
MOST_ELEMENTS = 20_000
TEXT = "#text"


def read_xml(text: str) -> Any:
    """
    Return what is inside the root element; raises `Invalid`.

    A document type is refused as such, and with it every entity, internal or
    external. Names lose their namespace prefix: senders choose it freely.
    An element with attributes or children is a dict, its own text under
    `#text`; any other is its text.
    """
    tree = _Tree()
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = tree.refuse_type
    parser.StartElementHandler = tree.start
    parser.EndElementHandler = tree.end
    parser.CharacterDataHandler = tree.text
    try:
        parser.Parse(text.encode(), True)
    except expat.ExpatError as fault:
        raise Invalid(f"The body is no XML: {fault}.", pointer="") from fault
    return tree.root


class _Tree:
    """The elements that are open, innermost last: each with its members and its text so far."""

    def __init__(self) -> None:
        self.root: Any = None
        self._open: list[tuple[dict[str, Any], list[str]]] = []
        self._count = 0

    def refuse_type(self, *_: object) -> None:
        raise Invalid("The body declares a document type; calls are read without any.", pointer="")

    def start(self, _name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if len(self._open) >= DEEPEST or self._count > MOST_ELEMENTS:
            raise Invalid(f"The body has more than {DEEPEST} levels or {MOST_ELEMENTS} elements.", pointer="")
        members = {
            f"@{_local(name)}": value
            for name, value in attributes.items()
            if name != "xmlns" and not name.startswith("xmlns:")
        }
        self._open.append((members, []))

    def text(self, data: str) -> None:
        self._open[-1][1].append(data)

    def end(self, name: str) -> None:
        members, pieces = self._open.pop()
        text = "".join(pieces).strip()
        value: Any = members or text
        if members and text:
            members[TEXT] = text
        if not self._open:
            self.root = value
            return
        around = self._open[-1][0]
        local = _local(name)
        if local not in around:
            around[local] = value
        elif isinstance(around[local], list):
            around[local].append(value)
        else:
            around[local] = [around[local], value]


def _local(name: str) -> str:
    return name.rpartition(":")[2]
