"""What the backups of a database ask and tell outside of themselves: its history, its audit log, its guard."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sodaf_nb.backup.outcome import Happened
from sodaf_nb.backup.restore import Record, unrecorded
from sodaf_nb.backup.retention import Ties


def utc_now() -> datetime:
    """Return the time in UTC."""
    return datetime.now(UTC)


def _allow(_what: object, _yes_on: str | None) -> None:
    """Let every restore through."""


def _ignore(_names: Sequence[str]) -> None:
    """Let every backup go."""


def _unknown(_id: str) -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Calls that a manager of backups makes; each default knows of nothing and allows everything.

    Args:
        ties: Asked before a cleanup which backups rollbacks need and which migrations the database knows.
        record: Notes a restore in the history, inside its transaction.
        happened: Asked after an error in a commit whether the restore that `record` noted is in the history.
        removing: Told of the names of backups before they are deleted; if it fails, they stay.
        restoring: Told of a backup's id and `yes_on` before it is put back; if it fails, nothing is changed.
    """

    ties: Callable[[], Ties] = Ties
    record: Record = unrecorded
    happened: Happened = _unknown
    removing: Callable[[Sequence[str]], None] = _ignore
    restoring: Callable[[str, str | None], None] = _allow


ALONE = Surroundings()
