"""Two kernels, a plan that went stale, a kernel that died: whatever a panel is clicked into, the data is safe."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sodaf_nb.errors import BlockedMigrationError, LockedError, StalePlanError
from sodaf_nb.session import PlanSession, State
from tests.acceptance.making import World
from tests.session.making import RISKY, SAFE, V1, seeded

ROOT = Path(__file__).resolve().parents[2]

# A kernel of its own: it plans, says so, and applies when it is told to.
KERNEL = """
import os, signal, sys
from pathlib import Path
from sodaf_nb.session import PlanSession
from tests.acceptance.making import World
from tests.session import making

place = sys.argv[3]

def progress(what, done, total):
    if what != place:
        return
    print("holding", flush=True)
    if sys.stdin.readline() == "die\\n":
        os.kill(os.getpid(), signal.SIGKILL)

world = World(Path(sys.argv[1]), progress=progress)
session = PlanSession(world.declare(getattr(making, sys.argv[2])).applier, "Thing")
session.plan_now()
session.type_name("tabThing")
print("planned", flush=True)
sys.stdin.readline()
session.apply()
try:
    session.wait(60)
except Exception as error:
    print(error.code, flush=True)
print(session.snapshot.state, flush=True)
"""


class Kernel:
    """Another process with a session of its own on the same file."""

    def __init__(self, folder, wanted, place=""):
        self.process = subprocess.Popen(
            [sys.executable, "-c", KERNEL, str(folder), wanted, place],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def reads(self):
        return self.process.stdout.readline().strip()

    def say(self, word):
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()

    def end(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(30)


@pytest.fixture
def thing(world):
    return seeded(world)


@pytest.fixture
def kernel(thing):
    made = []

    def start(wanted, place=""):
        made.append(Kernel(thing.folder, wanted, place))
        assert made[-1].reads() == "planned"
        return made[-1]

    yield start
    for each in made:
        each.end()


def ready(world, wanted):
    session = PlanSession(world.declare(wanted).applier, "Thing")
    session.plan_now()
    session.type_name("tabThing")
    assert session.snapshot.state is State.READY
    return session


def test_the_second_of_two_kernels_with_the_same_plan_changes_nothing(thing, kernel):
    other = kernel("SAFE")
    session = ready(thing, SAFE)
    session.apply()
    session.wait(30)
    after = thing.state()
    other.say("apply")
    assert [other.reads(), other.reads()] == ["STALE_PLAN", "stale"]
    assert thing.state() == after
    assert thing.statuses() == ["applied", "applied"]


def test_while_another_kernel_applies_a_click_is_refused_and_can_be_made_again(thing, kernel):
    other = kernel("RISKY", "verify")
    session = ready(thing, RISKY)
    other.say("apply")
    assert other.reads() == "holding"
    session.apply()
    with pytest.raises(LockedError):
        session.wait(30)
    assert session.snapshot.state is State.FAILED
    other.say("go on")
    assert other.reads() == "applied"
    session.plan()
    assert session.wait(30).state is State.NOTHING


def test_a_kernel_that_dies_while_it_applies_leaves_everything_as_it_was(thing, kernel):
    before = thing.state()
    other = kernel("RISKY", "verify")
    other.say("apply")
    assert other.reads() == "holding"
    other.say("die")
    assert other.process.wait(30) == -signal.SIGKILL
    assert thing.state() == before
    session = ready(thing, RISKY)
    assert session.snapshot.interrupted == 1
    assert "1 interrupted migration" in repr(session)
    session.apply()
    assert session.wait(30).interrupted == 0
    assert thing.statuses()[-1] == "applied"


def test_a_plan_whose_table_moved_is_refused_and_can_be_made_anew(thing):
    session = ready(thing, SAFE)
    thing.run('ALTER TABLE "tabThing" ADD COLUMN extra TEXT')
    before = thing.state()
    session.apply()
    with pytest.raises(StalePlanError, match=r"tabThing\.extra is new"):
        session.wait(30)
    assert session.snapshot.state is State.STALE
    assert thing.state() == before
    session.plan()
    assert session.wait(30).state is State.READY


def test_rows_that_came_in_after_the_confirmation_are_not_lost_unseen(thing):
    thing.run("""UPDATE "tabThing" SET qty = '2' WHERE qty = 'two'""")
    session = PlanSession(thing.declare(RISKY).applier, "Thing")
    assert session.plan_now().state is State.READY
    thing.run("""UPDATE "tabThing" SET qty = 'many' WHERE qty = '2'""")
    before = thing.state()
    session.apply()
    with pytest.raises(BlockedMigrationError, match="1 value of"):
        session.wait(30)
    assert thing.state() == before
    session.plan()
    assert session.wait(30).state is State.CONFIRMING


def test_running_all_cells_twice_applies_nothing_that_nobody_clicked(thing):
    before = thing.state()
    for _ in range(2):
        session = PlanSession(thing.declare(SAFE).applier, "Thing")
        session.plan_now()
    assert thing.state() == before
    assert thing.statuses() == ["applied"]


def test_running_all_cells_again_after_the_apply_finds_nothing_to_do(thing):
    session = ready(thing, SAFE)
    session.apply()
    session.wait(30)
    again = PlanSession(World(thing.folder).declare(SAFE).applier, "Thing")
    assert again.plan_now().state is State.NOTHING
    again.require_applied()


def test_a_database_in_memory_works_from_the_thread_of_a_button(tmp_path):
    import sodaf_nb as sn

    database = sn.Database("sqlite://")
    doctypes = sn.DocTypeEngine()
    doctypes.register(V1)
    applier = sn.MigrationApplier(database, doctypes, sn.ApplyOptions(backup_dir=tmp_path / "backups"))
    applier.sync_doctype("Thing")
    with database.write() as session:
        session.execute("INSERT INTO tabThing (name, qty) VALUES ('R1', '5')")
    doctypes.register(RISKY)
    made = ready_in(applier)
    made.apply()
    made.wait(30)
    with database.read() as session:
        assert session.rows("SELECT qty FROM tabThing") == [(5,)]
    database.close()


def ready_in(applier):
    session = PlanSession(applier, "Thing")
    session.plan()
    session.wait(30)
    return session
