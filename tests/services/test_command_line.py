"""The command line: it loads what a command needs, and no more."""

import subprocess
import sys

from services.__main__ import COMMANDS
from tests.journeys.processes import ROOT


def test_a_key_is_made_without_loading_the_service() -> None:
    """Scripts make many keys, one after another."""
    roles = {name.partition(".")[0] for name in COMMANDS.values()} - {"services"}
    heavy = {*roles, "fastapi", "aiohttp", "aiokafka", "alembic", "numpy"}
    code = (
        "import atexit, sys; sys.argv = ['hotline', 'keys', 'list', '--help'];"
        " from services.__main__ import main;"
        f" atexit.register(lambda: print('loaded', sorted({heavy} & sys.modules.keys()))); main()"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)

    assert done.returncode == 0, done.stderr
    assert "Usage: hotline keys list" in done.stdout
    assert done.stdout.splitlines()[-1] == "loaded []"
