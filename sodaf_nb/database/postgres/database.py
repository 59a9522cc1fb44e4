"""A PostgreSQL database: transactions with pinned settings, and the right to migrate it."""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Any, Literal

import psycopg

from sodaf_nb.database.base import Database, Sizes, Target
from sodaf_nb.database.patience import Patience
from sodaf_nb.database.postgres.abilities import abilities, require_all
from sodaf_nb.database.postgres.connections import Connections, commit, rolled_back, take_back
from sodaf_nb.database.postgres.fence import require_reading, unusable
from sodaf_nb.database.postgres.held import PostgresHeld, held_still
from sodaf_nb.database.postgres.holders import holders
from sodaf_nb.database.postgres.refusals import is_locked, ours
from sodaf_nb.database.postgres.rehearsal import PostgresRehearsal, rehearsal
from sodaf_nb.database.postgres.restoring import PostgresRestoring
from sodaf_nb.database.postgres.scratch import OpenScratch
from sodaf_nb.database.postgres.session import PostgresSession
from sodaf_nb.errors import DatabaseError, LockedError, MigrationExecutionError
from sodaf_nb.sql.dialects.postgres_dialect import PostgresDialect
from sodaf_nb.sql.quoting import quote

if TYPE_CHECKING:
    from sodaf_nb.database.database import SQLiteDatabase
    from sodaf_nb.options import RehearsalScope
    from sodaf_nb.schema import Schema

# The oldest release that this is written for; ALTER TABLE does without older ones' rewrites from 11 on.
OLDEST = 130000

Mode = Literal["SHARE ROW EXCLUSIVE", "ACCESS EXCLUSIVE"]

# Two numbers name an advisory lock: whose, and for what.
_LOCK_CLASS = 0x50DAF


