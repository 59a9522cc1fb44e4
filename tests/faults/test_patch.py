"""Patches and their way back under faults: each failing call, and kill -9, leave all or nothing and a true history."""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sodaf_nb.errors import SodafError
from sodaf_nb.execution.patching import patch_job
from sodaf_nb.options import PatchOptions, RollbackOptions
from tests.faults.faulty import ERRORS, V1, Ends, Fault, check, copied, installed, template

ROOT = Path(__file__).resolve().parents[2]
BODY = (
    "UPDATE tabThing SET gone = title, title = NULL WHERE qty = 'x'; DELETE FROM tabThing WHERE name = 'R1'; "
    "INSERT INTO tabThing (name) VALUES ('new')"
)
EVERY = {"patch": 7, "rollback": 9}  # every so-manieth call; all of them were tried by hand


def source_of(folder, *, applied):
    source = template(folder)
    world = copied(source, folder.with_name("made"))
    world.run("DROP TRIGGER spy")
    if applied:
        world.applier._executor.execute(job_of(world, back=False))
    world.close()
    return folder.with_name("made")


def job_of(world, *, back):
    if back:
        return world.applier._rollback_job(world.applier.history.get_latest("Thing"), RollbackOptions())
    if "Thing" not in world.doctypes:
        world.declare(V1)
    options = PatchOptions(name="move", accept="all")
    return patch_job(world.applier._judge, "Thing", BODY, options, lambda _what: None)


def ends_of(source, target, *, back):
    world = copied(source, target)
    job, before, history = job_of(world, back=back), world.state(), world.statuses()

    def work(other):
        other.applier._executor.execute(job)

    work(world)
    ends = Ends(work=work, before=before, after=world.state(), history_before=history, history_after=world.statuses())
    world.close()
    assert ends.before != ends.after
    return ends


@pytest.mark.parametrize("kind", EVERY)
@pytest.mark.parametrize("error", ["disk full", "Ctrl-C"])
def test_each_failing_call_of_a_patch_leaves_all_or_nothing(tmp_path, kind, error):
    back, step = kind == "rollback", EVERY[kind]
    source = source_of(tmp_path / "source", applied=back)
    ends = ends_of(source, tmp_path / "ends", back=back)
    sides, number, happened = [], 1, True
    while happened:
        world, fault = copied(source, tmp_path / "run"), Fault(number, after=number % 2 == 0, error=ERRORS[error])
        raised = None
        with installed(fault):
            try:
                ends.work(world)
            except (SodafError, MemoryError) as caught:
                raised = caught
        happened = fault.happened
        sides.append(check(world, ends, raised))
        world.close()
        shutil.rmtree(tmp_path / "run")
        number += step
    assert sides[-1] == "after"
    assert sides.count("before") > 5


CHILD = """
import os, signal, sys
from pathlib import Path
from tests.acceptance.making import World
from tests.faults.test_patch import job_of
from sodaf_nb.database.patching import notes
from sodaf_nb.history import AttemptLog

place = sys.argv[2]
def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)
def progress(what, done, total):
    if place == what:
        die()
if place == "after the commit":
    AttemptLog.finish = die
world = World(Path(sys.argv[1]), progress=progress)
job = job_of(world, back=False)
if place == "in the patch":  # its statements ran, here and not on the copy
    notes.Notes.write = die
world.applier._executor.execute(job)
"""


@pytest.mark.parametrize("place", ["back up and verify", "in the patch", "verify", "after the commit"])
def test_a_killed_patch_is_all_or_nothing_and_a_later_run_succeeds(tmp_path, place):
    source = source_of(tmp_path / "source", applied=False)
    ends = ends_of(source, tmp_path / "ends", back=False)
    run = copied(source, tmp_path / "run")
    run.close()
    child = subprocess.run([sys.executable, "-c", CHILD, str(tmp_path / "run"), place], cwd=ROOT, check=False)
    assert child.returncode == -signal.SIGKILL
    committed = place == "after the commit"
    assert run.state() == (ends.after if committed else ends.before)
    assert run.applier.recover().to_rows()[0]["outcome"] == ("done" if committed else "aborted")
    again = run.applier._carried_out(job_of(run, back=False), PatchOptions(accept="all"))
    assert again.outcome == ("nothing_to_do" if committed else "applied")
    assert run.state() == ends.after
    assert run.statuses() == ["applied", "applied"]
    run.close()
