"""The history in numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sodaf_nb.history.records import History, MigrationRecord, kind_of
from sodaf_nb.tabular import Row, Tabular, counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """The migrations of one DocType.

    Args:
        doctype: The DocType.
        applied: In force; rollbacks and restores are among them.
        rolled_back: Taken back.
        failed: Failed, and changed nothing.
        rollbacks: Rollbacks.
        restores: Restores of backups.
        backups: Those that took a backup.
        affected_rows: Rows written, all together.
        mean_ms: Milliseconds that one that was carried out took, in the mean; 0.0 when there is none.
        longest_ms: Milliseconds of the longest one.
        last: When the newest was recorded, ISO 8601.
    """

    doctype: str
    applied: int
    rolled_back: int
    failed: int
    rollbacks: int
    restores: int
    backups: int
    affected_rows: int
    mean_ms: float
    longest_ms: float
    last: str


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Statistics(Tabular):
    """The history in numbers.

    Args:
        numbers: Those of each DocType, the one that was migrated last first.
    """

    numbers: tuple[Numbers, ...] = ()

    def heading(self) -> str:
        """Return the counts in one line."""
        total = sum(n.applied + n.rolled_back + n.failed for n in self.numbers)
        failed = sum(n.failed for n in self.numbers)
        return f"History of {counted(len(self.numbers), 'DocType')}: {counted(total, 'migration')}, {failed} failed"

    def to_rows(self) -> list[Row]:
        """Return one row a DocType, without what differs from run to run."""
        names = ("doctype", "applied", "rolled_back", "failed", "rollbacks", "restores", "backups", "affected_rows")
        return [{name.replace("_", " "): getattr(n, name) for name in names} for n in self.numbers]

    def frame_rows(self) -> list[Row]:
        """Return the rows with times as well."""
        both = zip(self.to_rows(), self.numbers, strict=True)
        return [{**row, "mean ms": n.mean_ms, "longest ms": n.longest_ms, "last": n.last} for row, n in both]

    def empty_text(self) -> str:
        """Say that nothing was done yet."""
        return "No migrations yet."


def statistics(history: History) -> Statistics:
    """Return the numbers of a history, by DocType."""
    names = dict.fromkeys(record.doctype for record in history)
    return Statistics(numbers=tuple(_numbers(name, [r for r in history if r.doctype == name]) for name in names))


def _numbers(doctype: str, records: Sequence[MigrationRecord]) -> Numbers:
    times = [r.execution_time for r in records if r.status != "failed"]
    kinds = [kind_of(r) for r in records if r.status != "failed"]
    return Numbers(
        doctype=doctype,
        applied=sum(r.status == "applied" for r in records),
        rolled_back=sum(r.status == "rolled_back" for r in records),
        failed=sum(r.status == "failed" for r in records),
        rollbacks=kinds.count("rollback"),
        restores=kinds.count("restore"),
        backups=sum("backup_id" in r.rollback_info for r in records),
        affected_rows=sum(r.affected_rows for r in records),
        mean_ms=sum(times) / len(times) if times else 0.0,
        longest_ms=max(times, default=0.0),
        last=records[0].timestamp,
    )
