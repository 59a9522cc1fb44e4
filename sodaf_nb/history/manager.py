"""The table tabMigrationHistory: the only truth about what was applied."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sodaf_nb.database import Database, Session
from sodaf_nb.errors import AuditError, MigrationRollbackError, Step, UsageError
from sodaf_nb.history.audit import AuditLog, AuditReport
from sodaf_nb.history.drift import Drift, drift
from sodaf_nb.history.records import COLUMNS, History, MigrationRecord, Status, from_stored, to_stored
from sodaf_nb.history.statistics import Statistics, statistics
from sodaf_nb.sql.quoting import quote

TABLE = "tabMigrationHistory"
_TYPES = {"version": "INTEGER", "execution_time": "DOUBLE PRECISION", "affected_rows": "BIGINT"}
_OPTIONAL = frozenset({"backup_path", "error", "fingerprint_after", "backup_id", "backup_sha256"})

_ALWAYS, _NEVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)

# Columns that came after the first version, with what the rows that were there then get.
_LATER = {"dialect": "''", "statements": "'[]'", "backup_id": "NULL", "backup_sha256": "NULL", "objects": "'{}'"}


class MigrationHistoryManager:
    """Reads and writes the history. Writing happens inside the migration's own transaction.

    Args:
        database: The database whose history it is.
        audit: Gets an entry for each record, in the record's own transaction; None keeps no audit log.
    """

    def __init__(self, database: Database, audit: AuditLog | None = None) -> None:
        self._database = database
        self.audit = audit

    def get_migration_history(
        self,
        doctype: str | None = None,
        *,
        limit: int | None = None,
        status: Status | None = None,
        since: str | datetime | None = None,
        until: str | datetime | None = None,
        applied_by: str | None = None,
    ) -> History:
        """Return the records of one DocType, or of all, newest first.

        Args:
            doctype: The DocType; None for all.
            limit: The most records; None for all.
            status: Only records of this status.
            since: Only what was recorded at this time or later; a time, or ISO 8601 text such as `2025-06-01`, which
                is in UTC when it names no zone.
            until: Only what was recorded before this time.
            applied_by: Only what this user did.

        Raises:
            UsageError: If a time cannot be read.
        """
        first, last = _time(since or _ALWAYS), _time(until or _NEVER)
        with self._database.read() as session:
            records = _all(session)
        numbered = [
            (number, record)
            for number, record in enumerate(records, start=1)
            if doctype in (None, record.doctype)
            and status in (None, record.status)
            and applied_by in (None, record.applied_by)
            and first <= _time(record.timestamp) < last
        ]
        newest = numbered[::-1][:limit]
        return History([record for _n, record in newest], [number for number, _r in newest])

    def statistics(self) -> Statistics:
        """Return the numbers of the history, by DocType."""
        return statistics(self.get_migration_history())

    def drift(self) -> Drift:
        """Return what somebody changed by hand since the last migration of each table, object by object."""
        with self._database.read() as session:
            return drift(History(_all(session)[::-1], ()), session.reflect())

    def note_audit_head(self) -> None:
        """Note the end of the audit log beside the backups, after a commit."""
        if self.audit is not None:
            self.audit.note_head()

    def verify_audit(self) -> AuditReport:
        """Check the audit log, and the history against it.

        Raises:
            AuditError: If something was changed, removed, moved or put in.
        """
        if self.audit is None:
            raise UsageError("This history keeps no audit log.", hint="ask the history of a MigrationApplier")
        report = self.audit.verify(self.get_migration_history())
        if report.problems:
            raise AuditError(
                "The audit log does not hang together",
                details=report.problems,
                hint="somebody wrote to the database past this tool; compare with a copy of it, and keep both",
            )
        return report

    def get_migration(self, migration_id: str) -> MigrationRecord | None:
        """Return the record of that id, or None."""
        return next((r for r in self.get_migration_history() if r.id == migration_id), None)

    def get_latest(self, doctype: str) -> MigrationRecord | None:
        """Return the newest migration of a DocType that is in force, or None."""
        records = self.get_migration_history(doctype)
        return next((r for r in records if r.status == "applied"), None)

    def is_migration_applied(self, migration_id: str) -> bool:
        """Return True when that migration is in force."""
        record = self.get_migration(migration_id)
        return record is not None and record.status == "applied"

    def backups_in_use(self) -> frozenset[str]:
        """Return the ids of the backups that migrations in force can still be taken back with."""
        records = (r for r in self.get_migration_history() if r.status == "applied")
        return frozenset(r.rollback_info["backup_id"] for r in records if "backup_id" in r.rollback_info)

    def require(self, migration_id: str) -> MigrationRecord:
        """Return the record of that id.

        Raises:
            MigrationRollbackError: If the history has none.
        """
        record = self.get_migration(migration_id)
        if record is None:
            raise MigrationRollbackError(
                f"The history has no migration {migration_id!r}.", hint=("its ids are in ", Step("history"))
            )
        return record

    def record(self, session: Session, record: MigrationRecord) -> None:
        """Write one record in the running transaction; it makes the table, or brings an older one up to date."""
        _ensure_table(session)
        version = _next_version(session, record.doctype)
        names, marks = ", ".join(map(quote, COLUMNS)), ", ".join("?" * len(COLUMNS))
        numbered = replace(record, version=version)
        session.execute(f"INSERT INTO {quote(TABLE)} ({names}) VALUES ({marks})", to_stored(numbered))
        if self.audit is not None:
            self.audit.record(session, numbered)

    def mark_rolled_back(self, session: Session, migration_id: str, info: dict[str, Any]) -> None:
        """Note in the running transaction that a migration was taken back.

        Raises:
            MigrationRollbackError: If somebody took it back meanwhile.
        """
        in_force = "id = ? AND status = 'applied'"
        found = session.value(f"SELECT rollback_info FROM {quote(TABLE)} WHERE {in_force}", (migration_id,))
        noted = json.dumps({**json.loads(found or "{}"), **info}, sort_keys=True)
        changed = session.execute(
            f"UPDATE {quote(TABLE)} SET status = 'rolled_back', rollback_info = ? WHERE {in_force}",
            (noted, migration_id),
        )
        if changed != 1:
            raise MigrationRollbackError(
                "That migration is no longer in force, so it cannot be taken back.", hint=("look at ", Step("history"))
            )


def _all(session: Session) -> list[MigrationRecord]:
    present = session.columns(TABLE)
    names = [name for name in COLUMNS if name in present]
    if not names:
        return []
    order, _definition = session.dialect.order
    rows = session.rows(f"SELECT {', '.join(map(quote, names))} FROM {quote(TABLE)} ORDER BY {order}")
    return [from_stored(dict(zip(names, row, strict=True))) for row in rows]


def _ensure_table(session: Session) -> None:
    present = session.columns(TABLE)
    if not present:
        _name, order = session.dialect.order
        columns = ", ".join([*map(_column, COLUMNS), *([order] if order else [])])
        session.execute(f"CREATE TABLE {quote(TABLE)} ({columns})")
        return
    for name in (name for name in COLUMNS if name not in present):
        session.execute(f"ALTER TABLE {quote(TABLE)} ADD COLUMN {_column(name)} DEFAULT {_LATER[name]}")


def _time(given: str | datetime) -> datetime:
    try:
        time = datetime.fromisoformat(given) if isinstance(given, str) else given
    except ValueError:
        raise UsageError(f"{given!r} is no time.", hint="write it like 2025-06-01 or 2025-06-01T12:30") from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _column(name: str) -> str:
    key = " PRIMARY KEY" if name == "id" else ""
    return f"{quote(name)} {_TYPES.get(name, 'TEXT')}{'' if name in _OPTIONAL else ' NOT NULL'}{key}"


def _next_version(session: Session, doctype: str) -> int:
    found = session.value(f"SELECT COALESCE(MAX(version), 0) FROM {quote(TABLE)} WHERE doctype = ?", (doctype,))
    return int(found) + 1
