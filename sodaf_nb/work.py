"""The piece of work that runs in this thread: another thread may ask it to stop, and it says how far it is.

Ctrl-C reaches the main thread only. Work in any other thread is given a `Work`; what runs in it looks there
between statements, between chunks of rows, and while the engine is busy with one statement. Code that nobody
gave one finds none and is neither stopped nor slower for it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

# Instructions of the engine between two looks: about a millisecond.
EVERY = 50_000

_CURRENT: ContextVar[Work | None] = ContextVar("sodaf_work", default=None)


class Work:
    """What connects one piece of work with those who wait for it; safe from any thread.

    Args:
        told: Told, in the thread of the work, of each step: what it is, how many are done and how many there are.
        rows: Told how many rows were read or written, a chunk at a time.
    """

    def __init__(
        self,
        told: Callable[[str, int, int], None] = lambda _what, _done, _total: None,
        rows: Callable[[int], None] = lambda _count: None,
    ) -> None:
        self.told = told
        self.rows = rows
        self._lock = threading.Lock()
        self._asked = self._heard = self._closed = False

    def stop(self) -> bool:
        """Ask it to stop; False when it is too late. After True it never commits."""
        with self._lock:
            self._asked = self._asked or not self._closed
            return not self._closed

    @property
    def asked(self) -> bool:
        """True when it was asked to stop in time."""
        return self._asked

    def must_stop(self) -> bool:
        """Return True while it was asked to stop and has not heard it."""
        return self._asked and not self._heard

    def hear(self) -> None:
        """Let it run on: what it does now is to take back and to record what it did."""
        self._heard = True

    def close(self) -> bool:
        """Refuse every stop from here on; False when one was asked before."""
        with self._lock:
            self._closed = not self._asked
            return self._closed

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run a block as this work."""
        token = _CURRENT.set(self)
        try:
            yield
        finally:
            _CURRENT.reset(token)


def must_stop() -> bool:
    """Return True when the work of this thread was asked to stop and has not heard it."""
    work = _CURRENT.get()
    return work is not None and work.must_stop()


def check() -> None:
    """Go on, unless the work of this thread was asked to stop.

    Raises:
        KeyboardInterrupt: As Ctrl-C would in the main thread, so that both take the same way out; once.
    """
    work = _CURRENT.get()
    if work is not None and work.must_stop():
        work.hear()
        raise KeyboardInterrupt


def tell(what: str, done: int, total: int) -> None:
    """Say which step begins, which is a place to stop at.

    Raises:
        KeyboardInterrupt: As `check` does.
    """
    check()
    if (work := _CURRENT.get()) is not None:
        work.told(what, done, total)


def rows_done(count: int) -> None:
    """Say that a chunk of rows was read or written, which is a place to stop at.

    Raises:
        KeyboardInterrupt: As `check` does.
    """
    check()
    if (work := _CURRENT.get()) is not None:
        work.rows(count)


def close() -> None:
    """Refuse every stop from here on: what follows cannot be taken back.

    Raises:
        KeyboardInterrupt: If the work was asked to stop before, even if something kept it from being heard.
    """
    work = _CURRENT.get()
    if work is not None and not work.close():
        work.hear()
        raise KeyboardInterrupt


def as_stopped(error: BaseException) -> BaseException:
    """Return what ended the work: an interrupt, if it was asked to stop, whatever error that led to."""
    work = _CURRENT.get()
    if work is None or not work.asked:
        return error
    work.hear()
    return error if isinstance(error, KeyboardInterrupt) else KeyboardInterrupt()


def watched(connection: sqlite3.Connection) -> sqlite3.Connection:
    """Return a connection whose statements end early when the work of their thread is asked to stop."""
    connection.set_progress_handler(must_stop, EVERY)
    return connection
