"""An empty copy of the live schema in memory, on which scripts are tried before they are shown."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from sodaf_nb.schema import Schema, SchemaObject
from sodaf_nb.sql.dialect import BACKUP, EngineRefusedError
from sodaf_nb.sql.dialects.sqlite_ddl import normalise
from sodaf_nb.sql.dialects.sqlite_reflection import reflect
from sodaf_nb.sql.quoting import quote

_ORDER = ("table", "view", "index", "trigger")


class Shadow:
    """A database in memory with every object of a live schema and no rows.

    Args:
        live: The schema to copy.
        backup: CREATE TABLE texts of the backup that a rollback reads; empty when it reads none.
    """

    def __init__(self, live: Schema, *, backup: tuple[str, ...] = ()) -> None:
        self._connection = sqlite3.connect(":memory:", isolation_level=None)
        # Catalog texts may hold bytes that are no text at all; strict decoding would take them for a refusal.
        self._connection.text_factory = lambda raw: raw.decode(errors="surrogateescape")
        self._connection.execute("PRAGMA foreign_keys=OFF")
        for text in _creation_order(live):
            self._connection.execute(text)
        self._connection.execute(f"ATTACH ':memory:' AS {BACKUP}")
        for text in backup:
            self._connection.execute(_in_backup(text))

    def close(self) -> None:
        """Throw the copy away."""
        self._connection.close()

    def rows(self, sql: str, params: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Run a query on the copy."""
        return self._connection.execute(sql, params).fetchall()

    def run(self, statement: str) -> None:
        """Run one statement on the copy; the engine itself checks it.

        Raises:
            EngineRefusedError: If the engine refuses it.
        """
        try:
            self._connection.execute(statement).fetchall()
        except sqlite3.Error as error:
            raise EngineRefusedError(str(error)) from None

    def schema(self) -> Schema:
        """Return the copy's schema as it is now."""
        return reflect(self)

    @contextmanager
    def trial(self) -> Iterator[None]:
        """Run a block that is taken back when it fails."""
        self.run("SAVEPOINT sodaf_trial")
        try:
            yield
        except BaseException:
            self.run("ROLLBACK TO sodaf_trial")
            self.run("RELEASE sodaf_trial")
            raise
        self.run("RELEASE sodaf_trial")

    def broken(self) -> dict[str, str]:
        """Return the views and triggers' tables that no longer compile, each with the engine's reason."""
        probes = [*self._view_probes(), *self._trigger_probes()]
        found = ((name, self.refusal(statement)) for name, statement in probes)
        return {name: error for name, error in found if error}

    # Run, not explained: the output of EXPLAIN can read freed memory (3.40.1 showed bytes of it, and crashed).
    def _view_probes(self) -> Iterator[tuple[str, str]]:
        for (name,) in self.rows("SELECT name FROM sqlite_master WHERE type = 'view'"):
            yield f"view {name}", f"SELECT * FROM {quote(name)} LIMIT 0"

    def _trigger_probes(self) -> Iterator[tuple[str, str]]:
        found = self.rows(
            "SELECT tbl_name, group_concat(name, ', ') FROM sqlite_master WHERE type = 'trigger' GROUP BY tbl_name"
        )
        for table, triggers in found:
            names = [row[0] for row in self.rows("SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0", (table,))]
            nulls = ", ".join(["NULL"] * len(names))
            columns = ", ".join(map(quote, names))
            label = f"trigger {triggers}"
            yield label, f"INSERT INTO {quote(table)} ({columns}) SELECT {nulls} WHERE 0"
            yield label, f"UPDATE {quote(table)} SET {', '.join(f'{quote(n)} = NULL' for n in names)} WHERE 0"
            yield label, f"DELETE FROM {quote(table)} WHERE 0"

    def refusal(self, statement: str) -> str:
        """Run a statement and return the engine's reason for refusing it; the empty string when it ran."""
        try:
            self.run(statement)
        except EngineRefusedError as error:
            return str(error)
        return ""


def _creation_order(live: Schema) -> list[str]:
    virtual = [o.name.lower() for o in live.objects if _is_virtual(o)]
    kept = (o for o in live.objects if o.sql and not _belongs_to(o.table.lower(), virtual))
    return [str(o.sql) for o in sorted(kept, key=lambda o: _ORDER.index(o.kind))]


def _is_virtual(entry: SchemaObject) -> bool:
    return bool(entry.sql and re.match(r"\s*CREATE\s+VIRTUAL\s", entry.sql, re.IGNORECASE))


def _belongs_to(table: str, virtual: list[str]) -> bool:
    # A virtual table makes its own shadow tables (`docs_data`, `docs_idx` ...).
    return any(table.startswith(f"{name}_") for name in virtual)


def _in_backup(create_table: str) -> str:
    return re.sub(r"^(\s*CREATE\s+TABLE\s+)", rf"\1{BACKUP}.", create_table, count=1, flags=re.IGNORECASE)


def catalog(schema: Schema) -> dict[tuple[str, str], str]:
    """Return the catalog in a form in which two equal schemas are equal whatever their spelling."""
    return {(o.kind, o.name.lower()): _normalised(o.sql or o.table) for o in schema.objects}


_normalised = lru_cache(maxsize=4096)(normalise)
