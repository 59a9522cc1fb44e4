"""What is restored equals what was there: rowids, storage classes, bytes, counters, objects."""

import sqlite3
from contextlib import closing

import pytest

from sodaf_nb.backup.digest import content_digest, grouped_digest
from sodaf_nb.database import Database
from sodaf_nb.database.sidefile import facts
from sodaf_nb.errors import MigrationBackupError
from tests.backup.helpers import BROKEN_UTF8, ODD_VALUES, catalog, manager, odd_table, run, state, value


def round_trip(database, directory, table, *, rowid="rowid"):
    backups = manager(database, directory)
    before = state(database, table, rowid=rowid), catalog(database)
    made = backups.create_backup("Doc", table)
    run(database, f'DROP TABLE "{table}"')
    backups.restore_backup(made.id)
    assert (state(database, table, rowid=rowid), catalog(database)) == before
    return made


def test_every_kind_of_value_comes_back_with_its_rowid(any_database, tmp_path):
    odd_table(any_database)
    made = round_trip(any_database, tmp_path / "b", "tabOdd")
    assert (made.row_count, made.verified) == (len(ODD_VALUES) + len(BROKEN_UTF8) - 2, True)


@pytest.mark.parametrize("compression", ["zstd", "gzip", "none"])
def test_every_codec_gives_the_rows_back(odd, tmp_path, compression):
    backups = manager(odd, tmp_path / "b", compression=compression)
    before = state(odd, "tabOdd")
    made = backups.create_backup("Odd", "tabOdd")
    run(odd, "DELETE FROM tabOdd WHERE rowid > 3", "INSERT INTO tabOdd(rowid, v) VALUES(99, 1)")
    backups.restore_backup(made.id)
    assert state(odd, "tabOdd") == before
    assert made.codec == compression


@pytest.mark.parametrize(
    ("columns", "alias"),
    [
        ("(id INTEGER PRIMARY KEY, v)", "rowid"),
        ("(id INTEGER PRIMARY KEY DESC, v)", "rowid"),
        ("(id INT PRIMARY KEY, v)", "rowid"),
        ("(id TEXT PRIMARY KEY, v ANY) STRICT", "rowid"),
        ("(id, v, CHECK (id <> v) /* kept */)", "rowid"),
        ("(id, v, rowid TEXT)", "_rowid_"),
        ("(id, v, rowid TEXT, _rowid_ TEXT)", "oid"),
        ("(id, v, w AS (id || v), x AS (id + 1) STORED)", "rowid"),
        ("(id TEXT COLLATE NOCASE UNIQUE ON CONFLICT REPLACE, v DEFAULT (1 + 1))", "rowid"),
    ],
)
def test_every_kind_of_table_comes_back(database, tmp_path, columns, alias):
    run(
        database,
        f'CREATE TABLE "it\'s ""it"""{columns}',
        *(f'INSERT INTO "it\'s ""it"""(id, v) VALUES({n}, \'v{n}\')' for n in (3, 1, 7)),
        'DELETE FROM "it\'s ""it""" WHERE id = 1',
    )
    before = named(database, alias), catalog(database)
    backups = manager(database, tmp_path / "b")
    made = backups.create_backup("It", 'it\'s "it"')
    run(database, 'DROP TABLE "it\'s ""it"""')
    backups.restore_backup(made.id)
    assert (named(database, alias), catalog(database)) == before


def named(database, alias):
    with closing(database.connect()) as connection:
        return connection.execute(f'SELECT {alias}, * FROM "it\'s ""it""" ORDER BY 1').fetchall()


def test_without_rowid_table_comes_back_whatever_its_collation(database, tmp_path):
    run(
        database,
        "CREATE TABLE k(a TEXT COLLATE NOCASE, b, v, PRIMARY KEY (b, a COLLATE BINARY DESC)) WITHOUT ROWID",
        "INSERT INTO k VALUES('x', 1, 1), ('X', 1, 2), ('y', 1.5, x'00'), ('', 'b', NULL)",
    )
    round_trip(database, tmp_path / "b", "k", rowid="b || a")


