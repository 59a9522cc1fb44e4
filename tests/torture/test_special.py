"""Traps that are about the application's connection, or about what cannot be read here: not rows of the table."""

import sqlite3
from contextlib import closing

import pytest

from sodaf_nb.errors import LockedError, SodafError, UnsupportedChangeError
from sodaf_nb.sql.dialects.sqlite_dialect import SQLITE
from tests.torture.bench import CIRCUMSTANCES, Bench, application
from tests.torture.census import difference
from tests.torture.changes import ADD, DROP, RENAME, RENAME_TABLE, RETYPE, TOGETHER
from tests.torture.judge import judge
from tests.torture.model import Feature, shop

JOURNAL, WAL = CIRCUMSTANCES[1], CIRCUMSTANCES[3]


def bench(folder, *, circumstance=JOURNAL, **feature):
    return Bench(folder, shop([(Feature(id="special", **feature), None)]), circumstance)


def by_hand(found, *statements):
    """Run SQL as an application does that has functions and collations of its own."""
    with closing(sqlite3.connect(found.file)) as db:
        db.create_collation("theirs", lambda a, b: (a > b) - (a < b))
        db.create_function("theirs", 1, str, deterministic=True)
        for statement in statements:
            db.execute(statement)
        db.commit()


@pytest.mark.parametrize("change", [RENAME, RENAME_TABLE], ids=lambda change: change.id)
def test_a10_a_broken_view_of_other_tables_is_named_where_it_stops_a_rename(change, tmp_path):
    found = bench(tmp_path, before=("CREATE VIEW v_broken AS SELECT * FROM ghost",))
    judge(found, change, refused=("view v_broken",))


@pytest.mark.parametrize("change", [RETYPE, ADD], ids=lambda change: change.id)
def test_a10_a_broken_view_does_not_stop_a_change_that_does_without_a_rename(change, tmp_path):
    judge(bench(tmp_path, before=("CREATE VIEW v_broken AS SELECT * FROM ghost",)), change)


@pytest.mark.parametrize(
    "statement",
    [
        'CREATE INDEX i_theirs ON "tabBig Thing" (theirs(city))',
        'CREATE INDEX i_theirs ON "tabBig Thing" (city COLLATE theirs)',
    ],
    ids=["function", "collation"],
)
def test_r2_an_index_that_only_the_application_can_read_is_named(statement, tmp_path):
    found = bench(tmp_path)
    by_hand(found, statement)
    raw = found.bytes()
    with pytest.raises(UnsupportedChangeError) as raised:
        found.sync(RETYPE)
    assert raised.value.objects == ("index i_theirs",)
    assert "theirs" in str(raised.value)
    assert "make them again" in raised.value.hint
    assert found.bytes() == raw
    found.close()


def test_r1_r3_views_and_triggers_that_only_the_application_can_run_are_kept(tmp_path):
    after = (
        "CREATE VIEW v_theirs AS SELECT theirs({c}) FROM {t}",
        "CREATE TRIGGER t_theirs AFTER INSERT ON {t} BEGIN SELECT theirs(new.{c}); END",
    )
    judge(bench(tmp_path, after=after), RETYPE)


@pytest.mark.parametrize("circumstance", CIRCUMSTANCES, ids=str)
def test_a8_t11_temporary_objects_of_the_application_go_on_working(circumstance, tmp_path):
    found = bench(tmp_path, circumstance=circumstance)
    with application(found.file, circumstance) as app:
        app.execute("CREATE TEMP TABLE heard (what)")
        app.execute('CREATE TEMP VIEW v_temp AS SELECT count(*) AS n FROM main."tabBig Thing"')
        app.execute(
            'CREATE TEMP TRIGGER t_temp AFTER UPDATE ON main."tabBig Thing" '
            "BEGIN INSERT INTO heard VALUES (new.name); END"
        )
        app.execute('CREATE TEMP TABLE "tabThing" (only_mine)')
        found.sync(TOGETHER)
        assert app.execute("SELECT n FROM v_temp").fetchall() == [(3,)]
        assert app.execute("SELECT * FROM heard").fetchall() == []
        app.execute("UPDATE \"tabBig Thing\" SET owner = 'o' WHERE name = 'R1'")
        assert app.execute("SELECT * FROM heard").fetchall() == [(b"R1",)]
    found.close()


