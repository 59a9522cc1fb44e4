"""An empty copy of the tables a change concerns, in a schema of its own that is never committed.

PostgreSQL's DDL is transactional, so the copy is made by the server itself and gone when its transaction ends,
also when the connection is lost. A copy holds no lock on a live table that another would wait for: nothing in it
refers to a live table but views, which are only read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, Protocol
from urllib.parse import unquote as percent_decoded

from sodaf_nb.errors import UnsupportedChangeError
from sodaf_nb.schema import Schema, SchemaObject, Table
from sodaf_nb.schema.closure import mentions
from sodaf_nb.sql.dialect import BACKUP, EngineRefusedError, Rows
from sodaf_nb.sql.dialects.postgres_reflection import reflect
from sodaf_nb.sql.dialects.postgres_text import comparable, redirected, split, tokens, unquoted
from sodaf_nb.sql.quoting import quote

# How statements begin that leave every definition as it is.
_LOOKING = ("SELECT ", "SAVEPOINT ", "RELEASE ", "UPDATE ")
_TRIAL, _TRY = "sodaf_trial", "sodaf_try"
Key = tuple[str, str, str]


class Scratch(Rows, Protocol):
    """A transaction that is taken back when it is closed."""

    def execute(self, sql: str) -> int:
        """Run one statement; raises `EngineRefusedError` when the engine refuses it."""
        ...

    def close(self) -> None:
        """Take everything back."""
        ...


class PostgresCopy:
    """A schema with the tables that statements name, and with all that is tied to them; without rows.

    Args:
        scratch: The transaction it lives in.
        live: The schema to copy.
        namespace: The live schema's name.
        backup: CREATE TABLE text of the backup that a rollback reads; empty when it reads none.
        fill: Given a table, returns what follows INSERT INTO and its name, to copy rows as well; None copies none.
    """

    def __init__(
        self,
        scratch: Scratch,
        live: Schema,
        namespace: str,
        *,
        backup: Collection[str] = (),
        fill: Callable[[Table], str] | None = None,
    ) -> None:
        self._scratch = scratch
        self._live = live
        self._live_namespace = namespace
        self._fill = fill
        self._copied: frozenset[str] = frozenset()
        self._baseline: dict[Key, SchemaObject] = {}
        self._now: Schema | None = None  # what is there, until a statement runs
        (backend,) = scratch.rows("SELECT pg_backend_pid()")[0]
        self.namespace = f"sodaf_scratch_{backend}"
        for statement in (
            f"CREATE SCHEMA {quote(self.namespace)}",
            f"SET LOCAL search_path TO {quote(self.namespace)}, {quote(namespace)}, pg_temp",
            *backup_tables(backup),
        ):
            scratch.execute(statement)

    def close(self) -> None:
        """Throw the copy away."""
        self._scratch.close()

    def rows(self, sql: str, params: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Run a query; names without a schema are the copy's."""
        return self._scratch.rows(sql, params)

    def run(self, statement: str) -> None:
        """Run one statement on the copy; the engine itself checks it.

        Raises:
            EngineRefusedError: If the engine refuses it; the copy is as before.
            UnsupportedChangeError: If it names a table of a kind that is not changed.
        """
        placed = self.placed(statement)
        self._scratch.execute(f"SAVEPOINT {_TRY}")
        try:
            self._scratch.execute(placed)
        except EngineRefusedError:
            self._scratch.execute(f"ROLLBACK TO {_TRY}")
            raise
        finally:
            self._scratch.execute(f"RELEASE {_TRY}")

    def placed(self, statement: str) -> str:
        """Return a statement as it is run on the copy, which has what it names from now on."""
        placed = redirected(statement, self._live_namespace, self._placed)
        if not statement.startswith(_LOOKING):
            self._now = None
        return placed

    def refusal(self, statement: str) -> str:
        """Run a statement and return the engine's reason for refusing it; the empty string when it ran."""
        try:
            self.run(statement)
        except EngineRefusedError as error:
            return str(error)
        return ""

    @contextmanager
    def trial(self) -> Iterator[None]:
        """Run a block that is taken back when it fails."""
        before = self._copied, dict(self._baseline)
        self._scratch.execute(f"SAVEPOINT {_TRIAL}")
        try:
            yield
        except BaseException:
            self._scratch.execute(f"ROLLBACK TO {_TRIAL}")
            self._copied, self._baseline = before
            self._now = None
            raise
        finally:
            self._scratch.execute(f"RELEASE {_TRIAL}")

    def schema(self) -> Schema:
        """Return the live schema with what the statements made of it."""
        now = self.reflected()
        there = {_key(o): o for o in now.objects}
        changed = {k: o for k, o in there.items() if k not in self._baseline or not _same(o, self._baseline[k])}
        gone = self._baseline.keys() - there.keys()
        kept = [changed.pop(_key(o), o) for o in self._live.objects if _key(o) not in gone]
        tables = {o.name for o in kept if o.kind == "table"}
        known = {name: now.tables.get(name) or self._live.tables[name] for name in tables}
        known |= {o.name: now.tables[o.name] for o in changed.values() if o.kind == "table"}
        return Schema(tables=MappingProxyType(known), objects=(*kept, *changed.values()))

    def reflected(self) -> Schema:
        """Return what is in the copy now, and nothing else."""
        if self._now is None:
            self._now = reflect(self._scratch, self.namespace)
        return self._now

    def table(self, name: str) -> Table:
        """Return a table as it is now.

        Raises:
            EngineRefusedError: If there is none of that name.
        """
        self._placed(name)
        present = self.reflected().tables.get(name)
        if present is None:
            raise EngineRefusedError(f"no such table: {name}")
        return present

    def broken(self) -> dict[str, str]:
        """Return functions whose text names a column that its table no longer has.

        The engine follows renames in views, triggers and rules and refuses to drop what they use, but what a
        function's text says it does not read before it runs.
        """
        now = self.reflected().tables
        problems = {}
        for entry in self._live.objects:
            if entry.kind == "function":
                names = _words(entry.sql or "")
                for name in self._copied:
                    used = self._uses(entry, name)
                    left = {c.name for c in now[name].columns} if name in now else set()
                    missing = sorted({c.name for c in self._live.tables[name].columns} & names - left) if used else []
                    if missing:
                        problems[f"function {entry.name}"] = f"it names {', '.join(missing)} of {name}"
        return problems

    def _uses(self, function: SchemaObject, table: str) -> bool:
        called = re.escape(function.name.partition("(")[0])
        triggers = (o.sql or "" for o in self._live.of_table(table) if o.kind == "trigger")
        return mentions(function.sql, table) or any(re.search(rf'[\s."]{called}"?\(', text) for text in triggers)

    def _placed(self, name: str) -> str:
        """Return where an object of that name is, having copied its table and what is tied to it."""
        owners = {o.table for o in self._live.objects if name in (o.name, o.table) and o.kind != "function"}
        missing = owners - self._copied
        if missing:
            self._copy(_component(self._live, missing) - self._copied)
        return quote(self.namespace)

    def _copy(self, names: frozenset[str]) -> None:
        entries = [o for o in self._live.objects if o.table in names and o.kind != "function"]
        _require_ordinary(entries)
        made, waiting = _in_order(entries)
        self._make(made)
        if self._fill is not None:  # before there is a trigger that could see them
            for name in names & self._live.tables.keys():
                rows = self._fill(self._live.tables[name])
                self._scratch.execute(f"INSERT INTO {quote(self.namespace)}.{quote(name)} {rows}")
        self._make([(o, self._unlooked(statement)) for o, statement in waiting])
        self._copied |= names
        self._now = None
        self._baseline |= {_key(o): o for o in self.reflected().objects if o.table in names}

    def _make(self, waiting: list[tuple[SchemaObject, str]]) -> None:
        while waiting:  # a replica identity needs an index, and the like
            left = [(o, reason, s) for o, s in waiting if (reason := self._refused(s))]
            if len(left) == len(waiting):
                raise _unreadable({f"{o.kind} {o.name}": reason for o, reason, _s in left})
            waiting = [(o, s) for o, _reason, s in left]

    def _unlooked(self, statement: str) -> str:
        # Of a sample, rows may point to rows that were left out.
        references = self._fill is not None and " ADD CONSTRAINT " in statement and " REFERENCES " in statement
        return f"{statement} NOT VALID" if references and "NOT VALID" not in statement else statement

    def _refused(self, statement: str) -> str:
        self._scratch.execute(f"SAVEPOINT {_TRY}")
        try:
            self._scratch.execute(statement)
        except EngineRefusedError as error:
            self._scratch.execute(f"ROLLBACK TO {_TRY}")
            return str(error)
        finally:
            self._scratch.execute(f"RELEASE {_TRY}")
        return ""


