"""One file imported twice at once: whatever each has read ahead, a record is taken by one of them."""

import asyncio
from pathlib import Path

from intake.import_calls import BATCH, Counts, Import, import_calls
from tests.inprocess import InProcess
from tests.intake.test_import import a_file, declared, many


async def test_two_imports_of_one_file_at_once_share_its_records(hotline: InProcess, tmp_path: Path) -> None:
    count = 2 * BATCH + 7
    wanted = Import(a_file(tmp_path / "calls.csv", *many(count)), declared())
    done = await asyncio.gather(*(import_calls(wanted, hotline.resources) for _ in range(2)))
    assert [counts for counts, _ in done] == [Counts(read=count, registered=count)] * 2
    assert (await hotline.rows("SELECT count(*) AS n FROM source_calls"))[0].n == count
