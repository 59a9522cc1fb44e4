"""Recovery: what became of attempts that did not end, and whether those that did still hold."""

from __future__ import annotations

from collections.abc import Iterator

from sodaf_nb.backup import MigrationBackupManager
from sodaf_nb.backup.listing import looked_at
from sodaf_nb.backup.reader import found
from sodaf_nb.backup.store import BackupStore
from sodaf_nb.database.workspace import remove_abandoned
from sodaf_nb.errors import MigrationRestoreError
from sodaf_nb.history import Attempt, AttemptLog, MigrationHistoryManager, Recovery


def recovered(attempts: AttemptLog, history: MigrationHistoryManager, backups: MigrationBackupManager) -> Recovery:
    """Settle open attempts by the history, delete what killed processes left, and name what needs a person.

    Call it only while holding the right to migrate. An attempt noted as done whose entry is gone, and a migration
    in force whose backup is gone or damaged, are told each time: nothing here can mend them.
    """
    remove_abandoned()
    store = BackupStore(backups.directory)
    for name in store.abandoned():
        store.discard(name)
    settled = attempts.settle()
    return Recovery(attempts=(*settled.attempts, *attempts.without_history(), *_without_backup(history, store)))


def _without_backup(history: MigrationHistoryManager, store: BackupStore) -> Iterator[Attempt]:
    for record in history.get_migration_history()[::-1]:
        if record.status == "applied" and (backup_id := record.rollback_info.get("backup_id")):
            try:
                looked_at(found(store, backup_id, record.backup_path), backup_id)
            except MigrationRestoreError:
                yield Attempt(id=record.id, doctype=record.doctype, outcome="rollback_unavailable")