def test_without_rowid_table_whose_key_does_not_come_first_is_sound(database, tmp_path):
    """SQLite 3.40 sees NULLs in its required columns, and would have the backup refused."""
    run(
        database,
        "CREATE TABLE k(v, a TEXT NOT NULL, b INT NOT NULL, PRIMARY KEY (b, a)) WITHOUT ROWID",
        "INSERT INTO k VALUES(NULL, 'x', 1), (2, 'y', 1)",
    )
    round_trip(database, tmp_path / "b", "k", rowid="a")


def test_counter_of_deleted_rows_is_not_reused(database, tmp_path):
    run(
        database,
        "CREATE TABLE n(id INTEGER PRIMARY KEY AUTOINCREMENT, v)",
        "INSERT INTO n(v) VALUES(1), (2), (3)",
        "DELETE FROM n WHERE id > 1",
    )
    round_trip(database, tmp_path / "b", "n")
    run(database, "INSERT INTO n(v) VALUES(9)")
    assert value(database, "SELECT max(id) FROM n") == 4


def test_counter_of_an_emptied_table_is_kept_and_never_goes_back(database, tmp_path):
    run(
        database,
        "CREATE TABLE n(id INTEGER PRIMARY KEY AUTOINCREMENT, v)",
        "INSERT INTO n(v) VALUES(1), (2)",
        "DELETE FROM n",
    )
    made = round_trip(database, tmp_path / "b", "n")
    assert value(database, "SELECT seq FROM sqlite_sequence") == 2
    run(database, "INSERT INTO n(v) VALUES(5)", "INSERT INTO n(v) VALUES(6)")
    manager(database, tmp_path / "b", first=50).restore_backup(made.id)
    assert value(database, "SELECT seq FROM sqlite_sequence") == 4


def test_counter_is_left_out_where_the_database_has_none(database, tmp_path):
    run(database, "CREATE TABLE n(id INTEGER PRIMARY KEY AUTOINCREMENT)", "INSERT INTO n VALUES(8)")
    made = manager(database, tmp_path / "b").create_backup("N", "n")
    other = Database(f"sqlite:///{tmp_path / 'other.db'}")
    run(other, "CREATE TABLE n(id INTEGER PRIMARY KEY)")
    manager(other, tmp_path / "b", first=90).restore_backup(made.id, any_database=True)
    assert state(other, "n") == [("8", "b'integer'", "8", "b'38'")]
    other.close()


def test_indexes_and_triggers_come_back_and_do_not_fire(small, tmp_path):
    run(
        small,
        "CREATE TABLE log(what)",
        "CREATE UNIQUE INDEX part ON tabCity(lower(name) DESC) WHERE size > 0",
        "CREATE TRIGGER t1 AFTER INSERT ON tabCity BEGIN INSERT INTO log VALUES('insert'); END",
        "CREATE TRIGGER t2 BEFORE DELETE ON tabCity BEGIN SELECT RAISE(ABORT, 'no'); END",
    )
    before = catalog(small)
    backups = manager(small, tmp_path / "b")
    made = backups.create_backup("City", "tabCity")
    run(small, "UPDATE tabCity SET size = 9")
    assert backups.restore_backup(made.id).created is False
    run(small, "DROP TRIGGER t2", "DROP TABLE tabCity")
    assert backups.restore_backup(made.id).created is True
    assert catalog(small) == before
    assert value(small, "SELECT count(*) FROM log") == 0


def test_rows_that_a_later_check_forbids_are_kept(database, tmp_path):
    run(database, "CREATE TABLE c(v CHECK (v > 0))", "PRAGMA ignore_check_constraints=ON", "INSERT INTO c VALUES(-1)")
    round_trip(database, tmp_path / "b", "c")


