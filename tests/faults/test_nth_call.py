"""SQLite's own technique: the Nth call to engine or file system fails, N = 1, 2, ... until the work succeeds."""

import shutil
import tempfile
from pathlib import Path

import pytest

from sodaf_nb.database import Session
from sodaf_nb.errors import MigrationCancelledError, SodafError
from sodaf_nb.sql.dialects import sqlite_rebuild
from sodaf_nb.sql.dialects.sqlite_dialect import SQLITE
from tests.faults.faulty import ERRORS, Fault, check, copied, ends_of, installed, job_of, template

EXPECTED = (SodafError, MemoryError)

# Only at its ends does it matter to a transaction whether the engine was busy, full or out of memory; an
# interrupt is another thing than an error everywhere. A rollback runs the same executor as an apply.
ENDS = r"sql (BEGIN|COMMIT|SAVEPOINT|RELEASE)"
SQL = [
    ("apply", "disk full", "before", "sql "),
    ("apply", "Ctrl-C", "after", "sql "),
    ("rollback", "Ctrl-C", "before", "sql "),
    ("restore", "disk full", "after", "sql "),
    *(
        (kind, error, when, ENDS)
        for kind, error, when in (
            ("apply", "locked", "before"),
            ("apply", "no memory", "after"),
            ("apply", "disk full", "after"),
            ("apply", "Ctrl-C", "before"),
            ("rollback", "disk full", "after"),
            ("restore", "Ctrl-C", "before"),
        )
    ),
]
# The code asks no error of the file system for its kind, but for a file that is there already.
FILES = [
    ("apply", "ENOSPC", "before", "file "),
    ("apply", "EIO", "after", "file "),
    ("rollback", "EACCES", "before", "file "),
    ("restore", "EIO", "before", "file "),
    ("restore", "EACCES", "after", "file "),
]


@pytest.mark.parametrize(("kind", "error", "when", "calls"), [*SQL, *FILES])
def test_each_failing_call_leaves_all_or_nothing(tmp_path, kind, error, when, calls):
    sides = fail_each(tmp_path, kind, error, when == "after", calls)
    assert sides[-1] == "after"
    assert sides.count("before") >= 2


def fail_each(tmp_path, kind, error, after, calls):
    """Fail call 1, 2 ... of a run until it comes through unharmed, and return the sides they ended on."""
    source = template(tmp_path / "source", kind)
    ends = ends_of(source, tmp_path / "ends", kind)
    sides, number, happened, broken = [], 0, True, []
    while happened:
        number += 1
        world = copied(source, tmp_path / "run")
        fault = Fault(number, after=after, error=ERRORS[error], counts=calls)
        try:
            raised = attempt(world, ends.work, fault)
            sides.append(check(world, ends, raised))
            if error == "Ctrl-C" and raised is not None:
                assert isinstance(raised, MigrationCancelledError)
            if sides[-1] == "before" and number % 10 == 0:  # a later run always succeeds
                ends.work(world)
                assert world.state() == ends.after
                assert world.applier.recover().attempts == ()
        except AssertionError as found:
            broken.append(f"{fault.place}: {str(found).splitlines()[0]}")
        happened = fault.happened
        world.close()
        shutil.rmtree(tmp_path / "run")
        for left in Path(tempfile.gettempdir()).glob("sodaf-backup-*"):
            shutil.rmtree(left)
    assert broken == [], "\n".join(broken)
    return sides


def attempt(world, work, fault):
    with installed(fault):
        try:
            work(world)
        except EXPECTED as error:
            return error
        except BaseException as error:  # a bare KeyboardInterrupt would end the test run, too
            raise AssertionError(f"{type(error).__name__} came out: {error}") from error
    return None


def first_broken(tmp_path, error):
    """Return the first failing call after which the invariant does not hold; None: it always does."""
    source = template(tmp_path / "source")
    ends = ends_of(source, tmp_path / "ends")
    for number in range(1, 500):
        world, fault = (
            copied(source, tmp_path / f"run{number}"),
            Fault(number, error=ERRORS[error], counts=r"sql (DROP|ALTER|INSERT)"),
        )
        raised = attempt(world, ends.work, fault)
        try:
            check(world, ends, raised)
        except AssertionError:
            return number
        finally:
            world.close()
        if not fault.happened:
            return None
    raise AssertionError("it never ends")


def test_the_harness_notices_a_commit_in_the_middle(tmp_path, monkeypatch):
    def savepoint(self, name):
        self._connection.exec_driver_sql("COMMIT")
        self._connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield

    from contextlib import contextmanager

    monkeypatch.setattr(Session, "savepoint", contextmanager(savepoint))
    assert first_broken(tmp_path, "disk full") is not None


def test_the_harness_notices_a_failure_that_is_committed_instead_of_taken_back(tmp_path, monkeypatch):
    from sodaf_nb.database import database

    monkeypatch.setattr(
        database, "_take_back", lambda connection, session: connection.exec_driver_sql("COMMIT") and None
    )
    assert first_broken(tmp_path, "disk full") is not None


def test_a_rebuild_that_forgets_the_triggers_is_refused_before_anything_runs(tmp_path, monkeypatch):
    real = sqlite_rebuild._again
    monkeypatch.setattr(sqlite_rebuild, "_again", lambda found: real([o for o in found if o.kind != "trigger"]))
    monkeypatch.setattr(SQLITE, "_most_passes", -1)
    world = copied(template(tmp_path / "source"), tmp_path / "run")
    before = world.state()
    with pytest.raises(SodafError, match="would lose trigger spy"):
        job_of(world)
    assert world.state() == before
    world.close()


def test_an_executor_that_skips_a_statement_is_caught_before_the_commit(tmp_path, monkeypatch):
    world = copied(template(tmp_path / "source"), tmp_path / "run")
    job, before = job_of(world), world.state()
    real = Session.execute
    monkeypatch.setattr(
        Session,
        "execute",
        lambda self, sql, params=(): 0 if sql.startswith("CREATE TRIGGER") else real(self, sql, params),
    )
    with pytest.raises(SodafError, match="did not become what was planned: trigger spy"):
        world.applier._executor.execute(job)
    assert world.state() == before
    world.close()
