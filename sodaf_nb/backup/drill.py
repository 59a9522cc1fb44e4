"""A restore drill: whether backups can be restored by somebody who has their directory and key, and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sodaf_nb.backup.values import BackupInfo
from sodaf_nb.errors import MigrationRestoreError
from sodaf_nb.tabular import Row, Tabular, counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Drilled:
    """One backup that was restored on trial.

    Args:
        backup: The backup.
        rows: Rows that came out; 0 when nothing did.
        seconds: How long unpacking, restoring and comparing took.
        problem: Why it cannot be restored; empty when it can.
    """

    backup: BackupInfo
    rows: int
    seconds: float
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DrillResult(Tabular):
    """What a restore drill found.

    Args:
        drilled: The backups that were tried, in the order they were tried.
    """

    drilled: tuple[Drilled, ...] = ()

    @property
    def success(self) -> bool:
        """True when every one could be restored."""
        return all(not each.problem for each in self.drilled)

    def heading(self) -> str:
        """Return the counts in one line."""
        failed = sum(bool(each.problem) for each in self.drilled)
        return f"Drill: {counted(len(self.drilled), 'backup')}, {f'{failed} FAILED' if failed else 'all restored'}"

    def to_rows(self) -> list[Row]:
        """Return one row a backup, without what differs from run to run."""
        return [
            {
                "table": each.backup.table,
                "strategy": each.backup.strategy,
                "rows": each.rows,
                "verdict": f"FAILED: {each.problem}" if each.problem else "restored, equal to what was saved",
            }
            for each in self.drilled
        ]

    def frame_rows(self) -> list[Row]:
        """Return the rows with ids and seconds as well."""
        both = zip(self.to_rows(), self.drilled, strict=True)
        return [{**row, "seconds": each.seconds, "backup": each.backup.id} for row, each in both]

    def empty_text(self) -> str:
        """Say that there was nothing to try."""
        return "no backups"


def newest_of_each(backups: Iterable[BackupInfo]) -> tuple[BackupInfo, ...]:
    """Return the newest sound backup of each table; they come newest first."""
    found: dict[str, BackupInfo] = {}
    for backup in backups:
        if not backup.problem:
            found.setdefault(backup.table, backup)
    return tuple(found.values())


def drill(directory: Path, backups: Sequence[BackupInfo], identity: str | Path | None) -> DrillResult:
    """Restore backups in a process of its own, which gets the directory and where the key is, and nothing else.

    Raises:
        MigrationRestoreError: If that process ends before it has said something about each.
    """
    if not backups:
        return DrillResult()
    command = [sys.executable, "-P", "-m", "sodaf_nb.backup", str(directory), *(b.id for b in backups)]
    command += ["--identity", str(identity)] if identity is not None else []
    # A list and no shell; the ids were checked, the directory is our own option.
    child = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  see above
    said = [json.loads(line) for line in child.stdout.splitlines()]
    if child.returncode or len(said) != len(backups):
        raise MigrationRestoreError(
            f"The drill ended early, after {len(said)} of {counted(len(backups), 'backup')}: "
            f"{(child.stderr.splitlines() or ['it said nothing'])[-1]}.",
            hint="whatever ended it would end a restore as well; mend it and try again",
        )
    return DrillResult(drilled=tuple(_drilled(backup, each) for backup, each in zip(backups, said, strict=True)))


def _drilled(backup: BackupInfo, said: dict[str, object]) -> Drilled:
    rows, seconds = int(str(said.get("rows", 0))), float(str(said["seconds"]))
    return Drilled(backup=backup, rows=rows, seconds=seconds, problem=str(said["problem"]).rstrip("."))
