"""A private copy of a live database with its rows, to rehearse a migration on; gone when the block ends.

The live database is only read, through SQLite itself: opening its file would drop the locks of other
connections in this process. All pages are copied where the tables concerned are most of the database;
else the schema is made anew and only rows of those tables are copied.
"""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from sodaf_nb.database import copysize
from sodaf_nb.database.copysize import choose
from sodaf_nb.database.database import SQLiteDatabase
from sodaf_nb.database.opening import told
from sodaf_nb.database.sidefile import TableFacts, add_sign, attach, engine_errors, table_facts
from sodaf_nb.database.workspace import workspace
from sodaf_nb.errors import LockedError
from sodaf_nb.options import RehearsalScope
from sodaf_nb.rehearsal import Scope
from sodaf_nb.schema import Schema, SchemaObject, is_virtual
from sodaf_nb.sql.dialect import Dialect
from sodaf_nb.sql.dialects.sqlite_fulltext import over_content
from sodaf_nb.sql.dialects.sqlite_shadow import creation_order
from sodaf_nb.sql.dialects.sqlite_statistics import STATISTICS, made
from sodaf_nb.sql.quoting import quote

Tell = Callable[[str], None]

BEFORE = "sodaf_before"
_COPY = "sodaf_copy"

# Pages copied between two reports of progress: 8 MB of the usual size, a few hundredths of a second.
_PAGES = 2000

