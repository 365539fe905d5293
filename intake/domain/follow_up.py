"""An earlier ticket a caller speaks of: its number, told from every other long number in a text."""

import re
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from intake.domain.identity import id_check

LONGEST = 24

_RUN = re.compile(r"[0-9]{6,}")
_LETTERS = re.compile(r"[A-Za-z]{1,4}$")
_WORD_BEFORE = re.compile(r"[0-9A-Za-z.\-—_/*]$")
_CALLED = re.compile(
    r"(?:工单|办件|投诉件|转办件|案件|来件|受理|派单|诉求|回访|热线单|上一?单|原单|前单|该单|此单|旧单)"
    r"(?:的|内容|信息|流水)?(?:编号|编码|单号|号码|号)?(?:为|是)?[\s:：,，、#“\"【\[（(《]*$"
)
_NUMBERED = re.compile(r"(?:编号|编码|单号|件号|号码|单|件|号)(?:为|是)?[\s:：#“\"【\[（(《]*$")
_ANOTHER_THING = re.compile(
    r"(?:身份证|证件|驾驶证|行驶证|护照|电话|手机|联系方式|热线|传真|车牌|车架|发动机|卡号|银行卡|社保|医保|公积金|账号|帐号|账户|"
    r"帐户|快递|运单|物流|订单|购买单|取件|发票|票据|收据|合同|条码|条形码|邮编|微信|qq|QQ|信用代码|执照|注册号|案号|许可证|批准文号|"
    r"设备|电表|水表|表号|户号|燃气|房产证|不动产|警号|工号|资格证|批号|型号|编码器|航班|车次)"
    r"(?:号码?|编号|单号|编码)?(?:为|是|有)?[\s:：#（(]*$"
)
_QUOTES_ITS_TITLE = re.compile(r"\s*[)）】\]”\"]?\s*(?:《|关于|(?:号|的|该|这个)?(?:工单|办件|投诉件))")
_OPENING = '（(【[“"'
_CLOSING = '）)】]”"'


class Quoted(NamedTuple):
    """A ticket number quoted in a text, the words around it, and how it was known for one."""

    number: str
    words: str
    certainty: str


def quoted_tickets(text: str) -> list[Quoted]:
    """
    Return the ticket numbers a text quotes, each once, in its order.

    A number of ours proves itself by its check digits. One of fourteen digits
    that begins with a day needs to be called a ticket, to stand in brackets, or
    not to be a time of day as well; any other has to be called a ticket.
    """
    found: dict[str, Quoted] = {}
    for match in _RUN.finditer(text):
        for quoted in _quoted(text, match.start(), match.end()):
            found.setdefault(quoted.number, quoted)
    return list(found.values())


def is_our_number(number: str) -> bool:
    """Return whether a number has the form of our tickets and its two check digits are right."""
    digits = number.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    return len(digits) >= 16 and _begins_with_day(digits) and int(digits) % 97 == 1


def _quoted(text: str, start: int, end: int) -> Iterator[Quoted]:
    digits = text[start:end]
    letters = _LETTERS.search(text, max(0, start - 4), start)
    begin = letters.start() if letters else start
    if len(digits) > LONGEST or text[end : end + 1] in ("*", "X", "x"):
        return
    before = text[max(0, begin - 24) : begin]
    if _WORD_BEFORE.search(before) or _ANOTHER_THING.search(before):
        return
    certainty = _certainty(text, before, letters[0].upper() if letters else "", digits, end)
    if certainty is not None:
        yield Quoted(text[begin:end].upper(), text[max(0, begin - 8) : end + 1].strip(), certainty)


def _certainty(text: str, before: str, letters: str, digits: str, end: int) -> str | None:
    if is_our_number(letters + digits) and (letters or _NUMBERED.search(before)):
        return "computed"
    if _is_of_another_kind(digits):
        return None
    if _CALLED.search(before):
        return "exact"
    if len(digits) != 14 or letters or not _begins_with_day(digits):
        return None
    if _NUMBERED.search(before) or _QUOTES_ITS_TITLE.match(text, end):
        return "exact"
    in_brackets = before[-1:] in _OPENING and text[end : end + 1] in _CLOSING and before != ""
    return "computed" if in_brackets or not _is_time_of_day(digits[8:]) else None


def _is_of_another_kind(digits: str) -> bool:
    """Return whether these digits are a mobile, an ID number or a mere day, whatever stands before them."""
    if len(digits) == 11 and "13" <= digits[:2] <= "19":
        return True
    if len(digits) == 18 and digits[17] == id_check(digits[:17]):
        return True
    return len(digits) == 8 and _begins_with_day(digits)


def _begins_with_day(digits: str) -> bool:
    if not "2000" <= digits[:4] <= "2099":
        return False
    try:
        date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return False
    return True


def _is_time_of_day(digits: str) -> bool:
    return digits[:2] < "24" and digits[2:4] < "60" and digits[4:] < "60"
