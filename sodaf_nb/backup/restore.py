"""Puts the rows of a checked backup into a database: one transaction, proven before its commit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sodaf_nb.backup.manifest import Manifest
from sodaf_nb.backup.reader import Unpacked
from sodaf_nb.backup.values import RestoreResult
from sodaf_nb.database.sidefile import (
    SideDifference,
    SideFileError,
    TableFacts,
    ascii_lower,
    check_side,
    open_side,
    rename_in_side,
)
from sodaf_nb.database.sidefile.into import Restoring, named
from sodaf_nb.errors import MigrationRestoreError, Step

if TYPE_CHECKING:
    from sodaf_nb.database import Database, Session

# Bytes; PostgreSQL cuts longer names, and a name should fit every database.
_LONGEST_NAME = 63

Record = Callable[["Session", RestoreResult, Manifest], RestoreResult]
"""Notes a restore in the history, in its own transaction, and returns the result with its number there"""


def unrecorded(_session: Session, result: RestoreResult, _manifest: Manifest) -> RestoreResult:
    """Note nothing."""
    return result


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a backup is restored to.

    Args:
        database: The database.
        any_database: True when the backup may be of another one.
        dry_run: True only looks what would change.
        save: Backs up what will be replaced, of these columns or (none named) of all, and returns that backup's id.
        record: Notes the restore in the history.
    """

    database: Database
    any_database: bool
    dry_run: bool
    save: Callable[[tuple[str, ...]], str]
    record: Record = unrecorded

    def alone(self) -> AbstractContextManager[None]:
        """Keep migrations away for the length of a block that writes."""
        return nullcontext() if self.dry_run else self.database.exclusive()

    @contextmanager
    def opened(self, manifest: Manifest) -> Iterator[Restoring]:
        """Run a block in one transaction on the database that the backup is of.

        Raises:
            SideFileError: If it is of another one.
        """
        with self.database.restoring(manifest.table, dry_run=self.dry_run) as here:
            self._require_same(here.session, manifest)
            yield here

    def _require_same(self, session: Session, manifest: Manifest) -> None:
        if self.any_database:
            return
        here = session.identity()
        if manifest.database_id is None:
            same, what = manifest.database == self.database.name, f"a database named {manifest.database}"
        else:
            same, what = manifest.database_id == here, f"another database, which was named {manifest.database}"
        if not same:
            raise OtherDatabaseError(f"it is a backup of {what}, and this one is {self.database.name}")


class OtherDatabaseError(SideFileError):
    """The backup is of another database."""


def restored(target: Target, copy: Unpacked, as_table: str | None, columns: tuple[str, ...]) -> RestoreResult:
    """Restore a backup: beside the table, or into it, or some columns into its rows.

    Raises:
        MigrationRestoreError: If the backup does not fit; nothing was changed then.
        LockedError: If a migration runs.
    """
    with target.alone():
        if as_table is not None:
            return restore_as(target, copy, as_table)
        if columns or copy.manifest.strategy == "column":
            return restore_columns(target, copy, columns or copy.value_columns())
        return restore_table(target, copy)


def restore_table(target: Target, copy: Unpacked) -> RestoreResult:
    """Restore a table under its own name.

    Raises:
        MigrationRestoreError: If the backup does not fit; nothing was changed then.
    """
    manifest, saved = copy.manifest, None
    with _nothing_restored(copy), target.opened(manifest) as here:
        live, side = here.facts(manifest.table), here.attach(copy.path, copy.facts)
        if live is not None and not here.same_shape(live, side):
            raise SideFileError(f"{live.name} has other columns now than when it was backed up")
        changes = SideDifference(added=manifest.row_count) if live is None else here.difference(live, side)
        result = _result(copy, target, manifest.table, changes, created=live is None)
        if target.dry_run:
            return result
        if live is None:
            here.create(side, manifest.objects, manifest.sequence)
        else:
            # Nothing is written yet, so the second connection sees exactly the rows that are replaced next.
            saved = target.save(())
            here.replace(live, side, manifest.sequence)
        _prove(here, side)
        return target.record(here.session, replace(result, replaced_backup_id=saved), manifest)


