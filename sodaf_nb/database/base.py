"""What every database to migrate can do, and the one place where its engine is chosen."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import sqlalchemy as sa

from sodaf_nb.database.address import url_of
from sodaf_nb.database.patience import Patience
from sodaf_nb.database.session import Session
from sodaf_nb.errors import DatabaseError
from sodaf_nb.schema import Schema
from sodaf_nb.sql.dialect import Dialect

if TYPE_CHECKING:
    from sodaf_nb.database.database import SQLiteDatabase
    from sodaf_nb.database.rehearsable import Rehearsable
    from sodaf_nb.database.sidefile.held import Held
    from sodaf_nb.database.sidefile.into import Restoring
    from sodaf_nb.options import RehearsalScope


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How much room a database takes.

    Args:
        tables: Table to its bytes, with its indexes.
        whole: Bytes of the whole database.
        spare: Bytes in it that are free to be used again.
        copies: How often what is written goes to the disk of the database.
        here: True when the engine sorts in temporary files of this machine.
    """

    tables: Mapping[str, int]
    whole: int
    spare: int = 0
    copies: int = 1
    here: bool = True


Target = str | os.PathLike[str] | sa.URL | sa.Engine


class Database:
    """A database to migrate: SQLite, in a file or in memory, or PostgreSQL 13 and later.

    What it is made of decides what it is, as with `pathlib.Path`: a `SQLiteDatabase` or a `PostgresDatabase`.

    Args:
        target: A SQLAlchemy URL as text or value (`sqlite:///shop.db`, `sqlite://`,
            `postgresql+psycopg://me@host/shop`), the path of a SQLite file, or an Engine.
        lock_timeout_s: Seconds to wait for others.
        schema: The PostgreSQL schema to migrate; None is `public`.

    Raises:
        DatabaseError: If the target is no such database, cannot be reached, or its driver is not installed.
    """

    dialect: Dialect
    lock_timeout_s: float
    file: Path | None
    uri: str

    def __new__(cls, target: Target, *, lock_timeout_s: float = 5.0, schema: str | None = None) -> Self:  # noqa: ARG004
        """Return an instance of the class for the target's engine."""
        chosen = _class_for(target) if cls is Database else cls
        return object.__new__(chosen)  # type: ignore[return-value]  # it is a Database, of the right engine

    @property
    def name(self) -> str:
        """The database's name as shown to people."""
        raise NotImplementedError

    @property
    def shown(self) -> str:
        """Where it is, as shown to people; never with a password."""
        raise NotImplementedError

    def read(self) -> AbstractContextManager[Session]:
        """Run a block in one consistent read-only snapshot."""
        raise NotImplementedError

    def looking(self, table: str = "", condition: str = "") -> AbstractContextManager[Session]:
        """Run a block in one read-only snapshot in which every stored text can be read.

        Args:
            table: The table that a person's condition is about.
            condition: SQL that a person wrote and the block runs; empty for none.

        Raises:
            UsageError: If it is no expression, names what is not there, or would do more than read.
        """
        raise NotImplementedError

    def write(self, patience: Patience | None = None, *, hold: Collection[str] = ()) -> AbstractContextManager[Session]:
        """Run a block in a write transaction; it commits at the end and rolls back on any error.

        Args:
            patience: How long to wait for others and for each statement; None is the database's own.
            hold: Tables that nobody else may write until the end.

        Raises:
            LockedError: If others hold what is needed for longer than patience lasts.
            DatabaseError: If the database may not be written.
        """
        raise NotImplementedError

    def exclusive(self) -> AbstractContextManager[None]:
        """Hold the right to migrate the database for the length of a block; it dies with this process.

        Raises:
            LockedError: If another process or thread is migrating it.
        """
        raise NotImplementedError

    def is_held(self) -> bool:
        """Return True while somebody migrates the database."""
        raise NotImplementedError

    def held(self) -> AbstractContextManager[Held]:
        """Hold the committed state for a backup, through a connection of its own.

        Raises:
            SideFileError: If the database cannot be read.
        """
        raise NotImplementedError

    def restoring(self, table: str, *, dry_run: bool) -> AbstractContextManager[Restoring]:
        """Run a block in one transaction in which a backup can be compared with a table and written into it.

        Args:
            table: The table, which nobody else may write meanwhile.
            dry_run: True writes nothing.

        Raises:
            LockedError: If others hold what is needed for longer than patience lasts.
            DatabaseError: If the database may not be written.
        """
        raise NotImplementedError

    def rehearsal_copy(
        self, live: Schema, tables: Collection[str], wanted: RehearsalScope, tell: Callable[[str], None]
    ) -> AbstractContextManager[Rehearsable]:
        """Make a private copy with rows that is gone when the block ends.

        Args:
            live: The live schema.
            tables: The tables whose rows are needed.
            wanted: `full` or `sample` force all rows or the first ones by key; `auto` decides by size.
            tell: Told what is being done; what it raises ends the copying.
        """
        raise NotImplementedError

    def keeps_out(self) -> str:
        """Return whom a migration keeps out and for how long, in words."""
        raise NotImplementedError

    def sizes(self, live: Schema, tables: Collection[str]) -> Sizes:
        """Return how many bytes tables and the whole database take."""
        raise NotImplementedError

    def in_files(self, what: str) -> SQLiteDatabase:
        """Return itself if it is SQLite, for what is done with files of SQLite so far.

        Args:
            what: What is to be done, for the message.

        Raises:
            DatabaseError: If it is another engine's.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Close what is open."""
        raise NotImplementedError

    def reflect(self) -> Schema:
        """Return the whole live schema, from one snapshot."""
        with self.read() as session:
            return session.reflect()

    def __repr__(self) -> str:
        return f"Database({self.name!r})"


def _class_for(target: Target) -> type[Database]:
    backend = url_of(target).get_backend_name()
    if backend not in _ENGINES:
        raise DatabaseError(
            f"{backend} databases are not supported.", hint="use a sqlite:/// or postgresql+psycopg:// URL"
        )
    return _ENGINES[backend]()


def _sqlite() -> type[Database]:
    from sodaf_nb.database.database import SQLiteDatabase  # noqa: PLC0415  it is made of this module's class

    return SQLiteDatabase


def _postgres() -> type[Database]:
    try:
        from sodaf_nb.database.postgres.database import PostgresDatabase  # noqa: PLC0415  its driver is an extra
    except ImportError as error:
        if error.name is None or not error.name.startswith("psycopg"):
            raise
        raise DatabaseError(
            "The driver for PostgreSQL is not installed.", hint='pip install "sodaf_nb[postgres]"'
        ) from None
    return PostgresDatabase


_ENGINES: dict[str, Callable[[], type[Database]]] = {"sqlite": _sqlite, "postgresql": _postgres}
