"""kill -9 at a named call: the database is as before or as after, recovery says which, and a later run succeeds."""

import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sodaf_nb.database import exclusive
from sodaf_nb.errors import LockedError
from tests.acceptance.making import World
from tests.faults.calls import watched
from tests.faults.faulty import copied, ends_of, left_over, side_of, template
from tests.faults.killing import Point, killed

ROOT = Path(__file__).resolve().parents[2]
INTENT = r'sql INSERT INTO "tabMigrationAttempt"'
TRUTH = r'sql INSERT INTO "tabMigrationHistory"'

BACKUP = (
    Point(name="the folder of the draft is made", call=r"file mkdir \.partial", after=True),
    Point(name="the working copy is made", call="sql INSERT INTO .sodaf_side", after=True),
    Point(name="the data file is open", call="file open data", after=True),
    Point(name="the data is written", call=r"file write .*/data", after=True),
    Point(name="the data is on the disk", call=r"file fsync .*/data", after=True),
    Point(name="the manifest is half written", call=r"file write .*/manifest"),
    Point(name="the manifest is on the disk", call=r"file fsync .*/manifest", after=True),
    Point(name="between fsync and rename of the backup", call=r"file rename \.partial"),
    Point(name="the backup is published", call=r"file rename \.partial", after=True),
    Point(name="the backup is read back", call="sql ATTACH . AS .sodaf_proof", after=True),
)
CHANGE = (
    Point(name="the lock is taken", call="file flock .*sodaf-lock", after=True),
    Point(name="before the attempt is noted", call=INTENT),
    Point(name="the attempt is noted and not committed", call=INTENT, after=True),
    Point(name="between attempt and transaction", call="sql BEGIN IMMEDIATE", nth=2),
    Point(name="the transaction has begun", call="sql BEGIN IMMEDIATE", nth=2, after=True),
    *BACKUP,
    Point(name="the first step begins", call="sql SAVEPOINT", after=True),
    Point(name="the first step is done", call="sql RELEASE", after=True),
    Point(name="the second step is half done", call="sql UPDATE main.sqlite_master", after=True),
    Point(name="the values are converted", call="sql UPDATE .tabThing. SET .qty.", after=True),
    Point(name="the last step is done", call="sql RELEASE", nth=3, after=True),
    Point(name="the history row is written", call=TRUTH, after=True),
    Point(name="before the commit", call="sql COMMIT", since=TRUTH),
    Point(name="after the commit", call="sql COMMIT", since=TRUTH, after=True),
    Point(name="before the attempt is settled", call='sql UPDATE "tabMigrationAttempt"'),
    Point(name="the attempt is settled and not committed", call='sql UPDATE "tabMigrationAttempt"', after=True),
)
# A restore has no attempt of its own: its entry in the history is all there is to say of it.
RESTORE = (
    *BACKUP,
    Point(name="the rows are deleted", call="sql DELETE FROM", after=True),
    Point(name="the rows are put back", call=r"sql INSERT INTO .main.\..tabThing", after=True),
    Point(name="the history row is written", call=TRUTH, after=True),
    Point(name="after the commit", call="sql COMMIT", since=TRUTH, after=True),
)
AFTER = ("after the commit", "before the attempt is settled", "the attempt is settled and not committed")


