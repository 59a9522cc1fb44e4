"""A PostgreSQL database: transactions with pinned settings, and the right to migrate it."""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Literal

import psycopg
import sqlalchemy as sa
from psycopg.pq import TransactionStatus

from sodaf_nb.database.address import url_of
from sodaf_nb.database.base import Database, Sizes, Target
from sodaf_nb.database.patience import Patience
from sodaf_nb.database.postgres.held import PostgresHeld, held_still
from sodaf_nb.database.postgres.holders import holders
from sodaf_nb.database.postgres.refusals import is_locked, ours, primary, unreachable
from sodaf_nb.database.postgres.rehearsal import PostgresRehearsal, rehearsal
from sodaf_nb.database.postgres.session import PostgresSession
from sodaf_nb.errors import DatabaseError, LockedError, MigrationExecutionError
from sodaf_nb.sql.dialect import EngineRefusedError
from sodaf_nb.sql.dialects.postgres_dialect import PostgresDialect
from sodaf_nb.sql.quoting import quote

if TYPE_CHECKING:
    from sodaf_nb.database.database import SQLiteDatabase
    from sodaf_nb.options import RehearsalScope
    from sodaf_nb.schema import Schema

# The oldest release that this is written for; ALTER TABLE does without older ones' rewrites from 11 on.
OLDEST = 130000

Mode = Literal["SHARE ROW EXCLUSIVE", "ACCESS EXCLUSIVE"]

# What a role, a database or a user's program may have set otherwise, and on which texts and sizes depend. Set for
# the transaction only, so that nothing leaks through a pooler to whoever gets the connection next (trap G5).
_PINNED = {
    "datestyle": "ISO, YMD",
    "intervalstyle": "postgres",
    "timezone": "UTC",
    "bytea_output": "hex",
    "extra_float_digits": "1",
    "standard_conforming_strings": "on",
    "synchronize_seqscans": "off",
    "application_name": "sodaf_nb",
    # Rows that a policy hides would be missing from a backup; with this the server refuses instead.
    "row_security": "off",
    # A backup is proven while the transaction waits.
    "idle_in_transaction_session_timeout": "0",
}

_DRIVER = "postgresql+psycopg"

# Two numbers name an advisory lock: whose, and for what.
_LOCK_CLASS = 0x50DAF

# Seconds before the first try again; doubled each time, and up to half as much again, so that two do not meet anew.
_FIRST_PAUSE = 0.1