class PostgresDatabase(Database):
    """A PostgreSQL database, 13 and later; one of its schemas is migrated.

    Connections come from a small pool and are given back after each piece of work. Each transaction sets what it
    needs for itself alone, so a pooler that gives each transaction another connection does no harm.

    Args:
        target: The database's URL, or an Engine of the user's own.
        lock_timeout_s: Seconds to wait for somebody else's lock.
        schema: The schema that is migrated; None is `public`.

    Raises:
        DatabaseError: If the server cannot be reached, is too old, or lacks what a safe migration stands on.
    """

    def __init__(self, target: Target, *, lock_timeout_s: float = 5.0, schema: str | None = None) -> None:
        self.lock_timeout_s = lock_timeout_s
        self.namespace = schema or "public"
        self._connections = Connections(target, self.namespace)
        self.file = None
        self.uri = self._connections.url.set(password=None).render_as_string()
        try:
            version = self._usable()
        except BaseException:
            self.close()
            raise
        self._dialect = PostgresDialect(self.scratch, version=version, namespace=self.namespace)
        self.dialect = self._dialect

    def _usable(self) -> int:
        """Return the server's version number; raises `DatabaseError` for a server that cannot be migrated."""
        with self._connections.connected() as connection:
            version = connection.info.server_version
            require_all(*abilities(connection))
        if version < OLDEST:
            raise DatabaseError(
                f"PostgreSQL {version // 10000} is too old.", hint=f"{OLDEST // 10000} and later can be migrated"
            )
        return version

    @property
    def name(self) -> str:
        """The database's name as shown to people."""
        return str(self._connections.url.database)

    @property
    def shown(self) -> str:
        """The database's name and where it is."""
        return f"{self.name} on {self._connections.url.host or 'this machine'}"

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
        with self._connections.connected() as connection, rolled_back(connection):
            self._connections.begin(connection, "ISOLATION LEVEL REPEATABLE READ READ ONLY", self._patience())
            yield PostgresSession(connection, self._dialect, self.hold)

    @contextmanager
    def looking(self, table: str = "", condition: str = "") -> Iterator[PostgresSession]:
        """Run a block in one read-only snapshot, in which a condition that a person wrote can only read."""
        asked = condition.strip() != ""
        if asked:
            with closing(self.scratch()) as scratch:
                require_reading(scratch, table, condition)
        with self.read() as session:
            try:
                yield session
            except MigrationExecutionError as error:
                if not asked:
                    raise
                raise unusable(str(error.message).partition(": ")[2]) from None

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
        with self._connections.connected() as connection, rolled_back(connection):
            self._begun_holding(connection, given, hold)
            session = PostgresSession(
                connection, self._dialect, self.hold, statement_timeout_s=given.statement_timeout_s
            )
            yield session
            commit(connection)

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
                raise self._explained(error, tables, "ACCESS EXCLUSIVE") from None

        _retried(locked, given)

    def _begun_holding(self, connection: psycopg.Connection[Any], patience: Patience, hold: Collection[str]) -> None:
        def begun() -> None:
            try:
                self._connections.begin(connection, "ISOLATION LEVEL READ COMMITTED READ WRITE", patience)
                self._lock(connection, hold, "SHARE ROW EXCLUSIVE")
            except psycopg.Error as error:
                take_back(connection)
                raise self._explained(error, hold, "SHARE ROW EXCLUSIVE") from None

        _retried(begun, patience)

    def _explained(self, error: psycopg.Error, tables: Collection[str], mode: Mode) -> Exception:
        if not is_locked(error):
            return ours(error)
        found = ""
        with suppress(psycopg.Error, DatabaseError), self._connections.connected() as other:
            found = holders(other, self.namespace, tables, self._connections.open, mode)
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
        with self._connections.connected() as connection, rolled_back(connection):
            # Not read only: the proof of a backup is a restore into a temporary table.
            self._connections.begin(connection, "ISOLATION LEVEL REPEATABLE READ", self._patience())
            with held_still(PostgresSession(connection, self._dialect, self.hold)) as held:
                yield held

    @contextmanager
    def restoring(self, table: str, *, dry_run: bool) -> Iterator[PostgresRestoring]:
        """Run a block in one transaction that others may read beside; one that is taken back for a dry run."""
        if not dry_run:
            with self.write(hold=[table]) as session:
                yield PostgresRestoring(session, self.namespace)
            return
        with self._connections.connected() as connection, rolled_back(connection):
            # Not read only: the backup's rows are compared in a temporary table.
            self._connections.begin(connection, "ISOLATION LEVEL REPEATABLE READ", self._patience())
            yield PostgresRestoring(PostgresSession(connection, self._dialect, self.hold), self.namespace)

    @contextmanager
    def rehearsal_copy(
        self, live: Schema, tables: Collection[str], wanted: RehearsalScope, tell: Callable[[str], None]
    ) -> Iterator[PostgresRehearsal]:
        """Copy tables with rows into a schema of their own, in a transaction that is taken back."""
        tell("copy the tables")
        scratch = OpenScratch(self._connections, self._patience(), "ISOLATION LEVEL REPEATABLE READ")
        places = {"namespace": self.namespace, "name": self.name}
        with rehearsal(scratch, self._dialect, live, tables, wanted, **places) as copy:
            yield copy

    def scratch(self) -> OpenScratch:
        """Open a transaction that is taken back when it is closed, for an empty copy."""
        return OpenScratch(self._connections, self._patience())

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the right to migrate this schema for the length of a block.

        The lock belongs to a transaction of its own: it ends with the connection, whatever becomes of this process,
        and holds behind a pooler that gives each transaction another connection.

        Raises:
            LockedError: If another process or thread is migrating it.
        """
        with self._connections.connected() as connection, rolled_back(connection):
            try:
                self._connections.begin(connection, "READ ONLY", self._patience())
                query = "SELECT pg_try_advisory_xact_lock(%s, %s)"
                (taken,) = connection.execute(query, (_LOCK_CLASS, self._lock_number())).fetchone() or (False,)
            except psycopg.Error as error:
                raise ours(error) from None
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
        with self._connections.connected() as connection:
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

    def close(self) -> None:
        """Close the connections that are ours; those of a user's own Engine are the user's."""
        self._connections.close()


# Seconds before the first try again; doubled each time, and up to half as much again, so that two do not meet anew.
_FIRST_PAUSE = 0.1


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
