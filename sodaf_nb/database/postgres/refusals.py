"""The server's errors in our words; they are told by SQLSTATE, since texts are translated and may hold row data."""

from __future__ import annotations

import psycopg

from sodaf_nb.errors import (
    DatabaseError,
    LockedError,
    MigrationExecutionError,
    MigrationTimeoutError,
    SodafError,
)

# lock_not_available, deadlock_detected, serialization_failure
_LOCKED = frozenset({"55P03", "40P01", "40001"})
_CANCELLED = "57014"
# admin_shutdown, crash_shutdown, cannot_connect_now, idle_in_transaction_session_timeout
_GONE = frozenset({"57P01", "57P02", "57P03", "25P03"})
_DENIED = "42501"


def is_locked(error: BaseException) -> bool:
    """Return True when the server says that somebody else holds what is needed."""
    return isinstance(error, psycopg.Error) and error.sqlstate in _LOCKED


def ours(error: psycopg.Error, *, statement_timeout_s: float | None = None, holders: str = "") -> SodafError:
    """Return the error to raise for one of the driver's.

    Args:
        error: What the driver raised.
        statement_timeout_s: The limit that a cancelled statement ran into.
        holders: Who holds what is needed, in words; empty when not known.
    """
    said = primary(error)
    if is_locked(error):
        who = f" It is held by {holders}." if holders else ""
        return LockedError(
            f"The database is in use: {said}.{who}", hint="wait until the other user is done and try again"
        )
    if error.sqlstate == _CANCELLED and statement_timeout_s is not None:
        return MigrationTimeoutError(
            f"A statement took longer than {statement_timeout_s:g} s and was stopped; everything was taken back.",
            hint="raise statement_timeout_s, or migrate when the database is less busy",
        )
    if error.sqlstate is None or error.sqlstate in _GONE:
        return DatabaseError(f"The connection to the server was lost: {said}.", hint="look at the server and try again")
    if error.sqlstate == _DENIED:
        return DatabaseError(f"The server does not allow it: {said}.", hint="ask for that right, or use another role")
    return MigrationExecutionError(
        f"The database refused a statement: {said}.", hint="the message names the table or column to look at"
    )


def primary(error: psycopg.Error) -> str:
    """Return the server's message without its detail, which may show a row's values."""
    text = error.diag.message_primary or str(error).strip().partition("\n")[0]
    return text.rstrip(".") or type(error).__name__


def unreachable(error: psycopg.Error) -> DatabaseError:
    """Return the error for a server that no connection could be made to; never with the address's password."""
    return DatabaseError(
        f"The database cannot be reached: {primary(error)}.", hint="look at its address and whether the server runs"
    )
