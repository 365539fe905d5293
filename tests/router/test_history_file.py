"""One reader for every file of the past: whatever wrote it, whatever is broken in it."""

import gzip
from pathlib import Path

import pytest

from router.history_file import HistoryFile
from schemas.errors import Invalid

HEADER = "编号,单位\n"
LONG = "".join(f"{number},unit\n" for number in range(20_000))


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_the_encoding_is_found_even_when_only_the_end_shows_it(
    tmp_path: Path, encoding: str, packed: bool
) -> None:
    file = tmp_path / "history.csv"
    written = f"id,unit\n{LONG}20000,城管局\n".encode(encoding)
    file.write_bytes(gzip.compress(written) if packed else written)
    rows = list(HistoryFile(file, ["unit", "id"]))
    assert (len(rows), rows[-1]) == (20_001, {"unit": "城管局", "id": "20000"})


def test_a_row_that_has_not_the_cells_of_the_header_is_counted_each_time_and_not_yielded(
    tmp_path: Path,
) -> None:
    file = tmp_path / "history.csv"
    file.write_text(f'{HEADER}1,甲\n2\n3,丙,多\n4,"丁\n', "utf-8")
    history = HistoryFile(file, ["单位"])
    for _ in range(2):
        assert list(history) == [{"单位": "甲"}]
        assert history.left_out == "3 rows skipped: not the columns of the header."
    file.write_text(f"{HEADER}1,甲\n", "utf-8")
    list(history)
    assert history.left_out == ""


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (HEADER.encode("utf-16"), "neither UTF-8 nor GB18030"),
        (gzip.compress(HEADER.encode(), mtime=0)[:-9], "no whole gzip file"),
        (b"\x1f\x8bno", "no whole gzip file"),
        ("编号,处室\n".encode(), "has no column 单位; it has 编号、处室"),
        (b"", "has no column 单位; it has nothing"),
        (b'"\n', "is no CSV"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_its_name(
    tmp_path: Path, written: bytes, said: str
) -> None:
    file = tmp_path / "history.csv"
    file.write_bytes(written)
    with pytest.raises(Invalid, match=said) as refused:
        list(HistoryFile(file, ["单位"]))
    assert str(refused.value).startswith("history.csv ")