def test_a23_t7_an_unfinished_query_of_the_application_stops_nothing_in_wal(tmp_path):
    found = bench(tmp_path, circumstance=WAL)
    with application(found.file, WAL) as app:
        reading = app.execute('SELECT name FROM "tabBig Thing"')
        first = reading.fetchone()
        found.sync(TOGETHER)
        assert [first, *reading] == [(b"R1",), (b"R2",), (b"R3",)]
        assert app.execute('SELECT filled FROM "tabBig Thing"').fetchall() == [(b"none yet",)] * 3
    found.close()


def test_a23_t6_an_unfinished_query_of_the_application_leaves_a_journal_file_as_it_was(tmp_path):
    found = bench(tmp_path)
    found.database.lock_timeout_s = 0.05
    start = found.census()
    with application(found.file, JOURNAL) as app:
        reading = app.execute('SELECT name FROM "tabBig Thing"')
        reading.fetchone()
        with pytest.raises(LockedError):
            found.sync(TOGETHER)
        reading.close()
    assert difference(start, found.census()) == []
    found.sync(TOGETHER)
    assert difference(found.fresh(TOGETHER), found.census()) == []
    found.close()


def test_r13_rows_that_are_older_than_a_check_stop_a_rebuild_and_nothing_is_touched(tmp_path, monkeypatch):
    monkeypatch.setattr(SQLITE, "_most_passes", -1)
    # A CHECK that came later, or an import with ignore_check_constraints: the copy would have to break it.
    found = bench(tmp_path, constraints=("CONSTRAINT c_late CHECK (city <> 'Rome')",), before=(IGNORE,))
    start = found.census()
    with pytest.raises(SodafError, match="CHECK constraint failed: c_late"):
        found.sync(TOGETHER)
    assert difference(start, found.census()) == []
    found.close()


IGNORE = "PRAGMA ignore_check_constraints=ON"


def test_a24_a_text_key_that_may_be_null_becomes_not_null_and_comes_back(tmp_path):
    found = bench(tmp_path, key="name VARCHAR(140) PRIMARY KEY")
    start = found.census()
    result = found.sync(ADD)
    with closing(sqlite3.connect(found.file)) as db, pytest.raises(sqlite3.IntegrityError):
        db.execute("INSERT INTO \"tabBig Thing\" (must) VALUES ('m')")
    found.back(result.migration_id)
    assert difference(start, found.census()) == []
    found.close()


def test_r11_columns_that_hide_the_rowid_under_all_its_names_are_refused_where_rows_are_at_risk(tmp_path):
    columns = ("rowid TEXT", "oid TEXT", "_rowid_ TEXT")
    found = bench(tmp_path, columns=columns)
    start = found.census()
    with pytest.raises(SodafError, match="hide its rowid"):
        found.sync(RETYPE)
    assert difference(start, found.census()) == []
    found.close()


def test_r26_t10_a_drop_among_many_is_refused_by_every_name_at_once(tmp_path):
    found = bench(
        tmp_path,
        columns=('made TEXT AS ("gone" || 1)',),
        constraints=(
            "CHECK (gone <> 'bad')",
            'CONSTRAINT named CHECK ("gone" IS NOT 0)',
            "FOREIGN KEY (gone) REFERENCES {t}",
        ),
        after=("CREATE INDEX i_where ON {t} (idx) WHERE \"gone\" <> 'x'", "CREATE INDEX i_of ON {t} (lower(gone))"),
    )
    words = ("gone: made AS", "CHECK (gone", "CONSTRAINT named", "FOREIGN KEY (gone)", "index i_where", "index i_of")
    judge(found, DROP, refused=words)
