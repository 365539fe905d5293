"""Units a text asks to act (请交警核实处理): what somebody thought whose matter it is, not whose it is."""

import re
from collections.abc import Iterator

END = r"。！!？?；;（）()\n"
DEED = "核实|处理|处置|响应|联系|解决|查处|回复|反馈|跟进|调查|核查|办理"
_HOW = (
    "按照?(?:相关)?规定|依法|尽快|立即|马上|及时|给予|予以|进行|"
    "帮忙|协助|协调|前往|派人|安排|到场|能|对此|再次|继续|重新"
)
_UNIT = re.compile(
    r"请(?:由|求|转)?(?P<unit>[^请。，,、！!？?；;：:（）()《》\s0-9]{2,20}?)"
    rf"(?:{_HOW})*(?:{DEED})"
)
_IS_UNIT = re.compile(
    r"(?:局|委|委员会|办|办公室|政府|部门|公司|集团|中心|大队|支队|中队|交警|城管|公安|工商|社保|环保|卫生|教育|民政|国土|市政|园林|环卫|"
    r"供电|水务|派出所|街道|街道办|镇|区|管区|村委会|居委会|社区|物业|所|院|站|处|队|学校|银行|移动|联通|电信)$"
)
_NOBODY = re.compile("职能|相关|有关|主管|责任|承办|对应|各部门|该部门|工作人员|^[其他她您你我]")


def named_units(text: str) -> Iterator[re.Match[str]]:
    """Yield where a text asks a unit to act; `unit` is its name; 职能局 and 有关部门 are none."""
    for match in _UNIT.finditer(text):
        unit = match["unit"]
        if _IS_UNIT.search(unit) and _NOBODY.search(unit) is None:
            yield match
