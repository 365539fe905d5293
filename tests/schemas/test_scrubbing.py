"""What a department does not read in free text: the numbers and names that say who called."""

import pytest

from schemas.scrubbing import names_in, scrubbed, scrubbed_all


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("请回电13812345678", "请回电[电话]"),
        ("请回电138-1234-5678或+86 138 1234 5678。", "请回电[电话]或[电话]。"),
        ("座机0898-68712345,(0898)68712345", "座机[电话],[电话]"),
        ("身份证460100199001011234和46010019900101123X", "身份证[证件号]和[证件号]"),
        ("旧证460100900101123", "旧证[证件号]"),
        ("工单HK2026112300000105", "工单HK2026112300000105"),
        ("政府工单号20260322990021", "政府工单号20260322990021"),
        ("拨打12345、12315,车牌琼A12345,2026年11月23日", "拨打12345、12315,车牌琼A12345,2026年11月23日"),
        ("合同金额13800000000000元", "合同金额13800000000000元"),
        ("龙华区国贸路199号3栋2单元", "龙华区国贸路199号3栋2单元"),
        ("2b66a137-0468-4642-a299-debfd7c6de6c", "2b66a137-0468-4642-a299-debfd7c6de6c"),
        (
            "工单2b66a137-0468-4642-a299-debfd7c6de6c请回137-0468-4642",
            "工单2b66a137-0468-4642-a299-debfd7c6de6c请回[电话]",
        ),
    ],
)
def test_numbers_that_say_who_called_are_not_read(said: str, read: str) -> None:
    assert scrubbed(said) == read


@pytest.mark.parametrize(
    ("caller", "read"),
    [
        ({"name": "周明远"}, "我叫[姓名],周女士的邻居"),
        ({"name": "周女士"}, "我叫周明远,周女士的邻居"),
        ({"name": "周女士", "withheld": True}, "我叫周明远,[姓名]的邻居"),
        ({"name": "周明远", "type": "enterprise"}, "我叫周明远,周女士的邻居"),
        ({"name": None, "proxy": {"name": "周明远"}}, "我叫[姓名],周女士的邻居"),
        ({}, "我叫周明远,周女士的邻居"),
    ],
)
def test_a_callers_name_is_not_read_unless_it_is_how_they_are_shown(
    caller: dict[str, object], read: str
) -> None:
    assert scrubbed("我叫周明远,周女士的邻居", names_in(caller, ())) == read


@pytest.mark.parametrize(
    ("caller", "former", "read"),
    [
        ({"name": "王秀英"}, {"name": "周明远"}, "我叫[姓名],周女士的邻居"),
        ({"name": "王秀英"}, {"name": "周女士"}, "我叫周明远,周女士的邻居"),
        ({"name": "王秀英", "withheld": True}, {"name": "周女士"}, "我叫周明远,[姓名]的邻居"),
        ({"name": "王秀英"}, {"name": "周明远", "type": "enterprise"}, "我叫周明远,周女士的邻居"),
        ({"name": "王秀英"}, {"proxy": {"name": "周明远"}}, "我叫[姓名],周女士的邻居"),
        ({"anonymous": True}, {"name": "周明远"}, "我叫[姓名],周女士的邻居"),
    ],
)
def test_nor_is_the_name_a_caller_had_before_it_was_corrected(
    caller: dict[str, object], former: dict[str, object], read: str
) -> None:
    assert scrubbed("我叫周明远,周女士的邻居", names_in(caller, [former])) == read


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("Smith", "[姓名]"),
        ("联系smith即可", "联系[姓名]即可"),
        ("Mr Smith,SMITH", "Mr [姓名],[姓名]"),
        ("Blacksmith Smithson", "Blacksmith Smithson"),
    ],
)
def test_a_name_in_latin_letters_is_a_word_in_whatever_case(said: str, read: str) -> None:
    assert scrubbed(said, names_in({"name": "Smith"}, ())) == read


def test_every_text_is_scrubbed_however_deep_and_no_code() -> None:
    told = {
        "department": "police",
        "note": "police",
        "missing": ["police"],
        "matter": {"category": "police", "attributes": {"kind": "police"}},
        "new_field": "police",
        "count": 1,
    }
    assert scrubbed_all(told, ("police",)) == {
        "department": "police",
        "note": "[姓名]",
        "missing": ["[姓名]"],
        "matter": {"category": "police", "attributes": {"kind": "[姓名]"}},
        "new_field": "[姓名]",
        "count": 1,
    }


def test_a_hidden_number_is_called_what_it_is() -> None:
    hidden = names_in({"phone": "+8613876543210", "id_number": "11010519491231002X"}, ())
    assert scrubbed("电话+8613876543210,身份证11010519491231002X", hidden) == "电话[电话],身份证[证件号]"
