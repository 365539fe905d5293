"""Who may not have a ticket, whatever the table says."""

from collections.abc import Iterable, Mapping


def excluded(
    returned_by: Iterable[str], accused: str | None = None, parents: Mapping[str, str | None] | None = None
) -> frozenset[str]:
    """
    Return the departments that are passed over: those that returned it, the accused one, all below that.

    `parents` is the tree of departments, each with the one above it.
    """
    return frozenset(returned_by) | (below(accused, parents or {}) if accused else frozenset())


def below(department: str, parents: Mapping[str, str | None]) -> frozenset[str]:
    """Return a department and every one below it in the tree, however deep; a ring in it does no harm."""
    found = {department}
    while more := {each for each, parent in parents.items() if parent in found} - found:
        found |= more
    return frozenset(found)