def backup_tables(texts: Collection[str]) -> list[str]:
    """Return the statements that make the empty tables a rollback reads its backup from.

    Args:
        texts: CREATE TABLE texts of side files; what a column was stands in quotes behind its affinity.
    """
    found = [_SAVED.findall(text) for text in texts]
    lines = [", ".join(f'"{name}" {unquote_type(kind)}' for name, kind in columns) for columns in found]
    return [f"CREATE TEMP TABLE {BACKUP} ({line}) ON COMMIT DROP" for line in lines]


_SAVED = re.compile(r"\"((?:[^\"]|\"\")+)\" (?:TEXT|INTEGER) '((?:[^']|'')*)'")


def unquote_type(text: str) -> str:
    """Return a type as it was before it was hidden in a side file's declared type."""
    return percent_decoded(text.replace("''", "'"))


Part = tuple[SchemaObject, str]


def _in_order(entries: Collection[SchemaObject]) -> tuple[list[Part], list[Part]]:
    """Return the statements that make tables, and all others so that what is used comes before what uses it.

    A name that is not in the copy yet would mean the live one.
    """
    parts = [(o, statement) for o in entries if o.kind != "view" for statement in split(str(o.sql), ";")]
    tables = [part for part in parts if part[0].kind == "table" and part[1].startswith("CREATE")]
    about = [part for part in parts if part[0].kind in ("table", "constraint") and part not in tables]
    others = [part for part in parts if part[0].kind not in ("table", "constraint")]
    return tables, [*about, *_views(entries), *others]


