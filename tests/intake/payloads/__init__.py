"""What each merged hotline sends, as its gateway would: the examples its mapping is tried with."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Example:
    """A payload in the file `name`, sent in this encoding under this Content-Type, and what becomes of it."""

    hotline: str
    name: str
    content_type: str
    becomes: dict[str, Any]
    encoding: str = "utf-8"

    @property
    def raw(self) -> bytes:
        text = (FOLDER / self.name).read_text("utf-8")
        if self.content_type.startswith("multipart"):
            text = text.replace("\n", "\r\n")
        return text.encode(self.encoding)


EXAMPLES = [
    Example(
        "12345",
        "12345.json",
        "application/json",
        {
            "source_number": "20261123000017",
            "kind": "complaint",
            "urgency": "livelihood",
            "live": True,
            "category": "020100",
            "division": "460106003000",
            "caller.phone": "+8689866778899",
        },
    ),
    Example(
        "12315",
        "12315.json",
        "application/json; charset=utf-8",
        {
            "source_number": "1460000002026112300001",
            "kind": "complaint",
            "title": "预付卡不退款",
            "category": "070300",
            "division": "460108004000",
            "caller.phone": "+8613800138000",
        },
    ),
    Example(
        "12333",
        "12333.xml",
        "text/xml",
        {
            "source_number": "LJ2026111900032",
            "kind": "complaint",
            "title": "某建筑劳务公司拖欠工资",
            "text": "工地停工后拖欠三个月工资,包工头联系不上 <项目部也推诿>。\n用人单位:某建筑劳务公司\n"
            "登记地:龙华区\n涉及人数:32人\n拖欠金额:486000.50元",
            "category": "060100",
            "division": "460108101000",
            "address": "琼山大道某项目二标段",
            "occurred_at": "2026-08-15T00:00:00+08:00",
            "caller.name": "符某",
            "caller.withheld": True,
        },
        "gb18030",
    ),
    Example(
        "12366",
        "12366.form",
        "application/x-www-form-urlencoded",
        {
            "source_number": "SW2026112300011",
            "kind": "complaint",
            "title": "发票开具被拒",
            "text": "超市拒绝开具发票。\n涉税事项:发票管理、纳税服务\n纳税人:某贸易公司",
            "division": "460106003000",
            "caller.name": "杨女士",
            "caller.type": "person",
        },
    ),
    Example(
        "12369",
        "12369.json",
        "application/vnd.12369+json",
        {
            "source_number": "HB-460100-20261123-0007",
            "kind": "report",
            "live": True,
            "title": "某烧烤店油烟扰民",
            "text": "烧烤店油烟直排居民楼。\n被举报单位:某烧烤店\n污染时段:18:00-22:00、23:00-02:00",
            "category": "020600",
            "division": "460105002000",
            "occurred_at": "2026-11-22T19:30:00+08:00",
            "caller.withheld": True,
        },
    ),
    Example(
        "110",
        "110.json",
        "application/json",
        {
            "hotline": "110",
            "source_number": "J4601002026112300088",
            "kind": "help",
            "text": "小区外水管爆裂,路面积水。\n110接警意见:非警务求助,无人身危险。",
            "category": "050100",
            "division": "460107002000",
            "occurred_at": "2026-11-23T08:30:00+08:00",
        },
    ),
    Example(
        "12328",
        "12328.csv",
        "text/csv; header=present",
        {
            "source_number": "JT20261123-051",
            "kind": "complaint",
            "title": "出租车:拒载",
            "text": "司机听说去机场不打表,随后拒载。\n车牌号:琼A·T0000\n所属企业:某出租汽车公司",
            "category": "030500",
            "division": "460108007000",
            "occurred_at": "2026-11-22T21:05:00+08:00",
            "caller.withheld": True,
        },
        "gb18030",
    ),
    Example(
        "12319",
        "12319.form",
        "application/x-www-form-urlencoded",
        {
            "source_number": "CJ20261123-0102",
            "kind": "help",
            "urgency": "livelihood",
            "live": True,
            "text": "海府路一段路灯连续三天不亮,夜间行走危险。",
            "category": "010500",
            "division": "460108006000",
            "caller.name": "蔡先生",
        },
    ),
    Example(
        "12320",
        "12320.xml",
        "application/xml",
        {
            "source_number": "WS-2026-1123-9",
            "kind": "complaint",
            "title": "诊所收费不透明",
            "text": "诊所收费前没有告知价格,也不开票据。\n涉及机构:某诊所、某诊所分店",
            "category": "090400",
            "division": "460106004000",
            "address": "某路10号",
            "caller.phone": "+8689865320000",
            "caller.withheld": True,
        },
    ),
    Example(
        "12329",
        "12329.json",
        "application/json",
        {
            "source_number": "GJJ202611230021",
            "kind": "complaint",
            "text": "单位半年没有缴存公积金。\n业务网点:秀英营业部\n缴存单位:某公司",
            "category": "040800",
            "occurred_at": "2026-11-23T09:00:00+08:00",
            "caller.name": "郑女士",
        },
    ),
    Example(
        "12393",
        "12393.json",
        "application/json;charset=GBK",
        {
            "source_number": "YB26112300044",
            "kind": "consult",
            "text": "异地住院备案后报销比例是多少?",
            "category": "090500",
            "caller.name": "周某",
            "caller.type": "proxy",
            "caller.proxy.name": "村代办员小吴",
            "caller.proxy.organisation": "龙塘镇某村委会",
        },
        "gbk",
    ),
    Example(
        "12350",
        "12350.json",
        "application/json",
        {
            "source_number": "AQ-20261123-3",
            "kind": "report",
            "urgency": "livelihood",
            "live": True,
            "title": "有限空间作业无防护:某污水处理厂",
            "longitude": 110.2881,
            "latitude": 20.0312,
            "division": "460105002000",
            "occurred_at": "2026-11-23T09:00:00+08:00",
            "caller.anonymous": True,
        },
    ),
    Example(
        "96119",
        "96119.form",
        "multipart/form-data; boundary=------boundary96119",
        {
            "source_number": "XF20261123004",
            "kind": "report",
            "live": True,
            "title": "某商住楼堵塞消防通道",
            "category": "030300",
            "division": "460106002000",
            "address": "龙华区滨海街道某路20号",
            "caller.phone": "+8613700000000",
        },
    ),
]
