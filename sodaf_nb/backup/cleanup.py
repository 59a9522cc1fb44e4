"""Deletes backups that the rules let go, and what crashes left behind; damaged ones are for a person to judge."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from sodaf_nb.backup.ids import is_id
from sodaf_nb.backup.reader import base_id_of
from sodaf_nb.backup.retention import PruneResult, Retention, Ties, Verdict, decide, excess
from sodaf_nb.backup.store import BackupStore
from sodaf_nb.backup.values import BackupInfo
from sodaf_nb.errors import MigrationBackupError

# A draft that nobody holds and that is older than this was left by a crash: its maker is gone.
_LEFTOVER_AGE = timedelta(hours=1)

_TWO = 2


def planned(
    store: BackupStore,
    found: Iterable[BackupInfo],
    retention: Retention,
    *,
    database: str,
    ties: Ties,
    keep: Collection[str],
    now: datetime,
) -> PruneResult:
    """Return what a cleanup would do; nothing is deleted.

    Args:
        store: Where the backups are.
        found: All that is in it.
        retention: The rules.
        database: Name of the database; backups of another in the same directory stay and do not count.
        ties: What the database says about backups.
        keep: Ids that stay whatever the rules say.
        now: The time, with its zone.
    """
    backups = tuple(found)
    leftovers = store.leftovers((now - _LEFTOVER_AGE).timestamp())
    strange = {b.id: reason for b in backups if (reason := _not_ours(b, leftovers, database, ties)) is not None}
    ours = decide(
        (b for b in backups if b.id not in strange), retention, now, {*ties.needed, *keep}, _below(store, strange)
    )
    rest = (Verdict(backup=b, goes=b.id in leftovers, reason=strange[b.id]) for b in backups if b.id in strange)
    return PruneResult(verdicts=(*ours, *rest), dry_run=True, excess=excess(ours, retention.max_bytes))


def _below(store: BackupStore, others: Iterable[str]) -> set[str]:
    """Return what backups that the rules do not judge build on, down to the last link of each chain."""
    below: set[str] = set()
    for backup_id in filter(is_id, others):
        base = base_id_of(store, backup_id)
        while base is not None and base not in below:
            below.add(base)
            base = base_id_of(store, base)
    return below


def _not_ours(backup: BackupInfo, leftovers: Collection[str], database: str, ties: Ties) -> str | None:
    """Return why the rules do not judge this one; None when they do."""
    if backup.id in leftovers:
        return "a crash left it behind"
    if backup.problem:
        # What is wrong names the backup's id, which no table shows.
        return "damaged: for a person to judge" if is_id(backup.id) else backup.problem
    known = ties.migrations is None or backup.migration_id is None or backup.migration_id in ties.migrations
    ids = {backup.database_id, ties.database_id} - {None}
    return None if backup.database == database and known and len(ids) < _TWO else "it belongs to another database"


def remove(store: BackupStore, names: Iterable[str]) -> None:
    """Delete folders, in this order.

    Raises:
        MigrationBackupError: If the file system refuses; the folders before that one are gone then.
    """
    for name in names:
        with refusing(name):
            store.remove(name)


@contextmanager
def refusing(what: str = "Backups") -> Iterator[None]:
    """Say in our words that the file system refuses.

    Raises:
        MigrationBackupError: If it does.
    """
    try:
        yield
    except OSError as error:
        raise MigrationBackupError(
            f"{what} could not be cleaned up: {error}.", hint="check the rights on the backup directory"
        ) from None