class PostgresDatabase(Database):
    """A PostgreSQL database, 13 and later; one of its schemas is migrated.

    Connections come from a small pool and are given back after each piece of work. Each transaction sets what it
    needs for itself alone, so a pooler that gives each transaction another connection does no harm.

    Args:
        target: The database's URL, or an Engine of the user's own.
        lock_timeout_s: Seconds to wait for somebody else's lock.
        schema: The schema that is migrated; None is `public`.

    Raises:
        DatabaseError: If the server cannot be reached, or is too old.
    """

    def __init__(self, target: Target, *, lock_timeout_s: float = 5.0, schema: str | None = None) -> None:
        self._owned = not isinstance(target, sa.Engine)
        self._pool = target if isinstance(target, sa.Engine) else _pool(url_of(target))
        self.lock_timeout_s = lock_timeout_s
        self.namespace = schema or "public"
        self.file = None
        self.uri = self._pool.url.set(password=None).render_as_string()
        self._open: set[int] = set()
        with self._connected() as connection:
            version = connection.info.server_version
        if version < OLDEST:
            raise DatabaseError(
                f"PostgreSQL {version // 10000} is too old.", hint=f"{OLDEST // 10000} and later can be migrated"
            )
        self._dialect = PostgresDialect(self.scratch, version=version, namespace=self.namespace)
        self.dialect = self._dialect

    @property
    def name(self) -> str:
        """The database's name as shown to people."""
        return str(self._pool.url.database)

    @property
    def shown(self) -> str:
        """The database's name and where it is."""
        return f"{self.name} on {self._pool.url.host or 'this machine'}"

    def keeps_out(self) -> str:
        """Return whom a migration keeps out and for how long."""
        return "other writers of the table from the begin, its readers too from the first statement to the commit"

    def sizes(self, live: Schema, tables: Collection[str]) -> Sizes:
        """Return how many bytes tables and the whole database take."""
        query = (
            "SELECT c.relname, pg_total_relation_size(c.oid) FROM pg_class c "
            "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ? AND c.relname = ANY (?)"
        )
        with self.read() as session:
            found = {name: int(size) for name, size in session.rows(query, (self.namespace, list(tables)))}
            whole = int(session.value("SELECT pg_database_size(current_database())"))
        return Sizes(tables={name: found.get(name, 0) for name in tables if live.table(name)}, whole=whole, here=False)

    def in_files(self, what: str) -> SQLiteDatabase:
        """Refuse it.

        Raises:
            DatabaseError: Always.
        """
        raise DatabaseError(f"On PostgreSQL {what} is not possible yet.", hint="nothing was changed")

    @contextmanager
    def read(self) -> Iterator[PostgresSession]:
        """Run a block in one consistent read-only snapshot."""
        with self._connected() as connection, _rolled_back(connection):
            self._begin(connection, "ISOLATION LEVEL REPEATABLE READ READ ONLY", self._patience())
            yield PostgresSession(connection, self._dialect, self.hold)

    @contextmanager
    def write(self, patience: Patience | None = None, *, hold: Collection[str] = ()) -> Iterator[PostgresSession]:
        """Run a block in a transaction; it commits at the end and is taken back on any error.

        Args:
            patience: How long to wait for others and for each statement; None is the database's own.
            hold: Tables that nobody else may write until the end; others may read them. Those that are not
                there are left out.

        Raises:
            LockedError: If others hold a table for longer than patience lasts, with who they are.
        """
        given = self._patience(patience)
        with self._connected() as connection, _rolled_back(connection):
            self._begun_holding(connection, given, hold)
            session = PostgresSession(
                connection, self._dialect, self.hold, statement_timeout_s=given.statement_timeout_s
            )
            yield session
            _commit(connection)

    def hold(self, session: PostgresSession, tables: Collection[str], patience: Patience | None = None) -> None:
        """Keep others from reading tables as well, in a running transaction, trying again with patience.

        Raises:
            LockedError: If others hold a table for longer than patience lasts.
        """
        given = self._patience(patience)

        def locked() -> None:
            try:
                with session.connection.transaction():
                    self._lock(session.connection, tables, "ACCESS EXCLUSIVE")
            except psycopg.Error as error:
                raise self._explained(error, tables) from None

        _retried(locked, given)

    def _begun_holding(self, connection: psycopg.Connection[Any], patience: Patience, hold: Collection[str]) -> None:
        def begun() -> None:
            try:
                self._begin(connection, "ISOLATION LEVEL READ COMMITTED READ WRITE", patience)
                self._lock(connection, hold, "SHARE ROW EXCLUSIVE")
            except psycopg.Error as error:
                _take_back(connection)
                raise self._explained(error, hold) from None

        _retried(begun, patience)

    def _explained(self, error: psycopg.Error, tables: Collection[str]) -> Exception:
        if not is_locked(error):
            return ours(error)
        found = ""
        with suppress(psycopg.Error, DatabaseError), self._connected() as other:
            found = holders(other, self.namespace, tables, self._open)
        return ours(error, holders=found)

    def _lock(self, connection: psycopg.Connection[Any], tables: Collection[str], mode: Mode) -> None:
        # One order for everybody, so that two never wait for each other.
        for name in sorted(self._present(connection, tables)):
            connection.execute(f"LOCK TABLE {quote(self.namespace)}.{quote(name)} IN {mode} MODE")

    def _present(self, connection: psycopg.Connection[Any], tables: Collection[str]) -> list[str]:
        query = (
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname = %s AND c.relname = ANY (%s) AND c.relkind = 'r'"
        )
        return [name for (name,) in connection.execute(query, (self.namespace, list(tables)))]

    @contextmanager
    def held(self) -> Iterator[PostgresHeld]:
        """Hold the committed state for a backup, in a transaction of its own that is taken back."""
        with self._connected() as connection, _rolled_back(connection):
            # Not read only: the proof of a backup is a restore into a temporary table.
            self._begin(connection, "ISOLATION LEVEL REPEATABLE READ", self._patience())
            with held_still(PostgresSession(connection, self._dialect, self.hold)) as held:
                yield held

    @contextmanager
    def rehearsal_copy(
        self, live: Schema, tables: Collection[str], wanted: RehearsalScope, tell: Callable[[str], None]
    ) -> Iterator[PostgresRehearsal]:
        """Copy tables with rows into a schema of their own, in a transaction that is taken back."""
        tell("copy the tables")
        scratch = _Scratch(self, "ISOLATION LEVEL REPEATABLE READ")
        places = {"namespace": self.namespace, "name": self.name}
        with rehearsal(scratch, self._dialect, live, tables, wanted, **places) as copy:
            yield copy

    def scratch(self) -> _Scratch:
        """Open a transaction that is taken back when it is closed, for an empty copy."""
        return _Scratch(self)

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the right to migrate this schema for the length of a block.

        The lock belongs to a transaction of its own: it ends with the connection, whatever becomes of this process,
        and holds behind a pooler that gives each transaction another connection.

        Raises:
            LockedError: If another process or thread is migrating it.
        """
        with self._connected() as connection, _rolled_back(connection):
            self._begin(connection, "READ ONLY", self._patience())
            query = "SELECT pg_try_advisory_xact_lock(%s, %s)"
            (taken,) = connection.execute(query, (_LOCK_CLASS, self._lock_number())).fetchone() or (False,)
            if not taken:
                raise LockedError(
                    "Another migration of this database is running.", hint="wait until it is done and try again"
                )
            yield

    def is_held(self) -> bool:
        """Return True while somebody migrates the schema."""
        query = (
            "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND classid::bigint = %s AND objid::bigint = %s "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        with self._connected() as connection:
            unsigned = self._lock_number() % 2**32
            return bool(connection.execute(query, (_LOCK_CLASS, unsigned)).fetchall())

    def _lock_number(self) -> int:
        digest = hashlib.sha256(self.namespace.encode()).digest()
        return int.from_bytes(digest[:4], "big", signed=True)

    def _patience(self, given: Patience | None = None) -> Patience:
        patience = given or Patience()
        if patience.lock_timeout_s is not None:
            return patience
        return Patience(
            lock_timeout_s=self.lock_timeout_s,
            retries=patience.retries,
            statement_timeout_s=patience.statement_timeout_s,
            waiting=patience.waiting,
        )

    def _begin(self, connection: psycopg.Connection[Any], how: str, patience: Patience) -> None:
        connection.execute(f"BEGIN {how}")
        settings = {
            **_PINNED,
            "search_path": f"{quote(self.namespace)}, pg_temp",
            "lock_timeout": _milliseconds(patience.lock_timeout_s),
            "statement_timeout": _milliseconds(patience.statement_timeout_s),
        }
        calls = ", ".join("set_config(%s, %s, true)" for _setting in settings)
        connection.execute(f"SELECT {calls}", [text for pair in settings.items() for text in pair])

    @contextmanager
    def _connected(self) -> Iterator[psycopg.Connection[Any]]:
        """Yield a connection in autocommit mode, so that transactions are ours alone to begin."""
        try:
            proxy = self._pool.raw_connection()
        except sa.exc.DBAPIError as error:
            raise _cannot_connect(error) from None
        except psycopg.Error as error:
            raise unreachable(error) from None
        driver: Any = proxy.driver_connection
        pid = driver.info.backend_pid
        self._open.add(pid)
        try:
            driver.autocommit = True
            driver.prepare_threshold = None  # a pooler may give the next transaction another server process
            yield driver
        finally:
            self._open.discard(pid)
            _given_back(proxy, driver)

    def close(self) -> None:
        """Close the connections that are ours; those of a user's own Engine are the user's."""
        if self._owned:
            self._pool.dispose()


class _Scratch:
    """A transaction for an empty copy: what it does is never committed.

    Args:
        engine: The database.
        how: The kind of transaction.
    """

    def __init__(self, engine: PostgresDatabase, how: str = "ISOLATION LEVEL READ COMMITTED") -> None:
        self._context = engine._connected()  # noqa: SLF001  the engine's own helper, closed by `close`
        self.connection = self._context.__enter__()
        try:
            engine._begin(self.connection, how, engine._patience())  # noqa: SLF001
            self._session = PostgresSession(self.connection, engine._dialect, engine.hold)  # noqa: SLF001
        except BaseException:
            self.close()
            raise

    def rows(self, sql: str, params: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Run a query."""
        return self._session.rows(sql, params)

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
        _take_back(self.connection)
        self._context.__exit__(None, None, None)


