"""How long work waits: for other writers, and for one statement."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError

# Seconds before the first try again; doubled each time. A lock is held for milliseconds or for minutes.
_FIRST_PAUSE = 0.1


def is_locked(error: BaseException) -> bool:
    """Return True when the engine says that somebody else holds what is needed."""
    return isinstance(error, DBAPIError) and "locked" in str(error.orig)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a transaction waits.

    Args:
        lock_timeout_s: Seconds to wait for another writer, each time; None takes the connection's own.
        retries: How often BEGIN and COMMIT are tried again when they found the database locked. Nothing is
            done before the one and nothing is undone after the other, so only there trying again is safe.
        statement_timeout_s: Seconds one statement may take; None sets no limit.
        waiting: Told how many tries have failed, before each new one.
    """

    lock_timeout_s: float | None = None
    retries: int = 0
    statement_timeout_s: float | None = None
    waiting: Callable[[int], None] = lambda _tries: None

    def retried(self, action: Callable[[], object], again: Callable[[BaseException], bool]) -> None:
        """Run an action, and again after a pause while it fails with an error that `again` accepts."""
        for tries in range(1, self.retries + 1):
            try:
                action()
            except DBAPIError as error:
                if not again(error):
                    raise
            else:
                return
            self.waiting(tries)
            time.sleep(_FIRST_PAUSE * 2 ** (tries - 1))
        action()


NO_RETRY = Patience()
