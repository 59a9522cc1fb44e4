"""Connections to a server: a small pool, transactions that begin with pinned settings, and their ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg.pq import TransactionStatus

from sodaf_nb.database.address import url_of
from sodaf_nb.database.base import Target
from sodaf_nb.database.patience import Patience
from sodaf_nb.database.postgres.refusals import ours, unreachable
from sodaf_nb.errors import DatabaseError, MigrationExecutionError
from sodaf_nb.sql.quoting import literal, quote

_DRIVER = "postgresql+psycopg"

# What a role, a database or a user's program may have set otherwise, and on which texts and sizes depend. Set for
# the transaction only, so that nothing leaks through a pooler to whoever gets the connection next (trap G5).
_PINNED = {
    "datestyle": "ISO, YMD",
    "intervalstyle": "postgres",
    "timezone": "UTC",
    "bytea_output": "hex",
    "extra_float_digits": "1",
    "standard_conforming_strings": "on",
    "synchronize_seqscans": "off",
    "application_name": "sodaf_nb",
    # Rows that a policy hides would be missing from a backup; with this the server refuses instead.
    "row_security": "off",
    # A backup is proven while the transaction waits.
    "idle_in_transaction_session_timeout": "0",
}


class Connections:
    """Where transactions get their connections.

    Args:
        target: The database's URL, or an Engine of the user's own.
        namespace: The schema that comes first, and alone, in every transaction's search path.
    """

    def __init__(self, target: Target, namespace: str) -> None:
        self._owned = not isinstance(target, sa.Engine)
        self._pool = target if isinstance(target, sa.Engine) else _pool(url_of(target))
        self._namespace = namespace
        self.open: set[int] = set()
        """Process ids, at the server, of the connections in use"""

    @property
    def url(self) -> sa.URL:
        """The database's address."""
        return self._pool.url

    def close(self) -> None:
        """Close the connections that are ours; those of a user's own Engine are the user's."""
        if self._owned:
            self._pool.dispose()

    def begin(self, connection: psycopg.Connection[Any], how: str, patience: Patience) -> None:
        """Begin a transaction in which settings are as we need them."""
        settings = {
            **_PINNED,
            "search_path": f"{quote(self._namespace)}, pg_temp",
            "lock_timeout": _milliseconds(patience.lock_timeout_s),
            "statement_timeout": _milliseconds(patience.statement_timeout_s),
        }
        # One message for all: there are many transactions, and each message is a way there and back.
        calls = ", ".join(f"set_config({literal(name)}, {literal(value)}, true)" for name, value in settings.items())
        connection.execute(f"BEGIN {how}; SELECT {calls}")

    @contextmanager
    def connected(self) -> Iterator[psycopg.Connection[Any]]:
        """Yield a connection in autocommit mode, so that transactions are ours alone to begin."""
        try:
            proxy = self._pool.raw_connection()
        except sa.exc.DBAPIError as error:
            raise _cannot_connect(error) from None
        except psycopg.Error as error:
            raise unreachable(error) from None
        driver: Any = proxy.driver_connection
        pid = driver.info.backend_pid
        self.open.add(pid)
        try:
            driver.autocommit = True
            driver.prepare_threshold = None  # a pooler may give the next transaction another server process
            yield driver
        finally:
            self.open.discard(pid)
            _given_back(proxy, driver)


def _pool(url: sa.URL) -> sa.Engine:
    # Work uses two at a time: its own and the one that holds the right to migrate; a backup one more.
    return sa.create_engine(
        url.set(drivername=_DRIVER), pool_size=2, max_overflow=4, pool_pre_ping=True, hide_parameters=True
    )


def _milliseconds(seconds: float | None) -> str:
    return "0" if seconds is None else str(max(int(seconds * 1000), 1))


def _cannot_connect(error: sa.exc.DBAPIError) -> DatabaseError:
    cause = error.orig
    return unreachable(cause) if isinstance(cause, psycopg.Error) else DatabaseError("The database cannot be reached.")


def _given_back(proxy: Any, driver: psycopg.Connection[Any]) -> None:
    if driver.closed or driver.broken:
        proxy.invalidate()
        return
    take_back(driver)
    with suppress(psycopg.Error):
        driver.autocommit = False  # what SQLAlchemy expects of a connection in its pool
    proxy.close()


@contextmanager
def rolled_back(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """Take back whatever a block left open."""
    try:
        yield
    finally:
        take_back(connection)


def take_back(connection: psycopg.Connection[Any]) -> None:
    """Take back whatever is open on a connection."""
    # A ROLLBACK that fails must not hide why it was needed; a lost connection takes all back as well.
    with suppress(psycopg.Error):
        if connection.info.transaction_status in (TransactionStatus.INTRANS, TransactionStatus.INERROR):
            connection.execute("ROLLBACK")


def commit(connection: psycopg.Connection[Any]) -> None:
    """Commit, and make sure that it was one."""
    # COMMIT after a failed statement says nothing and takes all back (trap G3), so what it did is asked.
    try:
        said = connection.execute("COMMIT").statusmessage
    except psycopg.Error as error:
        raise ours(error) from None
    if said != "COMMIT":
        raise MigrationExecutionError(
            "The transaction had failed and was taken back instead of committed; nothing was changed.",
            hint="look at the first error above and try again",
        )
