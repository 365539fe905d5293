"""The linters of the contracts: npm packages, fetched once as locked, then kept for every later run."""

import hashlib
import shutil
import subprocess
from pathlib import Path

from tests.fetched import cache, fetched, needed
from tests.leash import LEASH

HERE = Path(__file__).parent
FILES = ("package.json", "package-lock.json", "lint.cjs")
FETCH_SECONDS = 600
RUN_SECONDS = 300


def lint(*documents: Path) -> tuple[int, str]:
    """
    Check documents; return the exit code and what was said, a line for each fault.

    Where Node.js is missing the test is skipped, but never in CI.
    """
    needed("node", "npm")
    tools = fetched(_folder(), _install)
    done = _run(["node", str(tools / "lint.cjs"), *map(str, documents)], HERE, RUN_SECONDS)
    return done.returncode, done.stdout.strip()


def _folder() -> Path:
    content = hashlib.sha256(b"".join((HERE / each).read_bytes() for each in FILES))
    return cache() / f"node-{content.hexdigest()[:12]}" / "tools"


def _install(part: Path) -> None:
    for each in FILES:
        shutil.copy(HERE / each, part)
    command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    done = _run(command, part, FETCH_SECONDS)
    if done.returncode != 0:
        raise RuntimeError(f"npm could not fetch the linters:\n{done.stdout[-3000:]}")


def _run(command: list[str], folder: Path, seconds: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*LEASH, *command],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=seconds,
    )
