"""What 12345 may take, and where the rest is sent: a table a clerk could check."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.defaults import rows
from intake.domain.admissibility import Rules, judge
from schemas.admission import Outcome
from schemas.errors import Misconfigured
from schemas.ticket import Call, Kind

RULES = Rules.of(rows("admissibility"))
ROW: dict[str, str | None] = {
    "outcome": "REDIRECT_LEGAL",
    "category": None,
    "kind": None,
    "hotline": None,
    "address": None,
    "words": "法院",
    "none": None,
    "within": None,
    "redirect": "12368",
    "certain": "no",
    "told": "请拨打{redirect}。",
    "legal_basis": None,
}


def call(text: str, kind: str = "other", **more: Any) -> Call:
    return Call(title=text[:20], text=text, kind=Kind(kind), **more)


@pytest.mark.parametrize(
    ("text", "kind", "outcome", "certain", "redirect"),
    [
        # legal ways
        ("我要咨询怎么申请行政复议", "consult", "REDIRECT_LEGAL", True, "12348"),
        ("请问如何申请政府信息公开", "consult", "REDIRECT_LEGAL", True, "行政机关"),
        ("法院案件什么时候开庭,想查询开庭时间", "consult", "REDIRECT_LEGAL", True, "12368"),
        ("请问怎么申请劳动仲裁", "consult", "REDIRECT_LEGAL", True, "12333"),
        ("物业和法院都没人管", "complaint", "ACCEPT", False, None),
        ("物业和法院都没人管", "consult", "ACCEPT", False, None),
        ("投诉某局不受理我怎么申请行政复议的咨询", "consult", "REDIRECT_LEGAL", False, "12348"),
        ("我已经申请行政复议,但施工还在继续", "complaint", "REDIRECT_LEGAL", False, "12348"),
        ("检察院门口有人乱贴小广告", "complaint", "ACCEPT", False, None),
        ("公交车在法院站不停", "complaint", "ACCEPT", False, None),
        ("接到骚扰电话怎么办", "consult", "REDIRECT_LEGAL", False, "12321"),
        ("我要申请政府信息公开", "help", "REDIRECT_LEGAL", False, "行政机关"),
        ("已经提交政府信息公开的申请,没有回音", "complaint", "REDIRECT_LEGAL", False, "行政机关"),
        ("小区物业不公开信息", "complaint", "ACCEPT", False, None),
        ("检察院不立案,我不服", "complaint", "REDIRECT_LEGAL", False, "12309"),
        ("向检察院申请监督没有回复", "complaint", "REDIRECT_LEGAL", False, "12309"),
        ("检察院宿舍楼下有人起诉物业乱收费", "complaint", "ACCEPT", False, None),
        ("请问市检察院的电话", "consult", "ACCEPT", False, None),
        ("此事已向信访局反映", "complaint", "REDIRECT_LEGAL", False, "信访局"),
        ("去年到市信访局登记过,还没有答复", "complaint", "REDIRECT_LEGAL", False, "信访局"),
        ("信访局门口的路灯不亮", "complaint", "ACCEPT", False, None),
        ("请问信访局的地址在哪里,我要去反映", "consult", "ACCEPT", False, None),
        # emergencies prompt the agent, they never act by themselves
        ("我家楼下现在着火了,快来人", "help", "TRANSFER_EMERGENCY", False, "119"),
        ("上周消防通道被堵,要求处理", "complaint", "ACCEPT", False, None),
        ("昨天小区着火,消防车进不来,消防通道被占", "complaint", "ACCEPT", False, None),
        ("老人晕倒了,快来救护车", "help", "TRANSFER_EMERGENCY", False, "120"),
        ("刚刚发生车祸,有人受伤", "help", "TRANSFER_EMERGENCY", False, "122"),
        ("隔壁晚上打架子鼓很吵", "complaint", "ACCEPT", False, None),
        # an official who takes money
        ("举报城管队员收红包", "report", "CONFIDENTIAL_LANE", True, "12388"),
        ("某局科长收受财物五千元才给办证", "complaint", "CONFIDENTIAL_LANE", True, "12388"),
        ("请问怎么举报干部受贿", "consult", "CONFIDENTIAL_LANE", False, "12388"),
        ("有人冒充民警收好处费", "report", "ACCEPT", False, None),
        ("企业办理无犯罪行贿记录证明", "consult", "ACCEPT", False, None),
        ("物业经理收好处费给车位", "complaint", "ACCEPT", False, None),
        # refusing is only proposed
        ("请帮我查他人电话和他人的住址", "consult", "REFUSE_SECRET", False, None),
        ("业主的他人身份证号被物业泄露,投诉", "complaint", "ACCEPT", False, None),
        ("举报有人办假证", "report", "ACCEPT", False, None),
        # ordinary calls
        ("国兴大道路灯不亮三天", "complaint", "ACCEPT", False, None),
        ("夜间施工噪声扰民", "complaint", "ACCEPT", False, None),
    ],
)
def test_the_rules_that_ship(text: str, kind: str, outcome: str, certain: bool, redirect: str | None) -> None:
    verdict = judge(call(text, kind), RULES)
    assert (verdict.outcome, verdict.certain) == (outcome, certain)
    assert redirect is None or redirect in (verdict.redirect or "")
    assert (verdict.outcome is Outcome.ACCEPT) == (verdict.told is None)


def test_a_report_by_its_category_goes_to_the_confidential_lane() -> None:
    verdict = judge(call("有问题要反映", "report", category="140400"), RULES)
    assert (verdict.outcome, verdict.certain) == (Outcome.CONFIDENTIAL_LANE, True)
    assert [(each.field, each.words) for each in verdict.grounds] == [("category", "140400")]
    assert judge(call("窗口人员态度差", "complaint", category="140100"), RULES).outcome is Outcome.ACCEPT


@pytest.mark.parametrize(
    ("address", "redirect"),
    [
        ("三亚市吉阳区迎宾路", "三亚市12345"),
        ("海南省文昌市文城镇", "文昌市12345"),
        ("广东省广州市天河区", "020-12345"),
        ("海口市龙华区三亚街", None),
        ("东方市场南门", None),
        ("陵水黎族自治县椰林镇", "陵水县12345"),
        ("澄迈县老城镇综合保税区", None),  # lies there, and is Haikou's
        ("白沙街道白沙坊", None),
    ],
)
def test_a_place_in_another_city_is_that_citys(address: str, redirect: str | None) -> None:
    verdict = judge(call("门前路灯不亮", "complaint", address=address), RULES)
    assert verdict.redirect == redirect


def test_a_line_that_advises_on_a_matter_keeps_its_calls() -> None:
    asked = {"kind": "consult", "text": "请问怎么申请行政复议"}
    assert judge(call(**asked), RULES).outcome is Outcome.REDIRECT_LEGAL
    assert judge(call(**asked, hotline="12348"), RULES).outcome is Outcome.ACCEPT


def test_traditional_characters_are_read_as_simplified_ones() -> None:
    assert judge(call("舉報城管隊員收紅包", "report"), RULES).outcome is Outcome.CONFIDENTIAL_LANE


def test_words_far_from_each_other_decide_nothing() -> None:
    near = Rules.of([{**ROW, "words": "红包 队员", "within": "10"}])
    assert judge(call("队员收了红包"), near).outcome is Outcome.REDIRECT_LEGAL
    assert judge(call("队员来过。" + "很久以后" * 5 + "微信红包"), near).outcome is Outcome.ACCEPT


def test_a_certain_rule_goes_before_one_that_only_advises() -> None:
    advice, certain = {**ROW}, {**ROW, "outcome": "REDIRECT_OTHER_CITY", "certain": "yes"}
    verdict = judge(call("法院"), Rules.of([advice, certain]))
    assert (verdict.outcome, verdict.told) == (Outcome.REDIRECT_OTHER_CITY, "请拨打12368。")


@pytest.mark.parametrize(
    "fault",
    [
        {"outcome": "REFUSE"},
        {"certain": "perhaps"},
        {"told": None},
        {"words": None},
        {"kind": "咨询"},
        {"within": "near"},
    ],
)
def test_a_rule_that_cannot_be_read_is_refused_with_its_line(fault: dict[str, str | None]) -> None:
    with pytest.raises(Misconfigured, match="Line 3"):
        Rules.of([ROW, {**ROW, **fault}])


def test_refusing_and_emergencies_never_act_by_themselves() -> None:
    never = {Outcome.REFUSE_SECRET, Outcome.REFUSE_IMPROPER, Outcome.TRANSFER_EMERGENCY}
    certain = {row["outcome"] for row in rows("admissibility") if row["certain"] == "yes"}
    assert certain.isdisjoint(never)


@given(st.text(min_size=1, max_size=200).filter(str.strip), st.sampled_from(Kind))
def test_any_text_is_judged(text: str, kind: Kind) -> None:
    said = Call.model_construct(
        title=text, text=text, kind=kind, hotline="12345", category=None, address=None
    )
    verdict = judge(said, RULES)
    assert verdict.outcome is not Outcome.ACCEPT or verdict.grounds == ()
