"""A rehearsal on PostgreSQL: tables with rows in a schema of their own, in a transaction that is taken back.

Live tables are only read. Both sides are compared in files on this machine, by the code that compares SQLite's.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from sodaf_nb.database.base import Database
from sodaf_nb.database.copies import BEFORE
from sodaf_nb.database.copysize import SAMPLE_ROWS
from sodaf_nb.database.patience import Patience
from sodaf_nb.database.postgres.held import PostgresHeld, held_still
from sodaf_nb.database.postgres.scratch import OpenScratch
from sodaf_nb.database.postgres.session import PostgresSession
from sodaf_nb.database.session import Cursor, Params, Session
from sodaf_nb.database.sidefile import add_sign, attach, engine_errors
from sodaf_nb.database.sidefile.engine import open_file
from sodaf_nb.database.workspace import workspace
from sodaf_nb.options import RehearsalScope
from sodaf_nb.rehearsal import Scope
from sodaf_nb.schema import Schema, Table
from sodaf_nb.sql.dialect import Dialect
from sodaf_nb.sql.dialects.postgres_copy import PostgresCopy, Scratch
from sodaf_nb.sql.dialects.postgres_dialect import PostgresDialect
from sodaf_nb.sql.dialects.sqlite_dialect import SQLITE
from sodaf_nb.sql.quoting import literal, quote

if TYPE_CHECKING:
    import psycopg

# Bytes of tables with their indexes up to which all rows are copied unless asked otherwise: what is copied is
# read twice, and twice more for a way back.
_FULL_LIMIT = 32 * 1024 * 1024

_LOCKS = """
SELECT DISTINCT c.relname || ' (' || l.mode || ')' FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE l.pid = pg_backend_pid() AND l.granted AND c.relkind IN ('r', 'p') AND n.nspname = ? ORDER BY 1"""


class _ScratchSession(PostgresSession):
    """A transaction in which every statement works on the copy.

    Args:
        connection: The copy's connection.
        dialect: The engine's dialect.
        copy: The copy.
    """

    def __init__(self, connection: psycopg.Connection[Any], dialect: PostgresDialect, copy: PostgresCopy) -> None:
        super().__init__(connection, dialect, lambda _session, _tables, _patience: None)
        self._copy = copy

    def reflect(self) -> Schema:
        """Return the copy's schema."""
        return self._copy.schema()

    def _run(self, sql: str, params: Params) -> Cursor:
        return super()._run(self._copy.placed(sql), params)


class _ScratchDatabase(Database):
    """A copy as a database: what is written stays for as long as the copy does.

    Args:
        session: The copy's transaction.
        name: The live database's name.
    """

    def __new__(cls, *_arguments: object) -> Self:
        """Return an instance; it is made of no address."""
        return object.__new__(cls)

    def __init__(self, session: _ScratchSession, name: str) -> None:
        self._session = session
        self._name = name
        self.dialect = session.dialect

    @property
    def name(self) -> str:
        """The live database's name."""
        return self._name

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Run a block that reads."""
        yield self._session

    @contextmanager
    def write(
        self,
        patience: Patience | None = None,  # noqa: ARG002  nobody else is here to be waited for
        *,
        hold: Collection[str] = (),  # noqa: ARG002
    ) -> Iterator[Session]:
        """Run a block whose work is taken back on any error."""
        with self._session.savepoint("sodaf_rehearsal"):
            yield self._session

    @contextmanager
    def held(self) -> Iterator[PostgresHeld]:
        """Hold the copy as it is."""
        with held_still(self._session) as held:
            yield held


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresRehearsal:
    """A private copy of some tables, and files of how they were.

    Args:
        database: The copy to work on.
        session: Its transaction.
        namespace: The live schema's name.
        before: A file of the copy as it was made.
        tables: Names of the tables that have their rows.
        scope: Whether they have all of them.
        limit: The most rows each has; None when it has all.
        reason: Why it is a sample; empty when it is none.
    """

    database: Database
    session: PostgresSession
    namespace: str
    before: Path
    tables: tuple[str, ...]
    scope: Scope
    limit: int | None
    reason: str
    dialect: Dialect = SQLITE
    measured_on: int | None = None

    @contextmanager
    def compared(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection on which the copy is `main` and the one nobody changes is `BEFORE`."""
        path = self.before.with_name("now.sqlite")
        path.unlink(missing_ok=True)
        _written(self.session, path, self.tables_now())
        with engine_errors():
            connection = open_file(path, "rw")
        with closing(connection):
            add_sign(connection)
            attach(connection, self.before, BEFORE)
            yield connection

    def tables_now(self) -> tuple[str, ...]:
        """Return the names of what is in the copy now: its schema comes first in the search path."""
        query = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"
        return tuple(name for (name,) in self.session.rows(query))

    def locked(self) -> tuple[str, ...]:
        """Return the live tables that are locked, and how."""
        return tuple(text for (text,) in self.session.rows(_LOCKS, (self.namespace,)))


