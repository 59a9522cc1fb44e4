"""What an apply takes on the disks."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskSpace:
    """Bytes that an apply takes on the disks at most, while it runs and afterwards.

    Args:
        database: Beside the database: its growth, its journal or log.
        temporary: In the folder of temporary files: what is sorted, kept for taking a step back, and unpacked.
        backup: In the folder of backups.
        problem: Which disk has too little room, in words; empty when all have enough.
    """

    database: int = 0
    temporary: int = 0
    backup: int = 0
    problem: str = ""

    def lacking(self, problem: str) -> DiskSpace:
        """Return the same with what is missing."""
        return replace(self, problem=problem)

    def to_text(self) -> str:
        """Return the estimate in one line, in MB."""
        parts = {"the database": self.database, "temporary files": self.temporary, "the backup": self.backup}
        words = [f"{size / 1024**2:,.0f} MB for {what}" for what, size in parts.items() if size]
        return f"Disk: at most {', '.join(words)}."
