"""One line of the migration history."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, overload

from sodaf_nb.tabular import Row, Tabular, counted

Status = Literal["applied", "rolled_back", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationRecord:
    """What happened, as it is stored.

    Args:
        id: 26 characters, sortable by time.
        doctype: The DocType.
        version: Number of the migration among those of its DocType, from 1.
        timestamp: When it was recorded, ISO 8601 in UTC.
        sql: The statements that ran.
        rollback_sql: The statements that take the structure back.
        status: `applied`, `rolled_back` (was applied and has been taken back) or `failed` (changed nothing).
        applied_by: Who did it.
        execution_time: Milliseconds.
        affected_rows: Rows written by statements that change rows.
        backup_path: Folder of its backup; None when no data was at risk.
        error: Why it failed; None when it did not.
        rollback_info: What a rollback needs and what rollbacks did, as JSON data.
        fingerprint_before: Hash of the schema it started from.
        fingerprint_after: Hash of the schema it led to; None when it failed.
        plan_id: Content hash of its plan.
        environment: Versions and the environment's name, as JSON data.
        metadata: Findings accepted, columns the DocType had, and the like, as JSON data.
        dialect: The engine's name; empty in entries of older versions.
        statements: What ran, each with `sql`, `rows` written and `milliseconds`; empty in older versions' entries.
        backup_id: Its backup; None when no data was at risk.
        backup_sha256: SHA-256 of that backup's manifest; None without one, and in entries of older versions.
        objects: What the table consisted of afterwards: `kind name` to the SHA-256 of its text; empty in entries of
            older versions.
    """

    id: str
    doctype: str
    version: int
    timestamp: str
    sql: tuple[str, ...]
    rollback_sql: tuple[str, ...]
    status: Status
    applied_by: str
    execution_time: float
    affected_rows: int
    backup_path: str | None
    error: str | None
    rollback_info: dict[str, Any]
    fingerprint_before: str
    fingerprint_after: str | None
    plan_id: str
    environment: dict[str, Any]
    metadata: dict[str, Any]
    dialect: str = ""
    statements: tuple[dict[str, Any], ...] = ()
    backup_id: str | None = None
    backup_sha256: str | None = None
    objects: dict[str, str] = field(default_factory=dict)


COLUMNS = tuple(MigrationRecord.__dataclass_fields__)
_JSON = frozenset({"sql", "rollback_sql", "rollback_info", "environment", "metadata", "statements", "objects"})
_LISTS = ("sql", "rollback_sql", "statements")


def to_stored(record: MigrationRecord) -> tuple[Any, ...]:
    """Return the record as the values of its row, in the order of `COLUMNS`."""
    values = ((name, getattr(record, name)) for name in COLUMNS)
    return tuple(json.dumps(value, sort_keys=True) if name in _JSON else value for name, value in values)


def from_stored(row: Mapping[str, Any]) -> MigrationRecord:
    """Return the record a row holds; columns that an older version did not have take their defaults."""
    fields = {name: json.loads(value) if name in _JSON else value for name, value in row.items()}
    return MigrationRecord(**fields | {name: tuple(fields[name]) for name in _LISTS if name in fields})


class History(Tabular, Sequence[MigrationRecord]):
    """Migration records, newest first; shows as a table without ids and times.

    Args:
        records: The records, newest first.
        numbers: The running number of each, counted from the oldest migration of all.
    """

    __slots__ = ("_numbers", "_records")

    def __init__(self, records: Sequence[MigrationRecord], numbers: Sequence[int]) -> None:
        self._records = tuple(records)
        self._numbers = tuple(numbers)

    @overload
    def __getitem__(self, place: int) -> MigrationRecord: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[MigrationRecord, ...]: ...
    def __getitem__(self, place: int | slice) -> MigrationRecord | tuple[MigrationRecord, ...]:
        return self._records[place]

    def __len__(self) -> int:
        return len(self._records)

    def numbered(self) -> list[tuple[int, MigrationRecord]]:
        """Return each record with its running number, newest first."""
        return list(zip(self._numbers, self._records, strict=True))

    def number_of(self, migration_id: str) -> int | None:
        """Return the running number of that migration; None when it is not among these records."""
        return next((number for number, record in self.numbered() if record.id == migration_id), None)

    def heading(self) -> str:
        """Return the count in one line."""
        return f"History: {counted(len(self), 'migration')}, newest first"

    def to_rows(self) -> list[Row]:
        """Return one row a migration; `#` counts from the oldest."""
        return [_shown(number, record) for number, record in self.numbered()]

    def frame_rows(self) -> list[Row]:
        """Return the rows with what differs from run to run as well: dates, ids, people, folders."""
        return [{**_shown(number, record), **_facts(record)} for number, record in self.numbered()]

    def empty_text(self) -> str:
        """Say that nothing was done yet."""
        return "No migrations yet."


def error_text(record: MigrationRecord) -> str:
    """Return why a migration failed, as text; empty for one that did not."""
    if record.status == "failed" and not record.error:
        # An interrupt is an exception without words, and so is a process told to end.
        return "stopped by the user or the system"
    return record.error or ""


def kind_of(record: MigrationRecord) -> str:
    """Return what a migration was: `sync`, `patch`, `rollback` or `restore`."""
    if record.rollback_info.get("rollback_of"):
        return "rollback"
    if "patch" in record.metadata:
        return "patch"
    return "restore" if "restored" in record.rollback_info else "sync"


def _shown(number: int, record: MigrationRecord) -> Row:
    return {
        "#": number,
        "doctype": record.doctype,
        "version": record.version,
        "kind": kind_of(record),
        "status": record.status,
        "changes": "; ".join(record.metadata.get("summary", ())),
        "backup": "yes" if record.backup_path else "",
        "error": error_text(record),
    }


def accepted_findings(record: MigrationRecord) -> str:
    """Return the findings that had to be accepted for it, with what they were about."""
    stopping = (f for f in record.metadata.get("findings", ()) if f["severity"] == "block")
    return "; ".join(f"{f['rule']} {f['object']}" for f in stopping)


def _facts(record: MigrationRecord) -> Row:
    accepted = record.metadata.get("accepted", ())
    return {
        "date": record.timestamp,
        "user": record.applied_by,
        "environment": record.environment.get("name", ""),
        "accepted": accepted if isinstance(accepted, str) else ", ".join(accepted),
        "milliseconds": record.execution_time,
        "rows": record.affected_rows,
        "plan": record.plan_id,
        "backup id": record.rollback_info.get("backup_id", ""),
        "backup digest": record.backup_sha256 or "",
        "dialect": record.dialect,
        "findings accepted": accepted_findings(record),
        "schema before": record.fingerprint_before,
        "schema after": record.fingerprint_after or "",
        "statements": len(record.statements or record.sql),
        "backup folder": record.backup_path or "",
        "migration": record.id,
    }
