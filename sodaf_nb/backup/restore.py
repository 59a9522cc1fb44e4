"""Puts the rows of a checked backup into a database: one transaction, proven before its commit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sodaf_nb.backup.reader import Unpacked
from sodaf_nb.backup.values import RestoreResult
from sodaf_nb.database.sidefile import (
    SIDE,
    SideFileError,
    TableFacts,
    ascii_lower,
    attach,
    check_side,
    compare_tables,
    create_from_side,
    open_side,
    rename_in_side,
    replace_from_side,
    table_facts,
    update_from_side,
    writing,
)
from sodaf_nb.errors import MigrationRestoreError

if TYPE_CHECKING:
    from sqlite3 import Connection

    from sodaf_nb.database.database import SQLiteDatabase

# Bytes; PostgreSQL cuts longer names, and a name should fit every database.
_LONGEST_NAME = 63


def restore_table(database: SQLiteDatabase, copy: Unpacked, save_present: Callable[[], str]) -> RestoreResult:
    """Restore a table under its own name.

    Args:
        database: Where to.
        copy: The checked backup.
        save_present: Backs up the rows that will be replaced and returns that backup's id.

    Raises:
        MigrationRestoreError: If the backup does not fit; nothing was changed then.
    """
    manifest = copy.manifest
    saved = None
    with _nothing_restored(copy), writing(database) as connection:
        live = table_facts(connection, "main", manifest.table)
        attach(connection, copy.path, SIDE)
        if live is None:
            create_from_side(connection, copy.facts, manifest.objects, manifest.sequence)
        else:
            _require_same_shape(live, copy.facts)
            # Nothing is written yet, so the second connection sees exactly the rows that are replaced next.
            saved = save_present()
            replace_from_side(connection, live, copy.facts, manifest.sequence)
        _prove(connection, copy.facts)
    return _result(copy, copy.facts.name, created=live is None, saved=saved)


def restore_columns(database: SQLiteDatabase, copy: Unpacked, save_present: Callable[[], str]) -> RestoreResult:
    """Restore the columns of a column backup into the rows that are still there, found by their key.

    Args:
        database: Where to.
        copy: The checked backup.
        save_present: Backs up the values that will be replaced and returns that backup's id.

    Raises:
        MigrationRestoreError: If the backup does not fit; nothing was changed then.
    """
    manifest, columns = copy.manifest, copy.value_columns()
    with _nothing_restored(copy), writing(database) as connection:
        live = table_facts(connection, "main", manifest.table)
        if live is None:
            raise SideFileError(f"there is no {manifest.table} now, of which it holds some columns")
        _require_same_columns(live, copy, columns)
        attach(connection, copy.path, SIDE)
        saved = save_present()
        found, equal = update_from_side(connection, live, copy.facts, manifest.key)
        if found != equal:
            raise SideFileError("the restored values are not those of the backup")
    return RestoreResult(
        backup_id=manifest.id,
        table=live.name,
        row_count=found,
        created=False,
        replaced_backup_id=saved,
        columns=columns,
        left_out=manifest.row_count - found,
    )


def _require_same_columns(live: TableFacts, copy: Unpacked, columns: tuple[str, ...]) -> None:
    same_key = [ascii_lower(n) for n in live.lasting_key] == [ascii_lower(n) for n in copy.manifest.key]
    if not same_key or sorted(_columns(live.only(columns))) != sorted(_columns(copy.facts)):
        raise SideFileError(f"{live.name} has another key or other columns now than when it was backed up")


def restore_as(database: SQLiteDatabase, copy: Unpacked, table: str) -> RestoreResult:
    """Restore rows and columns under a new name; indexes and triggers belong to the live table and stay there.

    Raises:
        MigrationRestoreError: If the name is taken or cannot be used; nothing was changed then.
    """
    with _nothing_restored(copy):
        if not table.isprintable() or len(table.encode()) > _LONGEST_NAME:
            raise SideFileError(f"{table!r} is not a usable table name")
        rename_in_side(copy.path, copy.facts.name, table)
        with open_side(copy.path) as side:
            facts = check_side(side, table)
        with writing(database) as connection:
            attach(connection, copy.path, SIDE)
            create_from_side(connection, facts, (), copy.manifest.sequence)
            _prove(connection, facts)
    return _result(copy, table, created=True, saved=None)


def _result(copy: Unpacked, table: str, *, created: bool, saved: str | None) -> RestoreResult:
    return RestoreResult(
        backup_id=copy.manifest.id,
        table=table,
        row_count=copy.manifest.row_count,
        created=created,
        replaced_backup_id=saved,
    )


def _require_same_shape(live: TableFacts, side: TableFacts) -> None:
    if _shape(live) != _shape(side):
        raise SideFileError(f"{live.name} has other columns now than when it was backed up")


def _shape(facts: TableFacts) -> tuple[object, ...]:
    return (_columns(facts), [ascii_lower(name) for name in facts.key], facts.rowid, facts.carries_rowid)


def _columns(facts: TableFacts) -> list[tuple[str, str]]:
    return [(ascii_lower(name), ascii_lower(kind)) for name, kind in facts.columns]


def _prove(connection: Connection, facts: TableFacts) -> None:
    # Value by value and to the last bit, with a copy that the reader has just checked against its digest.
    if not compare_tables(connection, facts, "main", SIDE):
        raise SideFileError("the restored rows are not those of the backup")


@contextmanager
def _nothing_restored(copy: Unpacked) -> Iterator[None]:
    try:
        yield
    except SideFileError as error:
        raise MigrationRestoreError(
            f"Backup {copy.manifest.id} was not restored: {error}.",
            hint=f'nothing was changed; restore it beside the table with as_table="{copy.manifest.table} restored"',
        ) from None
