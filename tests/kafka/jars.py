"""The jars of an Apache Kafka broker: fetched once with Maven, then kept for every later run."""

import subprocess
from pathlib import Path

from tests.fetched import cache
from tests.fetched import fetched as kept
from tests.leash import LEASH

HERE = Path(__file__).parent
KAFKA = "kafka-4.4.0"
FETCH_SECONDS = 600


def folder() -> Path:
    """Return where the jars are kept, whether or not they have been fetched."""
    return cache() / KAFKA / "libs"


def fetched() -> Path:
    """
    Return the folder with the jars, fetching them first where they are missing.

    Raises `RuntimeError` with what Maven said when it fails.
    """
    return kept(folder(), _fetch)


def _fetch(part: Path) -> None:
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
