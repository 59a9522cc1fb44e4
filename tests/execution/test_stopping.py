"""Another thread asks a migration to stop: until the commit it does, and after it is refused."""

import sqlite3
import threading

import pytest

from sodaf_nb.errors import MigrationCancelledError
from sodaf_nb.options import SyncOptions
from sodaf_nb.work import Work
from tests.acceptance.making import World, doctype, field

V1 = doctype(field("title"), field("qty"))
V2 = doctype(field("title", unique=1), field("qty", "Int"))
ROWS = 3000


@pytest.fixture
def seeded(world):
    world.sync(V1)
    world.insert("tabThing", [{"title": f"t{n}", "qty": str(n)} for n in range(ROWS)])
    return world


def stopped_at(world, place, work):
    """A world of the same files in which a stop is asked for where the progress says `place`."""

    def progress(what, done, total):
        if what == place:
            assert work.stop()

    return World(world.folder, progress=progress)


def in_thread(call):
    """Run a call in a thread, as a button does, and return its value or raise its error."""
    told = []

    def run():
        try:
            told.append(call())
        except BaseException as error:  # noqa: BLE001  raised again in the test's own thread
            told.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(60)
    if isinstance(told[0], BaseException):
        raise told[0]
    return told[0]


PLACES = ("back up and verify", "+ ux_tabThing_title: unique index on tabThing (title)", "verify")


@pytest.mark.parametrize("place", PLACES)
def test_a_stop_before_the_commit_leaves_everything_as_it_was(seeded, place):
    work = Work()
    world = stopped_at(seeded, place, work)
    before = seeded.state()

    def apply():
        with work.running():
            return world.sync(V2)

    with pytest.raises(MigrationCancelledError, match="nothing was changed"):
        in_thread(apply)
    assert seeded.state() == before
    assert seeded.statuses()[-1] == "failed"
    world.close()


def test_after_the_commit_a_stop_is_refused(seeded):
    work = Work()

    def apply():
        with work.running():
            return seeded.sync(V2)

    assert in_thread(apply).outcome == "applied"
    assert work.stop() is False
    assert not work.asked


def test_one_long_statement_is_stopped_while_it_runs(seeded):
    work, started = Work(), threading.Event()

    def count():
        with work.running(), seeded.database.read() as session:
            started.set()
            session.rows("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n")

    threading.Thread(target=lambda: (started.wait(), work.stop())).start()
    with pytest.raises(KeyboardInterrupt):
        in_thread(count)


def test_rows_are_told_of_in_chunks_while_a_backup_is_taken(seeded):
    seen = []
    work = Work(rows=seen.append)

    def apply():
        with work.running():
            return seeded.sync(V2)

    in_thread(apply)
    assert seen == [1000, 1000, 1000]


def test_work_that_nobody_can_stop_is_not_in_the_way():
    work = Work()
    assert work.stop()
    with sqlite3.connect(":memory:") as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    connection.close()


def test_a_dry_run_can_be_stopped(seeded):
    work = Work()
    world = stopped_at(seeded, "rehearse: compare the values", work)
    world.declare(V2)

    def dry_run():
        with work.running():
            return world.applier.dry_run("Thing", SyncOptions())

    with pytest.raises(MigrationCancelledError, match="dry run was stopped"):
        in_thread(dry_run)
    world.close()
