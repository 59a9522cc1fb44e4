"""What keeps a condition that a person wrote from doing more than reading SQLite's tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sodaf_nb.database.functions import harmless_functions
from sodaf_nb.database.session import SQLiteSession
from sodaf_nb.errors import MigrationExecutionError, UsageError

HINT = "only columns, values, harmless functions and reading subselects can stand there"


@contextmanager
def fenced(session: SQLiteSession) -> Iterator[None]:
    """Let the engine refuse everything but reading tables and calling harmless functions."""
    refused: list[str] = []
    session.raw.set_authorizer(_guard(harmless_functions(session), refused))
    try:
        yield
    except MigrationExecutionError as error:
        reason = f"it would {refused[0]}" if refused else str(error.message).partition(": ")[2].rstrip(".")
        raise UsageError(f"The condition cannot be used: {reason}.", hint=HINT) from None
    finally:
        session.raw.set_authorizer(None)


def _guard(harmless: frozenset[str], refused: list[str]) -> Callable[..., int]:
    def judge(action: int, first: str | None, second: str | None, _schema: str | None, _inner: str | None) -> int:
        match action:
            case sqlite3.SQLITE_SELECT:
                return sqlite3.SQLITE_OK
            case sqlite3.SQLITE_READ if not str(first).lower().startswith(("sqlite_", "pragma_")):
                return sqlite3.SQLITE_OK
            case sqlite3.SQLITE_FUNCTION if str(second).lower() in harmless:
                return sqlite3.SQLITE_OK
            case sqlite3.SQLITE_FUNCTION:
                refused.append(f"call {second}")
            case sqlite3.SQLITE_READ:
                refused.append(f"read {first}")
            case _:
                refused.append("do more than read rows")
        return sqlite3.SQLITE_DENY

    return judge
