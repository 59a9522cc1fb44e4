"""One migration at a time: a lock that dies with the process that holds it."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sodaf_nb.errors import LockedError

# flock does not stop a second thread of the same process that opens the file again, so a mutex does.
_MUTEXES: dict[str, threading.Lock] = {}
_GUARD = threading.Lock()


@contextmanager
def exclusive(uri: str, file: Path | None) -> Iterator[None]:
    """Hold the right to migrate a database for the length of a block.

    Args:
        uri: What tells the database from others within this process.
        file: Its file; beside it lies the lock file. None for a database in memory.

    Raises:
        LockedError: If another process or thread is migrating it.
    """
    with _GUARD:
        mutex = _MUTEXES.setdefault(uri, threading.Lock())
    if not mutex.acquire(blocking=False):
        raise _busy()
    try:
        with _file_lock(file):
            yield
    finally:
        mutex.release()


@contextmanager
def _file_lock(file: Path | None) -> Iterator[None]:
    if file is None:
        yield
        return
    handle = os.open(f"{file}.sodaf-lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _busy() from None
        yield
    finally:
        os.close(handle)


def _busy() -> LockedError:
    return LockedError("Another migration of this database is running.", hint="wait until it is done and try again")
