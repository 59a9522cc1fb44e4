"""A database file of a shop, the application that has it open, and the judge's verdict on a change."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sodaf_nb.applier import MigrationApplier
from sodaf_nb.database import Database
from sodaf_nb.doctype import DocTypeEngine
from sodaf_nb.options import ApplyOptions, SyncOptions
from tests.torture.census import Census, take
from tests.torture.model import TABLE, Change, Shop


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstance:
    """How the application uses the file while we change it.

    Args:
        wal: True: WAL; False: a rollback journal.
        keys: Whether its connections enforce foreign keys.
    """

    wal: bool
    keys: bool

    def __str__(self) -> str:
        return f"{'wal' if self.wal else 'journal'}, keys {'on' if self.keys else 'off'}"


CIRCUMSTANCES = tuple(Circumstance(wal=wal, keys=keys) for wal in (False, True) for keys in (False, True))


def build(path: Path, shop: Shop, circumstance: Circumstance) -> None:
    """Make the database file of a shop; as for an import, foreign keys are not looked at."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        first = [sql for sql, _params in shop.statements() if sql.startswith("PRAGMA")]
        for pragma in first:  # the encoding and the page size stand before everything else
            db.execute(pragma).fetchall()
        db.execute(f"PRAGMA journal_mode={'WAL' if circumstance.wal else 'DELETE'}").fetchall()
        db.execute("PRAGMA synchronous=OFF")
        db.execute("BEGIN")
        for sql, params in shop.statements():
            db.execute(sql, params).fetchall()
        db.execute("COMMIT") if db.in_transaction else None


@contextmanager
def application(path: Path, circumstance: Circumstance) -> Iterator[sqlite3.Connection]:
    """Open the connection that the application has all the time."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.text_factory = bytes
        db.execute(f"PRAGMA foreign_keys={'ON' if circumstance.keys else 'OFF'}")
        db.execute("SELECT count(*) FROM sqlite_master").fetchall()
        yield db


def outcomes(db: sqlite3.Connection, statements: Sequence[str]) -> list[Any]:
    """Run statements and take them back; return the rows of each or the engine's name for its error."""
    db.execute("BEGIN")
    try:
        return [_outcome(db, statement) for statement in statements]
    finally:
        db.execute("ROLLBACK") if db.in_transaction else None


def _outcome(db: sqlite3.Connection, statement: str) -> Any:
    try:
        return sorted(db.execute(statement).fetchall(), key=repr)
    except sqlite3.Error as error:
        return getattr(error, "sqlite_errorname", repr(error))


class Bench:
    """One file under change.

    Args:
        folder: Where all of it lies.
        shop: What the file holds.
        circumstance: How the application uses it.
    """

    def __init__(self, folder: Path, shop: Shop, circumstance: Circumstance) -> None:
        self.folder, self.shop, self.circumstance = folder, shop, circumstance
        self.file = folder / "shop.db"
        build(self.file, shop, circumstance)
        self.database = Database(f"sqlite:///{self.file}")
        self.doctypes = DocTypeEngine()
        options = ApplyOptions(backup_dir=folder / "backups", applied_by="tester", compression="none")
        self.applier = MigrationApplier(self.database, self.doctypes, options)

    def census(self) -> Census:
        """Return everything the file holds."""
        return take(self.file)

    def bytes(self) -> tuple[bytes, bytes]:
        """Return the bytes of the file and of its write-ahead log."""
        log = self.file.with_name("shop.db-wal")
        return self.file.read_bytes(), log.read_bytes() if log.exists() else b""

    def sync(self, change: Change) -> Any:
        """Make the change."""
        wanted = self.shop.after(change)
        self.doctypes.register(wanted.doctype())
        return self.applier.sync_doctype(wanted.table.removeprefix("tab"), answers(change))

    def back(self, migration_id: str) -> Any:
        """Take the change back."""
        return self.applier.rollback_migration(migration_id)

    def fresh(self, change: Change) -> Census:
        """Return what a file holds that was built as the change has to make it."""
        path = self.folder / "fresh.db"
        build(path, self.shop.after(change), self.circumstance)
        return take(path)

    def meanings(self, change: Change) -> tuple[list[Any], list[Any]]:
        """Return what the features do now, and what they do in the file built fresh."""
        statements = self.shop.after(change).meaning()
        found = []
        for path in (self.file, self.folder / "fresh.db"):
            with application(path, self.circumstance) as db:
                found.append(outcomes(db, statements))
        return found[0], found[1]

    def close(self) -> None:
        """Close the database."""
        self.database.close()


def answers(change: Change) -> SyncOptions:
    """Return what the user says to a change."""
    edits = change.edits
    return SyncOptions(
        accept="all",
        field_renames={e.old: e.new.name for e in edits if e.old and e.new and e.new.name != e.old},
        renamed_from=TABLE.removeprefix("tab") if change.table else None,
        removed_fields="drop" if any(e.new is None for e in edits) else "keep",
        backfill={e.new.name: e.backfill for e in edits if e.new and e.backfill},
    )


def words(error: BaseException) -> str:
    """Return the text of an error with spacing made plain."""
    return re.sub(r"\s+", " ", str(error))
