"""Lists what is in a store: sound backups, damaged ones, and whatever else is there."""

from __future__ import annotations

from sodaf_nb.backup.reader import read_manifest
from sodaf_nb.backup.store import BackupStore
from sodaf_nb.backup.values import BackupInfo, BackupList, info_of
from sodaf_nb.errors import MigrationRestoreError


def listed(store: BackupStore, doctype: str | None) -> BackupList:
    """Return the backups, newest first, and after them whatever cannot be used; of one DocType, or of all (None)."""
    found = [_look(store, backup_id) for backup_id in store.ids()]
    sound = [b for b in found if not b.problem and doctype in (None, b.doctype)]
    others = [(n, "not a backup") for n in store.strangers()]
    others += [(n, "being written, or left by a crash") for n in store.drafts()]
    strange = [BackupInfo(id=n, path=store.path(n), problem=problem) for n, problem in others]
    newest = sorted(sound, key=lambda b: (b.created_at, b.id), reverse=True)
    return BackupList(backups=(*newest, *(b for b in found if b.problem), *strange))


def looked_at(store: BackupStore, backup_id: str) -> BackupInfo:
    """Return one backup after a look at its manifest and the size of its data.

    Raises:
        MigrationRestoreError: If there is no such backup, or it is damaged.
    """
    return info_of(read_manifest(store, backup_id), store.path(backup_id))


def _look(store: BackupStore, backup_id: str) -> BackupInfo:
    try:
        return looked_at(store, backup_id)
    except MigrationRestoreError as error:
        return BackupInfo(id=backup_id, path=store.path(backup_id), problem=error.message)
