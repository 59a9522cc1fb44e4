"""Takes backups that are proven, and puts them back. It runs no SQL of its own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sodaf_nb.backup.choice import Strategy
from sodaf_nb.backup.choosing import Chooser
from sodaf_nb.backup.cleanup import planned, refusing, remove
from sodaf_nb.backup.drill import DrillResult, drill, newest_of_each
from sodaf_nb.backup.encryption import (
    checked_identity,
    checked_recipients,
    find_identities,
    proof_identities,
)
from sodaf_nb.backup.frames import exact_frame
from sodaf_nb.backup.ids import require_id, ulid
from sodaf_nb.backup.listing import listed, looked_at
from sodaf_nb.backup.manifest import Manifest
from sodaf_nb.backup.outcome import told_truly
from sodaf_nb.backup.reader import Unpacked, found, shown_rows, unpacked
from sodaf_nb.backup.refusals import (
    no_backup,
    require_choices,
    require_one_way,
    require_sensible,
    saved_by,
)
from sodaf_nb.backup.restore import Record, Target, restored, unrecorded
from sodaf_nb.backup.retention import PruneResult, Retention, by_age, iso
from sodaf_nb.backup.store import BackupStore
from sodaf_nb.backup.strategies import (
    ColumnBackupStrategy,
)
from sodaf_nb.backup.surroundings import ALONE, Surroundings, utc_now
from sodaf_nb.backup.taking import Taking
from sodaf_nb.backup.values import BackupInfo, BackupList, RestoreResult, info_of
from sodaf_nb.database.sidefile import ROWS
from sodaf_nb.database.workspace import remove_abandoned
from sodaf_nb.errors import MigrationRestoreError

if TYPE_CHECKING:
    import pandas as pd

    from sodaf_nb.database import Database


class MigrationBackupManager:
    """Backups of the tables of one database, in one directory.

    Args:
        database: The database.
        directory: Where backups are kept; made with mode 0700 by the first backup.
        compression: How data is packed: `zstd`, `gzip` or `none`.
        recipients: age public keys (`age1...`) that backups are encrypted for; each alone can open them.
            Empty leaves backups readable by whoever can read the directory. Public keys are enough to take
            proven backups: see `proof_identities`. While a backup is taken or read, an unencrypted copy of
            mode 0600 is in the system's folder for temporary files.
        identity: File with the secret key that opens encrypted backups, mode 0600. None takes the key in
            the environment variable SODAF_NB_IDENTITY, or the file that SODAF_NB_IDENTITY_FILE names.
        around: What is asked and told outside of the backups; the default knows of nothing and allows everything.
        clock: Tells the time, with its zone.
        new_id: Makes ids of 26 digits and capital letters; None makes ULIDs.
        batch_size: Rows read and hashed at a time while a backup is taken, proven or read; it decides the
            memory that takes, and nothing about the backup.

    Raises:
        UsageError: If there is no such compression, the batch size is not 1 or more, a recipient is no public
            key, pyrage is missing, or `identity` is a key and not a file's name.
    """

    def __init__(
        self,
        database: Database,
        directory: str | Path,
        *,
        compression: str = "zstd",
        recipients: Collection[str] = (),
        identity: str | Path | None = None,
        around: Surroundings = ALONE,
        clock: Callable[[], datetime] = utc_now,
        new_id: Callable[[], str] | None = None,
        batch_size: int = ROWS,
    ) -> None:
        require_choices(compression, batch_size)
        self._database = database
        self._store = BackupStore(directory)
        self._codec = compression
        self._recipients = checked_recipients(recipients)
        self._identity = checked_identity(identity)
        self._around = around
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
        Where the strategy is not possible, the whole table is saved and the result's `note` says why: no lasting
        key, or no base that can be used here and be opened by every recipient alone.

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
            MigrationBackupError: If no proven backup could be made, or `base_id` is no base; nothing is left then.
        """
        require_sensible(strategy, columns, base_id)
        about = {"doctype": doctype, "migration_id": migration_id, "schema_fingerprint": schema_fingerprint}
        return self._created(self._database, table, about, strategy=strategy, columns=columns, base_id=base_id)

    def _created(
        self,
        database: Database,
        table: str,
        about: Mapping[str, Any],
        *,
        strategy: Strategy,
        columns: Collection[str],
        base_id: str | None = None,
    ) -> BackupInfo:
        """Back up a table of a database, which need not be the manager's own: a restore saves what it replaces."""
        with no_backup(table), ExitStack() as opened:
            own = {"id": require_id(self._new_id()), "created_at": iso(self._clock()), "database": database.name}
            keys = proof_identities(self._recipients, self._identity) if self._recipients else ()
            source = opened.enter_context(database.held())
            facts = source.facts(table)
            chosen, note = self._chooser().strategy(opened, facts, strategy, columns, base_id)
            taking = Taking(
                store=self._store,
                strategy=chosen,
                source=source,
                saved=saved_by(chosen, facts),
                codec=self._codec,
                recipients=self._recipients,
                batch_size=self._batch_size,
                about={**about, **own, "note": note, "database_id": source.identity()},
            )
            manifest = taking.take(keys)
        return info_of(manifest, self._store.path(manifest.id), verified=True)

    def preview_backup(
        self, table: str, *, strategy: Strategy = "full", columns: Collection[str] = ()
    ) -> tuple[Strategy, str]:
        """Return the strategy that `create_backup` would take now, and why if it is another; nothing is written.

        Raises:
            UsageError: If the arguments do not go together.
            MigrationBackupError: If the table cannot be saved.
        """
        require_sensible(strategy, columns, None)
        with no_backup(table), self._database.held() as source:
            facts = source.facts(table)
            choice = self._chooser().choice(strategy, facts)
            if choice.kind == "column":
                saved_by(ColumnBackupStrategy(columns), facts)
        return choice.kind, choice.note

    def lasting_key(self, table: str) -> tuple[str, ...]:
        """Return the columns that find every row of a live table again later; empty when there are none.

        Raises:
            MigrationBackupError: If the table cannot be read.
        """
        with no_backup(table), self._database.held() as source:
            return source.facts(table).lasting_key

    def _chooser(self) -> Chooser:
        return Chooser(
            store=self._store, recipients=self._recipients, identity=self._identity, batch_size=self._batch_size
        )

    def _unpacked(self, backup_id: str, store: BackupStore | None = None) -> AbstractContextManager[Unpacked]:
        keys = partial(find_identities, self._identity)
        return unpacked(store or self._store, backup_id, keys, batch_size=self._batch_size)

    def list_backups(self, doctype: str | None = None) -> BackupList:
        """Return the backups, newest first, and after them whatever is there but cannot be used.

        Args:
            doctype: Only backups of this DocType, and damaged ones, whose DocType is unknown; None for all.
        """
        return listed(self._store, doctype)

    def get(self, backup_id: str) -> BackupInfo:
        """Return one backup after a look at its manifest and the size of its data.

        Raises:
            MigrationRestoreError: If there is no such backup, or it is damaged.
        """
        return looked_at(self._store, backup_id)

    def validate_backup(self, backup_id: str) -> BackupInfo:
        """Check a backup to the last row by restoring it into a private file.

        Raises:
            MigrationRestoreError: If there is no such backup, or any check fails.
        """
        with self._unpacked(backup_id) as copy:
            return info_of(copy.manifest, self._store.path(backup_id), verified=True)

    def drill(self, backup_id: str | None = None) -> DrillResult:
        """Restore a backup, or (None) the newest of each table, in a process that has directory and key alone.

        Raises:
            MigrationRestoreError: If there is no such backup, or that process dies.
        """
        chosen = newest_of_each(self.list_backups()) if backup_id is None else (self.get(backup_id),)
        return drill(self.directory, chosen, self._identity)

    @contextmanager
    def open_data(
        self, backup_id: str, *, recorded: str | Path | None = None, sha256: str | None = None
    ) -> Iterator[Path]:
        """Yield a fully checked SQLite file that holds the table; it is deleted when the block ends.

        Args:
            backup_id: The backup.
            recorded: The folder it once had, where it is looked for when the directory of backups has it not;
                None looks there only.
            sha256: SHA-256 that its manifest must have; None for any.

        Raises:
            MigrationRestoreError: If there is no such backup, or any check fails.
        """
        with self._unpacked(backup_id, found(self._store, backup_id, recorded)) as copy:
            if sha256 not in (None, copy.manifest.sha256):
                raise MigrationRestoreError(
                    f"Backup {backup_id} is another one than the history knows by that id.",
                    hint="put the folder back that the migration wrote",
                )
            yield copy.path

    def read_rows(self, backup_id: str) -> list[tuple[Any, ...]]:
        """Return the rows for people to look at; bytes that are no UTF-8 show as hexadecimal escapes.

        Raises:
            MigrationRestoreError: If there is no such backup, or any check fails.
        """
        with self._unpacked(backup_id) as copy:
            return shown_rows(copy, self._batch_size)

    def to_frame(self, backup_id: str) -> pd.DataFrame:
        """Return the rows as a pandas DataFrame whose columns keep their Python values.

        Raises:
            MigrationRestoreError: If there is no such backup, or any check fails.
        """
        with self._unpacked(backup_id) as copy:
            return exact_frame(shown_rows(copy, self._batch_size), [name for name, _type in copy.facts.columns])

    def restore_backup(
        self,
        backup_id: str,
        *,
        as_table: str | None = None,
        columns: Collection[str] = (),
        into: Database | None = None,
        any_database: bool = False,
        dry_run: bool = False,
        record: Record | None = None,
        yes_on: str | None = None,
    ) -> RestoreResult:
        """Put a table back in one write transaction and prove it before the commit; an error changes nothing.

        A missing table is made again with all that is on it. A present one's rows are backed up first and then
        replaced; its own indexes and triggers stay, and no trigger fires. Columns go into rows their key finds.

        Args:
            backup_id: The backup.
            as_table: Restore rows and columns beside the live table, under this new name; None for its own.
            columns: Put only these columns back, into the rows that are still there; empty for all it holds.
            into: Another database to restore into, of which the history says nothing; None for the own one.
            any_database: True takes a backup of another database as well.
            dry_run: True changes nothing and says what would change.
            record: Notes it in the history, in the same transaction; None takes the manager's own way.
            yes_on: Name of the connection that is meant, which production and protected ones need.

        Raises:
            UsageError: If the arguments do not go together.
            MigrationRestoreError: If the backup cannot be used or does not fit.
            MigrationBackupError: If the rows to be replaced could not be backed up.
            LockedError: If another writer holds the database for too long, or a migration runs.
        """
        require_one_way(columns, as_table)
        into = None if into and into.uri == self._database.uri else into
        if not dry_run and into is None:
            self._around.restoring(backup_id, yes_on)

        def restore(noting: Record) -> RestoreResult:
            with self._unpacked(backup_id) as copy:
                target = Target(
                    database=into or self._database,
                    any_database=any_database or into is not None,
                    dry_run=dry_run,
                    save=partial(self._save_present, copy.manifest, into),
                    record=noting,
                )
                return restored(target, copy, as_table, tuple(columns))

        return told_truly(restore, unrecorded if into else record or self._around.record, self._around.happened)

    def _save_present(self, manifest: Manifest, into: Database | None, columns: tuple[str, ...]) -> str:
        taken: Strategy = "column" if columns else "full"
        about = {"doctype": manifest.doctype, "migration_id": None, "schema_fingerprint": ""}
        database = into or self._database
        return self._created(database, manifest.table, about, strategy=taken, columns=columns).id

    def cleanup(
        self,
        *,
        keep: Collection[str] = (),
        older_than_days: int | None = None,
        retention: Retention | None = None,
        dry_run: bool = False,
    ) -> tuple[str, ...]:
        """Delete old backups and what crashes left behind, as `prune` does.

        Args:
            keep: Ids that stay whatever the rules say.
            older_than_days: Age in days from which a backup is old; None is 30 when there are no other rules.
            retention: The rules, instead of an age alone.
            dry_run: True only names what would be deleted.

        Returns:
            Names of the folders deleted.

        Raises:
            UsageError: If both an age and rules are given, or a number cannot be used.
            SodafError: As `prune` raises.
        """
        return self.prune(by_age(older_than_days, retention), keep=keep, dry_run=dry_run).removed

    def prune(self, retention: Retention, *, keep: Collection[str] = (), dry_run: bool = False) -> PruneResult:
        """Delete the backups that rules let go and what crashes left behind, and say why the others stay.

        What a still possible rollback reads stays, what a staying backup builds on stays, damaged backups stay
        for a person to judge, and backups of other databases in the same directory stay.

        Args:
            retention: The rules.
            keep: Ids that stay whatever the rules say.
            dry_run: True deletes nothing.

        Raises:
            LockedError: If a migration is running, whose backup is not in the history yet; nothing was deleted.
            MigrationBackupError: If the file system refuses.
        """
        with refusing():
            if dry_run:
                return self._planned(retention, keep)
            with self._database.exclusive():
                plan = self._planned(retention, keep)
                if plan.removed:
                    self._around.removing(plan.removed)
                remove(self._store, plan.removed)
                remove_abandoned()
        return replace(plan, dry_run=False)

    def _planned(self, retention: Retention, keep: Collection[str]) -> PruneResult:
        return planned(
            self._store,
            self.list_backups(),
            retention,
            database=self._database.name,
            ties=self._around.ties(),
            keep=keep,
            now=self._clock(),
        )
