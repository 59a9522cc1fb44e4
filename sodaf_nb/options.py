"""What a caller may choose, as frozen values with safe defaults."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Literal

if TYPE_CHECKING:
    from sodaf_nb.access import Access
    from sodaf_nb.backup.retention import Retention

Progress = Callable[[str, int, int], None]
"""Called with what is being done, steps done and steps in all; it may raise to stop the migration."""

Accept = Collection[str] | Mapping[str, str] | Literal["all"]
"""Ids of findings, each alone (`DS03`) or with a column (`DS03:city`), or a mapping from them to reasons"""

RehearsalScope = Literal["auto", "full", "sample"]
"""Whether a dry run works on all rows of the tables concerned or on the first ones by key; "auto" decides by size"""

Dedupe = Literal["blank", "suffix"]
"""What the rows get that share a value with an earlier one, where a field becomes unique: nothing, or the value with
the row's key behind it"""

ConflictPolicy = Literal["keep_newer", "take_older", "stop"]
"""What a rollback does with a value that was edited since the migration: keep it, take the backed-up one, or stop"""


def _empty() -> Mapping[str, str]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyOptions:
    """Choices that hold for every migration of one applier.

    Args:
        backup_dir: Folder of the backups; made with mode 0700 when missing.
        backup: What is saved of a table with data at risk: `auto` takes the least from which a rollback is exact,
            `column` insists on the columns at risk alone, `full` takes all, `incremental` what changed since the
            table's last backup. There is no way to save nothing.
        compression: How backup data is packed.
        batch_size: Rows read and hashed at a time while a backup is taken, proven or read, 1 or more; it decides
            the memory that takes.
        recipients: age public keys (`age1...`) that backups are encrypted for; each alone can open them. Empty
            leaves them readable by whoever can read the folder. Needs the extra `sodaf_nb[crypto]`.
        identity: File of mode 0600 with the secret key that opens encrypted backups, for rollbacks and restores.
            None takes the key in the environment variable SODAF_NB_IDENTITY, or the file that
            SODAF_NB_IDENTITY_FILE names. `keyring:NAME` is an entry of the operating system's keyring, and needs the
            extra `sodaf_nb[keyring]`. Taking a backup needs none.
        retention: What becomes of old backups after each migration; None deletes none.
        lock_timeout_s: Seconds to wait for another writer, each time it is tried; None takes the database's own.
        retries: How often a migration that finds the database locked at its begin or commit tries again.
        statement_timeout_s: Seconds one statement of a migration may take; None sets no limit.
        policy: Rule id to the severity its findings get instead of their own, such as {"DS03": "warn"}.
        progress: Told of each step; None reports nothing.
        applied_by: Who is named in the history; None takes the operating system's user.
        environment: A word for the kind of database (`dev`, `test`, `prod`), shown and recorded; what is changed
            where it is `prod`, `production` or `live` needs `yes_on` in the options of the change.
        access: Who may do what, and whether changes need an approval; None lets everybody do everything.
    """

    backup_dir: str | Path = "backups"
    backup: Literal["auto", "full", "column", "incremental"] = "auto"
    compression: Literal["zstd", "gzip", "none"] = "zstd"
    batch_size: int = 1000
    # Not in a repr: somebody may have put the secret key here, which is refused later.
    recipients: tuple[str, ...] = field(default=(), repr=False)
    identity: str | Path | None = field(default=None, repr=False)
    retention: Retention | None = None
    lock_timeout_s: float | None = None
    retries: int = 2
    statement_timeout_s: float | None = None
    policy: Mapping[str, Literal["info", "warn", "block"]] = field(default_factory=lambda: MappingProxyType({}))
    progress: Progress | None = None
    applied_by: str | None = None
    environment: str = "dev"
    access: Access | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncOptions:
    """Answers and choices for one migration.

    Args:
        accept: Ids of the findings the user takes on, such as `DS03` or `DS03:city` for one column, or "all"; a mapping
            gives the reason for each. Reasons are kept in the history.
        field_renames: {old: new} of fields whose data moves along.
        renamed_from: The DocType's former name; its table is renamed.
        removed_fields: What becomes of columns the DocType no longer has.
        backfill: {fieldname: value} for rows that would hold NULL in a required column.
        dedupe: {fieldname: "blank" or "suffix"} for rows that share a value of a field that becomes unique. The row
            with the lowest key keeps it; of the others it is emptied, or gets the row's key as a suffix. No row is
            ever deleted: it holds more than this value, and others may point to it.
        widen: Fields whose column keeps the type it has where the DocType's has less room; a type with more is taken.
        dry_run: Stop before the backup; nothing is written.
        plan_id: The reviewed plan's id; any other plan is refused.
        rehearsal: How many rows a dry run copies; an apply takes none of it.
        mask: Columns whose values are shown as `***` in previews and samples.
        yes_on: Name of the connection that is meant, which production and protected ones need.
    """

    accept: Accept = ()
    field_renames: Mapping[str, str] = field(default_factory=_empty)
    renamed_from: str | None = None
    removed_fields: Literal["keep", "drop"] = "keep"
    backfill: Mapping[str, str | int | float] = field(default_factory=lambda: MappingProxyType({}))
    dedupe: Mapping[str, Dedupe] = field(default_factory=lambda: MappingProxyType({}))
    widen: Collection[str] = ()
    dry_run: bool = False
    plan_id: str | None = None
    rehearsal: RehearsalScope = "auto"
    mask: Collection[str] = ()
    yes_on: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchOptions:
    """Choices for one patch.

    Args:
        name: What it is called in the history; None makes a name of the hash of its text.
        language: Whether its text is SQL statements, or Python: `change(row)`, or one expression of `row`, that gives
            a dict of columns to set, None for a row that stays, or DELETE.
        accept: Ids of the findings the user takes on, such as `DS14` or `DS14:city` for one column, or "all"; a mapping
            gives the reason for each. Reasons are kept in the history.
        dry_run: Stop before the backup; nothing is written.
        mask: Columns whose values are shown as `***` in previews and samples.
    """

    rehearsal: ClassVar[RehearsalScope] = "full"  # what a patch reads is known only when all rows are there

    name: str | None = None
    language: Literal["sql", "python"] = "sql"
    accept: Accept = ()
    dry_run: bool = False
    mask: Collection[str] = ()
    yes_on: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackOptions:
    """Choices for taking one migration back.

    Args:
        accept: Ids of the findings the user takes on, such as `DS03` or `DS03:city` for one column, or "all"; a mapping
            gives the reason for each. Reasons are kept in the history.
        on_conflict: What becomes of values edited since the migration that the backup holds as well: the newer ones
            stay, the older ones come back, or the rollback stops and changes nothing.
        dry_run: Stop before the backup; nothing is written.
        rehearsal: How many rows a dry run copies; a rollback takes none of it.
        mask: Columns whose values are shown as `***` in previews and samples.
        yes_on: Name of the connection that is meant, which production and protected ones need.
    """

    accept: Accept = ()
    on_conflict: ConflictPolicy = "keep_newer"
    dry_run: bool = False
    rehearsal: RehearsalScope = "auto"
    mask: Collection[str] = ()
    yes_on: str | None = None


Choices = SyncOptions | PatchOptions | RollbackOptions
