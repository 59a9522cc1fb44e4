"""What stops a step, and what stops a way back before any step."""

import pytest

from sodaf_nb.errors import MigrationExecutionError, MigrationRollbackError
from sodaf_nb.execution.steps import run_step
from sodaf_nb.sql.script import Check, Step
from tests.acceptance.making import doctype, field


def step(*checks):
    return Step(title="t", path="in place", table="t", statements=("INSERT INTO t VALUES (1)",), checks=checks)


@pytest.mark.parametrize("statement", ["SELECT * FROM missing", "INSERT INTO t VALUES (NULL)"])
def test_a_step_whose_check_the_engine_refuses_is_taken_back(world, statement):
    with world.database.write() as session:
        session.execute("CREATE TABLE t (a INTEGER NOT NULL)")
    found = Check(statement=statement, otherwise="the index is not whole", hint="build it anew")

    with pytest.raises(MigrationExecutionError, match="the index is not whole") as caught, world.database.write() as s:
        run_step(s, 0, step(found))

    assert caught.value.hint == "build it anew"
    with world.database.read() as session:
        assert session.rows("SELECT * FROM t") == []


def test_a_step_whose_check_holds_runs(world):
    with world.database.write() as session:
        session.execute("CREATE TABLE t (a INTEGER NOT NULL)")
        run_step(session, 0, step(Check(statement="SELECT 1", otherwise="never", hint="")))

    with world.database.read() as session:
        assert session.rows("SELECT * FROM t") == [(1,)]


def test_a_migration_that_failed_has_nothing_to_undo(world, monkeypatch):
    world.sync(doctype(field("title")))
    with monkeypatch.context() as patch:
        patch.setattr("sodaf_nb.execution.executor.require_outcome", lambda *_a: 1 / 0)
        with pytest.raises(MigrationExecutionError):
            world.sync(doctype(field("title"), field("more")))
    failed = world.applier.history.get_migration_history()[0]

    assert failed.status == "failed"
    with pytest.raises(MigrationRollbackError, match="failed and changed nothing"):
        world.applier.rollback_migration(failed.id)
