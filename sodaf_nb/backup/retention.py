"""Which backups go and why the others stay: pure decisions over what is known of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sodaf_nb.backup.values import BackupInfo
from sodaf_nb.errors import UsageError
from sodaf_nb.tabular import Row, Tabular

# Days; a hundred years. More would leave the calendar.
_LONGEST = 36_500


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long backups are kept. A backup that any rule keeps stays; with no rule for age or number, all stay.

    Whatever is said here, a backup stays that a still possible rollback reads, and what a staying one builds on.

    Args:
        keep_days: Backups younger than this many days stay; None keeps none for its age.
        keep_last: The newest so many of each table stay; None keeps none for its place.
        max_bytes: Most bytes that all data files of the database together may have; the oldest go first, also young
            ones, but never the `keep_last` newest. None sets no limit.

    Raises:
        UsageError: If a number is negative, or `keep_days` more than 36 500.
    """

    keep_days: int | None = None
    keep_last: int | None = None
    max_bytes: int | None = None

    def __post_init__(self) -> None:
        for name in ("keep_days", "keep_last", "max_bytes"):
            number = getattr(self, name)
            if number is not None and (type(number) is not int or number < 0):
                raise UsageError(f"{name} is {number!r}.", hint="give a whole number from 0 up, or None")
        if (self.keep_days or 0) > _LONGEST:
            raise UsageError(f"keep_days is more than {_LONGEST}.", hint="leave it out to keep backups whatever age")


