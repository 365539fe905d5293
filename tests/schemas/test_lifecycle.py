"""The life of a ticket is a table without dead ends, strangers or ways back from the end."""

import pytest

from schemas.errors import IllegalTransition
from schemas.lifecycle import ENDED, TRANSITIONS, Status, Step, advance, steps_from

NOTES = {Step.REGISTER, Step.ESCALATE, Step.WITHDRAW_ESCALATION}
"""Steps that stand in the history only: they bring a ticket into being or leave its status."""

IMPOSSIBLE = [(status, step) for status in Status for step in Step if (status, step) not in TRANSITIONS]


def reachable(start: Status) -> set[Status]:
    """Every status a ticket may come to from here."""
    found: set[Status] = set()
    open_ends = [start]
    while open_ends:
        onwards = {advance(status, step) for status in open_ends for step in steps_from(status)}
        open_ends = list(onwards - found)
        found |= onwards
    return found


def test_every_status_can_be_reached_by_a_registered_ticket() -> None:
    assert reachable(Status.REGISTERED) == set(Status)


@pytest.mark.parametrize("status", [each for each in Status if each is not Status.CLOSED])
def test_a_ticket_can_be_closed_from_wherever_it_stands(status: Status) -> None:
    assert Status.CLOSED in reachable(status)


def test_closed_is_final() -> None:
    assert steps_from(Status.CLOSED) == []
    for step in Step:
        with pytest.raises(IllegalTransition):
            advance(Status.CLOSED, step)


def test_what_has_ended_never_runs_again() -> None:
    for status in ENDED:
        assert reachable(status) <= ENDED


def test_every_step_is_in_the_table_or_leaves_the_status_as_it_is() -> None:
    assert {step for _, step in TRANSITIONS} == set(Step) - NOTES


def test_a_returned_ticket_waits_for_the_hotlines_decision() -> None:
    assert set(steps_from(Status.RETURN_PENDING)) == {Step.GRANT_RETURN, Step.REFUSE_RETURN}
    assert advance(Status.RETURN_PENDING, Step.GRANT_RETURN) is Status.REGISTERED
    assert advance(Status.RETURN_PENDING, Step.REFUSE_RETURN) is Status.SIGNED


def test_nothing_is_resolved_before_it_is_signed_for() -> None:
    assert {status for status, step in TRANSITIONS if step is Step.RESOLVE} == {
        Status.SIGNED,
        Status.CONTACTED,
    }


@pytest.mark.parametrize(("status", "step"), IMPOSSIBLE, ids=lambda each: str(each))
def test_a_step_the_table_does_not_know_is_refused_with_those_it_knows(status: Status, step: Step) -> None:
    with pytest.raises(IllegalTransition) as refused:
        advance(status, step)
    assert refused.value.facts == {
        "ticket_status": str(status),
        "allowed": [str(each) for each in steps_from(status)],
    }


@pytest.mark.parametrize("status", list(Status))
def test_the_steps_a_status_offers_are_those_it_takes(status: Status) -> None:
    assert [step for step in Step if (status, step) in TRANSITIONS] == sorted(
        steps_from(status), key=list(Step).index
    )
