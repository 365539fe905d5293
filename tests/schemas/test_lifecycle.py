"""The life of a ticket is a table without dead ends, strangers or ways back from the end."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.errors import HotlineError, IllegalTransition
from schemas.guards import Guard, Who
from schemas.helping import CoStatus, co_advance
from schemas.lifecycle import (
    AT_WORK,
    CO_STEPS,
    ENDED,
    FINISHED,
    INSTEAD,
    RULES,
    TABLE,
    TRANSITIONS,
    Status,
    Step,
    advance,
    steps_from,
)
from schemas.lifecycle_page import diagram, page
from schemas.names import STATUS_NAMES, STEP_NAMES

DOCUMENT = Path(__file__).parents[2] / "docs" / "lifecycle.md"

ABOUT_TIME = frozenset(
    {
        Step.ASK_EXTENSION,
        Step.GRANT_EXTENSION,
        Step.REFUSE_EXTENSION,
        Step.ASK_SUSPENSION,
        Step.REFUSE_SUSPENSION,
    }
)

NOTES = {rule.step for rule in TABLE if not rule.moves}
"""Steps that stand in the history only: they bring a ticket into being or leave its status."""

ALWAYS = {Step.CORRECT, Step.URGE, Step.NOTE, Step.WITHDRAW, Step.TRANSFER}
"""Steps the hotline may take with every ticket that is open."""

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


@pytest.mark.parametrize("status", [each for each in Status if each not in FINISHED])
def test_a_ticket_can_be_closed_from_wherever_it_stands(status: Status) -> None:
    assert Status.CLOSED in reachable(status)


def test_what_is_closed_is_only_archived_and_that_is_final() -> None:
    assert steps_from(Status.CLOSED) == (Step.ARCHIVE,)
    assert steps_from(Status.ARCHIVED) == ()
    for step in Step:
        with pytest.raises(IllegalTransition):
            advance(Status.ARCHIVED, step)


def test_what_has_ended_runs_again_only_by_a_redo() -> None:
    for (status, step), after in TRANSITIONS.items():
        if status in ENDED and after not in ENDED:
            assert (status, step) == (Status.RESOLVED, Step.REDO)


def test_every_step_has_one_rule_and_somebody_who_takes_it() -> None:
    assert [rule.step for rule in TABLE] == list(Step)
    assert all(rule.who for rule in TABLE)


def test_what_stands_in_the_history_only_is_done_by_the_service() -> None:
    for step in NOTES - {Step.REGISTER}:
        assert RULES[step].who == {Who.SERVICE}


def test_a_step_taken_instead_of_another_is_of_the_same_people() -> None:
    for taken, asked in INSTEAD.items():
        assert RULES[taken].who == RULES[asked].who


def test_who_helps_takes_the_steps_of_who_helps_and_no_others() -> None:
    assert {rule.step for rule in TABLE if Who.CO_HANDLER in rule.who} == CO_STEPS


def test_every_guard_is_asked_by_a_step_and_names_problems_there_are() -> None:
    assert {guard for rule in TABLE for guard in (*rule.when, *rule.what)} == set(Guard)
    assert {code for guard in Guard for code in guard.codes} <= {
        each.code for each in _problems(HotlineError)
    }


def test_every_status_and_step_has_a_name_for_people() -> None:
    assert (set(STATUS_NAMES), set(STEP_NAMES)) == (set(Status), set(Step))


def test_the_document_is_the_table() -> None:
    assert DOCUMENT.read_text("utf-8") == page(), "run: python -m schemas.lifecycle_page > docs/lifecycle.md"


@pytest.mark.parametrize("status", list(Status))
def test_the_diagram_draws_every_move_that_changes_the_status(status: Status) -> None:
    drawn = set(re.findall(rf"^ *(?:{status}|open) --> (\w+):", diagram(), re.MULTILINE))
    assert {after for (origin, _), after in TRANSITIONS.items() if origin is status} - {status} <= drawn


def _problems(kind: type[HotlineError]) -> Iterator[type[HotlineError]]:
    yield kind
    for each in kind.__subclasses__():
        yield from _problems(each)


def test_a_returned_ticket_waits_for_the_hotlines_decision() -> None:
    leading_on = {step for step in steps_from(Status.RETURN_PENDING) if step not in ALWAYS | CO_STEPS}
    assert leading_on == {Step.GRANT_RETURN, Step.REFUSE_RETURN}
    assert advance(Status.RETURN_PENDING, Step.GRANT_RETURN) is Status.REGISTERED
    assert advance(Status.RETURN_PENDING, Step.REFUSE_RETURN) is Status.SIGNED


def test_a_dispute_ends_only_by_adjudication() -> None:
    leading_on = {step for step in steps_from(Status.DISPUTED) if step not in ALWAYS | CO_STEPS}
    assert leading_on == {Step.ADJUDICATE}


def test_who_helps_leaves_the_ticket_where_it_is() -> None:
    for (status, step), after in TRANSITIONS.items():
        if step in CO_STEPS | {Step.CO_ASSIGN}:
            assert after is status
            assert status not in ENDED


CO_HANDLING = """
    assigned | co_sign                           | signed
    assigned | co_answer                         | -
    assigned | co_end                            | ended
    assigned | co_sign co_contact co_feedback    | signed
    assigned | co_sign co_answer                 | answered
    assigned | co_sign co_sign                   | -
    assigned | co_sign co_answer co_answer       | -
    assigned | co_sign co_answer co_end          | -
    signed   | co_end co_answer                  | -
