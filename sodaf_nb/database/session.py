"""One connection inside one transaction: the only place where SQL reaches an engine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from sodaf_nb.database.identity import ATTEMPTS
from sodaf_nb.database.patience import Patience, is_locked
from sodaf_nb.database.refusal import is_full, no_space
from sodaf_nb.database.watch import Watch
from sodaf_nb.errors import LockedError, MigrationExecutionError, UnsupportedChangeError
from sodaf_nb.plan import RowChange
from sodaf_nb.schema import Schema, Table
from sodaf_nb.sql.dialect import BACKUP, Dialect
from sodaf_nb.sql.quoting import quote

if TYPE_CHECKING:
    from sodaf_nb.database.patching import Changed

Params = Sequence[Any]

Key = tuple[str, str, tuple[str, ...]]
"""A foreign key: child table, parent table and the child's columns, in lower case; its number in the table moves"""

Violations = Mapping[Key, int]
"""Foreign key to the rows that point to nothing"""

KeyColumn = tuple[str, object, str, str, str | None]
"""(child table, what tells the key from others of it, parent table, column, column pointed to or None) of a key"""


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

    def columns(self, table: str) -> tuple[str, ...]:
        """Return the names of a table's columns; empty when there is no such table."""
        raise NotImplementedError

    def foreign_keys(self) -> list[KeyColumn]:
        """Return each column of each foreign key, the columns of one key together and in order."""
        raise NotImplementedError

    def counters(self, tables: Collection[str]) -> dict[str, int]:
        """Return the last number that each of some tables with a numbered key gave out, where it gave one."""
        raise NotImplementedError

    def spread(self, table: Table, one_in: int) -> str:
        """Return SQL of about one row in so many, spread over the whole table; empty where that cannot be had."""
        raise NotImplementedError

    def identity(self) -> str | None:
        """Return the database's id; None when it was never migrated (see `database.identity`)."""
        if not self.has_table(ATTEMPTS):
            return None
        order, _definition = self.dialect.order
        found = self.value(f"SELECT id FROM {quote(ATTEMPTS)} ORDER BY {order} LIMIT 1")
        return None if found is None else str(found)

    def violations(self) -> Violations:
        """Return how many rows violate each foreign key.

        Compared before and after, never demanded to be none: old violations are not ours (trap R9). Tables with a
        key that the engine cannot check, because its target is not unique, are passed over: MF06 reports them.
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

    def change_rows(self, change: RowChange) -> Changed:
        """Run a change of rows alone, and note what it wrote.

        Raises:
            UnsupportedChangeError: If the engine has no fence to run it in.
            SodafError: As `database.patching.change_rows` raises.
        """
        engine = self.dialect.version.partition(" ")[0]
        raise UnsupportedChangeError(
            f"{engine} has no fence that a patch could run in, so none is run there; nothing was changed.",
            objects=(change.table,),
            hint="run the statements in a transaction of your own, after a backup create",
        )

    def _run(self, sql: str, params: Params) -> Cursor:
        """Run one statement, the engine's errors as ours."""
        raise NotImplementedError

    def _require_transaction(self) -> None:
        if not self.in_transaction:
            raise MigrationExecutionError(
                "The database engine ended the transaction on its own, so nothing more was run.",
                hint="the database is as it was before; look at the first error above and try again",
            )


_VIOLATIONS = 'SELECT "table", parent, fkid, COUNT(*) FROM {} GROUP BY "table", parent, fkid'
_KEYS = """
SELECT m.name, f.id, f."table", f."from", f."to" FROM main.sqlite_master m, pragma_foreign_key_list(m.name) f
WHERE m.type = 'table' ORDER BY m.name, f.id, f.seq"""


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
    def raw(self) -> Any:
        """The driver's own connection, for work on side files; it is inside the same transaction."""
        return self._connection.connection.driver_connection

    @property
    def in_transaction(self) -> bool:
        """True while the engine itself says so; it may end a transaction on its own (trap T5)."""
        return bool(getattr(self.raw, "in_transaction", False))

    def attach_backup(self, path: str) -> None:
        """Make a backup's unpacked data readable under the name rollback scripts use."""
        self.execute(f"ATTACH ? AS {quote(BACKUP)}", (path,))

    def hold(self, tables: Collection[str], patience: Patience) -> None:
        """Nothing is left to do: one writer holds the whole database, and readers see it as it was."""

    def change_rows(self, change: RowChange) -> Changed:
        """Run a change of rows alone, and note what it wrote."""
        from sodaf_nb.database.patching import change_rows  # noqa: PLC0415  it works on sessions itself

        return change_rows(self, change)

    def has_table(self, name: str) -> bool:
        """Return True when there is a table of exactly that name."""
        return bool(self.rows("SELECT 1 FROM main.sqlite_master WHERE type = 'table' AND name = ?", (name,)))

    def columns(self, table: str) -> tuple[str, ...]:
        """Return the names of a table's columns; empty when there is no such table."""
        return tuple(name for (name,) in self.rows("SELECT name FROM pragma_table_info(?)", (table,)))

    def foreign_keys(self) -> list[KeyColumn]:
        """Return each column of each foreign key."""
        return [(child, number, parent, column, to) for child, number, parent, column, to in self.rows(_KEYS)]

    def counters(self, tables: Collection[str]) -> dict[str, int]:
        """Return the last number that each of some tables with a numbered key gave out."""
        found = self.rows("SELECT name, seq FROM sqlite_sequence") if tables else []
        return {name: int(seq) for name, seq in found if name in tables}

    def spread(self, table: Table, one_in: int) -> str:
        """Return SQL of about one row in so many, by their numbers; empty for a table whose rows have none."""
        try:
            self.rows(f"SELECT rowid FROM {quote(table.name)} LIMIT 0")
        except MigrationExecutionError:
            return ""
        if table.column("rowid") is not None:
            return ""
        # Multiplied by the golden ratio of 2^32 the numbers are spread evenly and keep no rhythm of the data.
        place = "((rowid & 2147483647) * 2654435761 & 4294967295)"
        return f"(SELECT * FROM {quote(table.name)} WHERE {place} < {4294967296 // one_in})"

    def violations(self) -> Violations:
        """Return how many rows violate each foreign key; the engine does not look while we work."""
        try:
            found = self.rows(_VIOLATIONS.format("pragma_foreign_key_check"))
        except MigrationExecutionError:
            tables = [name for (name,) in self.rows("SELECT name FROM main.sqlite_master WHERE type = 'table'")]
            found = [row for table in tables for row in self._violations_of(table)]
        total = Counter[Key]()
        for table, parent, number, rows in found:
            listed = self.rows('SELECT lower("from") FROM pragma_foreign_key_list(?) WHERE id = ?', (table, number))
            total[table.lower(), parent.lower(), tuple(column for (column,) in listed)] += rows
        return total

    def _violations_of(self, table: str) -> list[tuple[Any, ...]]:
        try:
            return self.rows(_VIOLATIONS.format("pragma_foreign_key_check(?)"), (table,))
        except MigrationExecutionError:
            return []

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
    if is_full(error):
        return no_space()
    return MigrationExecutionError(
        f"The database refused a statement: {error.orig}.", hint="the message names the table or column to look at"
    )
