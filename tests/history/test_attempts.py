"""Attempts are hints: what became of one is decided by its history row alone."""

import os
import platform

import pytest

from sodaf_nb.database import exclusive
from sodaf_nb.history import Attempt, AttemptLog, MigrationHistoryManager, Recovery
from tests.history.making import record


@pytest.fixture
def attempts(database):
    return AttemptLog(database)


@pytest.fixture
def write(database):
    def write(*records):
        with database.write() as session:
            for each in records:
                MigrationHistoryManager(database).record(session, each)

    return write


def start(attempts, *ids):
    for migration_id in ids:
        attempts.start(migration_id, f"Doc {migration_id}", "beef", "2024-02-29T12:30:45+00:00")


def states(database):
    with database.read() as session:
        return dict(session.rows("SELECT id, state FROM tabMigrationAttempt"))


def test_an_attempt_is_noted_with_who_makes_it(database, attempts):
    start(attempts, "A")
    with database.read() as session:
        (row,) = session.rows("SELECT * FROM tabMigrationAttempt")
    assert row == ("A", "Doc A", "beef", "2024-02-29T12:30:45+00:00", os.getpid(), platform.node(), "started")


def test_a_finished_attempt_is_settled(database, attempts):
    start(attempts, "A", "B")
    attempts.finish("A", "done")
    attempts.finish("B", "aborted")
    assert states(database) == {"A": "done", "B": "aborted"}
    assert attempts.settle() == Recovery()


@pytest.mark.parametrize(("status", "outcome"), [("applied", "done"), ("rolled_back", "done"), ("failed", "aborted")])
def test_an_open_attempt_is_settled_by_its_history_row(database, attempts, write, status, outcome):
    start(attempts, "A")
    write(record("A", status=status))
    assert attempts.settle() == Recovery(attempts=(Attempt(id="A", doctype="Doc A", outcome=outcome),))
    assert states(database) == {"A": outcome}


def test_an_open_attempt_without_a_history_row_left_nothing(database, attempts, write):
    start(attempts, "A", "B")
    assert [a.outcome for a in attempts.settle().attempts] == ["aborted", "aborted"]
    start(attempts, "C")
    write(record("B"))
    assert [(a.id, a.outcome) for a in attempts.settle().attempts] == [("C", "aborted")]


def test_what_is_settled_stays_settled(attempts):
    start(attempts, "A")
    attempts.settle()
    assert attempts.settle() == Recovery()


def test_a_database_without_attempts_has_nothing_to_settle(attempts):
    assert attempts.settle() == Recovery()


def test_a_recovery_says_what_each_outcome_means():
    shown = Recovery(
        attempts=(
            Attempt(id="A", doctype="Customer", outcome="done"),
            Attempt(id="B", doctype="Note", outcome="aborted"),
        )
    )
    assert shown.heading() == "Recovery: 2 interrupted"
    assert [tuple(row.values()) for row in shown.to_rows()] == [
        ("Customer", "done", "was committed; the database holds all of it"),
        ("Note", "aborted", "was not committed; the database holds none of it, apply again"),
    ]
    assert repr(Recovery()) == "Recovery: 0 interrupted\nNo interrupted migrations."


def test_open_attempts_are_named_without_being_settled_and_only_while_nobody_works(database, attempts, write):
    assert attempts.interrupted() == ()
    start(attempts, "A", "B")
    attempts.finish("A", "done")
    assert attempts.interrupted() == (Attempt(id="B", doctype="Doc B", outcome="aborted"),)
    with exclusive(database.uri, database.file):
        assert attempts.interrupted() == ()
    assert states(database) == {"A": "done", "B": "started"}


def test_an_attempt_of_another_process_that_works_is_not_interrupted(database, attempts):
    import fcntl

    start(attempts, "A")
    lock = database.file.with_name(f"{database.file.name}.sodaf-lock")
    with lock.open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        assert attempts.interrupted() == ()
    assert len(attempts.interrupted()) == 1


def test_an_attempt_noted_as_done_whose_entry_is_gone_is_named_each_time(database, attempts, write):
    assert attempts.without_history() == ()
    start(attempts, "A", "B", "C")
    write(record("A"), record("B", status="failed"))
    for name, state in (("A", "done"), ("B", "aborted"), ("C", "done")):
        attempts.finish(name, state)
    gone = (Attempt(id="C", doctype="Doc C", outcome="tampered"),)
    assert (attempts.without_history(), attempts.without_history()) == (gone, gone)
    shown = Recovery(attempts=gone)
    assert shown.heading() == "Recovery: 0 interrupted, 1 to look at"
    assert "audit verify" in shown.to_rows()[0]["meaning"]


def test_without_a_history_every_attempt_noted_as_done_is_named(attempts):
    start(attempts, "A")
    attempts.finish("A", "done")
    assert [a.outcome for a in attempts.without_history()] == ["tampered"]
