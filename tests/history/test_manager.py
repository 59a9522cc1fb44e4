"""The history table: written inside the migration's transaction, read newest first."""

import sqlite3
from contextlib import closing

import pytest

from sodaf_nb.database import Database
from sodaf_nb.errors import MigrationExecutionError, MigrationRollbackError
from sodaf_nb.history import MigrationHistoryManager
from tests.history.making import record


@pytest.fixture
def history(database):
    return MigrationHistoryManager(database)


@pytest.fixture
def write(database, history):
    def write(*records):
        with database.write() as session:
            for each in records:
                history.record(session, each)

    return write


def ids(records):
    return [r.id for r in records]


def test_a_new_database_has_no_history_and_reading_makes_no_table(database, history):
    assert len(history.get_migration_history()) == 0
    assert history.get_latest("Customer") is None
    assert not history.is_migration_applied("A")
    with database.read() as session:
        assert session.rows("SELECT name FROM sqlite_master") == []


def test_a_record_is_read_back_with_all_its_fields(history, write):
    given = record(backup_path="/b/1", error="no disk", metadata={"summary": ["é\ud800"], "n": 1.5})
    write(given)
    (found,) = history.get_migration_history()
    assert found == record(version=1, backup_path="/b/1", error="no disk", metadata={"summary": ["é\ud800"], "n": 1.5})


def test_the_table_is_made_once_with_the_id_as_its_key(database, write):
    write(record("A"))
    write(record("B"))
    with database.read() as session:
        (sql,) = session.rows("SELECT sql FROM sqlite_master WHERE name = 'tabMigrationHistory'")[0]
    assert '"id" TEXT NOT NULL PRIMARY KEY' in sql
    assert '"error" TEXT,' in sql


def test_an_id_is_recorded_once(write):
    write(record("A"))
    with pytest.raises(MigrationExecutionError, match="UNIQUE constraint failed"):
        write(record("A"))


def test_a_record_goes_when_its_transaction_does(history, write):
    write(record("A"))
    with pytest.raises(MigrationExecutionError):
        write(record("B"), record("A"))
    assert ids(history.get_migration_history()) == ["A"]


def test_the_history_is_read_newest_first_by_doctype_and_up_to_a_limit(history, write):
    write(record("A"), record("B", doctype="Note"), record("C"), record("D"))
    assert ids(history.get_migration_history()) == ["D", "C", "B", "A"]
    assert ids(history.get_migration_history("Customer")) == ["D", "C", "A"]
    assert ids(history.get_migration_history("Customer", limit=2)) == ["D", "C"]
    assert ids(history.get_migration_history(limit=0)) == []
    assert ids(history.get_migration_history(limit=99)) == ["D", "C", "B", "A"]
    assert ids(history.get_migration_history("Ghost")) == []


def test_numbers_count_all_migrations_and_versions_those_of_a_doctype(history, write):
    write(record("A"), record("B", doctype="Note"), record("C"))
    rows = history.get_migration_history("Customer").to_rows()
    assert [(row["#"], row["version"]) for row in rows] == [(3, 2), (1, 1)]


def test_a_migration_is_found_by_its_id(history, write):
    write(record("A"), record("B"))
    assert history.get_migration("A").version == 1
    assert history.require("B").version == 2
    assert history.get_migration("ghost") is None
    with pytest.raises(MigrationRollbackError, match="no migration 'ghost'"):
        history.require("ghost")


def test_the_latest_migration_is_the_newest_in_force(history, write):
    write(record("A"), record("B"), record("C", status="failed"), record("D", status="rolled_back"))
    assert history.get_latest("Customer").id == "B"
    assert history.get_latest("Note") is None


@pytest.mark.parametrize(("status", "applied"), [("applied", True), ("rolled_back", False), ("failed", False)])
def test_only_a_migration_in_force_is_applied(history, write, status, applied):
    write(record("A", status=status))
    assert history.is_migration_applied("A") is applied


def test_a_migration_taken_back_says_so_and_keeps_what_it_knew(database, history, write):
    plan = {"$": "Plan", "operations": [{"default": 1e308}, None, 2**63, "a\0b"], "reason": None}
    write(record("A", rollback_info={"plan": plan, "risks": [["t", None]]}), record("B"))
    with database.write() as session:
        history.mark_rolled_back(session, "A", {"rolled_back_by": "C"})
    found = history.require("A")
    assert (found.status, found.rollback_info["rolled_back_by"]) == ("rolled_back", "C")
    assert (found.rollback_info["plan"], found.rollback_info["risks"]) == (plan, [["t", None]])
    assert history.get_latest("Customer").id == "B"


def test_a_migration_is_taken_back_once(database, history, write):
    write(record("A"))
    with database.write() as session:
        history.mark_rolled_back(session, "A", {})
    with pytest.raises(MigrationRollbackError, match="no longer in force"), database.write() as session:
        history.mark_rolled_back(session, "A", {})


@pytest.mark.parametrize("status", ["failed", "rolled_back"])
def test_what_is_not_in_force_cannot_be_taken_back(database, history, write, status):
    write(record("A", status=status))
    with pytest.raises(MigrationRollbackError), database.write() as session:
        history.mark_rolled_back(session, "A", {})


def test_another_connection_reads_the_same_history(database, write):
    write(record("A"))
    with closing(sqlite3.connect(database.file)) as other:
        assert other.execute("SELECT id, status, affected_rows FROM tabMigrationHistory").fetchall() == [
            ("A", "applied", 3)
        ]


def test_a_history_in_memory_works_the_same():
    with closing(Database("sqlite://")) as database:
        history = MigrationHistoryManager(database)
        with database.write() as session:
            history.record(session, record("A"))
        assert ids(history.get_migration_history()) == ["A"]
