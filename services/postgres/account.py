"""Under which account PostgreSQL runs: it refuses root, so root lends it another one."""

import ctypes
import os
import signal
from collections.abc import Callable
from pathlib import Path

from schemas.errors import Misconfigured
from services.processes import follow_parent

NOBODY = 65534
CLONE_NEWUSER = 0x10000000

_libc = ctypes.CDLL(None, use_errno=True)

Enter = Callable[[], None]
"""Runs in the child between fork and exec."""


def enter_account(data: Path, binaries: Path) -> Enter:
    """
    Return what a child does to run as an account PostgreSQL accepts.

    An ordinary user stays itself. Root becomes nobody where nobody can reach
    both folders; below a closed folder, as /root, it stays the owner of its
    files but is shown as nobody by a user namespace. No folder above the data
    is changed. Raises `Misconfigured` when neither way is open.
    """
    if os.geteuid() != 0:
        return _follow_parent
    if _reachable(data) and _reachable(binaries):
        _own(data, NOBODY)
        return _become_nobody
    if not _namespaces_allowed():
        raise Misconfigured(
            f"PostgreSQL does not run as root, and the account nobody cannot reach {data}. "
            "Run as an ordinary user, or choose another folder with --data."
        )
    _own(data, 0)
    return _appear_as_nobody


def _reachable(path: Path) -> bool:
    resolved = path.resolve()
    return all(each.stat().st_mode & 0o001 for each in [*resolved.parents] if each.exists())


def _own(folder: Path, owner: int) -> None:
    """Hand the database's own folder over, when it is another's."""
    if folder.stat().st_uid == owner:
        return
    for root, names, files in os.walk(folder):
        for name in [*names, *files]:
            os.chown(Path(root) / name, owner, owner, follow_symlinks=False)
    os.chown(folder, owner, owner)


def _follow_parent() -> None:
    """Ask the kernel for a fast shutdown when the thread that started us is gone."""
    follow_parent(signal.SIGINT)


def _become_nobody() -> None:
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)
    _follow_parent()


def _appear_as_nobody() -> None:
    _unshare()
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{NOBODY} 0 1")
    Path("/proc/self/gid_map").write_text(f"{NOBODY} 0 1")
    _follow_parent()


def _unshare() -> None:
    if _libc.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")


def _namespaces_allowed() -> bool:
    child = os.fork()
    if child == 0:
        try:
            _appear_as_nobody()
        except OSError:
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