def _pool(url: sa.URL) -> sa.Engine:
    # Work uses two at a time: its own and the one that holds the right to migrate; a backup one more.
    return sa.create_engine(
        url.set(drivername=_DRIVER), pool_size=2, max_overflow=4, pool_pre_ping=True, hide_parameters=True
    )


def _milliseconds(seconds: float | None) -> str:
    return "0" if seconds is None else str(max(int(seconds * 1000), 1))


def _cannot_connect(error: sa.exc.DBAPIError) -> DatabaseError:
    cause = error.orig
    return unreachable(cause) if isinstance(cause, psycopg.Error) else DatabaseError("The database cannot be reached.")


def _given_back(proxy: Any, driver: psycopg.Connection[Any]) -> None:
    if driver.closed or driver.broken:
        proxy.invalidate()
        return
    _take_back(driver)
    with suppress(psycopg.Error):
        driver.autocommit = False  # what SQLAlchemy expects of a connection in its pool
    proxy.close()


@contextmanager
def _rolled_back(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """Take back whatever a block left open."""
    try:
        yield
    finally:
        _take_back(connection)


def _take_back(connection: psycopg.Connection[Any]) -> None:
    # A ROLLBACK that fails must not hide why it was needed; a lost connection takes all back as well.
    with suppress(psycopg.Error):
        if connection.info.transaction_status in (TransactionStatus.INTRANS, TransactionStatus.INERROR):
            connection.execute("ROLLBACK")


def _commit(connection: psycopg.Connection[Any]) -> None:
    # COMMIT after a failed statement says nothing and takes all back (trap G3), so what it did is asked.
    try:
        said = connection.execute("COMMIT").statusmessage
    except psycopg.Error as error:
        raise ours(error) from None
    if said != "COMMIT":
        raise MigrationExecutionError(
            "The transaction had failed and was taken back instead of committed; nothing was changed.",
            hint="look at the first error above and try again",
        )


def _retried(action: Any, patience: Patience) -> None:
    """Run an action, and again after a pause while others hold what it needs."""
    for tries in range(1, patience.retries + 1):
        try:
            action()
        except LockedError:
            patience.waiting(tries)
            time.sleep(_FIRST_PAUSE * 2 ** (tries - 1) * random.uniform(1, 1.5))  # noqa: S311  no secret
        else:
            return
    action()
