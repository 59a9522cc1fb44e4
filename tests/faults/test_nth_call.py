"""SQLite's own technique: the Nth call to the engine fails, N = 1, 2, ... until the work succeeds."""

import shutil

import pytest

from sodaf_nb.database import Session
from sodaf_nb.errors import MigrationCancelledError, SodafError
from sodaf_nb.sql.dialects import sqlite_rebuild
from sodaf_nb.sql.dialects.sqlite_dialect import SQLITE
from tests.faults.faulty import ERRORS, Fault, check, copied, ends_of, installed, job_of, template

EXPECTED = (SodafError, MemoryError)
# A rollback runs the same executor: the two errors that behave most differently are enough there.
RUNS = [("apply", error) for error in ERRORS] + [("rollback", "disk full"), ("rollback", "Ctrl-C")]


@pytest.mark.parametrize("after", [False, True], ids=["before the call", "after the call"])
@pytest.mark.parametrize(("kind", "error"), RUNS)
def test_each_failing_call_leaves_all_or_nothing(tmp_path, kind, error, after):
    source = template(tmp_path / "source", applied=kind == "rollback")
    ends = ends_of(source, tmp_path / "ends", back=kind == "rollback")
    sides, number, happened = [], 0, True
    while happened:
        number += 1
        world, fault = copied(source, tmp_path / "run"), Fault(number, after=after, error=ERRORS[error])
        raised = attempt(world, ends.job, fault)
        happened = fault.happened
        sides.append(check(world, ends, raised))
        if error == "Ctrl-C" and raised is not None:
            assert isinstance(raised, MigrationCancelledError)
        if sides[-1] == "before" and number % 10 == 0:  # a later run always succeeds
            world.applier._executor.execute(job_of(world, back=kind == "rollback"))
            assert world.state() == ends.after
            assert world.applier.recover().attempts == ()
        world.close()
        shutil.rmtree(tmp_path / "run")
    assert sides[-1] == "after"
    assert sides.count("before") > 30


def attempt(world, job, fault):
    with installed(fault):
        try:
            world.applier._executor.execute(job)
        except EXPECTED as error:
            return error
        except BaseException as error:  # a bare KeyboardInterrupt would end the test run, too
            raise AssertionError(f"{type(error).__name__} came out at call {fault.number}") from error
    return None


def first_broken(tmp_path, error):
    """Return the number of the first failing call after which the invariant does not hold; None: it always does."""
    source = template(tmp_path / "source")
    ends = ends_of(source, tmp_path / "ends", back=False)
    for number in range(1, 500):
        world, fault = copied(source, tmp_path / f"run{number}"), Fault(number, error=ERRORS[error])
        raised = attempt(world, ends.job, fault)
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
        job_of(world, back=False)
    assert world.state() == before
    world.close()


def test_an_executor_that_skips_a_statement_is_caught_before_the_commit(tmp_path, monkeypatch):
    world = copied(template(tmp_path / "source"), tmp_path / "run")
    job, before = job_of(world, back=False), world.state()
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
