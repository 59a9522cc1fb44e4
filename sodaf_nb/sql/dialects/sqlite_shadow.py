"""An empty copy of the live schema in memory, on which scripts are tried before they are shown."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import lru_cache
from itertools import dropwhile, takewhile
from typing import Any

from sodaf_nb.errors import UnsupportedChangeError
from sodaf_nb.schema import Schema, SchemaObject, is_virtual
from sodaf_nb.sql.dialect import BACKUP, EngineRefusedError
from sodaf_nb.sql.dialects.sqlite_ddl import normalise
from sodaf_nb.sql.dialects.sqlite_reflection import reflect
from sodaf_nb.sql.dialects.sqlite_statistics import STATISTICS, made
from sodaf_nb.sql.dialects.sqlite_tokens import Token, tokens
from sodaf_nb.sql.quoting import quote

_ORDER = ("table", "view", "index", "trigger")
_EVENTS = ("INSERT", "UPDATE", "DELETE")
_PROBE = "sodaf_probe"


class Shadow:
    """A database in memory with every object of a live schema and no rows.

    Args:
        live: The schema to copy.
        backup: CREATE TABLE texts of the backup that a rollback reads; empty when it reads none.
    """

    def __init__(self, live: Schema, *, backup: tuple[str, ...] = ()) -> None:
        # No cache of statements: one that was compiled before a change would not be compiled again.
        self._connection = sqlite3.connect(":memory:", isolation_level=None, cached_statements=0)
        try:
            self._fill(live, backup)
        except BaseException:
            self.close()
            raise

    def _fill(self, live: Schema, backup: tuple[str, ...]) -> None:
        # A text may hold bytes that are no text at all; strict decoding would take them for a refusal.
        self._connection.text_factory = lambda raw: raw.decode(errors="surrogateescape")
        self._connection.execute("PRAGMA foreign_keys=OFF")
        self._connection.execute(f"CREATE TEMP TABLE {_PROBE} (x)")
        self._copy(live)
        self._connection.execute(f"ATTACH ':memory:' AS {BACKUP}")
        for text in backup:
            self._connection.execute(_in_backup(text))

    def _copy(self, live: Schema) -> None:
        reasons = {}
        for entry in creation_order(live):
            if reason := self._made(entry):
                reasons[f"{entry.kind} {entry.name}"] = reason
        if reasons:
            raise UnsupportedChangeError(
                f"SQLite cannot read {'; '.join(f'{name}: {reason}' for name, reason in reasons.items())}.",
                objects=tuple(reasons),
                hint="they use functions, collations or modules that only the application has; drop them, "
                "make the change, and make them again",
            )

    def _made(self, entry: SchemaObject) -> str:
        """Make one object and return the engine's reason for refusing it; the empty string when it is there."""
        if entry.name in STATISTICS:
            return "".join(map(self.refusal, made(str(entry.sql))))
        # A constraint makes its index, and a virtual table its own tables (`docs_data`, `docs_idx` ...).
        there = self.rows("SELECT 1 FROM sqlite_master WHERE type = ? AND name = ?", (entry.kind, entry.name))
        return "" if there or not entry.sql else self.refusal(entry.sql)

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
        """Return what no longer works, each with the engine's reason.

        That are views and triggers that do not compile, names in them that SQLite takes for texts (trap
        T10), triggers of a column that is not there, and virtual tables that cannot read their content.
        """
        found = self.rows("SELECT type, name, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid")
        entries = [SchemaObject(kind=kind, name=name, table=table, sql=sql) for kind, name, table, sql in found]
        virtual = [entry for entry in entries if is_virtual(entry.sql)]
        problems = {f"table {e.name}": self.refusal(f"SELECT * FROM {quote(e.name)} LIMIT 1") for e in virtual}
        for entry in entries:
            if entry.kind in ("view", "trigger"):
                problems |= self._problems(entry)
        return {name: reason for name, reason in problems.items() if reason}

    def _problems(self, entry: SchemaObject) -> dict[str, str]:
        label = f"{entry.kind} {entry.name}"
        try:
            probe = self._probe(entry)
            if reason := self._missing_column(entry) or self._compile_error(probe):
                return {label: reason}
        except sqlite3.Error as error:  # a trigger of a view that does not compile has no columns
            return {label: str(error)}
        names = _quoted_names(entry)
        # All at once first: most have none.
        texts = [n for n in names if self._is_text(entry, [n], probe)] if self._is_text(entry, names, probe) else []
        return {f'{label}, where "{name}" is a text': "no such column" for name in texts}

    def _probe(self, entry: SchemaObject) -> str:
        """Return a statement that makes the engine compile a view, or a trigger's table with the trigger."""
        if entry.kind == "view":
            return f"DELETE FROM {_PROBE} WHERE EXISTS (SELECT * FROM {quote(entry.name)})"
        table, columns = quote(entry.table), [quote(name) for name in self._columns(entry.table)]
        match _event(entry):
            case "INSERT":
                return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(['NULL'] * len(columns))})"
            case "UPDATE":
                return f"UPDATE {table} SET {', '.join(f'{column} = NULL' for column in columns)}"
            case _:
                return f"DELETE FROM {table}"

    def _columns(self, table: str) -> list[str]:
        return [row[0] for row in self.rows("SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0", (table,))]

    def _missing_column(self, entry: SchemaObject) -> str:
        # A trigger of a column that is not there is accepted, and never fires.
        named = _update_of(entry)
        present = {"rowid", "oid", "_rowid_", *(name.lower() for name in self._columns(entry.table))} if named else ()
        missing = [name for name in named if name.lower() not in present]
        return f"no such column: {', '.join(missing)}" if missing else ""

    def _compile_error(self, statement: str) -> str:
        # Compiled and not run: an INSERT, UPDATE or DELETE for no rows of parameters. Running EXPLAIN of a
        # statement with triggers a second time after a change reads freed memory (crashes 3.40.1).
        try:
            self._connection.executemany(statement, ())
        except sqlite3.Error as error:
            return str(error)
        return ""

    def _is_text(self, entry: SchemaObject, names: Collection[str], probe: str) -> bool:
        """Return True when SQLite takes one of the names in double quotes for a text: there is no such column."""
        # In backticks a name is never a text.
        pieces = (f"`{t.name}`" if t.text[0] == '"' and t.name in names else t.text for t in tokens(str(entry.sql)))
        self.run("SAVEPOINT sodaf_probe")
        self.run(f"DROP {entry.kind} {quote(entry.name)}")
        refused = self.refusal("".join(pieces)) or self._compile_error(probe)
        self.run("ROLLBACK TO sodaf_probe")
        self.run("RELEASE sodaf_probe")
        return bool(names and refused)

    def refusal(self, statement: str) -> str:
        """Run a statement and return the engine's reason for refusing it; the empty string when it ran."""
        try:
            self.run(statement)
        except EngineRefusedError as error:
            return str(error)
        return ""


