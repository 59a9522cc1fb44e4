"""A SQLite database: opened once, used from any thread, never left in a half state."""

from __future__ import annotations

import os
import sqlite3
import uuid
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote as percent

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from sodaf_nb.database.address import shown_path, url_of
from sodaf_nb.database.base import Database, Sizes
from sodaf_nb.database.fence import fenced
from sodaf_nb.database.lock import exclusive, is_held
from sodaf_nb.database.opening import told
from sodaf_nb.database.patience import NO_RETRY, Patience, is_locked
from sodaf_nb.database.refusal import explained, obstacle
from sodaf_nb.database.session import SQLiteSession
from sodaf_nb.database.sidefile import Snapshot, add_sign
from sodaf_nb.database.sidefile import hold as hold_still
from sodaf_nb.database.sidefile.into import SQLiteRestoring
from sodaf_nb.database.tablesize import database_bytes, pragma, table_bytes
from sodaf_nb.errors import DatabaseError
from sodaf_nb.sql.dialect import Dialect
from sodaf_nb.sql.dialects.sqlite_dialect import SQLITE

if TYPE_CHECKING:
    from sodaf_nb.database.copies import RehearsalCopy
    from sodaf_nb.options import RehearsalScope
    from sodaf_nb.schema import Schema

_READERS = {True: "readers go on (WAL)", False: "readers wait during the commit only"}
_MEMORY = (None, "", ":memory:")

# In KB, negative as SQLite has it. With the default of 2 MB a rebuild writes five times the bytes (measured on a
# million rows). A reader goes through a table in its order and gains nothing from more (backing up 200 MB: as fast).
_WRITE_CACHE, _READ_CACHE = -64_000, -8_000


