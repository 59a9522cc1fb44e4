"""Run in a process of its own by test_large.py: a large table under change; says on its last line what it took."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import signal
import sqlite3
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

from sodaf_nb.errors import MigrationCancelledError
from sodaf_nb.sql.dialects.sqlite_dialect import SQLITE
from tests.acceptance.making import World, doctype, field

ROWS = int(os.environ.get("SODAF_LARGE_ROWS", "50000"))
WIDTH = 1500  # characters of a note, so that the table is larger than every cache
DELAY_S = 0.1  # into the phase
OLD = doctype(field("title"), field("qty"), field("note", "Text"), field("gone"))
NEW = doctype(field("title"), field("qty", "Int"), field("note", "Text"), field("more", required=1))
FILL = f"""
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :rows)
INSERT INTO tabThing (name, title, qty, note, gone)
SELECT printf('R%08d', i * 7919 % 100000007), 'title ' || i, CAST(i AS TEXT),
       replace(hex(zeroblob({WIDTH // 2})), '00', i % 100 + 10), 'gone ' || i
FROM n
"""


def fill(world: World, rows: int) -> None:
    """Put rows into the table."""
    with closing(sqlite3.connect(world.file)) as db:
        db.execute("PRAGMA synchronous=OFF")
        db.execute(FILL, {"rows": rows})
        db.commit()


def migrate(world: World) -> None:
    """Change the table, and take the change back."""
    done = world.sync(NEW, accept="all", removed_fields="drop", backfill={"more": "m"})
    world.applier.rollback_migration(done.migration_id)


def peak_mb() -> float:
    """Return the most memory this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def interrupted(folder: Path, phase: str) -> None:
    """Send this process the signal of Ctrl-C a moment into a phase of a migration, and say how it stopped."""
    sent: list[float] = []

    def signal_later(title: str, _done: int, _total: int) -> None:
        if phase in title and not sent:
            sent.append(time.monotonic() + DELAY_S)
            threading.Timer(DELAY_S, os.kill, (os.getpid(), signal.SIGINT)).start()

    world = World(folder, progress=signal_later)
    world.sync(OLD)
    fill(world, ROWS)
    before = digest(world)
    try:
        world.sync(NEW, accept="all", removed_fields="drop", backfill={"more": "m"})
        outcome = "finished"
    except MigrationCancelledError:
        outcome = "cancelled"
    late = time.monotonic() - sent[0]
    left = [path.name for path in folder.glob("backups/*")]
    same = digest(world) == before
    say(outcome=outcome, late=late, same=same, left=left, statuses=world.statuses())


def digest(world: World) -> str:
    """Return a hash of the schema and of every value."""
    found = hashlib.sha256()
    with closing(sqlite3.connect(world.file)) as db:
        for sql in ("SELECT sql FROM sqlite_master", "SELECT rowid, * FROM tabThing ORDER BY rowid"):
            for row in db.execute(sql):
                found.update(repr(row).encode())
    return found.hexdigest()


def say(**facts: object) -> None:
    """Print facts as the last line."""
    print(json.dumps(facts))  # noqa: T201


def main(folder: Path, *, rebuild: bool) -> None:
    """Migrate a small table, so that everything is loaded, and then a large one."""
    if rebuild:
        SQLITE._most_passes = -1
    for name, rows in (("small", 10), ("large", ROWS)):
        (folder / name).mkdir()
        world = World(folder / name)
        world.sync(OLD)
        fill(world, rows)
        before = peak_mb()
        migrate(world)
        world.close()
    size = (folder / "large/shop.db").stat().st_size / 1024**2
    say(grown=peak_mb() - before, size=size)


if __name__ == "__main__":
    place, what = Path(sys.argv[1]), sys.argv[2]
    if what in ("in place", "rebuild"):
        main(place, rebuild=what == "rebuild")
    else:
        interrupted(place, what)