def _views(entries: Collection[SchemaObject]) -> Iterator[Part]:
    views = [o for o in entries if o.kind == "view"]
    while views:
        free = [v for v in views if not any(mentions(v.sql, o.name) for o in views if o is not v)]
        for view in free or views[:1]:
            yield view, str(view.sql)
            views.remove(view)


def _component(live: Schema, names: Collection[str]) -> frozenset[str]:
    """Return those tables and views, and all that foreign keys and views tie to one of them, however far."""
    found, new = frozenset[str](), frozenset(names)
    while new:
        found |= new
        new = frozenset(t for t in _tied(live, new) if t not in found)
    return found


def _tied(live: Schema, names: Collection[str]) -> Iterator[str]:
    for entry in live.objects:
        if entry.kind == "view" and any(mentions(entry.sql, name) for name in names):
            yield entry.name
        if entry.kind in ("table", "constraint"):
            targets = [t for t in live.tables if t != entry.table and _references(entry.sql or "", t)]
            if entry.table in names:
                yield from targets
            if any(t in names for t in targets):
                yield entry.table


def _references(sql: str, table: str) -> bool:
    if "REFERENCES" not in sql:
        return False
    return re.search(rf'REFERENCES ("{re.escape(table)}"|{re.escape(table)})[ (]', sql) is not None


def _require_ordinary(entries: Collection[SchemaObject]) -> None:
    special = {o.name: str(o.sql)[3:].partition("\n")[0] for o in entries if str(o.sql).startswith("-- ")}
    if special:
        reasons = ", ".join(f"{name} is {reason}" for name, reason in special.items())
        raise UnsupportedChangeError(
            f"Tables like these are not changed: {reasons}.",
            objects=tuple(special),
            hint="make the change by hand; the next diff sees it",
        )


def _unreadable(reasons: dict[str, str]) -> UnsupportedChangeError:
    return UnsupportedChangeError(
        f"An empty copy cannot be made of {'; '.join(f'{name}: {reason}' for name, reason in reasons.items())}.",
        objects=tuple(reasons),
        hint="they use something that is not in this schema or that this role may not use",
    )


def _words(text: str) -> set[str]:
    return {unquoted(piece) for kind, piece in tokens(text) if kind in ("word", "name")}


def _key(entry: SchemaObject) -> Key:
    return entry.kind, entry.table, entry.name


def _same(one: SchemaObject, other: SchemaObject) -> bool:
    return comparable(str(one.sql)) == comparable(str(other.sql))
