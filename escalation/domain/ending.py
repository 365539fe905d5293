"""Which step of a ticket ends which stage: for a clock that is opened after the ticket has gone on."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from escalation.domain.policy import Clock, Stage
from schemas.lifecycle import Step

WORDS: Mapping[Step, str] = {
    Step.PARK: "parked",
    Step.ASSIGN: "assigned",
    Step.SIGN: "signed",
    Step.CONTACT: "contacted",
    Step.FEEDBACK: "fed back",
    Step.GRANT_RETURN: "returned",
    Step.REFUSE_RETURN: "return refused",
    Step.ADJUDICATE: "adjudicated",
    Step.RECALL: "recalled",
    Step.JOIN: "joined",
    Step.OPEN_PROCEDURE: "statutory procedure",
    Step.RESOLVE: "resolved",
    Step.CALL_BACK: "called back",
    Step.REDO: "redo",
    Step.CLOSE: "closed",
    Step.GRANT_UNFOUNDED: "closed",
    Step.ARCHIVE: "archived",
    Step.WITHDRAW: "withdrawn",
    Step.TRANSFER: "transferred",
}
"""What is noted as the reason when one of these steps ends a stage."""

ENDED = frozenset({Step.RESOLVE, Step.CLOSE, Step.WITHDRAW, Step.TRANSFER})
OUT_OF_IT = ENDED | {Step.GRANT_RETURN, Step.ADJUDICATE, Step.RECALL}

_ENDINGS: Mapping[Stage, frozenset[Step]] = {
    Stage.DISPATCH: ENDED | {Step.PARK, Step.ASSIGN, Step.JOIN},
    Stage.TRIAGE: ENDED | {Step.ASSIGN, Step.JOIN},
    Stage.SIGN: OUT_OF_IT | {Step.SIGN, Step.CONTACT, Step.FEEDBACK, Step.REFUSE_RETURN},
    Stage.CONTACT: OUT_OF_IT | {Step.CONTACT},
    Stage.FEEDBACK: OUT_OF_IT | {Step.FEEDBACK},
    Stage.RETURN_REVIEW: ENDED | {Step.GRANT_RETURN, Step.REFUSE_RETURN},
    Stage.ADJUDICATION: ENDED | {Step.ADJUDICATE},
    Stage.CALLBACK: frozenset({Step.CALL_BACK, Step.REDO, Step.CLOSE, Step.GRANT_UNFOUNDED}),
    Stage.ARCHIVE: frozenset({Step.ARCHIVE}),
}


def ending(clock: str, stage: str, later: Iterable[tuple[str, datetime]]) -> tuple[datetime, str] | None:
    """
    Return when and why a stage ended, by the steps the ticket has taken since it began; else None.

    A department's completion ends with its assignment too, the caller's only with the ticket.
    """
    whole = ENDED if clock == Clock.CITIZEN else OUT_OF_IT
    steps = _ENDINGS.get(Stage(stage), whole)
    if stage in (Stage.COMPLETION, Stage.REDO):
        steps |= {Step.OPEN_PROCEDURE}
    return next(((at, WORDS[Step(step)]) for step, at in later if step in steps), None)
