"""Work whose Nth call fails, and the invariant that must hold after it."""

from __future__ import annotations

import errno
import os
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psycopg

from sodaf_nb.execution import Job
from sodaf_nb.options import RollbackOptions, SyncOptions
from tests.acceptance.making import World, doctype, field
from tests.acceptance.state import State
from tests.faults.calls import watched

ERRORS: dict[str, Callable[[], BaseException]] = {
    "disk full": lambda: sqlite3.OperationalError("database or disk is full"),
    "locked": lambda: sqlite3.OperationalError("database is locked"),
    "no memory": MemoryError,
    "Ctrl-C": KeyboardInterrupt,
    "connection lost": lambda: psycopg.OperationalError("server closed the connection unexpectedly"),
    **{
        name: partial(OSError, code, os.strerror(code))
        for name, code in (("ENOSPC", errno.ENOSPC), ("EIO", errno.EIO), ("EACCES", errno.EACCES))
    },
}


class Fault:
    """Fails one call of a run, before or after the engine or the file system has done it.

    Args:
        number: Which of the calls that count, from 1; 0 fails none and only counts.
        after: True when the call is done before it fails.
        error: Makes what is raised.
        counts: How the names of the calls that count begin.
    """

    def __init__(
        self,
        number: int,
        *,
        after: bool = False,
        error: Callable[[], BaseException] = MemoryError,
        counts: str = "sql ",
    ) -> None:
        self.number = number
        self.after = after
        self.error = error
        self.counts = counts
        self.calls: list[str] = []

    @property
    def happened(self) -> bool:
        """True when the call was reached."""
        return len(self.calls) >= self.number

    @property
    def place(self) -> str:
        """The call that failed."""
        return f"call {self.number}, {self.calls[self.number - 1]}" if self.happened else "no call"

    def around(self, name: str, call: Callable[[], Any]) -> Any:
        """Run one call, or fail it."""
        if not re.match(self.counts, name):
            return call()
        self.calls.append(name)
        if len(self.calls) != self.number:
            return call()
        # Closing a descriptor that was not closed would leave a lock behind, which no kernel does.
        if self.after or name.startswith("file close"):
            done = call()
            if name.startswith("file open") and isinstance(done, int):
                os.close(done)  # the caller never gets it
            elif hasattr(done, "close"):
                done.close()
        raise self.error()


@contextmanager
def installed(fault: Fault) -> Iterator[Fault]:
    """Let every call of a block go through a fault."""
    with watched(fault.around):
        yield fault


V1 = doctype(field("title", unique=1), field("qty"), field("gone"))
V2 = doctype(field("title", unique=1), field("qty", "Int"), field("done", "Check", search_index=1))
ANSWERS = {"removed_fields": "drop", "accept": frozenset({"DS03", "DS08"})}


KINDS = ("apply", "rollback", "restore")


def template(folder: Path, kind: str = "apply", *, journal: str = "delete") -> Path:
    """Make the folder every run of a kind starts from: a table with rows, a trigger, a view and a history."""
    folder.mkdir()
    world = World(folder)
    world.sync(V1)
    world.insert("tabThing", ({"title": f"t{n}", "qty": str(n) if n % 3 else "x", "gone": "g"} for n in range(9)))
    world.run(
        "CREATE TABLE log (what TEXT)",
        "CREATE TRIGGER spy AFTER UPDATE ON tabThing BEGIN INSERT INTO log VALUES (new.name); END",
        "CREATE VIEW v AS SELECT name, qty FROM tabThing",
    )
    if kind == "rollback":
        world.sync(V2, **ANSWERS)
    if kind == "restore":
        world.applier.backups.create_backup("Thing", "tabThing")
        world.run("DELETE FROM tabThing WHERE name = 'R1'", "UPDATE tabThing SET qty = 'later'")
    world.run(f"PRAGMA journal_mode={journal}")
    world.close()
    return folder


def copied(source: Path, target: Path) -> World:
    """Return a world on a fresh copy of a template."""
    shutil.copytree(source, target)
    return World(target, lock_timeout_s=0.2)


def job_of(world: World, *, back: bool = False) -> Job:
    """Return the planned work, so that only carrying it out meets the fault; it fits every copy of a template."""
    if back:
        newest = world.applier.history.get_latest("Thing")
        return world.applier._rollback_job(newest, RollbackOptions())
    return world.declare(V2).applier._job("Thing", SyncOptions(**ANSWERS))


Work = Callable[[World], Any]


def work_of(world: World, kind: str) -> Work:
    """Return what a run of a kind does; it fits every copy of the template."""
    if kind == "restore":
        oldest = world.applier.backups.list_backups()[-1].id
        return lambda other: other.applier.backups.restore_backup(oldest)
    job = job_of(world, back=kind == "rollback")
    return lambda other: other.applier._executor.execute(job)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """The two states a run may end in, each with the history that belongs to it."""

    work: Work
    before: State
    after: State
    history_before: list[str]
    history_after: list[str]


def ends_of(source: Path, target: Path, kind: str = "apply") -> Ends:
    """Find both ends by one run without a fault."""
    world = copied(source, target)
    work, before, history = work_of(world, kind), world.state(), world.statuses()
    work(world)
    ends = Ends(work=work, before=before, after=world.state(), history_before=history, history_after=world.statuses())
    assert ends.before != ends.after
    world.close()
    return ends


def side_of(world: World, ends: Ends) -> str:
    """Assert what holds after any run, and say on which side the database is: `before` or `after`.

    Everything or nothing; the history says which and fits the audit log; no table lies about; the lock is free.
    """
    now = world.state()
    assert now in (ends.before, ends.after), "neither before nor after"
    side = "after" if now == ends.after else "before"
    records = world.applier.history.get_migration_history()
    done = [record.status for record in records if record.status != "failed"][::-1]
    assert done == (ends.history_after if side == "after" else ends.history_before), "the history disagrees"
    assert world.applier.history.audit.verify(records).problems == (), "the audit log disagrees"
    assert "sodaf_" not in now.texts(), "an orphan table"
    assert not world.database.is_held(), "the lock is held"
    return side


def left_over(world: World) -> list[str]:
    """Return the drafts of backups and the working copies that lie about."""
    folders = (world.backups, Path(tempfile.gettempdir()))
    found = [path for folder in folders if folder.is_dir() for path in folder.iterdir()]
    ours = [path for path in found if path.name.startswith((".partial", "sodaf-backup-", "sodaf-rehearsal-"))]
    return [path.name for path in ours if any(path.iterdir())]  # an empty one is half of nothing


def check(world: World, ends: Ends, raised: BaseException | None) -> str:
    """Assert the invariant after a failed call and say on which side the database is: `before` or `after`.

    Nothing is left, and what was told is true.
    """
    side = side_of(world, ends)
    assert left_over(world) == [], "half a backup"
    assert (raised is None) == (side == "after"), f"told {raised!r} while the database is {side}"
    return side
