"""Stops a statement that runs too long, or that the user interrupts, while the engine is still at work."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from sodaf_nb import work
from sodaf_nb.errors import MigrationTimeoutError


class Watch:
    """Looks at the clock while statements run on one connection.

    Python handles signals between its own instructions only, so a statement that takes minutes would keep
    Ctrl-C waiting for minutes; looking at the clock is such an instruction. Work in another thread, which
    Ctrl-C does not reach, is asked whether it shall stop at the same time.

    Args:
        connection: The connection.
        limit_s: Seconds one statement may take; None sets no limit.
    """

    def __init__(self, connection: sa.Connection, limit_s: float | None) -> None:
        self._limit_s = limit_s
        self._until: float | None = None
        self._expired = False
        driver = connection.connection.driver_connection
        set_handler = getattr(driver, "set_progress_handler", None)
        if set_handler is not None:
            set_handler(self._must_stop, work.EVERY)

    def _must_stop(self) -> bool:
        self._expired = self._until is not None and time.monotonic() > self._until
        return self._expired or work.must_stop()

    @contextmanager
    def statement(self) -> Iterator[None]:
        """Run a block that is one statement.

        Raises:
            MigrationTimeoutError: If it took longer than the limit.
            KeyboardInterrupt: If the user interrupted it.
        """
        self._until = None if self._limit_s is None else time.monotonic() + self._limit_s
        try:
            yield
        except DBAPIError as error:
            if "interrupted" not in str(error.orig):
                raise
            raise self._stopped() from None
        finally:
            self._until = None

    def _stopped(self) -> BaseException:
        if not self._expired:
            return (
                KeyboardInterrupt()
            )  # another thread asked for it, or the engine ate it while the clock was looked at
        return MigrationTimeoutError(
            f"A statement took longer than {self._limit_s:g} s and was stopped; everything was taken back.",
            hint="raise statement_timeout_s, or migrate when the database is less busy",
        )
