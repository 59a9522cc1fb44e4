"""Opening databases, reading without writing, waiting for locks, one migration at a time."""

import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
import sqlalchemy as sa

from sodaf_nb.database import Database, exclusive
from sodaf_nb.errors import DatabaseError, LockedError, MigrationExecutionError, SodafError
from tests.acceptance.making import World, doctype, field


@pytest.fixture
def database(tmp_path):
    made = Database(f"sqlite:///{tmp_path}/shop.db", lock_timeout_s=0.1)
    with made.write() as session:
        session.execute("CREATE TABLE t (a)")
    yield made
    made.close()


def test_a_read_session_cannot_write(database):
    with pytest.raises(MigrationExecutionError, match="readonly"), database.read() as session:
        session.execute("INSERT INTO t VALUES (1)")


def test_a_read_only_connection_cannot_write(database):
    with closing(database.connect(read_only=True)) as connection, pytest.raises(sqlite3.OperationalError):
        connection.execute("INSERT INTO t VALUES (1)")


def test_a_read_session_sees_one_state(database):
    with closing(sqlite3.connect(database.file)) as other:
        other.execute("PRAGMA journal_mode=WAL")
        with database.read() as session:
            assert session.value("SELECT count(*) FROM t") == 0
            other.execute("INSERT INTO t VALUES (1)")
            other.commit()
            assert session.value("SELECT count(*) FROM t") == 0
    with database.read() as session:
        assert session.value("SELECT count(*) FROM t") == 1
        assert session.value("SELECT a FROM t WHERE a = 5") is None


def test_a_database_in_memory_is_one_for_all_threads_and_connections():
    database = Database("sqlite://")
    assert (database.name, database.file, repr(database)) == ("memory", None, "Database('memory')")
    with database.write() as session:
        session.execute("CREATE TABLE t (a)")

    def insert(number):
        with database.write() as session:
            session.execute("INSERT INTO t VALUES (?)", (number,))

    with ThreadPoolExecutor(1) as pool:
        list(pool.map(insert, range(5)))
    with closing(database.connect()) as connection:
        assert connection.execute("SELECT count(*) FROM t").fetchall() == [(5,)]
    database.close()


def test_two_databases_in_memory_are_two():
    one, two = Database("sqlite:///:memory:"), Database("sqlite://")
    with one.write() as session:
        session.execute("CREATE TABLE t (a)")
    assert two.reflect().tables == {}
    one.close()
    two.close()


def test_a_migration_runs_in_memory(tmp_path):
    from sodaf_nb import ApplyOptions, DocTypeEngine, MigrationApplier, RollbackOptions

    database, doctypes = Database("sqlite://"), DocTypeEngine()
    applier = MigrationApplier(database, doctypes, ApplyOptions(backup_dir=tmp_path / "backups"))
    doctypes.register(doctype(field("title")))
    first = applier.sync_doctype("Thing")
    with database.write() as session:
        session.execute("INSERT INTO tabThing (name, title) VALUES ('a', '1')")
    doctypes.register(doctype(field("title", "Int")))
    second = applier.sync_doctype("Thing")
    assert second.backup_path
    applier.rollback_migration(second.migration_id)
    applier.rollback_migration(first.migration_id, RollbackOptions(accept={"DS02"}))
    assert database.reflect().tables == {}
    database.close()


def test_an_engine_of_a_file_is_taken_as_that_file(tmp_path):
    engine = sa.create_engine(f"sqlite:///{tmp_path}/a.db")
    database = Database(engine)
    with database.write() as session:
        session.execute("CREATE TABLE t (a)")
    assert database.file == (tmp_path / "a.db").resolve()
    assert sa.inspect(engine).get_table_names() == ["t"]
    assert Database(sa.make_url(f"sqlite:///{tmp_path}/a.db")).reflect().tables.keys() == {"t"}
    engine.dispose()


def test_an_engine_of_memory_is_refused():
    with pytest.raises(DatabaseError, match="cannot be shared between connections"):
        Database(sa.create_engine("sqlite://"))


@pytest.mark.parametrize("target", ["shop", "", "nowhere/shop", "shop.db/"])
def test_what_is_no_url_is_refused(target):
    with pytest.raises(DatabaseError, match="not a URL"):
        Database(target)


def test_another_engine_is_named():
    with pytest.raises(DatabaseError, match="mysql"):
        Database("mysql://user:secret@host/db")


def test_a_strange_file_name_is_a_file_name(tmp_path):
    database = Database(sa.URL.create("sqlite", database=f"{tmp_path}/a ?x=1#%41 é.db"))
    with database.write() as session:
        session.execute("CREATE TABLE t (a)")
    database.close()
    assert [p.name for p in tmp_path.iterdir()] == ["a ?x=1#%41 é.db"]


def test_a_folder_that_is_missing_is_a_database_error(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/missing/a.db")
    with pytest.raises(DatabaseError):
        database.reflect()


def test_another_writer_gives_locked_error_after_the_timeout(database):
    with closing(sqlite3.connect(database.file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        start = time.monotonic()
        with pytest.raises(LockedError, match=r"Another writer holds shop\.db"), database.write():
            pass
        assert 0.09 < time.monotonic() - start < 5
        other.execute("ROLLBACK")
    with database.write() as session:
        session.execute("INSERT INTO t VALUES (1)")


def test_a_statement_that_meets_a_lock_gives_locked_error(database):
    with closing(sqlite3.connect(database.file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LockedError, match="in use"), database.read() as session:
            session.execute("PRAGMA query_only=OFF")
            session.execute("INSERT INTO t VALUES (1)")


def test_only_one_thread_migrates_at_a_time(tmp_path):
    file = tmp_path / "a.db"
    entered, leave, refused = threading.Event(), threading.Event(), []

    def hold():
        with exclusive("uri", file):
            entered.set()
            leave.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    entered.wait(10)
    try:
        with pytest.raises(LockedError, match="Another migration of this database"), exclusive("uri", file):
            refused.append("never here")
        with exclusive("another uri", None):
            pass
    finally:
        leave.set()
        thread.join()
    with exclusive("uri", file):
        assert refused == []


def test_a_migration_within_a_migration_is_refused(tmp_path):
    inner = []

    def progress(*_):
        with pytest.raises(LockedError):
            world.sync(doctype(field("title"), name="Other"))
        inner.append(1)

    world = World(tmp_path, progress=progress, lock_timeout_s=0.1)
    world.sync(doctype(field("title")))
    assert inner
    assert world.statuses() == ["applied"]
    world.close()


def test_threads_that_apply_the_same_doctype_end_with_one_migration(world):
    world.declare(doctype(field("title")))

    def sync(_number):
        try:
            return world.applier.sync_doctype("Thing").outcome
        except SodafError as error:
            return type(error).__name__

    with ThreadPoolExecutor(4) as pool:
        outcomes = sorted(pool.map(sync, range(4)))
    assert outcomes.count("applied") == 1
    assert set(outcomes) <= {"applied", "nothing_to_do", "LockedError", "StalePlanError"}
    assert world.statuses().count("applied") == 1
