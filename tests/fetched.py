"""What tests fetch once and keep for every later run; and what a machine must have for some of them."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def cache() -> Path:
    """Return the folder for what is fetched."""
    place = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(place) / "hotline-tests"


def fetched(folder: Path, fetch: Callable[[Path], None]) -> Path:
    """
    Return a folder, filled first by `fetch` where it is missing.

    It appears under its name all at once, so what a killed fetch left is never taken for the whole.
    """
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _locked(folder.with_name("lock")):
            if not folder.exists():
                _fill(folder, fetch)
    return folder


def _fill(folder: Path, fetch: Callable[[Path], None]) -> None:
    for left in folder.parent.glob("fetch-*"):
        shutil.rmtree(left)
    part = Path(tempfile.mkdtemp(prefix="fetch-", dir=folder.parent))
    fetch(part)
    part.rename(folder)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def needed(*programs: str) -> None:
    """Skip a test, by name, where one of these programs is missing; in CI nothing may be missing."""
    missing = [each for each in programs if shutil.which(each) is None]
    if missing:
        give_up = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        give_up(f"Missing here: {', '.join(missing)}.")
