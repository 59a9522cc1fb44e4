"""One connection inside one transaction: the only place where SQL reaches an engine."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from sodaf_nb.database.patience import Patience, is_locked
from sodaf_nb.database.watch import Watch
from sodaf_nb.errors import LockedError, MigrationExecutionError
from sodaf_nb.schema import Schema
from sodaf_nb.sql.dialect import BACKUP, Dialect
from sodaf_nb.sql.quoting import quote

Params = Sequence[Any]

Violations = Mapping[tuple[str, str, int], int]
"""(child table, parent table, number of the key) to the rows that point to nothing"""


class Cursor(Protocol):
    """What a statement left behind."""

    @property
    def rowcount(self) -> int:
        """The rows it changed, below 0 where the engine does not count."""
        ...

    def fetchall(self) -> Sequence[Sequence[Any]]:
        """Return all rows."""
        ...


class Session:
    """A running transaction on one connection; made by `Database.read` and `Database.write`.

    Args:
        dialect: The engine's dialect.
    """

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect

    def reflect(self) -> Schema:
        """Return the live schema as this transaction sees it."""
        return self.dialect.reflect(self)

    @property
    def in_transaction(self) -> bool:
        """True while statements can be run in it; the engine itself is asked (traps T5, G3)."""
        raise NotImplementedError

    @property
    def can_take_back(self) -> bool:
        """True while there is a transaction to take back, also after a statement failed in it."""
        return self.in_transaction

    def attach_backup(self, path: str) -> None:
        """Make a backup's unpacked data readable under the name rollback scripts use."""
        raise NotImplementedError

    def hold(self, tables: Collection[str], patience: Patience) -> None:
        """Keep everybody else from tables until the end, for statements that need that.

        Args:
            tables: The tables; those that are not there are left out.
            patience: How long to wait for others.

        Raises:
            LockedError: If others hold one of them for longer than patience lasts.
        """
        raise NotImplementedError

    def has_table(self, name: str) -> bool:
        """Return True when there is a table of exactly that name."""
        raise NotImplementedError

    def violations(self) -> Violations:
        """Return how many rows violate each foreign key.

        Compared before and after, never demanded to be none: old violations are not ours (trap R9).
        """
        raise NotImplementedError

    def rows(self, sql: str, params: Params = ()) -> list[tuple[Any, ...]]:
        """Run a query, parameters as question marks, and return all its rows (trap T7)."""
        return [tuple(row) for row in self._run(sql, params).fetchall()]

    def value(self, sql: str, params: Params = ()) -> Any:
        """Run a query and return the first value of its first row, or None when there is no row."""
        found = self.rows(sql, params)
        return found[0][0] if found else None

    def execute(self, sql: str, params: Params = ()) -> int:
        """Run one statement and return the rows it changed, 0 where the engine does not count."""
        self._require_transaction()
        return max(self._run(sql, params).rowcount, 0)

    @contextmanager
    def savepoint(self, name: str) -> Iterator[None]:
        """Run a block inside a savepoint; on an error the block's work is taken back."""
        self.execute(f"SAVEPOINT {quote(name)}")
        try:
            yield
        except BaseException:
            if self.can_take_back:
                self._run(f"ROLLBACK TO {quote(name)}", ())
                self._run(f"RELEASE {quote(name)}", ())
            raise
        self.execute(f"RELEASE {quote(name)}")

    def _run(self, sql: str, params: Params) -> Cursor:
        """Run one statement, the engine's errors as ours."""
        raise NotImplementedError

    def _require_transaction(self) -> None:
        if not self.in_transaction:
            raise MigrationExecutionError(
                "The database engine ended the transaction on its own, so nothing more was run.",
                hint="the database is as it was before; look at the first error above and try again",
            )


class SQLiteSession(Session):
    """A running transaction on a SQLite database.

    Args:
        connection: The SQLAlchemy connection, already inside the transaction.
        dialect: The engine's dialect.
        statement_timeout_s: Seconds one statement may take; None sets no limit.
    """

    def __init__(
        self, connection: sa.Connection, dialect: Dialect, *, statement_timeout_s: float | None = None
    ) -> None:
        super().__init__(dialect)
        self._connection = connection
        self._watch = Watch(connection, statement_timeout_s)

    @property
    def in_transaction(self) -> bool:
        """True while the engine itself says so; it may end a transaction on its own (trap T5)."""
        driver = self._connection.connection.driver_connection
        return bool(getattr(driver, "in_transaction", False))

    def attach_backup(self, path: str) -> None:
        """Make a backup's unpacked data readable under the name rollback scripts use."""
        self.execute(f"ATTACH ? AS {quote(BACKUP)}", (path,))

    def hold(self, tables: Collection[str], patience: Patience) -> None:
        """Nothing is left to do: one writer holds the whole database, and readers see it as it was."""

    def has_table(self, name: str) -> bool:
        """Return True when there is a table of exactly that name."""
        return bool(self.rows("SELECT 1 FROM main.sqlite_master WHERE type = 'table' AND name = ?", (name,)))

    def violations(self) -> Violations:
        """Return how many rows violate each foreign key; the engine does not look while we work."""
        found = self.rows(
            'SELECT "table", parent, fkid, COUNT(*) FROM pragma_foreign_key_check GROUP BY "table", parent, fkid'
        )
        return {(table, parent, key): rows for table, parent, key, rows in found}

    def _run(self, sql: str, params: Params) -> Cursor:
        # Never `text()`: a colon in DDL would become a bind parameter (trap T8). SQLite's messages name tables
        # and columns, never row data. Rows are fetched here, while the clock is looked at.
        try:
            with self._watch.statement():
                cursor = self._connection.exec_driver_sql(sql, tuple(params))
                return _Fetched(cursor.rowcount, cursor.fetchall() if cursor.returns_rows else ())
        except DBAPIError as error:
            raise _ours(error) from None


class _Fetched:
    """A statement's outcome whose cursor is closed.

    Args:
        rowcount: The rows it changed.
        rows: The rows it returned.
    """

    def __init__(self, rowcount: int, rows: Sequence[Sequence[Any]]) -> None:
        self.rowcount = rowcount
        self._rows = rows

    def fetchall(self) -> Sequence[Sequence[Any]]:
        """Return all rows."""
        return self._rows


def _ours(error: DBAPIError) -> Exception:
    if is_locked(error):
        return LockedError(
            f"The database is in use: {error.orig}.", hint="wait until the other user is done and try again"
        )
    return MigrationExecutionError(
        f"The database refused a statement: {error.orig}.", hint="the message names the table or column to look at"
    )
