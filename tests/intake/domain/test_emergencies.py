"""Which calls the agent is told to transfer at once, and which only speak of such a thing."""

import pytest

from intake.defaults import rows
from intake.domain.admissibility import Rules, judge
from intake.domain.happening import is_happening
from schemas.admission import Outcome
from schemas.ticket import Call, Kind

RULES = Rules.of(rows("admissibility"))


def advised(text: str, hotline: str = "12345") -> str | None:
    verdict = judge(Call(title=text[:60], text=text, kind=Kind.HELP, hotline=hotline), RULES)
    assert not (verdict.outcome is Outcome.TRANSFER_EMERGENCY and verdict.certain)
    return verdict.redirect if verdict.outcome is Outcome.TRANSFER_EMERGENCY else None


@pytest.mark.parametrize(
    ("text", "redirect"),
    [
        # violence, crime, missing people
        ("万绿园门口有人拿刀砍人", "110"),
        ("一个男子持刀在超市里", "110"),
        ("楼下一群人打架", "110"),
        ("邻居老公在家殴打老婆孩子", "110"),
        ("有人闯进我家要抢劫", "110"),
        ("有人在撬我家门", "110"),
        ("我家小孩走失了,五岁", "110"),
        ("八十岁老人走丢了,有老年痴呆", "110"),
        ("我想自杀", "110"),
        ("我不想活了,你们别管我", "110"),
        ("朋友发消息说要割腕轻生", "110"),
        # fire, gas, trapped people, water
        ("有人要跳楼", "119"),
        ("有人在桥上要跳下去", "119"),
        ("工地塔吊上有民工讨薪要跳楼", "119"),
        ("我家着火了", "119"),
        ("金贸路一家餐馆起火", "119"),
        ("电表箱冒烟,还有火花", "119"),
        ("液化气罐爆炸了", "119"),
        ("家里煤气泄漏", "119"),
        ("小区燃气泄漏,味道很大", "119"),
        ("楼道里有很浓的天然气味", "119"),
        ("罐车翻了,液氨泄漏", "119"),
        ("电梯困人,里面有三个人", "119"),
        ("我被困在电梯里了", "119"),
        ("小孩反锁在车里", "119"),
        ("在建房子倒塌,有人被压在下面", "119"),
        ("南渡江边有人落水", "119"),
        ("有个小孩掉进河里了", "119"),
        # at sea
        ("渔船翻了,船上四个人落海", "12395"),
        ("渔船沉没", "12395"),
        # illness and injury
        ("有人晕倒没有呼吸", "120"),
        ("路边一个老人昏迷不醒", "120"),
        ("我老婆羊水破了要生了", "120"),
        ("孕妇要生了", "120"),
        ("工友触电了,躺在地上", "120"),
        ("孩子误食老鼠药", "120"),
        ("一家人煤气中毒", "120"),
        # traffic
        ("海秀路发生车祸,有人受伤倒地", "122"),
        ("两辆电动车相撞,一个人躺在地上动不了", "122"),
    ],
)
def test_a_present_danger_is_advised_to_be_transferred_without_a_word_for_now(
    text: str, redirect: str
) -> None:
    assert advised(text) == redirect


@pytest.mark.parametrize(
    "text",
    [
        # gone by, or already with somebody
        "昨晚楼下有人拿刀砍人",
        "2月18日在海秀路被人殴打,派出所一直没有处理",
        "上个月小区着火,物业至今没有修复消防栓",
        "其父亲于1月5日发生车祸受伤,交警没有出认定书",
        "有人溺水身亡,家属要求赔偿",
        "物业不作为,着火的楼道至今没修",
        "小区着火已被扑灭,现场电缆裸露",
        "老人在机场晕倒,已送医院,希望退机票",
        # often
        "小区电梯经常困人,物业不修",
        "电梯上个月困人三次",
        "电梯多次发生困人,有人被关半小时",
        "楼上每天晚上打架,很吵",
        # might be, is taught, was built
        "电动车楼道充电容易着火",
        "一旦着火后果不堪设想",
        "外墙燃气管道,小偷能爬,还有燃气泄漏的危险",
        "担心高压线有触电危险",
        "请问怎么预防煤气中毒",
        "申请安装煤气管道",
        "燃气公司一直不来开通天然气",
        "煤气罐存放有爆炸隐患",
        "社区组织防溺水宣传",
        "河边没有护栏,小孩容易落水",
        "消防演练时楼道冒烟",
        # other things by the same words
        "汽车没电打不着火",
        "商场跳楼价卖的衣服质量差",
        "楼顶落水管坏了,水流到老人房间",
        "烧烤店冒浓烟,油烟进屋",
        "隔壁打架子鼓很吵",
        "个人信息被泄露,燃气公司要负责",
        "以募捐的形式让村民吃酒席,有人说是道德绑架",
        "我家的狗走失了,儿子很伤心",
        "超市买的菜刀质量差",
        "台风中老人房屋漏水",
        "路灯不亮,老人出行困难",
        "手持电话开车怎么处罚",
    ],
)
def test_what_only_speaks_of_a_danger_is_no_emergency(text: str) -> None:
    assert advised(text) is None


def test_what_110_hands_over_is_not_sent_back_to_it() -> None:
    assert advised("有人拿刀砍人", hotline="110") is None
    assert advised("有人晕倒没有呼吸", hotline="110") == "120"


@pytest.mark.parametrize(
    ("text", "happening"),
    [
        ("楼上着火", True),
        ("小区电梯经常坏。楼上着火", True),
        ("小区经常着火", False),
        ("如果着火,没有水", False),
        ("没有水,楼上着火", True),
        ("3月5日着火", False),
        ("着火。这是去年的事", False),
        ("市民曾女士家着火", True),
        ("消防栓旁边着火", True),
        ("没有着火", False),
    ],
)
def test_what_is_told_as_the_present(text: str, happening: bool) -> None:
    assert is_happening(text, text.index("着火")) is happening
