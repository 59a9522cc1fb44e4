"""Copies of backups, with all they build on, for work on a private copy of the database."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from sodaf_nb.backup.choosing import Chooser
from sodaf_nb.backup.encryption import checked_identity, checked_recipients
from sodaf_nb.backup.reader import found, manifests
from sodaf_nb.backup.refusals import no_backup
from sodaf_nb.backup.store import BackupStore
from sodaf_nb.database.sidefile import ROWS

if TYPE_CHECKING:
    from sodaf_nb.database import Database


def lend(directory: Path, backup_id: str, to: Path, *, recorded: str | Path | None = None) -> None:
    """Copy a backup and what it builds on into another directory of backups, which is made when missing.

    Args:
        directory: The directory of backups.
        backup_id: The backup.
        to: Where to.
        recorded: The folder it once had, where it is looked for too; None looks in `directory` only.

    Raises:
        MigrationRestoreError: If there is no such backup, or it is damaged.
        OSError: If the disk refuses.
    """
    store = found(BackupStore(directory), backup_id, recorded)
    to.mkdir(mode=0o700, parents=True, exist_ok=True)
    for manifest in manifests(store, backup_id):
        # Links stay links, which no reader follows.
        shutil.copytree(store.path(manifest.id), to / manifest.id, symlinks=True, dirs_exist_ok=True)


def lend_base(
    database: Database,
    table: str,
    directory: Path,
    to: Path,
    *,
    recipients: Collection[str] = (),
    identity: str | Path | None = None,
) -> None:
    """Copy what an incremental backup of a table would build on now, if there is anything.

    Args:
        database: The database.
        table: The table.
        directory: The directory of backups.
        to: Where to; made when there is something to copy.
        recipients: Public keys of those who must be able to open the new backup.
        identity: File with the secret key at hand; None looks in the environment.

    Raises:
        MigrationBackupError: If the table or the backups cannot be read.
    """
    chooser = Chooser(
        store=BackupStore(directory),
        recipients=checked_recipients(recipients),
        identity=checked_identity(identity),
        batch_size=ROWS,
    )
    with no_backup(table):
        with database.held() as source:
            base = chooser.choice("incremental", source.facts(table)).base_id
        if base is not None:
            lend(directory, base, to)
