"""Transactions on a real server: settings, locks, who holds them, and what is left after each way to end."""

import threading
import time

import psycopg
import pytest
import sqlalchemy as sa

from sodaf_nb.database import Patience
from sodaf_nb.database.postgres import PostgresDatabase
from sodaf_nb.errors import DatabaseError, LockedError, MigrationExecutionError, MigrationTimeoutError
from tests.postgres.server import admin

QUICK = Patience(lock_timeout_s=0.2)


@pytest.fixture
def table(pg):
    pg.execute('CREATE TABLE "tabThing" (name text PRIMARY KEY, title text)')
    pg.execute("""INSERT INTO "tabThing" VALUES ('A', 'a')""")
    return '"tabThing"'


def titles(pg):
    return pg.execute('SELECT title FROM "tabThing" ORDER BY name').fetchall()


def test_a_write_commits_at_the_end(engine, pg, table):
    with engine.write() as session:
        assert session.execute(f"UPDATE {table} SET title = ? WHERE name = ?", ("50%?", "A")) == 1
        assert session.value(f"SELECT count(*) FROM {table} WHERE title LIKE '50%' AND title = ?", ("50%?",)) == 1
    assert titles(pg) == [("50%?",)]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_any_error_takes_a_write_back(error, engine, pg, table):
    with pytest.raises(error), engine.write() as session:
        session.execute(f"UPDATE {table} SET title = 'b'")
        session.execute("CREATE TABLE other (x int)")
        raise error
    assert titles(pg) == [("a",)]
    assert pg.execute("SELECT to_regclass('other')").fetchone() == (None,)


def test_a_commit_after_a_failed_statement_is_no_success(engine, pg, table):
    def swallowed():
        with engine.write() as session:
            session.execute(f"UPDATE {table} SET title = 'b'")
            with pytest.raises(MigrationExecutionError, match="no_such_table"):
                session.rows("SELECT * FROM no_such_table")
            assert not session.in_transaction
            with pytest.raises(MigrationExecutionError, match="nothing more was run"):
                session.execute(f"UPDATE {table} SET title = 'c'")

    with pytest.raises(MigrationExecutionError, match="taken back instead of committed"):
        swallowed()
    assert titles(pg) == [("a",)]


def test_a_savepoint_takes_its_block_back_alone(engine, pg, table):
    with engine.write() as session:
        session.execute(f"UPDATE {table} SET title = 'b'")
        with pytest.raises(MigrationExecutionError), session.savepoint("step 1"):
            session.execute(f"UPDATE {table} SET title = 'c'")
            session.execute("SELECT 1/0")
        with session.savepoint("step 2"):
            session.execute("INSERT INTO \"tabThing\" VALUES ('B', 'x')")
    assert titles(pg) == [("b",), ("x",)]


def test_a_read_sees_one_moment_and_writes_nothing(engine, pg, table):
    with engine.read() as session:
        assert session.value(f"SELECT title FROM {table}") == "a"
        pg.execute(f"UPDATE {table} SET title = 'b'")
        assert session.value(f"SELECT title FROM {table}") == "a"
        with pytest.raises(MigrationExecutionError, match="read-only"):
            session.execute(f"UPDATE {table} SET title = 'c'")
    assert titles(pg) == [("b",)]


def test_texts_do_not_depend_on_what_a_role_has_set(engine, pg, pg_url):
    for setting in (
        "datestyle = 'German'",
        "extra_float_digits = -3",
        "timezone = 'Asia/Tokyo'",
        "bytea_output = escape",
    ):
        pg.execute(f"ALTER DATABASE {pg_url.database} SET {setting}")
    fresh = PostgresDatabase(pg_url)
    query = "SELECT '2024-02-29'::date::text, 0.1::float8::text || '', (0.1 + 0.2)::float8::text, '\\xff'::bytea::text"
    with fresh.read() as session:
        assert session.rows(query) == [("2024-02-29", "0.1", "0.3", "\\xff")]
        assert session.value("SHOW search_path") == '"public", pg_temp'
    fresh.close()


