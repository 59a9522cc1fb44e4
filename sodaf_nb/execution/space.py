"""Free disk, asked for before the first write: what a job needs at most, and where.

The amounts are upper bounds from the tables' sizes. Measured on 3.40.1 as Debian builds it (secure_delete): a
rebuild writes the table anew, journals every page of the old one, and keeps those pages in a temporary
file for the step's savepoint; in WAL mode both copies go through the log. An update in place journals
the pages it writes. Making indexes sorts in a temporary file.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from sodaf_nb.backup import MigrationBackupManager
from sodaf_nb.database import Database
from sodaf_nb.errors import MigrationRestoreError, NoSpaceError
from sodaf_nb.execution.job import Job, Source
from sodaf_nb.execution.saving import Saving
from sodaf_nb.plan import CreateIndex, Operation, RestoreTable, RetargetReference
from sodaf_nb.results import DiskSpace
from sodaf_nb.sql.dialect import BACKUP
from sodaf_nb.sql.script import Step

Free = Callable[[Path], int]
"""Returns the bytes free for us on the disk that a folder is on"""

# The history, the catalog and the attempt's note.
_LEAST = 1024 * 1024
# A job needs less than this times the whole database (measured: 4), so with more there is nothing to count.
_PLENTY = 8
# A page of the table and of each of a few indexes, for one row that is written.
_ROW = 16 * 1024
# zstd makes a fifth to an eighth of a table.
_PACKED = 8


def free_bytes(folder: Path) -> int:
    """Return the bytes free for us on the disk that a folder is on, or will be."""
    return shutil.disk_usage(_present(folder)).free


@dataclass(frozen=True, slots=True)
class _Amount:
    """Bytes that a step needs: new pages, pages in the journal or log, and in temporary files."""

    growth: float
    log: float
    temporary: float


def space_for(
    job: Job, saving: Saving | None, database: Database, backups: MigrationBackupManager, free: Free
) -> DiskSpace:
    """Return what a job needs on the disks, and what is missing there."""
    found = database.sizes(job.live, _counted(job, saving))
    sizes = {**found.tables, BACKUP: _unpacked(job.source, backups)}
    amounts = [_amount(step, batch, sizes, job) for step, batch in _steps(job)]
    saved = sizes[saving.table] if saving else 0
    log = max((each.log for each in amounts), default=0) * found.copies
    growth = max(sum(each.growth for each in amounts) - found.spare, 0)
    sorting = max((each.temporary for each in amounts), default=0)
    needed = DiskSpace(
        database=0 if database.file is None else int(growth + log) + _LEAST,
        temporary=int(max((saved, sizes[BACKUP] + (sorting if found.here else 0)))),
        backup=saved,
    )
    return needed.lacking(_lack(needed, database, backups, free))


def require_space(
    job: Job, saving: Saving | None, database: Database, backups: MigrationBackupManager, free: Free
) -> None:
    """Stop a job that a disk has no room for, before anything is written.

    Raises:
        NoSpaceError: With the bytes needed and free.
    """
    plenty = _PLENTY * database.sizes(job.live, ()).whole + 3 * _LEAST
    if job.source is None and all(free(folder) >= plenty for folder in _places(database, backups).values()):
        return
    found = space_for(job, saving, database, backups, free)
    if found.problem:
        raise NoSpaceError(
            f"There is too little room: {found.problem}. Nothing was changed.",
            hint="free some, or use another disk: backup_dir names that of backups, and the environment variable "
            "TMPDIR that of temporary files",
        )


def _unpacked(source: Source | None, backups: MigrationBackupManager) -> int:
    with suppress(MigrationRestoreError):  # whoever opens it says what is wrong with it
        return _PACKED * backups.get(source.backup_id).size if source else 0
    return 0


def _counted(job: Job, saving: Saving | None) -> set[str]:
    """Return the names now of the tables whose size decides."""
    rewriting = any(step.path != "metadata only" for step in job.script.up)
    return {*(job.evidence.facts.rows if rewriting else ()), *({saving.table} if saving else ())}


def _steps(job: Job) -> Iterator[tuple[Step, list[tuple[int, Operation]]]]:
    """Yield each step with the numbered operations that it carries out."""
    operations = enumerate(job.plan.operations)
    return ((step, list(islice(operations, step.covers))) for step in job.script.up)


def _amount(step: Step, batch: list[tuple[int, Operation]], sizes: dict[str, int], job: Job) -> _Amount:
    # Tables are sized by their names now, and all of a plan's column changes are of one table.
    whole = sizes.get(step.table, max(sizes.values(), default=0))
    number, first = batch[0] if batch else (0, None)
    if step.path == "metadata only":
        return _Amount(0, 0, 0)
    if step.rows is not None:  # its rows are put aside, and what it writes is noted
        return _Amount(whole, 2 * whole, whole)
    if isinstance(first, RestoreTable):  # its rows are those of the backup that is read
        return _Amount(2 * sizes[BACKUP], 2 * sizes[BACKUP], 2 * sizes[BACKUP])
    if step.path == "rebuild":
        return _Amount(whole, whole, 1.5 * whole)
    if isinstance(first, CreateIndex):
        return _Amount(whole / 2, whole / 2, whole / 2)
    if isinstance(first, RetargetReference):
        whole = min(whole, job.evidence.facts.count(number, "filled").rows * _ROW)
    return _Amount(whole / 4, whole, whole)


def _lack(needed: DiskSpace, database: Database, backups: MigrationBackupManager, free: Free) -> str:
    """Return which disks have too little room, in words; places on one disk share it."""
    disks: dict[int, list[str]] = defaultdict(list)
    places = _places(database, backups)
    for place, folder in places.items():
        disks[_present(folder).stat().st_dev].append(place)
    found = []
    for names in disks.values():
        wanted, there = sum(getattr(needed, name) for name in names), free(places[names[0]])
        if wanted > there:
            what = " and ".join(_WORDS[name] for name in names if getattr(needed, name))
            found.append(f"{what} may take {wanted:,} bytes, and {there:,} are free")
    return "; ".join(found)


_WORDS = {"database": "the database with its journal", "temporary": "temporary files", "backup": "the backup"}


def _places(database: Database, backups: MigrationBackupManager) -> dict[str, Path]:
    file = {"database": database.file.parent} if database.file else {}
    return {**file, "temporary": Path(tempfile.gettempdir()), "backup": backups.directory}


def _present(folder: Path) -> Path:
    """Return a folder, or the nearest one above it that is there."""
    absolute = Path(os.path.abspath(folder))  # noqa: PTH100  resolve would follow links of folders to be made
    return next(each for each in (absolute, *absolute.parents) if each.exists())
