"""Suggestions are ranked by all their reasons together, and show each."""

import pytest

from router.domain.ranking import Reason, Source, rank

TABLE, NAMED, MODEL = Source.TABLE, Source.NAMED, Source.MODEL
EVERYONE = dict.fromkeys("abcde")


def reasons(text: str) -> list[tuple[str, Reason]]:
    """Read lines like `a named 0.7`."""
    return [
        (code, Reason(Source(source), float(weight), ""))
        for code, source, weight in (line.split() for line in text.strip().splitlines())
    ]


@pytest.mark.parametrize(
    ("found", "ranked"),
    [
        ("a named 0.7\nb table 0.6", "a 0.7, b 0.6"),
        ("a table 0.5\nb named 0.7\na model 0.5", "a 0.75, b 0.7"),  # two halves together
        ("a table 0.6\na table 0.25\nb named 0.65", "b 0.65, a 0.6"),  # one source counts once
        ("a named 0.5\nb named 0.5", "a 0.5, b 0.5"),  # equals by their code
        ("a table 0.1\nb table 0.2\nc table 0.3\nd table 0.4", "d 0.4, c 0.3, b 0.2"),  # three
    ],
)
def test_reasons_add_up(found: str, ranked: str) -> None:
    got = rank(reasons(found), EVERYONE)
    assert ", ".join(f"{each.department} {each.likely:g}" for each in got) == ranked


def test_who_may_not_have_it_is_not_suggested_and_the_weightiest_reason_comes_first() -> None:
    found = reasons("a table 0.9\nb table 0.2\nb model 0.8")
    (only,) = rank(found, {"b": None})
    assert only.department == "b"
    assert [each.source for each in only.reasons] == [MODEL, TABLE]
    assert rank([], EVERYONE) == []
