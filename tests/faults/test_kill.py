"""kill -9 at a step: the database is as before or as after, recovery says which, and a later run succeeds."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sodaf_nb.database import exclusive
from sodaf_nb.errors import LockedError
from tests.faults.faulty import ANSWERS, V2, copied, template

ROOT = Path(__file__).resolve().parents[2]

CHILD = """
import os, signal, sys
from pathlib import Path
from tests.acceptance.making import World
from tests.faults.faulty import job_of
from sodaf_nb.history import AttemptLog

place, seen = sys.argv[2], []
def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)
def progress(what, done, total):
    seen.append(what)
    if place == what or place == f"step {len(seen)}":
        die()
if place == "after the commit":
    AttemptLog.finish = die
world = World(Path(sys.argv[1]), progress=progress)
world.applier._executor.execute(job_of(world, back=False))
"""

PLACES = ("back up and verify", "step 2", "step 4", "verify", "after the commit")


@pytest.mark.parametrize("journal", ["delete", "wal"])
@pytest.mark.parametrize("place", PLACES)
def test_a_killed_migration_is_all_or_nothing(tmp_path, place, journal):
    source = template(tmp_path / "source", journal=journal)
    done = copied(source, tmp_path / "done")
    before = done.state()
    done.sync(V2, **ANSWERS)
    after = done.state()
    done.close()

    run = copied(source, tmp_path / "run")
    run.close()
    child = subprocess.run([sys.executable, "-c", CHILD, str(tmp_path / "run"), place], cwd=ROOT, check=False)
    assert child.returncode == -signal.SIGKILL

    assert run.state() == (after if place == "after the commit" else before)
    recovery = run.applier.recover()
    told = recovery.to_rows()[0]
    wanted = ("done", "holds all of it") if place == "after the commit" else ("aborted", "holds none of it")
    assert told["outcome"] == wanted[0]
    assert wanted[1] in told["meaning"]
    assert run.applier.recover().attempts == ()
    run.sync(V2, **ANSWERS)
    assert run.state() == after
    assert run.statuses() == ["applied", "applied"]
    run.close()


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
