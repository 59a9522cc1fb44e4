"""What a database's history says about backups, for those who clean up."""

from __future__ import annotations

from sodaf_nb.backup import Ties
from sodaf_nb.database import Database
from sodaf_nb.history import AttemptLog, MigrationHistoryManager


def backup_ties(database: Database) -> Ties:
    """Return which backups rollbacks may need, and which migrations were ever started here.

    Every migration has an attempt before it has a backup, so a backup of an unknown one is of another database.
    """
    history = MigrationHistoryManager(database)
    known = {record.id for record in history.get_migration_history()}
    with database.read() as session:
        own_id = session.identity()
    return Ties(needed=history.backups_in_use(), migrations=AttemptLog(database).ids() | known, database_id=own_id)