def by_age(older_than_days: int | None, retention: Retention | None) -> Retention:
    """Return the rules, or those of an age alone: 30 days when nothing is said.

    Raises:
        UsageError: If both are given.
    """
    if retention is not None and older_than_days is not None:
        raise UsageError("older_than_days and retention say the same thing.", hint="give one of them")
    return retention or Retention(keep_days=30 if older_than_days is None else older_than_days)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ties:
    """What a database says about backups.

    Args:
        needed: Ids of backups that a still possible rollback reads.
        migrations: Ids of all migrations the database knows, failed and interrupted ones too; a backup of another
            migration belongs to another database. None when nobody can tell.
        database_id: The database's own id; None when it has none, or nobody can tell.
    """

    needed: Collection[str] = ()
    migrations: Collection[str] | None = None
    database_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What becomes of one backup.

    Args:
        backup: The backup.
        goes: True when it is deleted.
        reason: Why, in words.
    """

    backup: BackupInfo
    goes: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PruneResult(Tabular):
    """What a cleanup did, or would do.

    Args:
        verdicts: What becomes of each thing in the directory, newest first.
        dry_run: True when nothing was deleted.
        excess: Bytes that are still too many, because what is left is needed or the newest.
    """

    verdicts: tuple[Verdict, ...] = ()
    dry_run: bool = False
    excess: int = 0

    @property
    def removed(self) -> tuple[str, ...]:
        """Names of the folders that were, or would be, deleted."""
        return tuple(verdict.backup.id for verdict in self.verdicts if verdict.goes)

    def heading(self) -> str:
        """Return the counts in one line."""
        done = "would be deleted" if self.dry_run else "deleted"
        return f"Backups: {len(self.removed)} {done}, {len(self.verdicts) - len(self.removed)} kept"

    def to_rows(self) -> list[Row]:
        """Return one row a backup, without what differs from run to run."""
        goes = "would go" if self.dry_run else "deleted"
        return [
            {
                "table": verdict.backup.table,
                "rows": verdict.backup.row_count,
                "verdict": goes if verdict.goes else "kept",
                "reason": verdict.reason,
            }
            for verdict in self.verdicts
        ]

    def empty_text(self) -> str:
        """Say that there was nothing."""
        return "no backups"

    def notes(self) -> list[str]:
        """Say when the limit is not reached."""
        return ["The limit on bytes is not reached: what is left is needed or the newest."] if self.excess else []


_BUILT_ON = "a kept backup builds on it"


def doomed(
    backups: Iterable[BackupInfo], retention: Retention, now: datetime, needed: Collection[str]
) -> tuple[BackupInfo, ...]:
    """Return the backups that go, newest first, so that nothing is deleted before what builds on it."""
    return tuple(v.backup for v in decide(backups, retention, now, needed) if v.goes)


def decide(
    backups: Iterable[BackupInfo],
    retention: Retention,
    now: datetime,
    needed: Collection[str],
    below: Collection[str] = (),
) -> tuple[Verdict, ...]:
    """Return what becomes of each backup, newest first.

    Args:
        backups: Sound backups of one database.
        retention: The rules.
        now: The time, with its zone.
        needed: Ids that stay whatever the rules say.
        below: Ids that backups build on which these rules do not judge; they stay as well.
    """
    newest = sorted(backups, key=lambda b: (b.created_at, b.id), reverse=True)
    fixed = dict.fromkeys(below, _BUILT_ON) | dict.fromkeys(needed, "a rollback may need it")
    firm = _with_bases(newest, _last(newest, retention.keep_last) | fixed)
    ruled = _with_bases(newest, _by_age(newest, retention, now) | firm)
    kept = _within(newest, ruled, firm, retention.max_bytes)
    return tuple(Verdict(backup=b, goes=b.id not in kept, reason=_reason(b, kept, ruled, retention)) for b in newest)


def excess(verdicts: Iterable[Verdict], limit: int | None) -> int:
    """Return how many bytes too many stay; 0 without a limit."""
    return 0 if limit is None else max(0, sum(v.backup.size for v in verdicts if not v.goes) - limit)


def iso(time: datetime) -> str:
    """Return a time in UTC, always of the same width, so that texts sort as times do."""
    return time.astimezone(UTC).isoformat(timespec="microseconds")


def _last(newest: Sequence[BackupInfo], number: int | None) -> dict[str, str]:
    kept: dict[str, str] = {}
    seen: dict[str, int] = {}
    for backup in newest:
        seen[backup.table] = seen.get(backup.table, 0) + 1
        if seen[backup.table] <= (number or 0):
            kept[backup.id] = f"among the last {number} of its table"
    return kept


def _by_age(newest: Sequence[BackupInfo], retention: Retention, now: datetime) -> dict[str, str]:
    if retention.keep_days is None:
        return {} if retention.keep_last is not None else {b.id: "no rule takes it away" for b in newest}
    since = iso(now - timedelta(days=retention.keep_days))
    return {b.id: f"younger than {retention.keep_days} days" for b in newest if b.created_at >= since}


def _with_bases(newest: Sequence[BackupInfo], kept: Mapping[str, str]) -> dict[str, str]:
    # Not in one pass from the newest: where a clock was set back, a base is younger than what builds on it.
    bases = {backup.id: backup.base_id for backup in newest}
    found, waiting = dict(kept), list(kept)
    while waiting:
        base = bases.get(waiting.pop())
        if base is not None and base not in found:
            found[base] = _BUILT_ON
            waiting.append(base)
    return found


def _within(
    newest: Sequence[BackupInfo], ruled: Mapping[str, str], firm: Collection[str], limit: int | None
) -> Mapping[str, str]:
    kept = dict(ruled)
    while limit is not None and sum(backup.size for backup in newest if backup.id in kept) > limit:
        loose = _loose(newest, kept, firm)
        if not loose:
            break
        del kept[loose[0].id]
        # A base that nothing kept builds on any more has no reason to stay.
        while idle := [b for b in _loose(newest, kept, firm) if kept[b.id] == _BUILT_ON]:
            del kept[idle[0].id]
    return kept


def _loose(newest: Sequence[BackupInfo], kept: Mapping[str, str], firm: Collection[str]) -> list[BackupInfo]:
    """Return the kept backups that may go, oldest first: not firm, and nothing kept builds on them."""
    used = {backup.base_id for backup in newest if backup.id in kept}
    return [b for b in reversed(newest) if b.id in kept and b.id not in firm and b.id not in used]


def _reason(backup: BackupInfo, kept: Mapping[str, str], ruled: Mapping[str, str], retention: Retention) -> str:
    if backup.id in kept:
        return kept[backup.id]
    if backup.id in ruled:
        return f"over the limit of {retention.max_bytes} bytes"
    missed = [] if retention.keep_days is None else [f"{retention.keep_days} days old or more"]
    missed += [] if retention.keep_last is None else [f"not among the last {retention.keep_last} of its table"]
    return " and ".join(missed)
