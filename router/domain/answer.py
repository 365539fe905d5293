"""The one answer of all who worked on a ticket, and what its history says of it, in Chinese."""

from collections.abc import Mapping, Sequence

from schemas.resolution import HelpersAnswer, NegativeReason, ResolveRequest

REASONS: Mapping[NegativeReason, str] = {
    NegativeReason.NOT_ACCEPTED: "不予受理",
    NegativeReason.CANNOT_BE_DONE: "不能办理",
    NegativeReason.NOT_OUR_DUTY: "非本单位职责",
    NegativeReason.UNRESOLVED: "未解决",
    NegativeReason.UNFOUNDED: "不属实",
}
RESULTS = (
    ("founded", {True: "属实", False: "不属实"}),
    ("within_duty", {True: "属职责范围", False: "不属职责范围"}),
    ("solved", {True: "已解决", False: "未解决"}),
)


def consolidated(note: str, helpers: Sequence[HelpersAnswer]) -> str:
    """Return what the caller is told: the lead's answer, then those of who helped and has answered."""
    helped = [f"{each.name}(协办):{each.answer}" for each in helpers if each.answer]
    return "\n".join([note, *helped])


def sentence(answer: str, said: ResolveRequest) -> str:
    """Return what a ticket's history says of its resolution."""
    results = [names[said_so] for name, names in RESULTS if (said_so := getattr(said, name)) is not None]
    parts = [answer] + ([f"结果:{'、'.join(results)}"] if results else [])
    if said.negative is not None:
        negative = said.negative
        reason = f"否定报备({REASONS[negative.reason]}):{negative.because}"
        parts += [reason, f"依据:{negative.legal_basis}", f"审核人:{negative.reviewed_by}"]
    return "\n".join(parts)
