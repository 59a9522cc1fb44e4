"""A transaction for an empty copy."""

from __future__ import annotations

from typing import Any

import psycopg

from sodaf_nb.database.patience import Patience
from sodaf_nb.database.postgres.connections import Connections, take_back
from sodaf_nb.database.postgres.refusals import is_locked, ours, primary
from sodaf_nb.database.postgres.session import run
from sodaf_nb.sql.dialect import EngineRefusedError


class OpenScratch:
    """A transaction whose work is never committed; it is taken back when it is closed.

    Args:
        connections: Where its connection comes from.
        patience: How long to wait for others.
        how: The kind of transaction.
    """

    def __init__(
        self, connections: Connections, patience: Patience, how: str = "ISOLATION LEVEL READ COMMITTED"
    ) -> None:
        self._context = connections.connected()
        self.connection: psycopg.Connection[Any] = self._context.__enter__()
        try:
            connections.begin(self.connection, how, patience)
        except BaseException:
            self.close()
            raise

    def rows(self, sql: str, params: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Run a query."""
        return run(self.connection, sql, params).fetchall()

    def execute(self, sql: str) -> int:
        """Run one statement; raises `EngineRefusedError` with the server's reason when it is refused."""
        try:
            return self.connection.execute(sql).rowcount
        except psycopg.Error as error:
            if error.sqlstate is None or is_locked(error):
                raise ours(error) from None
            raise EngineRefusedError(primary(error)) from None

    def close(self) -> None:
        """Take everything back."""
        take_back(self.connection)
        self._context.__exit__(None, None, None)
