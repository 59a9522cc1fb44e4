"""A database to migrate: opened once, used from any thread, never left in a half state."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote as percent

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import NullPool

from sodaf_nb.database.patience import NO_RETRY, Patience, is_locked
from sodaf_nb.database.session import Session
from sodaf_nb.errors import DatabaseError, LockedError
from sodaf_nb.schema import Schema
from sodaf_nb.sql.dialect import Dialect
from sodaf_nb.sql.dialects.sqlite_dialect import SQLITE

_MEMORY = (None, "", ":memory:")


class Database:
    """A SQLite database, in a file or in memory.

    Every piece of work opens its own connection (about 0.2 ms), so a switched-off pragma cannot leak
    to the next user (trap T3) and any thread may call. A database in memory lives as long as this object.

    Args:
        target: A SQLAlchemy URL as text or value (`sqlite:///shop.db`, `sqlite://`), or an Engine of a file.
        lock_timeout_s: Seconds to wait for another writer.

    Raises:
        DatabaseError: If the target is no SQLite database, or an Engine whose memory cannot be shared.
    """

    def __init__(self, target: str | sa.URL | sa.Engine, *, lock_timeout_s: float = 5.0) -> None:
        url = _url_of(target)
        if url.get_backend_name() != "sqlite":
            raise DatabaseError(
                f"{url.get_backend_name()} databases are not supported yet.", hint="use a sqlite:/// URL"
            )
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
        self._engine = sa.create_engine("sqlite://", creator=self.connect, poolclass=NullPool, hide_parameters=True)
        sa.event.listen(self._engine, "handle_error", _keep_connection)

    @property
    def name(self) -> str:
        """The database's name as shown to people: the file's name, or `memory`."""
        return self.file.name if self.file else "memory"

    def connect(self, *, read_only: bool = False) -> sqlite3.Connection:
        """Open a raw connection in autocommit mode, foreign keys off; the caller closes it.

        Foreign keys stay off because DROP TABLE inside a rebuild would otherwise delete child rows
        (trap R6), and the pragma does nothing once a transaction runs (trap T2). Violations are compared
        before and after each migration instead.
        """
        # A shared memory has no mode of its own; there query_only alone keeps readers from writing.
        connection = sqlite3.connect(
            f"{self.uri}?mode=ro" if read_only and self.file else self.uri,
            uri=True,
            isolation_level=None,
            timeout=self.lock_timeout_s,
            check_same_thread=False,
        )
        connection.execute("PRAGMA foreign_keys=OFF")
        # 64 MB: with the default cache a rebuild writes five times the bytes (measured on a million rows).
        connection.execute("PRAGMA cache_size=-64000")
        if read_only:
            connection.execute("PRAGMA query_only=ON")
        return connection

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Run a block in one consistent read-only snapshot."""
        with self._transaction("BEGIN", read_only=True) as session:
            yield session

    @contextmanager
    def write(self, patience: Patience | None = None) -> Iterator[Session]:
        """Run a block in a write transaction; it commits at the end and rolls back on any error.

        Args:
            patience: How long to wait for others and for each statement; None is the database's own.

        Raises:
            LockedError: If another writer holds the database for longer than the lock timeout.
        """
        with self._transaction("BEGIN IMMEDIATE", read_only=False, patience=patience or Patience()) as session:
            yield session

    @contextmanager
    def _transaction(self, begin: str, *, read_only: bool, patience: Patience = NO_RETRY) -> Iterator[Session]:
        with self._connected() as connection:
            session = Session(connection, self.dialect, statement_timeout_s=patience.statement_timeout_s)
            try:
                if patience.lock_timeout_s is not None:
                    connection.exec_driver_sql(f"PRAGMA busy_timeout={int(patience.lock_timeout_s * 1000)}")
                if read_only:
                    connection.exec_driver_sql("PRAGMA query_only=ON")
                patience.retried(lambda: connection.exec_driver_sql(begin), is_locked)
            except DBAPIError as error:
                raise _locked(self.name, error) from None
            try:
                yield session
            except BaseException:
                _take_back(connection, session)
                raise
            _commit(connection, session, self.name, patience)

    @contextmanager
    def _connected(self) -> Iterator[sa.Connection]:
        try:
            connection = self._engine.connect()
        except DBAPIError as error:
            raise _locked(self.name, error) from None
        with connection:
            yield connection

    def reflect(self) -> Schema:
        """Return the whole live schema, from one snapshot."""
        with self.read() as session:
            return session.reflect()

    def close(self) -> None:
        """Close what is open; a database in memory is gone afterwards."""
        self._engine.dispose()
        if self._keeper is not None:
            self._keeper.close()

    def __repr__(self) -> str:
        return f"Database({self.name!r})"


def _url_of(target: str | sa.URL | sa.Engine) -> sa.URL:
    if isinstance(target, sa.Engine):
        return target.url
    try:
        return sa.make_url(target)
    except ArgumentError:
        raise DatabaseError(
            "The database address is not a URL.", hint="write it like sqlite:///shop.db, or sqlite:// for memory"
        ) from None


def _memory_uri() -> str:
    return f"file:sodaf-{uuid.uuid4().hex}?mode=memory&cache=shared"


def _keep_connection(context: sa.ExceptionContext) -> None:
    """Keep SQLAlchemy from throwing the connection away at an interrupt.

    A connection thrown away keeps its lock for as long as a traceback holds one of its cursors; kept, its
    transaction is taken back here and now.
    """
    context.is_disconnect = False


def _commit(connection: sa.Connection, session: Session, name: str, patience: Patience) -> None:
    # COMMIT can fail and leave the transaction open (trap T6), so the engine is asked, not trusted.
    try:
        patience.retried(
            lambda: connection.exec_driver_sql("COMMIT"), lambda error: is_locked(error) and session.in_transaction
        )
    except BaseException as error:
        _take_back(connection, session)
        if isinstance(error, DBAPIError):
            raise _locked(name, error) from None
        raise


def _take_back(connection: sa.Connection, session: Session) -> None:
    # A ROLLBACK that fails must not hide why it was needed; closing the connection takes all back as well.
    with suppress(DBAPIError):
        if session.in_transaction:
            connection.exec_driver_sql("ROLLBACK")


def _locked(name: str, error: DBAPIError) -> Exception:
    if is_locked(error):
        return LockedError(f"Another writer holds {name}.", hint="wait until it is done and try again")
    return DatabaseError(f"{name} cannot be used: {error.orig}.", hint="check that the file is a SQLite database")
