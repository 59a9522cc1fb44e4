"""One PostgreSQL transaction on one connection."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

from sodaf_nb.database.postgres.refusals import ours
from sodaf_nb.errors import MigrationExecutionError
from sodaf_nb.schema import Schema
from sodaf_nb.sql.dialect import Dialect
from sodaf_nb.sql.dialects.postgres_text import tokens
from sodaf_nb.sql.quoting import quote

Params = Sequence[Any]


class PostgresSession:
    """A running transaction; made by `PostgresEngine.read` and `PostgresEngine.write`.

    Args:
        connection: The driver's connection, in autocommit mode and inside a transaction that we began.
        dialect: The engine's dialect.
        statement_timeout_s: The limit the server was given; None for none.
    """

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        dialect: Dialect,
        *,
        statement_timeout_s: float | None = None,
    ) -> None:
        self._connection = connection
        self._statement_timeout_s = statement_timeout_s
        self.dialect = dialect

    @property
    def connection(self) -> psycopg.Connection[Any]:
        """The driver's connection, for COPY."""
        return self._connection

    def reflect(self) -> Schema:
        """Return the live schema as this transaction sees it."""
        return self.dialect.reflect(self)

    @property
    def in_transaction(self) -> bool:
        """True while statements can be run: the transaction is open and no statement failed in it (trap G3)."""
        return self._connection.info.transaction_status is TransactionStatus.INTRANS

    def rows(self, sql: str, params: Params = ()) -> list[tuple[Any, ...]]:
        """Run a query and return all its rows.

        Args:
            sql: The query, with a question mark for each parameter.
            params: The parameters.
        """
        return self._run(sql, params).fetchall()

    def value(self, sql: str, params: Params = ()) -> Any:
        """Run a query and return the first value of its first row, or None when there is no row."""
        found = self.rows(sql, params)
        return found[0][0] if found else None

    def execute(self, sql: str, params: Params = ()) -> int:
        """Run one statement and return the rows it changed, 0 for one that changes none."""
        self._require_transaction()
        cursor = self._run(sql, params)
        return max(cursor.rowcount, 0) if cursor.description is None else 0

    @contextmanager
    def savepoint(self, name: str) -> Iterator[None]:
        """Run a block inside a savepoint; on an error the block's work is taken back."""
        self.execute(f"SAVEPOINT {quote(name)}")
        try:
            yield
        except BaseException:
            if self._connection.info.transaction_status in (TransactionStatus.INTRANS, TransactionStatus.INERROR):
                self._run(f"ROLLBACK TO {quote(name)}", ())
                self._run(f"RELEASE {quote(name)}", ())
            raise
        self.execute(f"RELEASE {quote(name)}")

    def _run(self, sql: str, params: Params) -> psycopg.Cursor[Any]:
        try:
            if params:
                return self._connection.execute(_marked(sql), list(params))
            return self._connection.execute(sql)
        except psycopg.Error as error:
            raise ours(error, statement_timeout_s=self._statement_timeout_s) from None

    def _require_transaction(self) -> None:
        if not self.in_transaction:
            raise MigrationExecutionError(
                "The transaction ended or failed before, so nothing more was run.",
                hint="the database is as it was before; look at the first error above and try again",
            )


@lru_cache(maxsize=512)
def _marked(sql: str) -> str:
    """Return a statement with the driver's marks for parameters instead of question marks."""
    pieces = ("%s" if (kind, piece) == ("other", "?") else piece.replace("%", "%%") for kind, piece in tokens(sql))
    return "".join(pieces)
