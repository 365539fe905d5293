"""Against whom the caller's passed clock counts."""

import pytest

from escalation.domain.charge import Span, charged_to
from tests.escalation.domain.examples import local

DUE, LATER = local("2026-12-01T17:30"), local("2026-12-02T17:30")
RETURNED = local("2026-11-25T15:10")

TABLE: list[tuple[str, str | None, list[Span], str]] = [
    # now, when the caller's clock stopped, the departments' clocks
    ("2026-12-01T17:31", None, [(DUE, None)], "department"),
    ("2026-12-01T17:31", None, [(LATER, None)], "dispatcher"),
    ("2026-12-02T17:30", None, [(LATER, None)], "dispatcher"),
    ("2026-12-02T17:31", None, [(LATER, None)], "department"),
    ("2026-12-02T17:31", None, [], "dispatcher"),
    ("2026-12-01T17:31", None, [(DUE, RETURNED), (LATER, None)], "dispatcher"),
    ("2026-12-20T09:00", "2026-12-02T09:00", [(LATER, local("2026-12-02T09:00"))], "dispatcher"),
    ("2026-12-20T09:00", "2026-12-03T09:00", [(LATER, local("2026-12-03T09:00"))], "department"),
]


@pytest.mark.parametrize(("now", "settled", "departments", "charged"), TABLE)
def test_a_department_in_time_answers_for_no_day_it_did_not_have(
    now: str, settled: str | None, departments: list[Span], charged: str
) -> None:
    assert charged_to(local(settled) if settled else None, local(now), departments) == charged
