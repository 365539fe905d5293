"""The jars of an Apache Kafka broker: fetched once with Maven, then kept for every later run."""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.leash import LEASH

HERE = Path(__file__).parent
KAFKA = "kafka-4.4.0"
FETCH_SECONDS = 600


def folder() -> Path:
    """Return where the jars are kept, whether or not they have been fetched."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "hotline-tests" / KAFKA / "libs"


def fetched() -> Path:
    """
    Return the folder with the jars, fetching them first where they are missing.

    They appear under their name all at once, so what a killed fetch left is never taken for
    the whole. Raises `RuntimeError` with what Maven said when it fails.
    """
    libs = folder()
    if not libs.exists():
        libs.parent.mkdir(parents=True, exist_ok=True)
        with _locked(libs.with_name("lock")):
            if not libs.exists():
                _fetch(libs)
    return libs


def _fetch(libs: Path) -> None:
    for left in libs.parent.glob("fetch-*"):
        shutil.rmtree(left)
    part = tempfile.mkdtemp(prefix="fetch-", dir=libs.parent)
    pom = HERE / "pom.xml"
    command = ["mvn", "-q", "-B", "-C", "-f", str(pom), "dependency:copy-dependencies"]
    done = subprocess.run(
        [*LEASH, *command, f"-DoutputDirectory={part}"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=FETCH_SECONDS,
    )
    if done.returncode != 0:
        raise RuntimeError(f"Maven could not fetch {KAFKA}:\n{done.stdout[-3000:]}")
    Path(part).rename(libs)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