# SQLite's result codes.
_BUSY, _LOCKED = 5, 6


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsalCopy:
    """Two equal copies: one to work on, one to compare with.

    Args:
        database: The copy to work on.
        before: The file of the other one, which nobody changes.
        tables: Names of the tables that have their rows.
        scope: Whether they have all of them.
        limit: The most rows each has; None when it has all.
        reason: Why it is a sample; empty when it is none.
        measured_on: The most rows that are backed up to measure it; the file nobody changes has them all.
    """

    database: SQLiteDatabase
    before: Path
    tables: tuple[str, ...]
    scope: Scope
    limit: int | None
    reason: str
    measured_on: int | None

    @property
    def dialect(self) -> Dialect:
        """The dialect in which the two sides are compared."""
        return self.database.dialect

    def locked(self) -> tuple[str, ...]:
        """Return nothing: the live database is read, and readers keep nobody away."""
        return ()

    @contextmanager
    def compared(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection on which the copy is `main` and the one nobody changes is `BEFORE`."""
        with engine_errors():
            connection = self.database.connect()
        with closing(connection):
            add_sign(connection)
            attach(connection, self.before, BEFORE)
            yield connection


@contextmanager
def rehearsal_copy(
    database: SQLiteDatabase, live: Schema, tables: Collection[str], wanted: RehearsalScope, tell: Tell
) -> Iterator[RehearsalCopy]:
    """Copy a live database into a private folder of mode 0700 and delete it when the block ends.

    Args:
        database: The live database.
        live: Its schema.
        tables: The tables whose rows are needed.
        wanted: `full` or `sample` force a copy with all rows or with the first ones by key; `auto` decides by size.
        tell: Told what is being done; what it raises ends the copying.

    Raises:
        SideFileError: If the engine refuses to copy.
        LockedError: If a writer in this process holds a database in memory.
        MigrationExecutionError: If all rows are wanted and there is no room for them.
    """
    with workspace("rehearsal") as folder:
        before, work = Path(folder) / "before.sqlite", Path(folder) / "work.sqlite"
        with engine_errors():
            source = database.connect(read_only=True)
        with closing(source), engine_errors():
            choice = choose(source, live, tables, wanted, before.parent)
            making = _Making(source, before, live, tell)
            facts = making.facts(live.tables if choice.whole else tables)
            if choice.whole:
                making.copy_pages(database.lock_timeout_s)
            else:
                making.copy_rows(facts, choice.limit)
        _twice(before, work)
        private = SQLiteDatabase(sa.URL.create("sqlite", database=str(work)), lock_timeout_s=database.lock_timeout_s)
        with closing(private):
            yield RehearsalCopy(
                database=private,
                before=before,
                tables=tuple(f.name for f in facts),
                scope=choice.scope,
                limit=choice.limit,
                reason=choice.reason,
                measured_on=copysize.SAMPLE_ROWS,
            )


def _twice(before: Path, work: Path) -> None:
    # Nothing has either file open now, so the second copy may be made at the speed of the disk.
    shutil.copyfile(before, work)
    # Attached beside the other, a WAL would need files of its own.
    with closing(_open(before)) as connection, engine_errors():
        connection.execute("PRAGMA journal_mode=DELETE").fetchall()


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    return told(connection, ("foreign_keys=OFF", "synchronous=OFF", "ignore_check_constraints=ON"))


class _Making:
    """Makes one file out of what a connection to the live database reads.

    Args:
        source: A connection of our own.
        path: The file to make.
        live: The live schema.
        tell: Told what is being done.
    """

    def __init__(self, source: sqlite3.Connection, path: Path, live: Schema, tell: Tell) -> None:
        self._source = source
        self._path = path
        self._live = live
        self._tell = tell

    def facts(self, names: Collection[str]) -> list[TableFacts]:
        """Return the facts of those of the tables that hold rows of their own."""
        tables = [table for name in sorted(names) if (table := self._live.table(name)) is not None]
        ordinary = [t.name for t in tables if not is_virtual(t.sql)]
        return [f for name in ordinary if (f := table_facts(self._source, "main", name)) is not None]

    def copy_pages(self, patience_s: float) -> None:
        """Copy the whole database as it is committed now.

        Raises:
            LockedError: If a writer in this process holds a database in memory for longer than that.
        """
        started = time.monotonic()

        def report(status: int, _left: int, _total: int) -> None:
            # A writer of a shared memory makes each try fail, and the driver would try for ever.
            if status in {_BUSY, _LOCKED} and time.monotonic() - started > patience_s:
                raise LockedError("A writer holds the database.", hint="wait until it is done and try again")
            self._tell("copy the database")

        with closing(_open(self._path)) as target:
            # One snapshot for all pages: the copy never begins anew because somebody writes meanwhile.
            self._source.execute("BEGIN")
            self._source.execute("SELECT 1 FROM main.sqlite_master LIMIT 1").fetchall()
            self._source.backup(target, pages=_PAGES, progress=report, sleep=0.05)
            self._source.execute("COMMIT")

    def copy_rows(self, facts: Sequence[TableFacts], limit: int | None) -> None:
        """Make the schema anew and copy rows of tables: all of them, or the first ones by key."""
        entries = creation_order(self._live)
        with closing(_open(self._path)) as target:
            for pragma in ("encoding", "page_size"):
                (value,) = self._source.execute(f"PRAGMA main.{pragma}").fetchone()
                target.execute(f"PRAGMA {pragma}={quote(value) if isinstance(value, str) else int(value)}")
            for entry in (e for e in entries if e.kind == "table"):
                _make(target, entry)
        self._fill(facts, limit)
        # After the rows: index pages are written in order, and no trigger sees the copy.
        with closing(_open(self._path)) as target:
            for entry in (e for e in entries if e.kind != "table"):
                self._tell(f"copy {entry.name}")
                _make(target, entry)
            _index_content(target)

    def _fill(self, facts: Sequence[TableFacts], limit: int | None) -> None:
        source = self._source
        source.execute("PRAGMA query_only=OFF")  # the copy is written through it; a file's main is mode=ro
        source.execute("PRAGMA ignore_check_constraints=ON")  # rows older than a CHECK are copied as they are
        attach(source, self._path, _COPY)
        source.execute(f"PRAGMA {_COPY}.journal_mode=OFF").fetchall()
        source.execute("BEGIN")
        for each in facts:
            self._tell(f"copy {each.name}")
            source.execute(self._copy_sql(each, limit))
            _set_counter(source, each)
        for name in (entry.name for entry in self._live.objects if entry.name in STATISTICS):
            source.execute(f"INSERT INTO {_COPY}.{name} SELECT * FROM main.{name}")
        source.execute("COMMIT")

    def _copy_sql(self, facts: TableFacts, limit: int | None) -> str:
        names = ", ".join([*([str(facts.rowid)] if facts.carries_rowid else []), *facts.stored()])
        table = quote(facts.name)
        first = "" if limit is None else f" ORDER BY {self._order(facts)} LIMIT {int(limit)}"
        return f"INSERT INTO {_COPY}.{table}({names}) SELECT {names} FROM main.{table}{first}"

    def _order(self, facts: TableFacts) -> str:
        table = self._live.table(facts.name)
        key = table.primary_key if table else ()
        return ", ".join(map(quote, key)) or ", ".join(facts.identity())


def _make(target: sqlite3.Connection, entry: SchemaObject) -> None:
    # A constraint makes its index, and a virtual table its own tables (`docs_data`, `docs_idx` ...).
    there = target.execute("SELECT 1 FROM sqlite_master WHERE type=? AND name=?", (entry.kind, entry.name)).fetchall()
    if entry.sql and not there:
        for statement in made(entry.sql) if entry.name in STATISTICS else [entry.sql]:
            target.execute(statement)


def _index_content(target: sqlite3.Connection) -> None:
    """Fill full-text indexes over content of other tables, as they are kept by triggers in the live database."""
    for index in over_content(_Reading(target)):
        with suppress(sqlite3.DatabaseError):  # one that does not work stays as it is
            target.execute(index.rebuild)


@dataclass(frozen=True, slots=True)
class _Reading:
    """A connection as the dialect reads through it."""

    connection: sqlite3.Connection

    def rows(self, sql: str, params: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Return all rows of a query."""
        return self.connection.execute(sql, params).fetchall()


def _set_counter(source: sqlite3.Connection, facts: TableFacts) -> None:
    if facts.sequence is not None:
        source.execute(f"DELETE FROM {_COPY}.sqlite_sequence WHERE name=?", (facts.name,))
        source.execute(f"INSERT INTO {_COPY}.sqlite_sequence VALUES (?, ?)", (facts.name, facts.sequence))
