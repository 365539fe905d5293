"""Every command a ticket takes, as a careless or a careful caller might send it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from schemas.lifecycle import Step

LEADS = ("ecology-environment-longhua", "water-group", "power-supply", "street-binhai")
CLERK, HEAD = {"name": "王某", "post": "科员"}, {"name": "李某", "post": "科长"}
OTHER = "the other ticket"

Body = dict[str, Any]


@dataclass(frozen=True)
class Command:
    """
    The step a path stands for, and what may be sent to it.

    `due_in` in a body is hours from the moment it is sent, and `OTHER` the other ticket: see `body`.
    """

    step: Step
    sent: st.SearchStrategy[Body]

    def body(self, drawn: Body, moment: datetime, other: str) -> Body:
        """Return what is really sent."""
        sent: Body = {name: other if value is OTHER else value for name, value in drawn.items()}
        hours = sent.pop("due_in", None)
        return {**sent, "due_at": (moment + timedelta(hours=hours)).isoformat()} if hours else sent


def _one_of(*bodies: Body) -> st.SearchStrategy[Body]:
    return st.sampled_from(bodies)


def _always(**body: Any) -> st.SearchStrategy[Body]:
    return st.just(body)


_CODE = st.sampled_from(LEADS)
_HOURS = st.sampled_from([1, 4, 24, 240])
_HELP = st.fixed_dictionaries({"department": _CODE, "due_in": _HOURS, "reason": st.just("配合处置")})
_CALLED = st.lists(_CODE, min_size=1, max_size=2)
_WHISTLE = st.fixed_dictionaries({"departments": _CALLED, "due_in": _HOURS, "reason": st.just("请到场")})
_ADJUDICATION = st.fixed_dictionaries(
    {
        "lead": _CODE,
        "co_handlers": st.lists(st.fixed_dictionaries({"department": _CODE}), max_size=2),
        "note": st.just("经协商"),
    }
)
_NEGATIVE = {
    "reason": "unfounded",
    "because": "现场未见",
    "legal_basis": "《噪声污染防治法》第四十三条",
    "reviewed_by": HEAD,
}

COMMANDS: Mapping[str, Command] = {
    "assign": Command(Step.ASSIGN, st.fixed_dictionaries({"department": _CODE, "note": st.just("职责所在")})),
    "sign": Command(Step.SIGN, _always()),
    "contact": Command(Step.CONTACT, _always()),
    "feedback": Command(Step.FEEDBACK, _one_of({"note": "正在处理"}, {})),
    "return": Command(
        Step.RETURN,
        _one_of(
            {"note": "属地有误", "reason": "wrong_place"},
            {
                "note": "非本单位职责",
                "reason": "not_our_duty",
                "legal_basis": "三定方案",
                "competent": "water-group",
            },
            {"note": "缺地址", "reason": "element_missing", "missing": ["地址"]},
            {"note": "不想办", "reason": "not_our_duty"},
        ),
    ),
    "grant-return": Command(Step.GRANT_RETURN, _one_of({}, {"department": "water-group", "note": "改派"})),
    "refuse-return": Command(Step.REFUSE_RETURN, _always(note="属你单位职责")),
    "adjudicate": Command(Step.ADJUDICATE, _ADJUDICATION),
    "extensions": Command(
        Step.ASK_EXTENSION,
        _one_of(
            *({"reason": "complex", "amount": days, "note": "复杂", "told": "已告知"} for days in (2, 99))
        ),
    ),
    "grant-extension": Command(Step.GRANT_EXTENSION, _always()),
    "refuse-extension": Command(Step.REFUSE_EXTENSION, _always(note="不同意")),
    "suspensions": Command(
        Step.ASK_SUSPENSION,
        _one_of(
            *({"reason": "appraisal", "days": days, "note": "待检测", "told": "已告知"} for days in (3, 90))
        ),
    ),
    "renew-suspension": Command(
        Step.ASK_SUSPENSION, _always(reason="appraisal", days=3, note="仍待检测", told="已告知")
    ),
    "grant-suspension": Command(Step.SUSPEND, _always()),
    "refuse-suspension": Command(Step.REFUSE_SUSPENSION, _always(note="不同意")),
    "resume": Command(Step.RESUME, _always()),
    "procedure": Command(
        Step.OPEN_PROCEDURE,
        _one_of(
            *(
                {"procedure": name, "legal_basis": "《劳动保障监察条例》", "note": "立案", "told": "已告知"}
                for name in ("LABOUR-INSPECTION", "NO-SUCH")
            )
        ),
    ),
    "ask-supplement": Command(
        Step.ASK_SUPPLEMENT,
        _one_of({"missing": ["照片"]}, {"missing": ["照片", "地址"], "told": "已告知"}, {"missing": []}),
    ),
    "supplement": Command(Step.SUPPLEMENT, _always(note="照片已上传")),
    "co-handling": Command(Step.CO_ASSIGN, _HELP),
    "whistle": Command(Step.CO_ASSIGN, _WHISTLE),
    "co-handling/sign": Command(Step.CO_SIGN, _always()),
    "co-handling/contact": Command(Step.CO_CONTACT, _always()),
    "co-handling/feedback": Command(Step.CO_FEEDBACK, _always(note="在查")),
    "co-handling/answer": Command(Step.CO_ANSWER, _always(note="已查清")),
    "resolve": Command(
        Step.RESOLVE,
        _one_of(
            {"note": "已办结"},
            {"note": "已办结", "founded": True, "within_duty": True, "solved": True, "by": CLERK},
            {"note": "不属实", "founded": False, "by": CLERK, "negative": _NEGATIVE},
            {"note": "不属实", "founded": False, "by": HEAD, "negative": _NEGATIVE},
            {"note": "不属实", "founded": False},
        ),
    ),
    "close": Command(Step.CLOSE, _always()),
    "correct": Command(
        Step.CORRECT,
        _one_of(
            {"because": "听错", "category": "020100"},
            {"because": "听错", "category": "040100"},
            {"because": "听错", "title": "更正后的标题"},
            {"because": "听错", "division": "460107001000"},
        ),
    ),
    "join": Command(Step.JOIN, _always(parent=OTHER, note="同一事项")),
    "part": Command(Step.PART, _always(note="另一事项")),
    "note": Command(Step.NOTE, _always(note="来电人补充")),
    "urge": Command(Step.URGE, _always()),
    "callback": Command(
        Step.CALL_BACK,
        _one_of(
            {"outcome": "solved", "satisfied": True},
            {"outcome": "solved", "satisfied": False},
            {"outcome": "unsolved"},
            {"outcome": "unsolved", "unfounded": {"reason": "已当面核实", "legal_basis": "三定方案"}},
            {"outcome": "unreachable"},
        ),
    ),
    "grant-unfounded": Command(Step.GRANT_UNFOUNDED, _always(note="同意")),
    "refuse-unfounded": Command(Step.REFUSE_UNFOUNDED, _always(note="再办")),
    "withdraw": Command(Step.WITHDRAW, _always(because="不再要求")),
    "transfer": Command(
        Step.TRANSFER, _one_of({"to": "110", "note": "有人受伤"}, {"to": "911", "note": "?"})
    ),
}
