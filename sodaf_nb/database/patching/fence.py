"""What a statement that somebody wrote may do: the engine asks before it runs any part of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from sodaf_nb.database.patching.notes import COPY
from sodaf_nb.errors import PatchRefusedError, SodafError
from sodaf_nb.sql.dialects.sqlite_reflection import OWN_PREFIX

_HINT = "a patch may read every table of a DocType and write the rows of its own one; write one patch a table"

# https://www.sqlite.org/c3ref/c_alter_table.html lists every action there is; what has no word here is refused too.
_ACTIONS = {
    sqlite3.SQLITE_ATTACH: "attach a file",
    sqlite3.SQLITE_DETACH: "detach a file",
    sqlite3.SQLITE_PRAGMA: "set or ask a pragma",
    sqlite3.SQLITE_TRANSACTION: "begin or end a transaction",
    sqlite3.SQLITE_SAVEPOINT: "set or release a savepoint",
}

_CATALOGS = frozenset({"sqlite_master", "sqlite_temp_master"})

# Declared to the connection at their first use, which looks like a change of the schema.
_DECLARED = ("json_each", "json_tree")


class Fence:
    """Allows reading any table that is not the system's, and writing the rows of one, whoever does it.

    It is asked for every table, column and function that a statement names, and for those of the triggers
    that it sets off.

    Args:
        table: The table that may be written.
        key: Its key's column, which may not be written.
        functions: The functions that may be called, in small letters.
        copied: True when the rows as they were may be read.
    """

    def __init__(self, table: str, key: str, functions: frozenset[str], *, copied: bool = False) -> None:
        self._table = table
        self._key = key
        self._functions = functions
        self._copied = copied
        self.refusal = ""

    def __call__(self, action: int, one: str | None, two: str | None, schema: str | None, source: str | None) -> int:
        """Answer the engine: go on, or fail the statement."""
        found = self._objection(action, str(one), str(two), schema, source)
        self.refusal = self.refusal or found
        return sqlite3.SQLITE_DENY if found else sqlite3.SQLITE_OK

    def _objection(self, action: int, one: str, two: str, schema: str | None, source: str | None) -> str:
        if action in {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_RECURSIVE}:
            return ""
        if action == sqlite3.SQLITE_FUNCTION:
            return "" if two.lower() in self._functions else f"it calls {two}"
        if action == sqlite3.SQLITE_READ:
            return self._reading(one, schema)
        if action in {sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE}:
            return self._writing(action, one, two, schema, source)
        return f"it wants to {_ACTIONS.get(action, 'change the schema')}"

    def _reading(self, table: str, schema: str | None) -> str:
        if schema == "temp" and self._copied and table == COPY:
            return ""
        own = table.lower().startswith(("sqlite_", OWN_PREFIX.lower()))
        return f"it reads {table}" if own or schema not in {"main", None} else ""

    def _writing(self, action: int, table: str, column: str, schema: str | None, source: str | None) -> str:
        if table in _CATALOGS and source is None:
            return "it wants to change the schema"
        through = f" through the trigger {source}" if source else ""
        if schema != "main" or table.lower() != self._table.lower():
            return f"it writes {table}{through}"
        if action == sqlite3.SQLITE_UPDATE and column.lower() in {self._key.lower(), "rowid"}:
            return f"it writes the key {self._key}{through}"
        return ""

    @contextmanager
    def around(self, connection: Any) -> Iterator[None]:
        """Run a block inside the fence.

        Raises:
            PatchRefusedError: If something in it was not allowed.
        """
        for function in _DECLARED:
            with suppress(sqlite3.OperationalError):  # an engine that was built without JSON
                connection.execute(f"SELECT 1 FROM {function}('[]')").fetchall()
        connection.set_authorizer(self)
        try:
            yield
        except SodafError:
            if not self.refusal:
                raise
            raise PatchRefusedError(f"The patch was stopped: {self.refusal}.", hint=_HINT) from None
        finally:
            connection.set_authorizer(None)