class SQLiteDatabase(Database):
    """A SQLite database, in a file or in memory.

    Every piece of work opens its own connection (about 0.2 ms), so a switched-off pragma cannot leak
    to the next user (trap T3) and any thread may call. A database in memory lives as long as this object.
    A file that does not exist yet reads as an empty database; the first write makes it.

    Args:
        target: A SQLAlchemy URL as text or value (`sqlite:///shop.db`, `sqlite://`), the path of a database
            file, or an Engine of a file.
        lock_timeout_s: Seconds to wait for another writer.

    Raises:
        DatabaseError: If the target is an Engine whose memory cannot be shared.
    """

    def __init__(self, target: str | os.PathLike[str] | sa.URL | sa.Engine, *, lock_timeout_s: float = 5.0) -> None:
        url = url_of(target)
        in_memory = url.database in _MEMORY
        if in_memory and isinstance(target, sa.Engine):
            raise DatabaseError(
                "An Engine of a database in memory cannot be shared between connections.",
                hint='pass the URL instead: Database("sqlite://")',
            )
        self.file = None if in_memory else Path(str(url.database)).resolve()
        self.uri = _memory_uri() if in_memory else f"file:{percent(str(self.file))}"
        self.dialect: Dialect = SQLITE
        self.lock_timeout_s = lock_timeout_s
        # Keeps a database in memory alive between connections; None for a file.
        self._keeper = self.connect() if in_memory else None
        self._writer = _engine(self.connect)
        self._reader = _engine(lambda: self._opened("rw"))

    @property
    def name(self) -> str:
        """The database's name as shown to people: the file's name, or `memory`."""
        return self.file.name if self.file else "memory"

    @property
    def shown(self) -> str:
        """The path of its file, from the current folder when it is below; `memory` without one."""
        return shown_path(self.file) if self.file else self.name

    def connect(self, *, read_only: bool = False) -> sqlite3.Connection:
        """Open a raw connection in autocommit mode, foreign keys off; the caller closes it.

        Foreign keys stay off because DROP TABLE inside a rebuild would otherwise delete child rows
        (trap R6), and the pragma does nothing once a transaction runs (trap T2). Violations are compared
        before and after each migration instead.
        """
        connection = self._opened("ro" if read_only else "rwc")
        if read_only:
            connection.execute("PRAGMA query_only=ON")
        return connection

    def _opened(self, mode: Literal["ro", "rw", "rwc"]) -> sqlite3.Connection:
        """Open a connection; only `rwc` makes a file that does not exist, and `rw` can mend one after a crash."""
        connection = sqlite3.connect(
            self._address(mode),
            uri=True,
            isolation_level=None,
            timeout=self.lock_timeout_s,
            check_same_thread=False,
        )
        return told(connection, ("foreign_keys=OFF", f"cache_size={_READ_CACHE if mode == 'ro' else _WRITE_CACHE}"))

    def _address(self, mode: Literal["ro", "rw", "rwc"]) -> str:
        if self.file is None:  # a shared memory has no mode of its own; query_only alone keeps readers from writing
            return self.uri
        if mode != "rwc" and not self.file.exists() and self.file.parent.is_dir():
            return "file::memory:"  # whoever reads a missing file sees an empty database
        return f"{self.uri}?mode={mode}"

    @contextmanager
    def look(self) -> Iterator[sqlite3.Connection]:
        """Yield a raw connection that only reads, for what the engine says of itself.

        Raises:
            DatabaseError: If the database cannot be read.
            LockedError: If somebody keeps it from being read.
        """
        try:
            with closing(self.connect(read_only=True)) as connection:
                yield connection
        except sqlite3.Error as error:
            raise explained(DBAPIError(None, None, error), self.file) from None

    @contextmanager
    def read(self) -> Iterator[SQLiteSession]:
        """Run a block in one consistent read-only snapshot."""
        with self._transaction("BEGIN", read_only=True) as session:
            yield session

    @contextmanager
    def looking(self, table: str = "", condition: str = "") -> Iterator[SQLiteSession]:  # noqa: ARG002
        """Run a block in one read-only snapshot in which every stored text can be read, broken UTF-8 too."""
        with self.read() as session:
            # The connection is made for this block and closed after it.
            session.raw.text_factory = lambda data: data.decode("utf-8", "backslashreplace")
            with fenced(session) if condition.strip() else nullcontext():
                yield session

    @contextmanager
    def write(self, patience: Patience | None = None, *, hold: Collection[str] = ()) -> Iterator[SQLiteSession]:  # noqa: ARG002
        """Run a block in a write transaction; it commits at the end and rolls back on any error.

        Args:
            patience: How long to wait for others and for each statement; None is the database's own.
            hold: Tables that nobody else may write; here that is true of all.

        Raises:
            LockedError: If another writer holds the database for longer than the lock timeout.
            DatabaseError: If the folder is missing, or the file or its folder may not be written.
        """
        # Asked before: SQLite begins a write on a file that may only be read, and fails at the first change.
        if self.file and (found := obstacle(self.file)):
            raise found
        with self._transaction("BEGIN IMMEDIATE", read_only=False, patience=patience or Patience()) as session:
            yield session

    @contextmanager
    def _transaction(self, begin: str, *, read_only: bool, patience: Patience = NO_RETRY) -> Iterator[SQLiteSession]:
        with self._connected(self._reader if read_only else self._writer) as connection:
            session = SQLiteSession(connection, self.dialect, statement_timeout_s=patience.statement_timeout_s)
            try:
                if patience.lock_timeout_s is not None:
                    connection.exec_driver_sql(f"PRAGMA busy_timeout={int(patience.lock_timeout_s * 1000)}")
                if read_only:
                    connection.exec_driver_sql("PRAGMA query_only=ON")
                patience.retried(lambda: connection.exec_driver_sql(begin), is_locked)
            except DBAPIError as error:
                raise explained(error, self.file) from None
            try:
                yield session
            except BaseException:
                _take_back(connection, session)
                raise
            _commit(connection, session, self.file, patience)

    @contextmanager
    def _connected(self, engine: sa.Engine) -> Iterator[sa.Connection]:
        try:
            connection = engine.connect()
        except DBAPIError as error:
            raise explained(error, self.file) from None
        with connection:
            yield connection

    def exclusive(self) -> AbstractContextManager[None]:
        """Hold the right to migrate the database for the length of a block."""
        return exclusive(self.uri, self.file)

    def is_held(self) -> bool:
        """Return True while somebody migrates the database; makes no file."""
        return is_held(self.uri, self.file)

    def held(self) -> AbstractContextManager[Snapshot]:
        """Hold the committed state for a backup, through a connection of its own."""
        return hold_still(self)

    def rehearsal_copy(
        self, live: Schema, tables: Collection[str], wanted: RehearsalScope, tell: Callable[[str], None]
    ) -> AbstractContextManager[RehearsalCopy]:
        """Make a private copy with rows that is gone when the block ends."""
        from sodaf_nb.database.copies import rehearsal_copy  # noqa: PLC0415  a copy is a database itself

        return rehearsal_copy(self, live, tables, wanted, tell)

    def keeps_out(self) -> str:
        """Return whom a migration keeps out and for how long; readers go on in WAL mode.

        Both are from SQLite's own pages on locking and on its write-ahead log.
        """
        with self.read() as session:
            goes_on = session.value("PRAGMA journal_mode") == "wal"
        return f"all other writers of the file, from the begin to the commit; {_READERS[goes_on]}"

    @contextmanager
    def restoring(self, table: str, *, dry_run: bool) -> Iterator[SQLiteRestoring]:  # noqa: ARG002
        """Run a block in one transaction into which side files can be attached."""
        with self.read() if dry_run else self.write() as session:
            add_sign(session.raw)
            if not dry_run:
                # Rows older than a CHECK come back as they were.
                session.execute("PRAGMA ignore_check_constraints=ON")
            yield SQLiteRestoring(session)

    def sizes(self, live: Schema, tables: Collection[str]) -> Sizes:
        """Return how many bytes tables and the whole database take."""
        with self.look() as source:
            (mode,) = source.execute("PRAGMA main.journal_mode").fetchone()
            return Sizes(
                tables={name: table_bytes(source, live, [name]) for name in tables},
                whole=database_bytes(source),
                spare=pragma(source, "freelist_count") * pragma(source, "page_size"),
                copies=2 if mode == "wal" else 1,
            )

    def in_files(self, what: str) -> SQLiteDatabase:  # noqa: ARG002
        """Return itself."""
        return self

    def close(self) -> None:
        """Close what is open; a database in memory is gone afterwards."""
        self._reader.dispose()
        self._writer.dispose()
        if self._keeper is not None:
            self._keeper.close()


