"""Takes backups that are proven, and puts them back. It runs no SQL of its own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sodaf_nb.backup.cleanup import planned, refusing, remove
from sodaf_nb.backup.codecs import CODECS
from sodaf_nb.backup.digest import content_digest
from sodaf_nb.backup.encryption import (
    HOW_TO_OPEN,
    EncryptionError,
    checked_identity,
    checked_recipients,
    find_identities,
    proof_identities,
    public_keys,
)
from sodaf_nb.backup.frames import exact_frame
from sodaf_nb.backup.ids import require_id, ulid
from sodaf_nb.backup.manifest import Manifest
from sodaf_nb.backup.reader import Unpacked, read_manifest, unpacked, workspace
from sodaf_nb.backup.restore import restore_as, restore_table
from sodaf_nb.backup.retention import PruneResult, Retention, Ties, iso
from sodaf_nb.backup.store import BackupStore
from sodaf_nb.backup.strategies import BackupStrategy, FullBackupStrategy
from sodaf_nb.backup.values import BackupInfo, BackupList, RestoreResult, info_of
from sodaf_nb.backup.writer import Describe, write_backup
from sodaf_nb.database import exclusive
from sodaf_nb.database.sidefile import SideFileError, Snapshot, TableFacts, exact_rows, hold, open_side
from sodaf_nb.errors import MigrationBackupError, MigrationRestoreError, UsageError

if TYPE_CHECKING:
    import pandas as pd
    from pyrage.x25519 import Identity

    from sodaf_nb.database.database import Database


def _now() -> datetime:
    return datetime.now(UTC)


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
        ties: Asked before a cleanup which backups rollbacks need and which migrations the database knows; the
            default knows of none.
        clock: Tells the time, with its zone.
        new_id: Makes ids of 26 digits and capital letters; None makes ULIDs.

    Raises:
        UsageError: If there is no such compression, a recipient is no public key, pyrage is missing, or
            `identity` is a key and not a file's name.
    """

    def __init__(
        self,
        database: Database,
        directory: str | Path,
        *,
        compression: str = "zstd",
        recipients: Collection[str] = (),
        identity: str | Path | None = None,
        ties: Callable[[], Ties] = Ties,
        clock: Callable[[], datetime] = _now,
        new_id: Callable[[], str] | None = None,
    ) -> None:
        if compression not in CODECS:
            raise UsageError(f"There is no compression {compression!r}.", hint=f"choose from {', '.join(CODECS)}")
        self._database = database
        self._store = BackupStore(directory)
        self._codec = compression
        self._recipients = checked_recipients(recipients)
        self._identity = checked_identity(identity)
        self._ties = ties
        self._clock = clock
        self._new_id = new_id or (lambda: ulid(clock()))
        self._strategy: BackupStrategy = FullBackupStrategy()

    @property
    def directory(self) -> Path:
        """Where backups are kept."""
        return self._store.directory

    def create_backup(
        self, doctype: str, table: str, *, migration_id: str | None = None, schema_fingerprint: str = ""
    ) -> BackupInfo:
        """Back up a table as it is committed now, and prove the backup before returning.

        Another connection may hold the write lock, as a migration does; what it has not committed is not seen.

        Args:
            doctype: The DocType it is for.
            table: The table.
            migration_id: The migration it protects; None for one taken by hand.
            schema_fingerprint: Fingerprint of the schema the migration starts from.

        Raises:
            MigrationBackupError: If no proven backup could be made; nothing is left behind then.
        """
        given = {"doctype": doctype, "migration_id": migration_id, "schema_fingerprint": schema_fingerprint}
        with _no_backup(table):
            backup_id = require_id(self._new_id())
            keys = proof_identities(self._recipients, self._identity) if self._recipients else ()
            with hold(self._database) as source:
                facts = source.facts(table)
                manifest = self._write(backup_id, source, facts, given, public_keys(keys))
                self._prove(manifest, source, facts, keys)
        return info_of(manifest, self._store.path(backup_id), verified=True)

    def _write(
        self, backup_id: str, source: Snapshot, facts: TableFacts, given: dict[str, Any], proof: tuple[str, ...]
    ) -> Manifest:
        # Read from the live table, not from the copy: the reader then compares the two.
        digest = content_digest(source.rows(facts))
        # The draft is the outer one: when the scratch folder cannot be removed, nothing is published.
        with self._store.draft(backup_id) as draft, workspace() as scratch:
            path = Path(scratch) / "data.sqlite"
            rows = self._strategy.copy(source, facts, path)
            about = {"id": backup_id, "row_count": rows, "content_digest": digest, **given}
            readers = dict.fromkeys((*self._recipients, *proof))
            return write_backup(draft, path, self._codec, self._describe(facts, about), readers)

    def _describe(self, facts: TableFacts, about: dict[str, Any]) -> Describe:
        def describe(plain_size: int, plain_sha256: str, stored_size: int, stored_sha256: str) -> Manifest:
            return Manifest(
                strategy=self._strategy.kind,
                table=facts.name,
                created_at=iso(self._clock()),
                database=self._database.name,
                columns=facts.columns,
                create_sql=facts.create_sql,
                objects=facts.objects,
                sequence=facts.sequence,
                codec=self._codec,
                plain_size=plain_size,
                plain_sha256=plain_sha256,
                stored_size=stored_size,
                stored_sha256=stored_sha256,
                recipients=self._recipients,
                **about,
            )

        return describe

    def _prove(self, manifest: Manifest, source: Snapshot, facts: TableFacts, keys: Sequence[Identity]) -> None:
        try:
            with unpacked(self._store, manifest.id, lambda: keys) as copy:
                self._compare(manifest, source, facts, copy)
        except BaseException:
            self._store.discard(manifest.id)
            raise

    def _compare(self, manifest: Manifest, source: Snapshot, facts: TableFacts, copy: Unpacked) -> None:
        if copy.manifest != manifest or not self._strategy.proves(source, facts, copy.path):
            raise SideFileError("what was read back is not what the table holds")

    def list_backups(self, doctype: str | None = None) -> BackupList:
        """Return the backups, newest first, and after them whatever is there but cannot be used.

        Args:
            doctype: Only backups of this DocType, and damaged ones, whose DocType is unknown; None for all.
        """
        found = [self._look(backup_id) for backup_id in self._store.ids()]
        sound = [b for b in found if not b.problem and doctype in (None, b.doctype)]
        others = [(n, "not a backup") for n in self._store.strangers()]
        others += [(n, "being written, or left by a crash") for n in self._store.drafts()]
        strange = [BackupInfo(id=n, path=self._store.path(n), problem=problem) for n, problem in others]
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

    def _unpacked(self, backup_id: str) -> AbstractContextManager[Unpacked]:
        return unpacked(self._store, backup_id, lambda: find_identities(self._identity))

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
            return _shown_rows(copy)

    def to_frame(self, backup_id: str) -> pd.DataFrame:
        """Return the rows as a pandas DataFrame whose columns keep their Python values.

        Raises:
            MigrationRestoreError: If there is no such backup, or any check fails.
        """
        with self._unpacked(backup_id) as copy:
            return exact_frame(_shown_rows(copy), [name for name, _type in copy.facts.columns])

    def restore_backup(self, backup_id: str, *, as_table: str | None = None) -> RestoreResult:
        """Put a table back in one write transaction and prove it before the commit.

        A missing table is made again with its indexes, triggers and counter. The rows of a present one
        are backed up first and then replaced; its own indexes and triggers stay, and no trigger fires.

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
            return restore_table(self._database, copy, lambda: self.create_backup(doctype, table).id)

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
        if retention is not None and older_than_days is not None:
            raise UsageError("older_than_days and retention say the same thing.", hint="give one of them")
        days = 30 if older_than_days is None else older_than_days
        return self.prune(retention or Retention(keep_days=days), keep=keep, dry_run=dry_run).removed

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
            with exclusive(self._database.uri, self._database.file):
                plan = self._planned(retention, keep)
                remove(self._store, plan.removed)
        return replace(plan, dry_run=False)

    def _planned(self, retention: Retention, keep: Collection[str]) -> PruneResult:
        return planned(
            self._store,
            self.list_backups(),
            retention,
            database=self._database.name,
            ties=self._ties(),
            keep=keep,
            now=self._clock(),
        )


def _shown_rows(copy: Unpacked) -> list[tuple[Any, ...]]:
    first = 1 if copy.facts.rowid else 0
    with open_side(copy.path) as connection:
        chunks = exact_rows(connection, "main", copy.facts)
        return [tuple(map(_shown, row[first:])) for rows in chunks for row in rows]


def _shown(value: Any) -> Any:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytearray) else value


@contextmanager
def _no_backup(table: str) -> Iterator[None]:
    try:
        yield
    except EncryptionError as error:
        raise MigrationBackupError(
            f"No backup of {table} was made: {error}.", hint=f"nothing was changed; {HOW_TO_OPEN}"
        ) from None
    except (OSError, SideFileError, MigrationRestoreError) as error:
        reason = error.message if isinstance(error, MigrationRestoreError) else str(error)
        raise MigrationBackupError(
            f"No backup of {table} was made: {reason.rstrip('.')}.",
            hint="nothing was changed; check space and rights of the backup directory, then try again",
        ) from None
