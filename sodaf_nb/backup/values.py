"""What the backup manager returns: backups, lists of them, and what a restore did."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, overload

from sodaf_nb.backup.frames import exact_frame
from sodaf_nb.backup.manifest import Manifest
from sodaf_nb.backup.store import PARTIAL
from sodaf_nb.tabular import Row, Tabular

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class BackupInfo(Tabular):
    """One backup.

    Args:
        id: Its id.
        path: Its folder.
        doctype: The DocType it was taken for; empty when it is damaged.
        table: The table's name; empty when it is damaged.
        strategy: What was saved: `full`, `column` or `incremental`; empty when it is damaged.
        base_id: The backup an incremental one builds on; None for the others.
        database: Name of the database as shown to people; empty when it is damaged.
        database_id: That database's own id; None when it had none, or an older version wrote the backup.
        migration_id: The migration it protects; None for one taken by hand.
        created_at: Time in UTC, ISO 8601; empty when it is damaged.
        size: Bytes of the data file.
        row_count: Number of rows.
        columns: Names of the saved columns.
        key: Columns that find every row again later; empty when the table has no such key.
        create_sql: CREATE TABLE text of the table that the backup gives back.
        codec: How the data is packed.
        recipients: Public keys of those who can open it; empty when it is not encrypted.
        manifest_sha256: SHA-256 of the manifest; who keeps it notices an exchanged backup.
        verified: True when this value comes from a full check of the data.
        note: Why something else was saved than asked for; empty when it was not.
        problem: Why it cannot be used; None when its manifest is sound.
    """

    id: str
    path: Path
    doctype: str = ""
    table: str = ""
    strategy: str = ""
    base_id: str | None = None
    database: str = ""
    database_id: str | None = None
    migration_id: str | None = None
    created_at: str = ""
    size: int = 0
    row_count: int = 0
    columns: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    create_sql: str = ""
    codec: str = ""
    recipients: tuple[str, ...] = ()
    manifest_sha256: str = ""
    verified: bool = False
    note: str = ""
    problem: str | None = None

    def heading(self) -> str:
        """Return what it is in one line."""
        return f"Backup of {self.table}" if not self.problem else f"{_state(self).capitalize()} backup"

    def to_rows(self) -> list[Row]:
        """Return one row without what differs from run to run."""
        return [
            {
                "doctype": self.doctype,
                "table": self.table,
                "strategy": self.strategy,
                "rows": self.row_count,
                "columns": len(self.columns),
                "packed": f"{self.codec}, encrypted" if self.recipients else self.codec,
                "state": _state(self),
            }
        ]

    def notes(self) -> list[str]:
        """Say why more was saved than asked for."""
        return [f"All rows and columns were saved: {self.note}."] if self.note else []


def _state(backup: BackupInfo) -> str:
    if backup.problem:
        return "UNFINISHED" if backup.id.startswith(PARTIAL) else "DAMAGED"
    return "verified" if backup.verified else "not checked"


def info_of(manifest: Manifest, path: Path, *, verified: bool = False) -> BackupInfo:
    """Return the value that stands for a sound backup."""
    return BackupInfo(
        id=manifest.id,
        path=path,
        doctype=manifest.doctype,
        table=manifest.table,
        strategy=manifest.strategy,
        base_id=manifest.base_id,
        database=manifest.database,
        database_id=manifest.database_id,
        migration_id=manifest.migration_id,
        created_at=manifest.created_at,
        size=manifest.stored_size,
        row_count=manifest.row_count,
        columns=tuple(name for name, _type in manifest.columns),
        key=manifest.key,
        create_sql=manifest.create_sql,
        codec=manifest.codec,
        recipients=manifest.recipients,
        manifest_sha256=manifest.sha256,
        verified=verified,
        note=manifest.note,
    )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class BackupList(Tabular, Sequence[BackupInfo]):
    """Backups, newest first; damaged ones last.

    Args:
        backups: The backups.
    """

    backups: tuple[BackupInfo, ...] = ()

    def __len__(self) -> int:
        return len(self.backups)

    @overload
    def __getitem__(self, place: int) -> BackupInfo: ...
    @overload
    def __getitem__(self, place: slice) -> BackupList: ...
    def __getitem__(self, place: int | slice) -> BackupInfo | BackupList:
        if isinstance(place, slice):
            return BackupList(backups=self.backups[place])
        return self.backups[place]

    def __iter__(self) -> Iterator[BackupInfo]:
        return iter(self.backups)

    def heading(self) -> str:
        """Return the number of backups in one line."""
        return f"{len(self)} {'backup' if len(self) == 1 else 'backups'}"

    def to_rows(self) -> list[Row]:
        """Return one row a backup, without what differs from run to run."""
        return [row for backup in self.backups for row in backup.to_rows()]

    def empty_text(self) -> str:
        """Say that there are none."""
        return "no backups"

    def notes(self) -> list[str]:
        """Say where ids and times are."""
        return ["Ids, times, sizes and folders: .to_frame()"] if self.backups else []

    def to_frame(self) -> pd.DataFrame:
        """Return every field of every backup as a pandas DataFrame."""
        names = [field.name for field in fields(BackupInfo)]
        return exact_frame([tuple(getattr(b, name) for name in names) for b in self.backups], names)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RestoreResult(Tabular):
    """What a restore did.

    Args:
        backup_id: The backup that was restored.
        table: The table that holds the rows now.
        row_count: Number of rows that were restored.
        created: True when the table was not there before.
        replaced_backup_id: Backup of what was replaced; None when the table was created.
        columns: The columns that got their values back; empty when whole rows were restored.
        left_out: Rows of the backup whose key is not in the table any more; 0 when whole rows were restored.
        added: Rows that were not in the table.
        changed: Rows that held other values.
        removed: Rows that went, because the backup does not have them.
        dry_run: True when nothing was changed, and all this is what would be.
        migration_id: Its entry in the history, by which it can be taken back; None when it has none.
        note: What could not be checked; empty when all was.
    """

    backup_id: str
    table: str
    row_count: int
    created: bool
    replaced_backup_id: str | None = None
    columns: tuple[str, ...] = ()
    left_out: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0
    dry_run: bool = False
    migration_id: str | None = None
    note: str = ""

    def heading(self) -> str:
        """Return what was done in one line."""
        return f"{self.table}: would be restored" if self.dry_run else f"{self.table}: restored"

    def to_rows(self) -> list[Row]:
        """Return the one table that was restored."""
        what = f"{'created' if self.created else 'replaced'}{self._in_columns()}"
        changes = {"added": self.added, "changed": self.changed, "removed": self.removed}
        return [{"table": self.table, "rows": self.row_count, "would be" if self.dry_run else "was": what, **changes}]

    def _in_columns(self) -> str:
        return f" in {', '.join(self.columns)}" if self.columns else ""

    def notes(self) -> list[str]:
        """Say that what was replaced is safe, and which rows were not there to be restored."""
        what = "values" if self.columns else "rows"
        safe = [f"The {what} that were there before were backed up and verified first."]
        gone = [f"Rows of the backup that are not in the table any more: {self.left_out}."]
        found = [*(safe if self.replaced_backup_id else []), *(gone if self.left_out else [])]
        return [*found, *([self.note] if self.note else [])]