def _memory_uri() -> str:
    return f"file:sodaf-{uuid.uuid4().hex}?mode=memory&cache=shared"


def _engine(creator: Callable[[], sqlite3.Connection]) -> sa.Engine:
    engine = sa.create_engine("sqlite://", creator=creator, poolclass=NullPool, hide_parameters=True)
    sa.event.listen(engine, "handle_error", _keep_connection)
    return engine


def _keep_connection(context: sa.ExceptionContext) -> None:
    """Keep SQLAlchemy from throwing the connection away at an interrupt.

    A connection thrown away keeps its lock for as long as a traceback holds one of its cursors; kept, its
    transaction is taken back here and now.
    """
    context.is_disconnect = False


def _commit(connection: sa.Connection, session: SQLiteSession, file: Path | None, patience: Patience) -> None:
    # COMMIT can fail and leave the transaction open (trap T6), so the engine is asked, not trusted.
    try:
        patience.retried(
            lambda: connection.exec_driver_sql("COMMIT"), lambda error: is_locked(error) and session.in_transaction
        )
    except BaseException as error:
        _take_back(connection, session)
        if isinstance(error, DBAPIError):
            raise explained(error, file) from None
        raise


def _take_back(connection: sa.Connection, session: SQLiteSession) -> None:
    # A ROLLBACK that fails must not hide why it was needed; closing the connection takes all back as well.
    with suppress(DBAPIError):
        if session.in_transaction:
            connection.exec_driver_sql("ROLLBACK")
