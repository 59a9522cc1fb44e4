"""A rehearsal works on a copy that is exactly the database, or exactly what it says of it."""

import sqlite3
import stat
from contextlib import closing

import pytest

from sodaf_nb.database import Database, copies, copysize, tablesize
from sodaf_nb.database.copies import BEFORE, rehearsal_copy
from sodaf_nb.errors import LockedError, MigrationExecutionError
from tests.acceptance.state import take

OBJECTS = (
    "CREATE TABLE tabThing (name TEXT PRIMARY KEY, n REAL CHECK (n > 0), twice AS (n * 2), sum AS (n + 1) STORED)",
    "CREATE TABLE child (id INTEGER PRIMARY KEY AUTOINCREMENT, thing REFERENCES tabThing (name))",
    "CREATE TABLE keyed (a TEXT, b INTEGER, v, PRIMARY KEY (b, a)) WITHOUT ROWID",
    "CREATE TABLE heap (v)",
    "CREATE TABLE far (v)",
    "CREATE INDEX by_n ON tabThing (n) WHERE n > 1",
    "CREATE VIEW seen AS SELECT * FROM tabThing",
    "CREATE TRIGGER spy AFTER INSERT ON heap BEGIN INSERT INTO keyed VALUES ('t', random(), 1); END",
    "CREATE VIRTUAL TABLE words USING fts5(w)",
)
ROWS = (
    "INSERT INTO tabThing (rowid, name, n) VALUES (7, 'b', 1.5), (3, 'a', 2.0), (99, 'c', 3.0)",
    "PRAGMA ignore_check_constraints=ON",
    "UPDATE tabThing SET n = -1 WHERE name = 'c'",
    "INSERT INTO child (thing) VALUES ('a'), ('b'), ('gone')",
    "UPDATE sqlite_sequence SET seq = 50",
    "INSERT INTO keyed VALUES ('x', 2, x'00'), ('y', 1, NULL), ('z', 1, 'text')",
    "INSERT INTO far VALUES (1), (2), (3)",
    "INSERT INTO words VALUES ('hello')",
)
CLOSURE = ("child", "keyed", "tabThing")


@pytest.fixture(params=["UTF-8", "UTF-16le"])
def database(request, tmp_path):
    with closing(sqlite3.connect(tmp_path / "live.db", isolation_level=None)) as db:
        for statement in (f"PRAGMA encoding='{request.param}'", "PRAGMA page_size=1024", *OBJECTS, *ROWS):
            db.execute(statement).fetchall()
        db.execute("INSERT INTO heap (rowid, v) VALUES (5, -0.0)")
    database = Database(f"sqlite:///{tmp_path}/live.db", lock_timeout_s=0.2)
    yield database
    database.close()


def copied(database, wanted="auto", tables=CLOSURE, tell=lambda _what: None):
    return rehearsal_copy(database, database.reflect(), tables, wanted, tell)


def of(state, tables):
    return {name: state.rows[name] for name in tables}


def test_all_pages_are_copied_where_the_database_is_small(database):
    with copied(database) as copy:
        assert take(copy.database.file) == take(copy.before) == take(database.file)
        assert (copy.scope, copy.limit, copy.reason) == ("full", None, "")
        assert set(copy.tables) >= {"tabThing", "child", "keyed", "heap", "far"}
        assert "words" not in copy.tables, "a virtual table has no rows of its own"
        folder = copy.before.parent
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not folder.exists()


def test_rows_of_the_tables_concerned_are_copied_where_they_are_a_small_part(database, monkeypatch):
    monkeypatch.setattr(copysize, "_SMALL", 0)
    monkeypatch.setattr(copysize, "_PAGES_PAY", 0)
    told = []
    with copied(database, tell=told.append) as copy:
        live, made, before = take(database.file), take(copy.database.file), take(copy.before)
        assert made == before
        assert made.objects == live.objects
        assert of(made, CLOSURE) == of(live, CLOSURE)
        assert made.counters == live.counters
        assert made.rows["far"] == {}
        assert (copy.tables, copy.scope) == (CLOSURE, "full")
        for pragma in ("encoding", "page_size"):
            with closing(sqlite3.connect(copy.before)) as one, closing(sqlite3.connect(database.file)) as two:
                assert one.execute(f"PRAGMA {pragma}").fetchone() == two.execute(f"PRAGMA {pragma}").fetchone()
    assert "copy child" in told


def test_a_sample_has_the_first_rows_by_key_and_the_counters(database, monkeypatch):
    monkeypatch.setattr(copysize, "SAMPLE_ROWS", 2)
    with copied(database, "sample", ("child", "keyed", "tabThing", "heap")) as copy:
        live, made = take(database.file), take(copy.database.file)
        assert sorted(made.rows["tabThing"]) == ["a", "b"]
        assert sorted(made.rows["keyed"]) == [(1, "y"), (1, "z")] or len(made.rows["keyed"]) == 2
        assert {key: live.rows["tabThing"][key] for key in ("a", "b")} == made.rows["tabThing"]
        assert sorted(made.rows["child"]) == [1, 2]
        assert made.counters == live.counters
        assert (copy.scope, copy.limit, copy.reason) == ("sample", 2, "as asked for")