@pytest.mark.parametrize(
    ("kind", "journal", "points"),
    [
        ("apply", "delete", CHANGE),
        ("apply", "wal", CHANGE),
        ("rollback", "wal", CHANGE),
        ("restore", "delete", RESTORE),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_process_killed_at_a_named_point_leaves_all_or_nothing(tmp_path, kind, journal, points):
    source = template(tmp_path / "source", kind, journal=journal)
    ends = ends_of(source, tmp_path / "ends", kind)
    reached = []
    for number, point in enumerate(points):
        folder = tmp_path / f"run{number}"
        if not kill_and_recover(source, folder, ends, point):
            continue
        reached.append(point.name)
    # A rollback and another engine's way of changing a column pass by a point or two.
    assert len(reached) >= len(points) - 3, {p.name for p in points} - set(reached)
    assert len(reached) >= 13


def kill_and_recover(source, folder, ends, point):
    """Kill a run, and assert what is found, what recovery says, and that a later run succeeds."""
    copied(source, folder).close()

    def work():
        ends.work(World(folder, lock_timeout_s=0.2))

    if not killed(work, point):
        return False
    world = World(folder, lock_timeout_s=0.2)
    side = side_of(world, ends)
    assert (side == "after") == (point.name in AFTER) or point.name == "random", point.name
    told = world.applier.recover().to_rows()
    assert [row["outcome"] for row in told] in ([], ["done" if side == "after" else "aborted"]), point.name
    assert [name for name in left_over(world) if name.startswith(".partial")] == [], point.name
    assert world.applier.recover().attempts == ()
    assert all(not backup.problem for backup in world.applier.backups.list_backups())
    if side == "before":
        ends.work(world)
    assert side_of(world, ends) == "after", point.name
    world.close()
    return True


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_a_process_killed_at_any_instant_leaves_all_or_nothing(tmp_path, journal):
    runs, seed = int(os.environ.get("SODAF_RANDOM_KILLS", "6")) // 2, os.environ.get("SODAF_SEED", "1")
    source = template(tmp_path / "source", journal=journal)
    ends, chance = ends_of(source, tmp_path / "ends"), random.Random(f"{seed} {journal}")
    for number in range(runs):
        folder = tmp_path / f"run{number}"
        copied(source, folder).close()
        pid = os.fork()
        if pid == 0:
            try:
                ends.work(World(folder))
            finally:
                os._exit(0)
        time.sleep(chance.uniform(0, 0.08))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        world = World(folder, lock_timeout_s=0.2)
        side = side_of(world, ends)
        assert [a.outcome for a in world.applier.recover().attempts] in ([], ["done" if side == "after" else "aborted"])
        if side == "before":
            ends.work(world)
        assert side_of(world, ends) == "after"
        world.close()


def test_a_backup_is_on_the_disk_before_its_name_and_its_name_before_the_first_change(tmp_path):
    source = template(tmp_path / "source")
    ends, calls = ends_of(source, tmp_path / "ends"), []

    def noted(name, call):
        done = call()
        calls.append(name)
        return done

    world = copied(source, tmp_path / "run")
    with watched(noted):
        ends.work(world)
    order = (
        r"file write .*/data",
        r"file fsync .*/data",
        r"file write .*/manifest",
        r"file fsync .*/manifest",
        r"file fsync backups/\.partial-ID",
        r"file rename \.partial-ID",
        "file fsync run/backups",
        "sql ATTACH . AS .sodaf_proof",
        "sql SAVEPOINT",
        "sql ALTER",
        TRUTH,
        "sql COMMIT",
    )
    places = [next(i for i, name in enumerate(calls) if re.match(pattern, name)) for pattern in order[:-1]]
    places.append(next(i for i, name in enumerate(calls) if name == "sql COMMIT" and i > places[-1]))
    assert places == sorted(places)
    assert not [n for n in calls[: places[5]] if re.match("sql (SAVEPOINT|ALTER|DROP)", n)]
    world.close()


HOLDER = """
import sys, time
from pathlib import Path
from sodaf_nb.database import exclusive
with exclusive(sys.argv[1], Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_the_lock_is_between_processes_and_dies_with_its_holder(tmp_path):
    file = tmp_path / "shop.db"
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(file)], cwd=ROOT, stdout=subprocess.PIPE) as child:
        try:
            assert child.stdout.readline() == b"held\n"
            with pytest.raises(LockedError, match="Another migration"), exclusive(str(file), file):
                pass
        finally:
            os.kill(child.pid, signal.SIGKILL)
    with exclusive(str(file), file):
        pass
