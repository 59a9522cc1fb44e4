"""A driver whose Nth call fails, and the invariant that must hold after it."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

from sodaf_nb.database import database as module
from sodaf_nb.execution import Job
from sodaf_nb.options import RollbackOptions, SyncOptions
from tests.acceptance.making import World, doctype, field
from tests.acceptance.state import State

ERRORS: dict[str, Callable[[], BaseException]] = {
    "disk full": lambda: sqlite3.OperationalError("database or disk is full"),
    "locked": lambda: sqlite3.OperationalError("database is locked"),
    "no memory": MemoryError,
    "Ctrl-C": KeyboardInterrupt,
}


class Fault:
    """Fails call number `number` of the driver, before or after the engine has done it.

    Args:
        number: Which call, from 1; 0 fails none and only counts.
        after: True when the engine has done the call before it fails.
        error: Makes what is raised.
    """

    def __init__(self, number: int, *, after: bool = False, error: Callable[[], BaseException] = MemoryError) -> None:
        self.number = number
        self.after = after
        self.error = error
        self.calls: list[str] = []

    @property
    def happened(self) -> bool:
        """True when the call was reached."""
        return len(self.calls) >= self.number

    def around(self, sql: str, call: Callable[[], sqlite3.Cursor]) -> sqlite3.Cursor:
        """Run one call of the driver, or fail it."""
        self.calls.append(sql)
        hit = len(self.calls) == self.number
        if hit and not self.after:
            raise self.error()
        cursor = call()
        if hit:
            cursor.close()  # the caller never gets it
            raise self.error()
        return cursor


@contextmanager
def installed(fault: Fault) -> Iterator[Fault]:
    """Let every connection that `Database` opens in a block go through a fault."""

    class Cursor(sqlite3.Cursor):
        def execute(self, sql, *params):
            return fault.around(sql, lambda: super(Cursor, self).execute(sql, *params))

    class Connection(sqlite3.Connection):
        def cursor(self, *args):
            return super().cursor(Cursor)

        def execute(self, sql, *params):
            return self.cursor().execute(sql, *params)

    def connect(*args, **options):
        return sqlite3.connect(*args, factory=Connection, **options)

    before = module.sqlite3
    module.sqlite3 = SimpleNamespace(connect=connect, Connection=sqlite3.Connection, Error=sqlite3.Error)
    try:
        yield fault
    finally:
        module.sqlite3 = before


V1 = doctype(field("title", unique=1), field("qty"), field("gone"))
V2 = doctype(field("title", unique=1), field("qty", "Int"), field("done", "Check", search_index=1))
ANSWERS = {"removed_fields": "drop", "accept": frozenset({"DS03", "DS08"})}


def template(folder: Path, *, applied: bool = False, journal: str = "delete") -> Path:
    """Make the folder every run starts from: a table with rows, a trigger, a view and a history."""
    folder.mkdir()
    world = World(folder)
    world.sync(V1)
    world.insert("tabThing", ({"title": f"t{n}", "qty": str(n) if n % 3 else "x", "gone": "g"} for n in range(9)))
    world.run(
        "CREATE TABLE log (what TEXT)",
        "CREATE TRIGGER spy AFTER UPDATE ON tabThing BEGIN INSERT INTO log VALUES (new.name); END",
        "CREATE VIEW v AS SELECT name, qty FROM tabThing",
    )
    if applied:
        world.sync(V2, **ANSWERS)
    world.run(f"PRAGMA journal_mode={journal}")
    world.close()
    return folder


def copied(source: Path, target: Path) -> World:
    """Return a world on a fresh copy of a template."""
    shutil.copytree(source, target)
    return World(target, lock_timeout_s=0.2)


def job_of(world: World, *, back: bool) -> Job:
    """Return the planned work, so that only carrying it out meets the fault; it fits every copy of a template."""
    if back:
        newest = world.applier.history.get_latest("Thing")
        return world.applier._rollback_job(newest, RollbackOptions())
    return world.declare(V2).applier._job("Thing", SyncOptions(**ANSWERS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """The two states a run may end in, each with the history that belongs to it."""

    job: Job
    before: State
    after: State
    history_before: list[str]
    history_after: list[str]


def ends_of(source: Path, target: Path, *, back: bool) -> Ends:
    """Find both ends by one run without a fault."""
    world = copied(source, target)
    job, before, history = job_of(world, back=back), world.state(), world.statuses()
    world.applier._executor.execute(job)
    ends = Ends(job=job, before=before, after=world.state(), history_before=history, history_after=world.statuses())
    world.close()
    return ends


def check(world: World, ends: Ends, raised: BaseException | None) -> str:
    """Assert the invariant and say on which side the database is: `before` or `after`.

    Everything or nothing; the history says which; nothing lies about; what was told is true.
    """
    now = world.state()
    assert now in (ends.before, ends.after), "neither before nor after"
    side = "after" if now == ends.after else "before"
    done = [status for status in world.statuses() if status != "failed"]
    assert done == (ends.history_after if side == "after" else ends.history_before), "the history disagrees"
    assert "sodaf_" not in now.texts(), "an orphan table"
    left = [p.name for p in world.backups.iterdir() if p.name.startswith(".partial")] if world.backups.is_dir() else []
    assert left == [], "half a backup"
    assert (raised is None) == (side == "after"), f"told {raised!r} while the database is {side}"
    return side
