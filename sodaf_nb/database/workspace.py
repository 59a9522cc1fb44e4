"""Private folders for working copies, gone when the block ends; those of killed processes are found again.

They are in the system's folder for temporary files and not beside the backups: a working copy is not encrypted,
and a directory of backups may lie on another machine.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIXES = ("sodaf-backup-", "sodaf-rehearsal-")

# Seconds. Earlier versions held no lock on theirs, and one of them may be at work beside this one.
_ABANDONED_AGE = 3600.0


@contextmanager
def workspace(what: str) -> Iterator[str]:
    """Make a folder of mode 0700, held by a lock that dies with this process, and delete it when the block ends.

    Args:
        what: What it is for: `backup` or `rehearsal`.
    """
    folder = tempfile.mkdtemp(prefix=f"sodaf-{what}-")
    try:
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            # Some file systems cannot do this; there the folder's time tells.
            with suppress(OSError):
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield folder
        finally:
            os.close(fd)
    finally:
        _removed(folder)


def _removed(folder: str) -> None:
    """Delete a folder; tried twice, because what is in it is not encrypted."""
    try:
        shutil.rmtree(folder)
    except OSError:
        if Path(folder).exists():
            shutil.rmtree(folder)


def remove_abandoned() -> int:
    """Delete the working copies that killed processes of this user left, and return how many there were."""
    found = [p for prefix in _PREFIXES for p in Path(tempfile.gettempdir()).glob(f"{prefix}*") if _is_abandoned(p)]
    for folder in found:
        # Somebody else may be cleaning up as well.
        shutil.rmtree(folder, ignore_errors=True)
    return len(found)


def _is_abandoned(folder: Path) -> bool:
    try:
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:  # a planted file or link, or another user's
        return False
    try:
        facts = os.fstat(fd)
        ours = facts.st_uid == os.geteuid() and not stat.S_IMODE(facts.st_mode) & 0o077
        if not ours or time.time() - facts.st_mtime < _ABANDONED_AGE:
            return False
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(fd)
    return True