def creation_order(live: Schema) -> list[SchemaObject]:
    """Return the entries in an order to make them in: a virtual table before those that it makes itself."""
    return sorted(live.objects, key=lambda entry: (_ORDER.index(entry.kind), not is_virtual(entry.sql)))


def _quoted_names(entry: SchemaObject) -> list[str]:
    """Return the names that stand in double quotes and have no backtick."""
    found = [t.name for t in tokens(str(entry.sql)) if t.text.startswith('"') and "`" not in t.name]
    return list(dict.fromkeys(found))


def _header(entry: SchemaObject) -> list[Token]:
    """Return the tokens of a trigger from its event to its table's ON; none for a view."""
    words = [t for t in tokens(str(entry.sql)) if t.kind not in ("space", "comment")]
    start = 3 if entry.kind == "trigger" else len(words)  # CREATE TRIGGER name
    return list(takewhile(lambda t: t.key != "ON", dropwhile(lambda t: t.key not in _EVENTS, words[start:])))


def _event(entry: SchemaObject) -> str:
    return _header(entry)[0].key


def _update_of(entry: SchemaObject) -> list[str]:
    return [token.name for token in _header(entry)[2:] if token.key != ","]


def _in_backup(create_table: str) -> str:
    return re.sub(r"^(\s*CREATE\s+TABLE\s+)", rf"\1{BACKUP}.", create_table, count=1, flags=re.IGNORECASE)


def catalog(schema: Schema) -> dict[tuple[str, str], str]:
    """Return the catalog in a form in which two equal schemas are equal whatever their spelling."""
    return {(o.kind, o.name.lower()): _normalised(o.sql or o.table) for o in schema.objects}


_normalised = lru_cache(maxsize=4096)(normalise)
