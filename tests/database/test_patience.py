"""Waiting ends: for a rival's lock, for a slow statement, for a statement the user interrupts."""

import os
import signal
import sqlite3
import threading
from contextlib import closing
from dataclasses import replace

import pytest

from sodaf_nb.database import Database, Patience
from sodaf_nb.errors import LockedError, MigrationExecutionError, MigrationTimeoutError
from sodaf_nb.options import SyncOptions
from tests.acceptance.making import World, doctype, field

ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) INSERT INTO t SELECT x FROM n WHERE x < 0"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE t (x)")
    return path


@pytest.fixture
def database(file):
    made = Database(f"sqlite:///{file}", lock_timeout_s=0.05)
    yield made
    made.close()


def write(database, *statements, **patience):
    with database.write(Patience(**patience)) as session:
        for statement in statements:
            session.execute(statement)


def rows(file):
    with closing(sqlite3.connect(file)) as db:
        return db.execute("SELECT x FROM t").fetchall()


def test_a_statement_that_takes_too_long_is_stopped_and_all_is_taken_back(database, file):
    with pytest.raises(MigrationTimeoutError, match=r"longer than 0\.1 s") as raised:
        write(database, "INSERT INTO t VALUES (1)", ENDLESS, statement_timeout_s=0.1)
    assert "statement_timeout_s" in raised.value.hint
    assert rows(file) == []


def test_the_limit_is_for_each_statement_not_for_all(database, file):
    slow = ENDLESS.replace("SELECT x + 1 FROM n", "SELECT x + 1 FROM n WHERE x < 200000")
    write(database, slow, slow, slow, "INSERT INTO t VALUES (1)", statement_timeout_s=60)
    assert rows(file) == [(1,)]


def test_an_interrupt_ends_a_statement_that_would_never_end(database, file):
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        write(database, "INSERT INTO t VALUES (1)", ENDLESS)
    timer.join()
    assert rows(file) == []


def test_a_begin_that_finds_a_rival_is_tried_again(database, file):
    rival = sqlite3.connect(file, isolation_level=None)
    rival.execute("BEGIN IMMEDIATE")
    tries = []

    def waiting(number):
        tries.append(number)
        if number == 2:
            rival.execute("ROLLBACK")

    write(database, "INSERT INTO t VALUES (1)", retries=3, waiting=waiting)
    rival.close()
    assert (tries, rows(file)) == ([1, 2], [(1,)])


def test_a_commit_that_finds_a_reader_is_tried_again(database, file):
    reader = sqlite3.connect(file, isolation_level=None)
    cursor = reader.execute("SELECT name FROM sqlite_master UNION ALL SELECT 'more'")
    cursor.fetchone()  # holds a shared lock
    write(database, "INSERT INTO t VALUES (1)", retries=2, waiting=lambda _tries: cursor.close())
    reader.close()
    assert rows(file) == [(1,)]


def test_without_retries_a_rival_stops_the_work(database, file):
    with closing(sqlite3.connect(file, isolation_level=None)) as rival:
        rival.execute("BEGIN IMMEDIATE")
        with pytest.raises(LockedError):
            write(database)


def test_an_error_that_is_no_lock_is_not_tried_again(database):
    tries = []
    with pytest.raises(MigrationExecutionError, match="no such table"):
        write(database, "INSERT INTO ghost VALUES (1)", retries=5, waiting=tries.append)
    assert tries == []


# ---------------------------------------------------------------- as options of a migration


def thing(world, count):
    world.sync(doctype(field("qty")))
    world.insert("tabThing", ({"qty": str(n)} for n in range(count)))
    return world


def test_a_migration_over_its_time_changes_nothing_and_says_so_in_the_history(tmp_path):
    world = thing(World(tmp_path), 20_000)
    world.close()
    world = World(tmp_path, statement_timeout_s=1e-9)
    before = world.state()
    with pytest.raises(MigrationTimeoutError):
        world.sync(doctype(field("qty", search_index=1)))
    assert world.state() == before
    assert world.statuses() == ["applied", "failed"]
    world.close()


def test_a_migration_tries_again_and_tells_of_it(tmp_path):
    rival = sqlite3.connect(tmp_path / "shop.db", isolation_level=None)
    told = []

    def progress(what, _done, _total):
        told.append(what)
        if "wait" in what:
            rival.execute("ROLLBACK")

    world = World(tmp_path, progress=progress)
    world.sync(doctype(field("a")))
    job = world.declare(doctype(field("a"), field("b"))).applier._job("Thing", SyncOptions())
    executor = World(tmp_path, progress=progress).applier._executor
    executor._options = replace(executor._options, lock_timeout_s=0.05, retries=1)
    executor._attempts.start = lambda *_args: rival.execute("BEGIN IMMEDIATE")
    assert executor.execute(job).outcome == "applied"
    assert "wait for another writer, try 2" in told
    rival.close()
    world.close()