@contextmanager
def rehearsal(
    scratch: OpenScratch,
    dialect: PostgresDialect,
    live: Schema,
    tables: Collection[str],
    wanted: RehearsalScope,
    *,
    namespace: str,
    name: str,
) -> Iterator[PostgresRehearsal]:
    """Copy tables with rows into a schema of their own and take all back when the block ends.

    Args:
        scratch: The transaction for it.
        dialect: The engine's dialect.
        live: The live schema.
        tables: The tables whose rows are needed.
        wanted: `full` or `sample` force all rows or the first ones by key; `auto` decides by size.
        namespace: The live schema's name.
        name: The database's name.
    """
    present = [table for each in sorted(tables) if (table := live.table(each)) is not None]
    limit, reason = _limit(scratch, present, wanted, namespace)
    copy = PostgresCopy(scratch, live, namespace, fill=lambda table: _filling(table, namespace, limit))
    with closing(copy), workspace("rehearsal") as folder:
        session, before = _ScratchSession(scratch.connection, dialect, copy), Path(folder) / "before.sqlite"
        for table in present:
            copy.table(table.name)
        names = tuple(table.name for table in present)
        _written(session, before, names)
        yield PostgresRehearsal(
            database=_ScratchDatabase(session, name),
            session=session,
            namespace=namespace,
            before=before,
            tables=names,
            scope="full" if limit is None else "sample",
            limit=limit,
            reason=reason,
        )


def _limit(
    scratch: Scratch, tables: Collection[Table], wanted: RehearsalScope, namespace: str
) -> tuple[int | None, str]:
    if wanted == "sample":
        return SAMPLE_ROWS, "as asked for"
    if wanted == "full":
        return None, ""
    sizes = (f"pg_total_relation_size({literal(f'{quote(namespace)}.{quote(t.name)}')}::regclass)" for t in tables)
    ((size,),) = scratch.rows(f"SELECT {' + '.join(sizes) or '0'}")
    if size <= _FULL_LIMIT:
        return None, ""
    return SAMPLE_ROWS, f"the tables take more than {_FULL_LIMIT // 1024**2} MB"


def _filling(table: Table, namespace: str, limit: int | None) -> str:
    """Return what follows INSERT INTO and the copy's table."""
    names = ", ".join(quote(c.name) for c in table.columns if not c.hidden)
    kept = " OVERRIDING SYSTEM VALUE" if any(c.autoincrement for c in table.columns) else ""
    order = f" ORDER BY {', '.join(map(quote, table.primary_key))}" if table.primary_key else ""
    first = "" if limit is None else f"{order} LIMIT {int(limit)}"
    return f"({names}){kept} SELECT {names} FROM {quote(namespace)}.{quote(table.name)}{first}"


def _written(session: PostgresSession, path: Path, names: Collection[str]) -> None:
    """Write tables into one file, which is there also when there are none."""
    open_file(path, "rwc").close()
    with held_still(session) as held:
        for name in names:
            held.copy_table(held.facts(name, ordered=True), path)
