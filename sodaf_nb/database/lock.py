"""One migration at a time: a lock that dies with the process that holds it."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sodaf_nb.database.refusal import obstacle
from sodaf_nb.errors import DatabaseError, LockedError

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
    handle = _lock_file(file)
    try:
        _lock(handle, file)
        yield
    finally:
        # Closed it is even if the system complains, and what was done under the lock stands.
        with suppress(OSError):
            os.close(handle)


def _lock(handle: int, file: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise _busy() from None
    except OSError as error:  # some network file systems have no locks
        raise _unlockable(file, error) from None


def _lock_file(file: Path) -> int:
    try:
        return os.open(_beside(file), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise obstacle(file) or _unlockable(file, error) from None


def _unlockable(file: Path, error: OSError) -> DatabaseError:
    return DatabaseError(f"{file.name} cannot be locked: {error.strerror}.", hint="look at the file beside it")


def _beside(file: Path) -> str:
    return f"{file}.sodaf-lock"


def is_held(uri: str, file: Path | None) -> bool:
    """Return True while somebody migrates the database; makes no file.

    The lock is tried for an instant, so ask only when the answer matters.
    """
    mutex = _MUTEXES.get(uri)
    if mutex is not None and mutex.locked():
        return True
    if file is None or not Path(_beside(file)).exists():
        return False
    handle = os.open(_beside(file), os.O_RDONLY | os.O_NOFOLLOW)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def _busy() -> LockedError:
    return LockedError("Another migration of this database is running.", hint="wait until it is done and try again")
