"""Takes backups that are proven, and puts them back. It runs no SQL of its own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sodaf_nb.backup.choice import Choice, Strategy, choose
from sodaf_nb.backup.codecs import CODECS
from sodaf_nb.backup.frames import exact_frame
from sodaf_nb.backup.ids import require_id, ulid
from sodaf_nb.backup.manifest import STRATEGIES
from sodaf_nb.backup.reader import Unpacked, base_id_of, read_manifest, unpacked
from sodaf_nb.backup.restore import restore_as, restore_columns, restore_table
from sodaf_nb.backup.store import BackupStore
from sodaf_nb.backup.strategies import (
    BackupStrategy,
    ColumnBackupStrategy,
    FullBackupStrategy,
    IncrementalBackupStrategy,
)
from sodaf_nb.backup.taking import Taking
from sodaf_nb.backup.values import BackupInfo, BackupList, RestoreResult, info_of
from sodaf_nb.database.sidefile import ROWS, SideFileError, TableFacts, exact_rows, hold, open_side
from sodaf_nb.errors import MigrationBackupError, MigrationRestoreError, UsageError

if TYPE_CHECKING:
    import pandas as pd

    from sodaf_nb.database.database import Database

# A draft older than this was left by a crash: its maker is gone.
_LEFTOVER_AGE = timedelta(hours=1)


def _now() -> datetime:
    return datetime.now(UTC)


class MigrationBackupManager:
    """Backups of the tables of one database, in one directory.

    Args:
        database: The database.
        directory: Where backups are kept; made with mode 0700 by the first backup.
        compression: How data is packed: `zstd`, `gzip` or `none`.
        clock: Tells the time, with its zone.
        new_id: Makes ids of 26 digits and capital letters; None makes ULIDs.
        batch_size: Rows read and hashed at a time while a backup is taken, proven or read; it decides the
            memory that takes, and nothing about the backup.

    Raises:
        UsageError: If there is no such compression, or the batch size is not 1 or more.
    """

    def __init__(
        self,
        database: Database,
        directory: str | Path,
        *,
        compression: str = "zstd",
        clock: Callable[[], datetime] = _now,
        new_id: Callable[[], str] | None = None,
        batch_size: int = ROWS,
    ) -> None:
        if compression not in CODECS:
            raise UsageError(f"There is no compression {compression!r}.", hint=f"choose from {', '.join(CODECS)}")
        if not _is_count(batch_size):
            raise UsageError(f"The batch size is {batch_size!r}, not a number of rows.", hint="choose 1 or more")
        self._database = database
        self._store = BackupStore(directory)
        self._codec = compression
        self._clock = clock
        self._new_id = new_id or (lambda: ulid(clock()))
        self._batch_size = batch_size

    @property
    def directory(self) -> Path:
        """Where backups are kept."""
        return self._store.directory

    def create_backup(
        self,
        doctype: str,
        table: str,
        *,
        strategy: Strategy = "full",
        columns: Collection[str] = (),
        base_id: str | None = None,
        migration_id: str | None = None,
        schema_fingerprint: str = "",
    ) -> BackupInfo:
        """Back up a table as it is committed now, and prove the backup before returning.

        Another connection may hold the write lock, as a migration does; what it has not committed is not seen.
        Where the strategy is not possible, the whole table is saved and the result's `note` says why: a column
        backup of a table without a lasting key, an incremental one without a usable base.

        Args:
            doctype: The DocType it is for.
            table: The table.
            strategy: What to save: the whole table, some columns, or what changed since another backup.
            columns: The columns of a column backup; its key comes by itself.
            base_id: What an incremental backup builds on; None takes the newest that fits.
            migration_id: The migration it protects; None for one taken by hand.
            schema_fingerprint: Fingerprint of the schema the migration starts from.

        Raises:
            UsageError: If the arguments do not go together.
            MigrationBackupError: If no proven backup could be made, or `base_id` is no base for it; nothing is
                left behind then.
        """
        _require_sensible(strategy, columns, base_id)
        given = {"doctype": doctype, "migration_id": migration_id, "schema_fingerprint": schema_fingerprint}
        with _no_backup(table), ExitStack() as opened:
            backup_id = require_id(self._new_id())
            source = opened.enter_context(hold(self._database))
            facts = source.facts(table)
            chosen, note = self._chosen(opened, facts, strategy, columns, base_id)
            taking = Taking(
                store=self._store,
                strategy=chosen,
                source=source,
                saved=_saved(chosen, facts),
                codec=self._codec,
                batch_size=self._batch_size,
                about={"id": backup_id, "note": note, **given, **self._here_and_now()},
            )
            manifest = taking.take()
        return info_of(manifest, self._store.path(backup_id), verified=True)

    def _here_and_now(self) -> dict[str, str]:
        return {"created_at": _iso(self._clock()), "database": self._database.name}

    def preview_backup(
        self, table: str, *, strategy: Strategy = "full", columns: Collection[str] = ()
    ) -> tuple[Strategy, str]:
        """Return the strategy that `create_backup` would take now, and why if it is another; nothing is written.

        Raises:
            UsageError: If the arguments do not go together.
            MigrationBackupError: If the table cannot be saved.
        """
        _require_sensible(strategy, columns, None)
        with _no_backup(table), hold(self._database) as source:
            facts = source.facts(table)
            choice = choose(strategy, facts, self.list_backups)
            if choice.kind == "column":
                _saved(ColumnBackupStrategy(columns), facts)
        return choice.kind, choice.note

    def lasting_key(self, table: str) -> tuple[str, ...]:
        """Return the columns that find every row of a live table again later; empty when there are none.

        Raises:
            MigrationBackupError: If the table cannot be read.
        """
        with _no_backup(table), hold(self._database) as source:
            return source.facts(table).lasting_key

    def _chosen(
        self, opened: ExitStack, facts: TableFacts, asked: Strategy, columns: Collection[str], base_id: str | None
    ) -> tuple[BackupStrategy, str]:
        explicit = Choice(kind="incremental", base_id=base_id)
        choice = explicit if base_id else choose(asked, facts, self.list_backups)
        if choice.kind == "column":
            return ColumnBackupStrategy(columns), ""
        if choice.base_id is None:
            return FullBackupStrategy(), choice.note
        try:
            return IncrementalBackupStrategy(opened.enter_context(self._unpacked(choice.base_id))), ""
        except MigrationRestoreError as error:
            if base_id is not None:
                raise _refused(facts.name, error.message, _OTHER_BASE) from None
            return FullBackupStrategy(), "the newest backup of the table cannot be used to build on"

    def _unpacked(self, backup_id: str) -> AbstractContextManager[Unpacked]:
        return unpacked(self._store, backup_id, batch_size=self._batch_size)

    def list_backups(self, doctype: str | None = None) -> BackupList:
        """Return the backups, newest first, and after them whatever is there but cannot be used.

        Args:
            doctype: Only backups of this DocType, and damaged ones, whose DocType is unknown; None for all.
        """
        found = [self._look(backup_id) for backup_id in self._store.ids()]
        sound = [b for b in found if not b.problem and doctype in (None, b.doctype)]
        strange = [BackupInfo(id=n, path=self._store.path(n), problem="not a backup") for n in self._store.strangers()]
        newest = sorted(sound, key=lambda b: (b.created_at, b.id), reverse=True)
        return BackupList(backups=(*newest, *(b for b in found if b.problem), *strange))

    def _look(self, backup_id: str) -> BackupInfo:
        try:
            return self.get(backup_id)
        except MigrationRestoreError as error:
            return BackupInfo(id=backup_id, path=self._store.path(backup_id), problem=error.message)

    def get(self, backup_id: str) -> BackupInfo:
        """Return one backup after a look at its manifest and the size of its data.

        Raises:
            MigrationRestoreError: If there is no such backup, or it is damaged.
        """
        manifest = read_manifest(self._store, backup_id)
        return info_of(manifest, self._store.path(backup_id))

    def validate_backup(self, backup_id: str) -> BackupInfo:
        """Check a backup to the last row by restoring it into a private file.

        Raises:
            MigrationRestoreError: If there is no such backup, or any check fails.
        """
        with self._unpacked(backup_id) as copy:
            return info_of(copy.manifest, self._store.path(backup_id), verified=True)

    @contextmanager
    def open_data(self, backup_id: str) -> Iterator[Path]:
        """Yield a fully checked SQLite file that holds the table; it is deleted when the block ends.

        Raises:
            MigrationRestoreError: If there is no such backup, or any check fails.
        """
        with self._unpacked(backup_id) as copy:
            yield copy.path

    def read_rows(self, backup_id: str) -> list[tuple[Any, ...]]:
        """Return the rows for people to look at; bytes that are no UTF-8 show as hexadecimal escapes.

        Raises:
            MigrationRestoreError: If there is no such backup, or any check fails.
        """
        with self._unpacked(backup_id) as copy:
            return _shown_rows(copy, self._batch_size)

    def to_frame(self, backup_id: str) -> pd.DataFrame:
        """Return the rows as a pandas DataFrame whose columns keep their Python values.

        Raises:
            MigrationRestoreError: If there is no such backup, or any check fails.
        """
        with self._unpacked(backup_id) as copy:
            return exact_frame(_shown_rows(copy, self._batch_size), [name for name, _type in copy.facts.columns])

    def restore_backup(self, backup_id: str, *, as_table: str | None = None) -> RestoreResult:
        """Put a table back in one write transaction and prove it before the commit.

        A missing table is made again with its indexes, triggers and counter. The rows of a present one
        are backed up first and then replaced; its own indexes and triggers stay, and no trigger fires. Of a
        column backup only its columns are put back, into the rows that its key still finds.

        Args:
            backup_id: The backup.
            as_table: Restore rows and columns beside the live table, under this new name; None for its own.

        Raises:
            MigrationRestoreError: If the backup cannot be used or does not fit; nothing was changed then.
            MigrationBackupError: If the rows to be replaced could not be backed up; nothing was changed then.
            LockedError: If another writer holds the database for longer than its lock timeout.
        """
        with self._unpacked(backup_id) as copy:
            if as_table is not None:
                return restore_as(self._database, copy, as_table)
            doctype, table = copy.manifest.doctype, copy.manifest.table
            if copy.manifest.strategy == "column":
                columns = copy.value_columns()
                save = partial(self.create_backup, doctype, table, strategy="column", columns=columns)
                return restore_columns(self._database, copy, lambda: save().id)
            return restore_table(self._database, copy, lambda: self.create_backup(doctype, table).id)

    def cleanup(
        self, *, keep: Collection[str] = (), older_than_days: int = 30, dry_run: bool = False
    ) -> tuple[str, ...]:
        """Delete old backups and what crashes left behind; damaged backups stay for a human to judge.

        What a backup that stays builds on stays as well, however old it is.

        Args:
            keep: Ids that stay however old they are.
            older_than_days: Age in days from which a backup is old.
            dry_run: True only names what would be deleted.

        Returns:
            Names of the folders deleted.

        Raises:
            MigrationBackupError: If the file system refuses.
        """
        now = self._clock().astimezone(UTC)
        before = _iso(now - timedelta(days=older_than_days))
        old = [b.id for b in self.list_backups() if not b.problem and b.created_at < before and b.id not in keep]
        needed = self._needed(set(self._store.ids()) - set(old))
        doomed = (*(b for b in old if b not in needed), *self._store.leftovers((now - _LEFTOVER_AGE).timestamp()))
        for name in () if dry_run else doomed:
            self._remove(name)
        return doomed

    def _needed(self, kept: Collection[str]) -> set[str]:
        """Return what backups that stay build on, down to the last link of each chain."""
        needed: set[str] = set()
        for backup_id in kept:
            base = base_id_of(self._store, backup_id)
            while base is not None and base not in needed:
                needed.add(base)
                base = base_id_of(self._store, base)
        return needed

    def _remove(self, name: str) -> None:
        try:
            self._store.remove(name)
        except OSError as error:
            raise MigrationBackupError(
                f"{name} could not be deleted: {error}.", hint="check the rights on the backup directory"
            ) from None


def _is_count(value: object) -> bool:
    return isinstance(value, int) and value >= 1


def _require_sensible(strategy: str, columns: Collection[str], base_id: str | None) -> None:
    if strategy not in STRATEGIES:
        raise UsageError(f"There is no backup strategy {strategy!r}.", hint=f"choose from {', '.join(STRATEGIES)}")
    if bool(columns) != (strategy == "column") or isinstance(columns, str):
        raise UsageError("A column backup names its columns, and no other names any.", hint='columns=("title",)')
    if base_id is not None and strategy != "incremental":
        raise UsageError("Only an incremental backup builds on another.", hint='strategy="incremental"')


def _saved(strategy: BackupStrategy, facts: TableFacts) -> TableFacts:
    try:
        return strategy.saved(facts)
    except SideFileError as error:
        if strategy.base is not None:
            raise _refused(facts.name, f"{strategy.base.id} is no base for it: {error}", _OTHER_BASE) from None
        raise _refused(facts.name, str(error), 'name other columns, or save all with strategy="full"') from None


def _refused(table: str, reason: str, hint: str) -> MigrationBackupError:
    return MigrationBackupError(
        f"No backup of {table} was made: {reason.rstrip('.')}.", hint=f"nothing was changed; {hint}"
    )


_OTHER_BASE = "name another base, or leave it out to have the newest one taken that fits"


def _iso(time: datetime) -> str:
    # Always the same width, so that texts sort as times do.
    return time.astimezone(UTC).isoformat(timespec="microseconds")


def _shown_rows(copy: Unpacked, batch_size: int) -> list[tuple[Any, ...]]:
    first = 1 if copy.facts.rowid else 0
    with open_side(copy.path) as connection:
        chunks = exact_rows(connection, "main", copy.facts, size=batch_size)
        return [tuple(map(_shown, row[first:])) for rows in chunks for row in rows]


def _shown(value: Any) -> Any:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytearray) else value


@contextmanager
def _no_backup(table: str) -> Iterator[None]:
    try:
        yield
    except (OSError, SideFileError, MigrationRestoreError) as error:
        reason = error.message if isinstance(error, MigrationRestoreError) else str(error)
        raise _refused(table, reason, "check space and rights of the backup directory, then try again") from None