def test_what_a_transaction_sets_is_gone_with_it(engine):
    with engine.write(Patience(statement_timeout_s=3)):
        pass
    with engine._connections.connected() as connection:
        for setting in ("statement_timeout", "lock_timeout", "row_security", "search_path", "application_name"):
            connection.execute(f"SHOW {setting}")
        assert connection.execute("SHOW statement_timeout").fetchone() == ("0",)
        assert connection.execute("SHOW search_path").fetchone() == ('"$user", public',)


def test_a_statement_that_takes_too_long_is_stopped(engine, pg, table):
    with (
        pytest.raises(MigrationTimeoutError, match=r"0\.1 s"),
        engine.write(Patience(statement_timeout_s=0.1)) as session,
    ):
        session.execute(f"UPDATE {table} SET title = 'b'")
        session.rows("SELECT pg_sleep(5)")
    assert titles(pg) == [("a",)]


# ------------------------------------------------------------------------------ locks


def test_who_holds_a_table_is_named_and_what_they_wrote_is_not(engine, pg, table):
    pg.execute("SET application_name = 'till 7'")
    pg.execute("BEGIN")
    pg.execute(f"UPDATE {table} SET title = 'secret'")
    with pytest.raises(LockedError) as error, engine.write(QUICK, hold=["tabThing"]):
        pytest.fail("the table is held")
    said = str(error.value)
    assert "till 7" in said
    assert f"process {pg.info.backend_pid}" in said
    assert "idle in a transaction after UPDATE on tabThing since 0 s" in said
    assert "secret" not in said
    pg.execute("ROLLBACK")


