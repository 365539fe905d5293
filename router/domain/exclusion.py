"""Who may not have a ticket, whatever the table says."""

from collections.abc import Mapping


def below(department: str, parents: Mapping[str, str | None]) -> frozenset[str]:
    """Return a department and every one below it in the tree, however deep; a ring in it does no harm."""
    found = {department}
    while more := {each for each, parent in parents.items() if parent in found} - found:
        found |= more
    return frozenset(found)