def test_utf16_database_is_saved(tmp_path):
    with closing(sqlite3.connect(tmp_path / "wide.db")) as wide:
        wide.execute("PRAGMA encoding='UTF-16be'")
        wide.execute("CREATE TABLE u(a TEXT)")
        wide.execute("INSERT INTO u VALUES('é\U0001f600')")
        wide.commit()
    other = Database(f"sqlite:///{tmp_path / 'wide.db'}")
    round_trip(other, tmp_path / "b", "u")
    other.close()


def test_table_of_1999_columns_is_saved(database, tmp_path):
    run(database, f"CREATE TABLE wide({', '.join(f'c{n}' for n in range(1999))})")
    run(database, "INSERT INTO wide(c7) VALUES(1)")
    assert len(manager(database, tmp_path / "b").create_backup("W", "wide").columns) == 1999


def test_name_is_found_whatever_its_case(small, backups):
    made = backups.create_backup("City", "TABCITY")
    assert made.table == "tabCity"


@pytest.mark.parametrize(
    ("definition", "reason"),
    [
        ("CREATE VIRTUAL TABLE t USING fts4(a)", "not an ordinary table"),
        ("CREATE TABLE t(rowid, oid, _rowid_)", "hide its rowid"),
        ("CREATE VIEW t AS SELECT 1", "no table t"),
        ("CREATE TABLE other(a)", "no table t"),
    ],
)
def test_what_cannot_be_saved_exactly_is_refused(database, backups, definition, reason):
    run(database, definition)
    with pytest.raises(MigrationBackupError, match=reason):
        backups.create_backup("T", "t")
    assert not backups.directory.exists()


def test_table_with_an_unknown_collation_is_refused(database, backups):
    with closing(database.connect()) as connection:
        connection.create_collation("mine", lambda a, b: (a > b) - (a < b))
        connection.execute("CREATE TABLE t(a PRIMARY KEY COLLATE mine) WITHOUT ROWID")
    with pytest.raises(MigrationBackupError):
        backups.create_backup("T", "t")
    assert list(backups.directory.glob("*") if backups.directory.exists() else []) == []


def test_engine_error_is_not_taken_for_a_table_without_rowid():
    class Broken:
        def execute(self, _sql):
            raise sqlite3.OperationalError("disk I/O error")

    with pytest.raises(sqlite3.OperationalError, match="I/O"):
        facts._rowid_alias(Broken(), "main", "t", set())


@pytest.mark.parametrize("digest", [content_digest, grouped_digest])
def test_digest_tells_apart_what_sql_calls_equal(digest):
    values = [None, 0, 1, 0.0, -0.0, 1.0, bytearray(), b"", bytearray(b"1"), b"1", bytearray(b"a\0b"), bytearray(b"a")]
    single = {digest([[(v,)]]) for v in values}
    assert len(single) == len(values)
    for one, other in [
        ([(b"ab", b"c")], [(b"a", b"bc")]),
        ([(b"ab",), (b"c",)], [(b"a",), (b"bc",)]),
        ([(1, bytearray(b"x"), 2.5, None)], [(1, b"x", 2.5, None)]),
        ([(1,), (2,)], [(2,), (1,)]),
        ([(1,), (None,), (b"x",)], [(1,), (b"x",), (None,)]),
        ([(1,), (b"",)], [(1,), (0,)]),
        ([(1,)], [(1,), (None,)]),
        ([(1,)], [(1, 1)]),
        ([(1,)], []),
    ]:
        assert digest([one]) != digest([other] if other else [])


@pytest.mark.parametrize(
    ("digest", "value"),
    [
        (content_digest, "2457f8aa93e3266ef3b7de6e842ddf75412219209e0768b15033cd7b7cb6552d"),
        (grouped_digest, "9b312cba2ca1203866f408e27c15b3ab072a3f34e982df0514290dad34a85d9a"),
    ],
)
def test_digest_keeps_its_meaning(digest, value):
    """A stored digest must be checked years later: these values may never change."""
    rows = [[(1, bytearray(b"a"), b"b", 1.5, None), (2, b"\xff", None, -0.0, bytearray())]]
    assert digest(rows) == value
