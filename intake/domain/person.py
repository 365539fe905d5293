"""Who calls: a name and how to address it, or that the caller leaves none."""

import re
from dataclasses import dataclass
from functools import lru_cache

from intake.domain.evidence import Evidence, Problem
from intake.domain.phone import dialled
from intake.domain.text import folded, one_line

FIELD = "caller.name"
LONGEST = 100

NAMED = "named"
ABSENT = "absent"
ANONYMOUS = "anonymous"
WITHHELD = "withheld"

_HONORIFICS = (
    "先生|女士|小姐|太太|夫人|同志|师傅|老师|老板|经理|主任|医生|律师|教授|校长|阿姨|大姐|大哥|大爷|大妈|大叔|大伯|大娘|叔叔|伯伯|"
    "爷爷|奶奶|婆婆|老伯|老人家|同学|小朋友|生|姐|哥|姨|叔|伯|婆|公|总|工|某某|某"
)
# Only what cannot be the end of a given name is one after a single surname alone: 王生 may be a name.
_SURE = frozenset(_HONORIFICS.split("|")) - {"生", "姐", "哥", "姨", "叔", "伯", "婆", "公", "工"}
_COMPOUND = (
    "欧阳|司马|上官|诸葛|夏侯|东方|皇甫|尉迟|公孙|慕容|令狐|宇文|长孙|司徒|司空|端木|南宫|西门|东郭|轩辕|独孤|"
    "闻人|澹台|公冶|宗政|濮阳|淳于|单于|太叔|申屠|仲孙|钟离|鲜于|闾丘|亓官|呼延|百里|东方|赫连|拓跋|纳兰|完颜"
)
_CHARACTER = "[\u4e00-\u9fff]"
_ADDRESSED = re.compile(
    f"(?P<surname>{_COMPOUND}|{_CHARACTER}){_CHARACTER}{{0,3}}?(?P<honorific>{_HONORIFICS})"
)
_STARTS_COMPOUND = re.compile(_COMPOUND)
_CHINESE = re.compile(f"{_CHARACTER}{{2,4}}")

_ANONYMOUS = re.compile(
    r"匿名.{0,4}|不愿(?:意)?(?:透露|留|提供).{0,6}|不(?:便|想|肯|方便)(?:透露|留|提供).{0,6}|(?:拒绝|拒)(?:透露|留|提供)?.{0,4}|"
    r"不留(?:名|姓名|姓|名字)?|无名氏|佚名|anonymous",
    re.IGNORECASE,
).fullmatch
_WITHHELD = re.compile(
    r"(?:姓名|身份|要求|需要?|请)?(?:予以|给予)?保密|隐藏|withheld|confidential", re.IGNORECASE
).fullmatch
_ABSENT = re.compile(
    r"[*\-—_/\\.?,、，。·]+|(?:热心|匿名|某|一|有|一位|该)?(?:市民|群众|居民|村民|网友|网民|业主|乘客|旅客|游客|司机|路人|来电人|诉求人|"
    r"投诉人|举报人|反映人|当事人|用户|客户|先生|女士|小姐|男士)|无|没有|暂无|空|不详|未知|不知|姓名|未提供|未留(?:姓名|名)?|未登记|"
    r"本人|测试|null|none|nil|n/?a|unknown|undefined|test",
    re.IGNORECASE,
).fullmatch
_LABEL = re.compile(r"^(?:姓名|联系人|来电人|诉求人|名字)\s*[:：]\s*(?=\S)")
_WRAPPING = " ()（）[]【】<>《》「」\"'“”,，;；、:：/|"


@dataclass(frozen=True, slots=True)
class Name:
    """
    What a name field said: a name as it was said, or which kind of none.

    `standing` is `named`, `absent` (a word for anybody: 市民, 无), `anonymous`
    (不留名) or `withheld` (保密). `phones` are numbers that stood among it.
    """

    value: str | None
    standing: str = NAMED
    surname: str | None = None
    honorific: str | None = None
    phones: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    problems: tuple[Problem, ...] = ()


@lru_cache(4096)
def read_name(given: str) -> Name:
    """
    Return the name in a name field, unchanged but for blanks, and how to address it.

    王女士 is surname and honorific, a name in other letters is left alone, and
    a phone number written into the field is taken out of it.
    """
    said = whole = one_line(given)
    evidence: list[Evidence] = []
    phones: tuple[str, ...] = ()
    if any(each.isdigit() for each in said):
        said, phones = _without_phones(said)
        evidence += [Evidence("caller.phone", each, FIELD, whole) for each in phones]
    said = _bare(said)[: LONGEST + 1]
    standing = _standing(folded(said))
    if standing != NAMED:
        evidence.append(Evidence(FIELD, standing, "declared", whole))
        return Name(None, standing, phones=phones, evidence=tuple(evidence))
    problems = (_CUT,) if len(said) > LONGEST else ()
    surname, honorific = address(said)
    if honorific:
        evidence.append(Evidence(f"{FIELD}.surname", surname or "", "declared", honorific))
    return Name(said[:LONGEST], NAMED, surname, honorific, phones, tuple(evidence), problems)


def address(name: str) -> tuple[str | None, str | None]:
    """Return surname and honorific of a Chinese name: 欧阳女士, 王先生, 陈小明; None of any other name."""
    plain = folded(name)
    addressed = _ADDRESSED.fullmatch(plain)
    if addressed and (addressed["honorific"] in _SURE or addressed["surname"] in _COMPOUND.split("|")):
        return addressed["surname"], addressed["honorific"]
    if _CHINESE.fullmatch(plain) is None:
        return None, None
    compound = _STARTS_COMPOUND.match(plain)
    return (compound[0] if compound and len(plain) > 2 else plain[0]), None


def _standing(plain: str) -> str:
    if not plain or _ABSENT(plain):
        return ABSENT
    if _ANONYMOUS(plain):
        return ANONYMOUS
    return WITHHELD if _WITHHELD(plain) else NAMED


def _bare(said: str) -> str:
    bare = _LABEL.sub("", said.strip(_WRAPPING))
    for opens, closes in ("()", "（）"):  # 王女士(老) keeps its bracket whole
        if bare.count(opens) > bare.count(closes) and bare + closes in said:
            bare += closes
    return said if bare == said else _bare(bare)


def _without_phones(said: str) -> tuple[str, tuple[str, ...]]:
    plain = said.translate(_DIGITS)
    found = dialled(plain)
    for each in found:
        plain = plain.replace(each.words, " ")
    return (" ".join(plain.split()), tuple(each.number for each in found)) if found else (said, ())


_DIGITS = {0xFF10 + digit: str(digit) for digit in range(10)} | {0xFF0B: "+", 0xFF0D: "-"}
_CUT = Problem(FIELD, "name_cut", "姓名过长,只保存了前一百个字;原始记录里保留全文。")
