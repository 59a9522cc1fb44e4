"""One PostgreSQL transaction on one connection."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import lru_cache
from pathlib import Path
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

from sodaf_nb.database.patience import Patience
from sodaf_nb.database.postgres.held import load
from sodaf_nb.database.postgres.refusals import ours
from sodaf_nb.database.session import Cursor, KeyColumn, Params, Session, Violations
from sodaf_nb.database.sidefile import SideFileError
from sodaf_nb.errors import MigrationExecutionError
from sodaf_nb.schema import Table
from sodaf_nb.sql.dialects.postgres_dialect import PostgresDialect
from sodaf_nb.sql.dialects.postgres_text import tokens
from sodaf_nb.sql.quoting import quote

_KEYS = """
SELECT c.relname, k.conname, p.relname, a.attname, f.attname
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_class p ON p.oid = k.confrelid
CROSS JOIN LATERAL unnest(k.conkey, k.confkey) WITH ORDINALITY AS u(number, target, place)
JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.number
JOIN pg_attribute f ON f.attrelid = k.confrelid AND f.attnum = u.target
WHERE k.contype = 'f' AND n.nspname = ? AND p.relnamespace = n.oid ORDER BY c.relname, k.conname, u.place"""

_COUNTERS = """
SELECT c.relname, s.last_value FROM pg_depend d JOIN pg_class c ON c.oid = d.refobjid
JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_class q ON q.oid = d.objid AND q.relkind = 'S'
JOIN pg_sequences s ON s.schemaname = q.relnamespace::regnamespace::name AND s.sequencename = q.relname
WHERE d.deptype IN ('a', 'i') AND s.last_value IS NOT NULL AND n.nspname = ? AND c.relname = ANY (?)"""

Hold = Callable[["PostgresSession", Collection[str], Patience], None]


class PostgresSession(Session):
    """A running transaction on PostgreSQL.

    Args:
        connection: The driver's connection, in autocommit mode and inside a transaction that we began.
        dialect: The engine's dialect.
        hold: Keeps others from tables, for this session.
        statement_timeout_s: The limit the server was given; None for none.
    """

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        dialect: PostgresDialect,
        hold: Hold,
        *,
        statement_timeout_s: float | None = None,
    ) -> None:
        super().__init__(dialect)
        self.connection = connection
        self._hold = hold
        self._statement_timeout_s = statement_timeout_s
        self._namespace = dialect.namespace

    @property
    def in_transaction(self) -> bool:
        """True while statements can be run: the transaction is open and no statement failed in it (trap G3)."""
        return self.connection.info.transaction_status is TransactionStatus.INTRANS

    @property
    def can_take_back(self) -> bool:
        """True while there is a transaction to take back, also after a statement failed in it."""
        return self.connection.info.transaction_status in (TransactionStatus.INTRANS, TransactionStatus.INERROR)

    def attach_backup(self, path: str) -> None:
        """Write a backup's unpacked data into a temporary table that rollback scripts read."""
        try:
            load(self, Path(path))
        except SideFileError as error:
            raise MigrationExecutionError(
                f"The backup could not be read into the server: {error}.", hint="nothing was changed"
            ) from None

    def hold(self, tables: Collection[str], patience: Patience) -> None:
        """Keep everybody else from tables until the end, readers too."""
        self._hold(self, tables, patience)

    def has_table(self, name: str) -> bool:
        """Return True when there is a table of exactly that name."""
        query = (
            "SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname = ? AND c.relname = ? AND c.relkind IN ('r', 'p')"
        )
        return bool(self.rows(query, (self._namespace, name)))

    def columns(self, table: str) -> tuple[str, ...]:
        """Return the names of a table's columns; empty when there is no such table."""
        query = (
            "SELECT a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid "
            "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ? AND c.relname = ? "
            "AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum"
        )
        return tuple(name for (name,) in self.rows(query, (self._namespace, table)))

    def foreign_keys(self) -> list[KeyColumn]:
        """Return each column of each foreign key of the schema."""
        return [
            (child, name, parent, column, to)
            for child, name, parent, column, to in self.rows(_KEYS, (self._namespace,))
        ]

    def counters(self, tables: Collection[str]) -> dict[str, int]:
        """Return the last number that each of some tables with a numbered key gave out."""
        return {name: int(last) for name, last in self.rows(_COUNTERS, (self._namespace, list(tables)))}

    def spread(self, table: Table, one_in: int) -> str:
        """Return SQL of about one row in so many; the same ones each time."""
        return f"(SELECT * FROM {quote(table.name)} TABLESAMPLE BERNOULLI ({100 / one_in:.6f}) REPEATABLE (1))"

    def violations(self) -> Violations:
        """Return nothing: the server enforces its foreign keys while we work, and refuses what would break one."""
        return {}

    def _run(self, sql: str, params: Params) -> Cursor:
        return run(self.connection, sql, params, statement_timeout_s=self._statement_timeout_s)


def run(
    connection: psycopg.Connection[Any], sql: str, params: Params = (), *, statement_timeout_s: float | None = None
) -> Fetched:
    """Run one statement, the server's errors as ours.

    Args:
        connection: The connection.
        sql: The statement, with a question mark for each parameter.
        params: The parameters.
        statement_timeout_s: The limit the server was given, for the message.
    """
    try:
        if params:
            return _fetched(connection.execute(_marked(sql), list(params)))
        return _fetched(connection.execute(sql))
    except psycopg.Error as error:
        raise ours(error, statement_timeout_s=statement_timeout_s) from None


class Fetched:
    """A statement's outcome; one that returns rows changed none.

    Args:
        rowcount: The rows it changed.
        rows: The rows it returned.
    """

    def __init__(self, rowcount: int, rows: list[tuple[Any, ...]]) -> None:
        self.rowcount = rowcount
        self._rows = rows

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Return all rows."""
        return self._rows


def _fetched(cursor: psycopg.Cursor[Any]) -> Fetched:
    return Fetched(0, cursor.fetchall()) if cursor.description is not None else Fetched(cursor.rowcount, [])


@lru_cache(maxsize=512)
def _marked(sql: str) -> str:
    """Return a statement with the driver's marks for parameters instead of question marks."""
    pieces = ("%s" if (kind, piece) == ("other", "?") else piece.replace("%", "%%") for kind, piece in tokens(sql))
    return "".join(pieces)