"""


@pytest.mark.parametrize("line", CO_HANDLING.strip().splitlines(), ids=str.strip)
def test_who_helps_signs_and_answers_once(line: str) -> None:
    start, steps, end = (each.strip() for each in line.split("|"))
    status, (*first, last) = CoStatus(start), map(Step, steps.split())
    for step in first:
        status = co_advance(status, step)
    if end == "-":
        with pytest.raises(IllegalTransition):
            co_advance(status, last)
    else:
        assert co_advance(status, last) == end


def test_nothing_is_resolved_before_it_is_signed_for() -> None:
    assert {status for status, step in TRANSITIONS if step is Step.RESOLVE} == {
        Status.SIGNED,
        Status.CONTACTED,
        Status.IN_PROCEDURE,
        Status.SUSPENDED,  # what it waited for has come, and is its answer
        Status.JOINED,  # answered with its parent, which was signed for
    }


def test_every_open_ticket_may_be_corrected_urged_noted_withdrawn_and_transferred() -> None:
    for status in set(Status) - ENDED:
        assert set(steps_from(status)) >= ALWAYS


def test_a_correction_an_urge_a_note_and_feedback_leave_a_ticket_where_it_is() -> None:
    for (status, step), after in TRANSITIONS.items():
        if step in {Step.CORRECT, Step.URGE, Step.NOTE, Step.CALL_BACK, Step.FEEDBACK}:
            assert after is status


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


def test_a_refused_return_goes_back_to_the_contact_that_was_made() -> None:
    assert advance(Status.RETURN_PENDING, Step.REFUSE_RETURN, Status.CONTACTED) is Status.CONTACTED
    for before in (None, Status.ASSIGNED, Status.SIGNED):
        assert advance(Status.RETURN_PENDING, Step.REFUSE_RETURN, before) is Status.SIGNED
    assert advance(Status.ASSIGNED, Step.SIGN, Status.CONTACTED) is Status.SIGNED


@pytest.mark.parametrize("before", AT_WORK)
def test_a_resumed_ticket_goes_back_to_where_it_stood(before: Status) -> None:
    assert advance(before, Step.SUSPEND) is Status.SUSPENDED
    assert advance(Status.SUSPENDED, Step.RESUME, before) is before


def test_time_is_asked_for_by_who_has_signed_and_leaves_a_ticket_where_it_is() -> None:
    for (status, step), after in TRANSITIONS.items():
        if step in ABOUT_TIME:
            assert after is status
    assert {status for status, step in TRANSITIONS if step is Step.ASK_EXTENSION} == set(AT_WORK)
    asked_to_stand_still = {status for status, step in TRANSITIONS if step is Step.ASK_SUSPENSION}
    assert asked_to_stand_still == {*AT_WORK, Status.SUSPENDED}
