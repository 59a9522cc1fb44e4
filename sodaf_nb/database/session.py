"""One connection inside one transaction: the only place where SQL reaches an engine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from sodaf_nb.database.patience import is_locked
from sodaf_nb.database.refusal import is_full, no_space
from sodaf_nb.database.watch import Watch
from sodaf_nb.errors import LockedError, MigrationExecutionError
from sodaf_nb.schema import Schema
from sodaf_nb.sql.dialect import BACKUP, Dialect
from sodaf_nb.sql.quoting import quote

Params = Sequence[Any]


class Session:
    """A running transaction on one connection; made by `Database.read` and `Database.write`.

    Args:
        connection: The SQLAlchemy connection, already inside the transaction.
        dialect: The engine's dialect.
        statement_timeout_s: Seconds one statement may take; None sets no limit.
    """

    def __init__(
        self, connection: sa.Connection, dialect: Dialect, *, statement_timeout_s: float | None = None
    ) -> None:
        self._connection = connection
        self.dialect = dialect
        self._watch = Watch(connection, statement_timeout_s)

    def reflect(self) -> Schema:
        """Return the live schema as this transaction sees it."""
        return self.dialect.reflect(self)

    def attach_backup(self, path: str) -> None:
        """Make a backup's unpacked data readable under the name rollback scripts use."""
        self.execute(f"ATTACH ? AS {quote(BACKUP)}", (path,))

    @property
    def raw(self) -> Any:
        """The driver's own connection, for work on side files; it is inside the same transaction."""
        return self._connection.connection.driver_connection

    @property
    def in_transaction(self) -> bool:
        """True while the engine itself says so; it may end a transaction on its own (trap T5)."""
        return bool(getattr(self.raw, "in_transaction", False))

    def rows(self, sql: str, params: Params = ()) -> list[tuple[Any, ...]]:
        """Run a query and return all its rows; the cursor is closed before returning (trap T7)."""
        with self._translated():
            return [tuple(row) for row in self._connection.exec_driver_sql(sql, tuple(params)).fetchall()]

    def value(self, sql: str, params: Params = ()) -> Any:
        """Run a query and return the first value of its first row, or None when there is no row."""
        found = self.rows(sql, params)
        return found[0][0] if found else None

    def execute(self, sql: str, params: Params = ()) -> int:
        """Run one statement and return the rows it changed, 0 where the engine does not count.

        Never `text()`: a colon in DDL would become a bind parameter (trap T8).
        """
        self._require_transaction()
        with self._translated():
            return max(self._connection.exec_driver_sql(sql, tuple(params)).rowcount, 0)

    @contextmanager
    def savepoint(self, name: str) -> Iterator[None]:
        """Run a block inside a savepoint; on an error the block's work is taken back."""
        self.execute(f"SAVEPOINT {quote(name)}")
        try:
            yield
        except BaseException:
            if self.in_transaction:
                self.execute(f"ROLLBACK TO {quote(name)}")
                self.execute(f"RELEASE {quote(name)}")
            raise
        self.execute(f"RELEASE {quote(name)}")

    def _require_transaction(self) -> None:
        if not self.in_transaction:
            raise MigrationExecutionError(
                "The database engine ended the transaction on its own, so nothing more was run.",
                hint="the database is as it was before; look at the first error above and try again",
            )

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Turn the driver's errors into ours; SQLite's messages name tables and columns, never row data."""
        try:
            with self._watch.statement():
                yield
        except DBAPIError as error:
            raise _ours(error) from None


def _ours(error: DBAPIError) -> Exception:
    if is_locked(error):
        return LockedError(
            f"The database is in use: {error.orig}.", hint="wait until the other user is done and try again"
        )
    if is_full(error):
        return no_space()
    return MigrationExecutionError(
        f"The database refused a statement: {error.orig}.", hint="the message names the table or column to look at"
    )
