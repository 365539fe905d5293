"""Whether a text tells of what is happening: not of what happened, happens often or might."""

import re

_PAST = re.compile(
    r"昨|前天|前晚|前几天|前些|上周|上星期|上个?月|上次|去年|前年|曾经|曾(?:有|发生|出现|被|因)"
    r"|之前|以前|当时|当天|当晚|事发|那天|那晚"
    r"|\d ?年|\d ?月[\d份初中底]|[\d几一二两三四五六七八九十] ?(?:天|日|周|星期|个月|年)以?前"
    r"|扑灭|已灭|脱险|救出|获救|身亡|死亡|去世|死者|住院|出院|医药费|医疗费|治疗费|赔偿|赔付|理赔|保险公司"
    r"|工单|处理结果|处理情况|处理进度|再次来电|再次反映|至今[没未]有?(?:修|处理|解决|整改|赔|答复|回复)"
)
"""Anywhere in a text: it tells of a day gone by, or of what came after."""

_OFTEN = re.compile(
    r"经常|常常|常年|时常|总是|总会|老是|每天|每晚|每次|每年|每到|天天|频繁|频发|屡次|屡屡|反复|有时[候会]|偶尔|时不时"
    r"|(?:多|[\d几两三四五]) ?次(?:发生|出现|故障|坠|着火|起火|困|停)"
)
"""In the sentence: it tells of a habit."""

_MIGHT = re.compile(
    r"如果|假如|假设|要是|万一|一旦|若|倘|(?<!害)怕|担心|担忧|以免|以防|预防|防止|防范|避免"
    r"|杜绝|可能(?:会|导致|引|发生|出现)|恐会|恐怕|会不会|是否会|容易|极易|易燃"
    r"|隐患|风险|(?<!生命)危险(?!化学品)|引发|引起|差点|差一点|险些|听说|谣|演练|演习|宣传|知识|讲座|预案|火灾时|失火时"
    r"|(?:没有?|未|不会|并未|打不|点不)(?:发生|出现)?(?:着火|起火|失火|火灾|泄漏|泄露|漏气|被困|困人|晕倒|落水|打架|溺水)"
)
"""In the part of the sentence that says it: it tells of what might be, is feared or is taught."""

_SENTENCE = "。!\uff01?\uff1f;\uff1b\n"
_PART = f"{_SENTENCE},\uff0c、:\uff1a()\uff08\uff09"


def is_happening(text: str, at: int) -> bool:
    """Say whether what stands at a place of a folded text is told as the present; unsure is no."""
    return not (
        _PAST.search(text)
        or _OFTEN.search(_around(text, at, _SENTENCE))
        or _MIGHT.search(_around(text, at, _PART))
    )


def _around(text: str, at: int, ends: str) -> str:
    """Return what lies between the nearest ends on both sides of a place."""
    begin = max(text.rfind(each, 0, at) for each in ends) + 1
    behind = (text.find(each, at) for each in ends)
    return text[begin : min((each for each in behind if each >= 0), default=len(text))]
