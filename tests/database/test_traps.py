"""One test for each transaction trap of SQLAlchemy and pysqlite that was measured, and what our code does about it."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import sodaf_nb
from sodaf_nb.database import Database
from sodaf_nb.errors import DatabaseError, MigrationExecutionError, SodafError
from tests.acceptance.making import doctype, field

PACKAGE = Path(sodaf_nb.__file__).parent


@pytest.fixture
def database(tmp_path):
    made = Database(f"sqlite:///{tmp_path}/shop.db", lock_timeout_s=0.1)
    with made.write() as session:
        session.execute("CREATE TABLE parent (id INTEGER PRIMARY KEY, v TEXT)")
        session.execute("CREATE TABLE child (p REFERENCES parent(id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED)")
        session.execute("INSERT INTO parent VALUES (1, 'one')")
        session.execute("INSERT INTO child VALUES (1)")
    yield made
    made.close()


def test_t01_nothing_in_the_package_uses_executescript():
    assert [p.name for p in PACKAGE.rglob("*.py") if ".executescript(" in p.read_text()] == []


def test_t02_foreign_keys_are_off_before_a_transaction_begins(database):
    for kind in (database.read, database.write):
        with kind() as session:
            assert session.in_transaction
            assert session.value("PRAGMA foreign_keys") == 0
            session.execute("PRAGMA foreign_keys=ON")
            assert session.value("PRAGMA foreign_keys") == 0, "within a transaction the pragma does nothing"


def test_t03_nothing_leaks_to_the_next_connection(database):
    with database.read() as session:
        session.execute("PRAGMA case_sensitive_like=ON")
    with database.write() as session:
        session.execute("CREATE TEMP TABLE left_over (x)")
        session.execute("PRAGMA legacy_alter_table=ON")
    with database.write() as session:
        assert session.rows("SELECT * FROM temp.sqlite_master") == []
        assert session.value("PRAGMA legacy_alter_table") == 0
        assert session.value("PRAGMA query_only") == 0
        assert session.value("SELECT 'A' LIKE 'a'") == 1


def test_t04_a_rebuild_deletes_no_child_row_though_its_key_cascades(database):
    with database.write() as session:
        session.execute("CREATE TABLE n (id INTEGER PRIMARY KEY, v TEXT)")
        session.execute("INSERT INTO n SELECT * FROM parent")
        session.execute("DROP TABLE parent")
        session.execute("ALTER TABLE n RENAME TO parent")
    with database.read() as session:
        assert session.rows("SELECT p FROM child") == [(1,)]


@pytest.mark.parametrize(
    "ending",
    [
        "INSERT OR ROLLBACK INTO parent VALUES (1, 'again')",
        "INSERT INTO parent VALUES (7, 'raise')",
    ],
    ids=["OR ROLLBACK", "RAISE in a trigger"],
)
def test_t05_after_the_engine_ended_the_transaction_nothing_more_runs(database, ending):
    with database.write() as session:
        session.execute(
            "CREATE TRIGGER guard BEFORE INSERT ON parent WHEN new.v = 'raise' "
            "BEGIN SELECT RAISE(ROLLBACK, 'not this one'); END"
        )
    with pytest.raises(MigrationExecutionError, match="refused a statement"), database.write() as session:
        session.execute("INSERT INTO parent VALUES (2, 'two')")
        with pytest.raises(MigrationExecutionError), session.savepoint("s"):
            session.execute(ending)
        assert not session.in_transaction
        with pytest.raises(MigrationExecutionError, match="ended the transaction on its own"):
            session.execute("INSERT INTO parent VALUES (3, 'a ghost')")
        with pytest.raises(MigrationExecutionError, match="ended the transaction on its own"), session.savepoint("s"):
            pass
        raise MigrationExecutionError("The database refused a statement.")
    with database.read() as session:
        assert session.rows("SELECT id FROM parent") == [(1,)]


def test_t05_a_transaction_that_the_engine_ended_is_never_reported_as_committed(database):
    with pytest.raises(SodafError), database.write() as session:
        session.execute("INSERT INTO parent VALUES (2, 'two')")
        with pytest.raises(MigrationExecutionError):
            session.execute("INSERT OR ROLLBACK INTO parent VALUES (1, 'again')")
        # the caller swallows the error and goes on as if all were well


def test_t06_a_commit_that_fails_leaves_nothing_open(database):
    with closing(sqlite3.connect(database.file, isolation_level=None)) as other:
        other.execute("BEGIN")
        other.execute("SELECT * FROM parent").fetchall()  # a reader keeps a rollback-journal COMMIT waiting
        with pytest.raises(SodafError, match="Another writer"), database.write() as session:
            session.execute("INSERT INTO parent VALUES (2, 'two')")
        other.execute("COMMIT")
        other.execute("BEGIN IMMEDIATE")  # nothing of ours holds a lock
        assert other.execute("SELECT id FROM parent").fetchall() == [(1,)]


def test_t07_no_cursor_is_open_when_ddl_runs(database):
    with database.write() as session:
        session.rows("SELECT * FROM parent UNION ALL SELECT * FROM parent")
        assert session.value("SELECT id FROM parent UNION ALL SELECT id FROM parent") == 1
        session.execute("DROP TABLE child")


def test_t08_a_colon_in_ddl_is_text(database):
    with database.write() as session:
        session.execute("CREATE TABLE t (a TEXT DEFAULT ':tag', b TEXT DEFAULT '%s %(x)s ?')")
        session.execute("INSERT INTO t DEFAULT VALUES")
        assert session.rows("SELECT a, b FROM t") == [(":tag", "%s %(x)s ?")]
    assert [p.name for p in PACKAGE.rglob("*.py") if "sa.text(" in p.read_text()] == []


def test_t09_row_data_is_in_no_error(database):
    with pytest.raises(SodafError) as raised, database.write() as session:
        session.execute("INSERT INTO parent VALUES (?, ?)", (1, "the secret of a customer"))
    chain = [raised.value]
    while chain[-1] is not None:
        chain.append(chain[-1].__cause__)
    assert not [e for e in chain if "secret" in str(e)]
    assert "parent.id" in str(raised.value)


def test_t10_a_misspelt_column_is_no_text(world):
    """Copies take their columns from the catalog, so a name that is gone fails the plan and is no text."""
    world.sync(doctype(field("title"), field("qty")))
    world.insert("tabThing", ({"title": "a", "qty": "1"},))
    plan = world.declare(doctype(field("title"), field("qty", "Int"))).applier.plan("Thing")
    world.run("ALTER TABLE tabThing RENAME COLUMN title TO renamed")
    with pytest.raises(SodafError, match="changed after the plan"):
        world.applier.apply_plan(plan)
    assert world.ask("SELECT renamed FROM tabThing") == [("a",)]


def test_t11_a_temporary_table_of_another_connection_cannot_shadow_ours(world):
    world.sync(doctype(field("title")))
    with closing(sqlite3.connect(world.file)) as other:
        other.execute("CREATE TEMP TABLE tabThing (wrong TEXT)")
        world.sync(doctype(field("title"), field("qty")))
    assert "qty" in world.state().shapes("tabThing")


def test_t11_our_own_connections_hold_no_temporary_table(database):
    with database.write() as session:
        assert session.rows("SELECT name FROM temp.sqlite_master") == []


def test_t12_only_the_database_makes_engines_and_ddl_is_taken_back(database):
    makers = [p.relative_to(PACKAGE).as_posix() for p in PACKAGE.rglob("*.py") if "create_engine(" in p.read_text()]
    assert sorted(makers) == ["database/database.py", "database/postgres/connections.py"]
    with pytest.raises(ZeroDivisionError), database.write() as session:
        session.execute("CREATE TABLE b (x)")
        with session.savepoint("released"):
            session.execute("ALTER TABLE parent ADD COLUMN n")
        raise ZeroDivisionError
    assert [(c.name) for c in database.reflect().tables["parent"].columns] == ["id", "v"]
    assert "b" not in database.reflect().tables


def test_a_failed_savepoint_takes_its_own_work_back_and_no_more(database):
    with database.write() as session:
        session.execute("INSERT INTO parent VALUES (2, 'two')")
        with pytest.raises(MigrationExecutionError), session.savepoint("s"):
            session.execute("INSERT INTO parent VALUES (3, 'three')")
            session.execute("INSERT INTO parent VALUES (1, 'again')")
    with database.read() as session:
        assert session.rows("SELECT id FROM parent") == [(1,), (2,)]


def test_a_file_that_is_no_database_is_said_to_be_none(tmp_path):
    file = tmp_path / "notes.txt"
    file.write_text("not a database at all, only words" * 50)
    database = Database(f"sqlite:///{file}")
    with pytest.raises(DatabaseError, match=r"notes\.txt is not a SQLite database"):
        database.reflect()
    with pytest.raises(DatabaseError), database.write():
        pass