def restore_columns(target: Target, copy: Unpacked, columns: tuple[str, ...]) -> RestoreResult:
    """Restore columns into the rows that are still there, found by their key.

    Args:
        target: Where to.
        copy: The checked backup, full or of columns.
        columns: Which of its columns.

    Raises:
        MigrationRestoreError: If the backup does not fit; nothing was changed then.
    """
    manifest = copy.manifest
    with _nothing_restored(copy), target.opened(manifest) as here:
        live, side = _both_sides(here, copy, columns)
        changes = here.columns_difference(live, side, manifest.key)
        result = replace(_result(copy, target, live.name, changes, created=False), columns=columns)
        if target.dry_run:
            return result
        saved = target.save(columns)
        found, equal = here.update(live, side, manifest.key)
        if found != equal:
            raise SideFileError("the restored values are not those of the backup")
        result = replace(result, row_count=found, replaced_backup_id=saved, left_out=manifest.row_count - found)
        return target.record(here.session, result, manifest)


def _both_sides(here: Restoring, copy: Unpacked, columns: tuple[str, ...]) -> tuple[TableFacts, TableFacts]:
    """Return the facts of the live table and of the backup's columns, which fit each other."""
    manifest, key = copy.manifest, copy.manifest.key
    live = here.facts(manifest.table)
    if live is None:
        raise SideFileError(f"there is no {manifest.table} now, of which it holds some columns")
    if not key:
        raise SideFileError(f"{manifest.table} had no key by which single values find their rows")
    side = here.attach(copy.path, copy.facts).only(columns)
    same_key = [ascii_lower(n) for n in live.lasting_key] == [ascii_lower(n) for n in key]
    if not same_key or sorted(named(live.only(columns))) != sorted(named(side)):
        raise SideFileError(f"{live.name} has another key or other columns now than when it was backed up")
    return live, side


def restore_as(target: Target, copy: Unpacked, table: str) -> RestoreResult:
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
        # Beside the table nothing is replaced, so it does not matter of which database it is.
        target = replace(target, any_database=True)
        with target.opened(copy.manifest) as here:
            result = _result(copy, target, table, SideDifference(added=copy.manifest.row_count), created=True)
            if here.is_taken(table):
                raise SideFileError(f"there is already something named {table}")
            if target.dry_run:
                return result
            facts = here.attach(copy.path, facts)
            here.create(facts, None, copy.manifest.sequence)
            _prove(here, facts)
            return target.record(here.session, result, copy.manifest)


def _result(copy: Unpacked, target: Target, table: str, changes: SideDifference, *, created: bool) -> RestoreResult:
    manifest = copy.manifest
    unknown = manifest.database_id is None and not target.any_database
    return RestoreResult(
        backup_id=manifest.id,
        table=table,
        row_count=manifest.row_count,
        created=created,
        added=changes.added,
        changed=changes.changed,
        removed=changes.removed,
        dry_run=target.dry_run,
        note="The backup names no database id: that it is of this database was told by name and columns." * unknown,
    )


def _prove(here: Restoring, side: TableFacts) -> None:
    # Value by value and to the last bit, with a copy that the reader has just checked against its digest.
    if not here.holds(side):
        raise SideFileError("the restored rows are not those of the backup")


@contextmanager
def _nothing_restored(copy: Unpacked) -> Iterator[None]:
    try:
        yield
    except SideFileError as error:
        beside = Step("beside", (f"{copy.manifest.table} restored",))
        other = (
            (", or take it nevertheless with ", Step("any_database")) if isinstance(error, OtherDatabaseError) else ()
        )
        raise MigrationRestoreError(
            f"Backup {copy.manifest.id} was not restored: {error}.",
            hint=("nothing was changed; restore it beside the table with ", beside, *other),
        ) from None
