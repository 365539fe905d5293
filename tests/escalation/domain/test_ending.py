"""A stage ends with the first step that ends it, in the order the ticket took them."""

from datetime import UTC, datetime, timedelta

import pytest

from escalation.domain.ending import ending
from escalation.domain.policy import AFTERWARDS, Clock, Stage
from schemas.lifecycle import ENDED, TRANSITIONS, Step

AFTERWARDS_STEPS = (
    Step.CALL_BACK,
    Step.NO_ANSWER,
    Step.CLAIM_UNFOUNDED,
    Step.GRANT_UNFOUNDED,
    Step.REFUSE_UNFOUNDED,
    Step.ARCHIVE,
)
START = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)

TABLE = """
    citizen    dispatch      correct assign sign | 2 assigned
    citizen    dispatch      park assign | 1 parked
    citizen    triage        urge assign | 2 assigned
    citizen    triage        withdraw | 1 withdrawn
    department sign          sign contact resolve | 1 signed
    department sign          return refuse_return | 2 return refused
    department contact       sign return grant_return | 3 returned
    department contact       sign feedback escalate | - -
    department feedback      sign feedback resolve | 2 fed back
    department feedback      sign contact resolve | 3 resolved
    department completion    sign return grant_return | 3 returned
    department completion    sign recall | 2 recalled
    department completion    sign contact resolve close | 3 resolved
    citizen    completion    assign return grant_return | - -
    citizen    completion    assign transfer close | 2 transferred
    citizen    return_review refuse_return resolve | 1 return refused
    citizen    return_review grant_return | 1 returned
    citizen    adjudication  urge adjudicate assign | 2 adjudicated
    citizen    adjudication  withdraw | 1 withdrawn
    department completion    dispute adjudicate assign resolve | 2 adjudicated
    citizen    completion    dispute adjudicate assign resolve | 4 resolved
    citizen    callback      no_answer no_answer | - -
    citizen    callback      no_answer call_back redo | 2 called back
    citizen    callback      no_answer no_answer no_answer close | 4 closed
    citizen    callback      close archive | 1 closed
    citizen    callback      claim_unfounded grant_unfounded | 2 closed
    citizen    callback      claim_unfounded refuse_unfounded redo | 3 redo
    citizen    archive       archive | 1 archived
"""


@pytest.mark.parametrize("line", TABLE.strip().splitlines(), ids=str.strip)
def test_a_stage_ends_with_the_first_step_that_ends_it(line: str) -> None:
    told, _, end = line.partition("|")
    clock, stage, *steps = told.split()
    which, because = end.split(maxsplit=1)
    later = [(step, START + timedelta(hours=hour)) for hour, step in enumerate(steps, start=1)]
    expected = None if which == "-" else (START + timedelta(hours=int(which)), because)
    assert ending(clock, stage, later) == expected


@pytest.mark.parametrize("clock", Clock)
@pytest.mark.parametrize("stage", [each for each in Stage if each not in AFTERWARDS])
def test_every_stage_ends_at_the_latest_with_the_ticket(clock: Clock, stage: Stage) -> None:
    for (_, step), status in TRANSITIONS.items():
        if status in ENDED and step not in (*AFTERWARDS_STEPS, Step.NOTE):
            assert ending(clock, stage, [(step, START)]) is not None


def test_what_has_not_been_done_has_not_ended() -> None:
    assert ending(Clock.DEPARTMENT, Stage.SIGN, []) is None
