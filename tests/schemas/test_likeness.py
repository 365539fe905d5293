"""How alike two texts are, and what is kept of them in memory."""

from schemas.likeness import LONGEST_REMEMBERED, _remembered, likeness, runs


def test_a_long_text_is_not_remembered() -> None:
    _remembered.cache_clear()
    runs("长" * (LONGEST_REMEMBERED + 1))
    assert _remembered.cache_info().currsize == 0
    assert likeness("长" * 2000 + "一二三", "长" * 2000 + "一二三四") > 0.8