def test_who_only_reads_is_not_named_unless_somebody_before_us_waits_for_them(engine, pg, pg_url, table):
    with admin(pg_url) as reader, admin(pg_url) as waiter:
        reader.execute(f"SET application_name = 'report'; BEGIN; SELECT * FROM {table}")
        pg.execute(f"SET application_name = 'till'; BEGIN; UPDATE {table} SET title = 'b'")
        with pytest.raises(LockedError, match="till") as error, engine.write(QUICK, hold=["tabThing"]):
            pytest.fail("the table is held")
        assert "report" not in str(error.value)
        pg.execute("ROLLBACK")
        waiter.execute("SET application_name = 'vacuum'; BEGIN")
        waiter.pgconn.send_query(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE".encode())
        waiting = f"SELECT count(*) FROM pg_locks WHERE pid = {waiter.info.backend_pid} AND NOT granted"
        deadline = time.monotonic() + 10
        while pg.execute(waiting).fetchone() == (0,) and time.monotonic() < deadline:
            time.sleep(0.01)
        with pytest.raises(LockedError, match="vacuum") as error, engine.write(QUICK, hold=["tabThing"]):
            pytest.fail("the table is held")
        assert "running LOCK and waiting for tabThing" in str(error.value)
        assert "report" in str(error.value)
        waiter.cancel()
        while waiter.pgconn.get_result():
            pass


def test_a_transaction_of_our_own_is_said_to_be_one(engine, table):
    with (
        engine.write(hold=["tabThing"]),
        pytest.raises(LockedError, match="a transaction of this program"),
        engine.write(QUICK, hold=["tabThing"]),
    ):
        pytest.fail("the table is held")


def test_a_lock_that_is_given_back_in_time_is_waited_for(engine, pg, table):
    pg.execute(f"BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
    tries = []

    def waiting(number):
        tries.append(number)
        pg.execute("ROLLBACK")

    with engine.write(Patience(lock_timeout_s=0.1, retries=3, waiting=waiting), hold=["tabThing"]) as session:
        session.execute(f"UPDATE {table} SET title = 'b'")
    assert tries == [1]
    assert titles(pg) == [("b",)]


def test_while_it_waits_others_read_on(engine, pg, pg_url, table):
    """A request that waits in the queue makes all later readers wait, so it must not wait for long (trap G4)."""
    pg.execute(f"BEGIN; SELECT * FROM {table}")
    done = []

    def migrate():
        with pytest.raises(LockedError), engine.write(Patience(lock_timeout_s=0.1, retries=2)) as session:
            session.hold(["tabThing"], Patience(lock_timeout_s=0.1, retries=2))
        done.append(True)

    thread = threading.Thread(target=migrate)
    with admin(pg_url) as reader:
        thread.start()
        worst = 0.0
        while thread.is_alive():
            started = time.perf_counter()
            reader.execute(f"SELECT * FROM {table}").fetchall()
            worst = max(worst, time.perf_counter() - started)
        thread.join()
    pg.execute("ROLLBACK")
    assert done
    assert worst < 1


def test_readers_go_on_while_a_table_is_held_and_writers_do_not(engine, pg, table):
    pg.execute("SET lock_timeout = '100ms'")
    with engine.write(hold=["tabThing", "not there"]) as session:
        assert titles(pg) == [("a",)]
        with pytest.raises(psycopg.errors.LockNotAvailable):
            pg.execute(f"UPDATE {table} SET title = 'b'")
        session.hold(["tabThing"], QUICK)
        with pytest.raises(psycopg.errors.LockNotAvailable):
            titles(pg)


# ------------------------------------------------------------------------------ one migration at a time


def test_one_migration_at_a_time_and_the_right_dies_with_its_owner(engine, pg_url, pg):
    other = PostgresDatabase(pg_url)
    assert not other.is_held()
    with engine.exclusive():
        assert other.is_held()
        with pytest.raises(LockedError, match="Another migration"), other.exclusive():
            pytest.fail("held")
        pg.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
        deadline = time.monotonic() + 5
        while other.is_held() and time.monotonic() < deadline:
            time.sleep(0.01)
        with other.exclusive():
            assert other.is_held()
    assert not other.is_held()
    other.close()


def test_another_schema_is_another_right(engine, pg_url):
    other = PostgresDatabase(pg_url, schema="else")
    with engine.exclusive(), other.exclusive():
        assert engine.is_held()
    other.close()


# ------------------------------------------------------------------------------ connections


def test_a_lost_connection_takes_all_back_and_the_next_work_gets_another(engine, pg, table):
    with pytest.raises(DatabaseError, match="lost"), engine.write() as session:
        session.execute(f"UPDATE {table} SET title = 'b'")
        pg.execute("SELECT pg_terminate_backend(%s)", (session.value("SELECT pg_backend_pid()"),))
        session.execute(f"UPDATE {table} SET title = 'c'")
    assert titles(pg) == [("a",)]
    with engine.read() as session:
        assert session.value(f"SELECT title FROM {table}") == "a"


def test_closing_leaves_no_connection(engine, pg, pg_url):
    with engine.read(), engine.read(), engine.write():
        pass
    engine.close()
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
    deadline = time.monotonic() + 5
    while pg.execute(others, (pg_url.database,)).fetchone() != (0,) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert pg.execute(others, (pg_url.database,)).fetchone() == (0,)


def test_an_engine_of_the_users_own_is_used_and_left_as_it_was(pg_url, table):
    own = sa.create_engine(pg_url)
    engine = PostgresDatabase(own)
    with engine.write() as session:
        session.execute(f"UPDATE {table} SET title = 'b'")
    engine.close()
    with own.connect() as connection:
        assert connection.execute(sa.text('SELECT title FROM "tabThing"')).scalar() == "b"
        assert connection.connection.driver_connection.autocommit is False
    own.dispose()


def test_a_server_that_is_not_there_is_said_so_without_the_password():
    with pytest.raises(DatabaseError, match="cannot be reached") as error:
        PostgresDatabase(sa.make_url("postgresql+psycopg://me:hidden-word@127.0.0.1:1/shop"))
    assert "hidden-word" not in str(error.value)


def test_a_message_of_the_server_never_shows_a_row(engine, pg, table):
    with pytest.raises(MigrationExecutionError, match="tabThing_pkey") as error, engine.write() as session:
        session.execute("INSERT INTO \"tabThing\" (name, title) VALUES ('A', 'secret')")
    assert "secret" not in str(error.value)
    assert "(A)" not in str(error.value)


def test_rows_that_a_policy_hides_are_no_rows_that_are_not_there(pg, pg_url, table):
    pg.execute("CREATE ROLE sodaf_reader LOGIN")
    try:
        pg.execute(f"GRANT SELECT ON {table} TO sodaf_reader; ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        engine = PostgresDatabase(pg_url.set(username="sodaf_reader"))
        with pytest.raises(DatabaseError, match="row-level security"), engine.read() as session:
            session.rows(f"SELECT * FROM {table}")
        engine.close()
    finally:
        pg.execute("DROP OWNED BY sodaf_reader; DROP ROLE sodaf_reader")