def test_both_copies_can_be_compared_on_one_connection(database):
    with copied(database) as copy:
        with copy.database.write() as session:
            session.execute("DELETE FROM far")
        with copy.compared() as connection:
            counts = [
                connection.execute(f"SELECT count(*) FROM {schema}.far").fetchone() for schema in ("main", BEFORE)
            ]
    assert counts == [(0,), (3,)]


def test_a_database_in_wal_mode_is_copied_with_what_is_still_in_its_log(database):
    with closing(sqlite3.connect(database.file, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode=WAL").fetchall()
        other.execute("INSERT INTO far VALUES (4)")
        with copied(database) as copy, copy.compared() as connection:
            assert connection.execute(f"SELECT count(*) FROM {BEFORE}.far").fetchone() == (4,)
            assert connection.execute("SELECT count(*) FROM main.far").fetchone() == (4,)


def test_what_tell_raises_ends_the_copying(database, monkeypatch):
    def stop(_what):
        raise KeyboardInterrupt

    for pages_pay in (0, 3):
        monkeypatch.setattr(copysize, "_SMALL", pages_pay * 10**6)
        monkeypatch.setattr(copysize, "_PAGES_PAY", pages_pay)
        with pytest.raises(KeyboardInterrupt), copied(database, tell=stop):
            pass


@pytest.mark.parametrize("write", ["CREATE TABLE u (x)", "INSERT INTO t VALUES (1)"])
def test_a_writer_who_holds_a_shared_memory_is_not_waited_for_for_ever(monkeypatch, write):
    database = Database("sqlite://", lock_timeout_s=0.1)
    with database.write() as session:
        session.execute("CREATE TABLE t (x)")
    live = database.reflect()
    source = database.connect(read_only=True)
    making = copies._Making(source, copies.Path("/nonexistent/x"), live, lambda _what: None)
    monkeypatch.setattr(copies, "_open", lambda _path: sqlite3.connect(":memory:"))
    with database.write() as session:
        session.execute(write)
        with pytest.raises((LockedError, sqlite3.OperationalError), match=r"locked|writer"):
            making.copy_pages(0.1)
    source.close()
    database.close()


# ---------------------------------------------------------------- how it is decided


def chosen(database, wanted="auto", tables=CLOSURE):
    with closing(database.connect(read_only=True)) as source:
        return copysize.choose(source, database.reflect(), tables, wanted, database.file.parent)


def test_a_large_table_is_rehearsed_on_a_sample_unless_all_rows_are_asked_for(database, monkeypatch):
    monkeypatch.setattr(copysize, "_SMALL", 0)
    with closing(database.connect(read_only=True)) as source:
        size = tablesize.table_bytes(source, database.reflect(), CLOSURE, None)
    monkeypatch.setattr(copysize, "FULL_LIMIT", size - 1)
    assert chosen(database).reason == "the tables take more than 0 MB"
    assert chosen(database, "full").limit is None
    assert chosen(database, tables=["far"]).scope == "full"


def test_without_room_there_is_a_sample_or_an_error(database, monkeypatch):
    monkeypatch.setattr(copysize.shutil, "disk_usage", lambda _folder: type("Usage", (), {"free": 5000}))
    assert chosen(database).reason == "the temporary folder has no room for all"
    with pytest.raises(MigrationExecutionError, match="no room"):
        chosen(database, "full")


@pytest.mark.parametrize("rows", [0, 3, 5000])
def test_an_estimate_takes_the_place_of_dbstat(tmp_path, rows):
    with closing(sqlite3.connect(tmp_path / "x.db")) as db:
        db.execute("CREATE TABLE t (name TEXT PRIMARY KEY, a TEXT, b, c)")
        db.executemany("INSERT INTO t VALUES (?, ?, 1, NULL)", [(f"K{n:06}", "x" * 100) for n in range(rows)])
        db.commit()
    database = Database(f"sqlite:///{tmp_path}/x.db")
    with closing(database.connect(read_only=True)) as source:
        live = database.reflect()
        counted = tablesize.table_bytes(source, live, ["t"], None)
        if source.execute("PRAGMA compile_options").fetchall().count(("ENABLE_DBSTAT_VTAB",)):
            assert tablesize.table_bytes(source, live, ["t"], 2048) <= 3 * 4096
        source.set_authorizer(lambda *what: sqlite3.SQLITE_DENY if "dbstat" in what else sqlite3.SQLITE_OK)
        estimated = tablesize.table_bytes(source, live, ["t"], None)
        assert estimated == 0 if not rows else counted / 40 < estimated < counted * 2
    database.close()
