"""Column backups: the key and some columns, put back into the rows that the key still finds."""

import sqlite3
from contextlib import closing

import pytest

from sodaf_nb.backup import ColumnBackupStrategy, MigrationBackupManager
from sodaf_nb.database import Database
from sodaf_nb.database.sidefile import SideFileError, table_facts
from sodaf_nb.errors import MigrationBackupError, MigrationRestoreError, UsageError
from tests.backup.helpers import BROKEN_UTF8, ODD_VALUES, catalog, manager, run, state, value

KEYED = {
    "text key": ("(name VARCHAR(140) NOT NULL PRIMARY KEY, v, other TEXT)", "rowid"),
    "integer key": ("(name INTEGER PRIMARY KEY, v, other TEXT)", "rowid"),
    "numbered key": ("(name INTEGER PRIMARY KEY AUTOINCREMENT, v, other TEXT)", "rowid"),
    "no rowid": ("(name TEXT COLLATE NOCASE PRIMARY KEY, v, other TEXT) WITHOUT ROWID", "name"),
    "two columns": ("(v, other TEXT, name TEXT NOT NULL, n INT NOT NULL DEFAULT 1, PRIMARY KEY (n, name))", "rowid"),
    "strict": ("(name TEXT NOT NULL PRIMARY KEY, v ANY, other TEXT) STRICT", "rowid"),
    "hidden rowid": ("(name TEXT NOT NULL PRIMARY KEY, v, other TEXT, rowid TEXT, oid TEXT)", "_rowid_"),
    "generated": ("(name TEXT NOT NULL PRIMARY KEY, v, other TEXT, g AS (length(other)) STORED)", "rowid"),
}


@pytest.fixture(params=KEYED)
def keyed(request, database):
    columns, alias = KEYED[request.param]
    run(database, f'CREATE TABLE "it\'s"{columns}')
    for number, odd in enumerate(ODD_VALUES, start=1):
        run(database, ('INSERT INTO "it\'s"(name, v, other) VALUES(?, ?, ?)', (str(number), odd, f"o{number}")))
    for number, raw in enumerate(BROKEN_UTF8, start=100):
        run(database, ('INSERT INTO "it\'s"(name, v) VALUES(?, CAST(? AS TEXT))', (str(number), raw)))
    run(database, "DELETE FROM \"it's\" WHERE name IN ('2', '5')")
    database.alias = alias
    return database


def saved(database, backups, **options):
    return backups.create_backup("It", "it's", strategy="column", columns=("V",), **options)


def test_values_of_one_column_come_back_exactly_and_later_writes_stay(keyed, backups):
    before = state(keyed, "it's", rowid=keyed.alias)
    made = saved(keyed, backups)
    assert (made.strategy, made.verified, made.note) == ("column", True, "")
    assert set(made.columns) == {*made.key, "v"}
    run(keyed, "UPDATE \"it's\" SET v = 'lost'")
    result = backups.restore_backup(made.id)
    assert state(keyed, "it's", rowid=keyed.alias) == before
    assert (result.row_count, result.columns, result.left_out, result.created) == (len(before), ("v",), 0, False)


def test_only_rows_that_are_still_there_are_touched_and_only_in_these_columns(keyed, backups):
    made = saved(keyed, backups)
    run(
        keyed,
        "UPDATE \"it's\" SET v = 'lost', other = 'later'",
        "DELETE FROM \"it's\" WHERE name = '7'",
        "INSERT INTO \"it's\"(name, v, other) VALUES('500', 'new', 'new')",
    )
    result = backups.restore_backup(made.id)
    assert value(keyed, "SELECT count(*) FROM \"it's\" WHERE v = 'lost'") == 0
    assert value(keyed, "SELECT count(*) FROM \"it's\" WHERE name = '7'") == 0
    assert value(keyed, "SELECT v || other FROM \"it's\" WHERE name = '500'") == "newnew"
    assert value(keyed, "SELECT count(*) FROM \"it's\" WHERE other = 'later'") == made.row_count - 1
    assert result.left_out == 1
    assert "not in the table any more: 1" in repr(result)
    assert "replaced in v" in repr(result)


def test_replaced_values_are_backed_up_first(keyed, backups):
    made = saved(keyed, backups)
    run(keyed, "UPDATE \"it's\" SET v = 'later'")
    later = state(keyed, "it's", rowid=keyed.alias)
    result = backups.restore_backup(made.id)
    replaced = backups.get(result.replaced_backup_id)
    assert (replaced.strategy, replaced.columns) == ("column", made.columns)
    backups.restore_backup(replaced.id)
    assert state(keyed, "it's", rowid=keyed.alias) == later
    assert "The values that were there before were backed up and verified first." in repr(result)


def test_restored_beside_the_table_it_is_key_and_columns(keyed, backups):
    made = saved(keyed, backups)
    before = state(keyed, "it's", rowid=keyed.alias)
    result = backups.restore_backup(made.id, as_table="beside")
    assert (result.created, result.row_count) == (True, made.row_count)
    wanted = ", ".join(made.columns)
    with closing(keyed.connect()) as connection:
        connection.text_factory = bytes
        rows = [connection.execute(f'SELECT {wanted} FROM "{t}" ORDER BY name').fetchall() for t in ("it's", "beside")]
        names = [column[1].decode() for column in connection.execute("PRAGMA table_xinfo(beside)")]
    assert repr(rows[0]) == repr(rows[1])
    assert tuple(names) == made.columns
    assert state(keyed, "it's", rowid=keyed.alias) == before


def test_it_opens_as_key_and_columns(keyed, backups):
    made = saved(keyed, backups)
    assert list(backups.to_frame(made.id).columns) == list(made.columns)
    assert backups.validate_backup(made.id).verified


@pytest.fixture
def book(database):
    run(
        database,
        "CREATE TABLE tabBook(name TEXT NOT NULL PRIMARY KEY, title TEXT, pages INTEGER)",
        "INSERT INTO tabBook VALUES('A', 'x', 1), ('B', 'y', 2), ('C', 'z', 3)",
    )
    return database


def pages(backups):
    return backups.create_backup("Book", "tabBook", strategy="column", columns=("pages",))


def test_triggers_do_not_fire_and_unique_values_may_change_places(book, backups):
    run(
        book,
        "CREATE TABLE log(what)",
        "CREATE UNIQUE INDEX u ON tabBook(pages)",
        "CREATE TRIGGER t AFTER UPDATE ON tabBook BEGIN INSERT INTO log VALUES(new.name); END",
    )
    before, objects = state(book, "tabBook"), catalog(book)
    made = pages(backups)
    run(book, "UPDATE tabBook SET pages = 10 + pages", "UPDATE tabBook SET pages = 14 - pages", "DELETE FROM log")
    backups.restore_backup(made.id)
    assert (state(book, "tabBook"), catalog(book)) == (before, objects)
    assert value(book, "SELECT count(*) FROM log") == 0


def test_rows_are_found_by_their_key_whatever_their_rowids_are_now(book, backups):
    made = pages(backups)
    run(book, "DELETE FROM tabBook WHERE name = 'A'", "UPDATE tabBook SET pages = 0", "VACUUM")
    run(book, "UPDATE tabBook SET rowid = rowid + 70")
    backups.restore_backup(made.id)
    assert value(book, "SELECT group_concat(name || pages) FROM tabBook") == "B2,C3"


def test_keys_are_told_apart_byte_for_byte(database, backups):
    run(
        database,
        "CREATE TABLE k(name TEXT COLLATE NOCASE, v, PRIMARY KEY (name COLLATE BINARY)) WITHOUT ROWID",
        "INSERT INTO k VALUES('a', 1), ('A', 2)",
    )
    made = backups.create_backup("K", "k", strategy="column", columns=("v",))
    run(database, "UPDATE k SET v = 0")
    backups.restore_backup(made.id)
    assert value(database, "SELECT group_concat(name || v) FROM k") == "A2,a1"


@pytest.mark.parametrize(
    "columns",
    [
        "(name TEXT, v)",
        "(name TEXT PRIMARY KEY, v)",
        "(name INTEGER PRIMARY KEY DESC, v)",
        "(name TEXT NOT NULL, n INT, v, PRIMARY KEY (name, n))",
        "(name TEXT NOT NULL UNIQUE, v)",
    ],
)
def test_a_table_without_a_key_that_lasts_is_saved_whole_and_says_why(database, backups, columns):
    run(database, f"CREATE TABLE t{columns}", "INSERT INTO t(name, v) VALUES(1, 2)")
    before = state(database, "t")
    assert backups.lasting_key("t") == ()
    kind, why = backups.preview_backup("t", strategy="column", columns=("v",))
    assert (kind, why.startswith("it has no primary key that every row fills")) == ("full", True)
    assert not backups.directory.exists()
    made = backups.create_backup("T", "t", strategy="column", columns=("v",))
    assert (made.strategy, made.note) == ("full", why)
    assert backups.get(made.id).note == why
    run(database, "DROP TABLE t")
    backups.restore_backup(made.id)
    assert state(database, "t") == before


def test_the_strategy_itself_refuses_a_table_without_such_a_key(database):
    run(database, "CREATE TABLE t(name TEXT, v)")
    with closing(database.connect()) as connection:
        facts = table_facts(connection, "main", "t")
    with pytest.raises(SideFileError, match="no primary key"):
        ColumnBackupStrategy(("v",)).saved(facts)


@pytest.mark.parametrize(
    ("columns", "reason"),
    [(("pages", "nothing"), "stores no column nothing"), (("name", "pages"), "name belongs to the key")],
)
def test_columns_that_cannot_be_saved_are_named(book, backups, columns, reason):
    for refused in (backups.preview_backup, lambda *a, **o: backups.create_backup("Book", *a, **o)):
        with pytest.raises(MigrationBackupError, match=reason) as caught:
            refused("tabBook", strategy="column", columns=columns)
        assert "save them all" in caught.value.hint
    assert not backups.directory.exists() or list(backups.list_backups()) == []


def test_a_generated_column_is_not_stored(database, backups):
    run(database, "CREATE TABLE t(name TEXT NOT NULL PRIMARY KEY, v, g AS (v + 1))")
    with pytest.raises(MigrationBackupError, match="stores no column g"):
        backups.create_backup("T", "t", strategy="column", columns=("g",))


@pytest.mark.parametrize(
    "options",
    [
        {"strategy": "half"},
        {"strategy": "column"},
        {"strategy": "column", "columns": "pages"},
        {"columns": ("pages",)},
        {"strategy": "incremental", "columns": ("pages",)},
        {"base_id": "0" * 26},
        {"strategy": "column", "columns": ("pages",), "base_id": "0" * 26},
    ],
)
def test_arguments_that_do_not_go_together_are_refused(book, backups, options):
    with pytest.raises(UsageError):
        backups.create_backup("Book", "tabBook", **options)
    assert not backups.directory.exists()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("DROP TABLE tabBook", "there is no tabBook now"),
        ("ALTER TABLE tabBook DROP COLUMN pages", "stores no column pages"),
        ("DROP TABLE tabBook; CREATE TABLE tabBook(name TEXT NOT NULL PRIMARY KEY, pages TEXT)", "other columns"),
        ("DROP TABLE tabBook; CREATE TABLE tabBook(name TEXT PRIMARY KEY, pages INTEGER)", "another key"),
        ("DROP TABLE tabBook; CREATE TABLE tabBook(name TEXT, pages INTEGER NOT NULL PRIMARY KEY)", "another key"),
        ("DROP TABLE tabBook; CREATE TABLE tabBook(name INTEGER PRIMARY KEY, pages INTEGER)", "other columns"),
    ],
)
def test_a_table_that_it_does_not_fit_any_more_is_left_alone_and_the_way_out_works(book, backups, change, reason):
    made = pages(backups)
    run(book, *change.split(";"))
    before = catalog(book)
    with pytest.raises(MigrationRestoreError, match=reason) as caught:
        backups.restore_backup(made.id)
    assert catalog(book) == before
    assert [b.id for b in backups.list_backups()] == [made.id]
    assert "as_table" in caught.value.hint
    backups.restore_backup(made.id, as_table="beside")
    assert value(book, "SELECT sum(pages) FROM beside") == 6


def test_a_type_of_the_same_affinity_is_no_other_column(book, backups):
    made = pages(backups)
    run(book, "DROP TABLE tabBook", "CREATE TABLE TABBOOK(PAGES BIGINT, NAME VARCHAR(9) NOT NULL PRIMARY KEY)")
    run(book, "INSERT INTO tabBook VALUES(0, 'B')")
    assert backups.restore_backup(made.id).row_count == 1
    assert value(book, "SELECT pages FROM tabBook") == 2


def test_a_restore_that_its_proof_does_not_confirm_is_taken_back(book, backups, monkeypatch):
    made = pages(backups)
    run(book, "UPDATE tabBook SET pages = 0")
    before = state(book, "tabBook")
    monkeypatch.setattr("sodaf_nb.database.sidefile.restoring.count_equal", lambda *_args: 2)
    with pytest.raises(MigrationRestoreError, match="not those of the backup"):
        backups.restore_backup(made.id)
    assert state(book, "tabBook") == before


@pytest.mark.parametrize("lie", ["pages = 4", "pages = 1.5", "name = 'a'", "pages = NULL"])
def test_a_column_backup_that_differs_from_the_table_is_deleted(book, backups, monkeypatch, lie):
    from sodaf_nb.database.sidefile import snapshot

    real = snapshot.copy_rows

    def lying(connection, *rest):
        rows = real(connection, *rest)
        connection.execute(f"UPDATE sodaf_side.tabBook SET {lie} WHERE name = 'A'")
        return rows

    monkeypatch.setattr(snapshot, "copy_rows", lying)
    with pytest.raises(MigrationBackupError, match="read back"):
        pages(backups)
    assert list(backups.list_backups()) == []


def test_a_zero_of_the_other_sign_is_another_value(database, backups, monkeypatch):
    from sodaf_nb.database.sidefile import snapshot

    run(database, "CREATE TABLE z(v)", ("INSERT INTO z VALUES(?), (0), (0.0)", (-0.0,)))
    real = snapshot.copy_rows

    def lying(connection, *rest):
        rows = real(connection, *rest)
        connection.execute("UPDATE sodaf_side.z SET v = 0.0 WHERE rowid = 1")
        return rows

    assert backups.create_backup("Z", "z").verified
    monkeypatch.setattr(snapshot, "copy_rows", lying)
    with pytest.raises(MigrationBackupError, match="read back"):
        backups.create_backup("Z", "z")


def test_it_is_much_smaller_than_a_full_one(database, backups):
    run(database, "CREATE TABLE t(name TEXT NOT NULL PRIMARY KEY, v INT, text TEXT)")
    with closing(database.connect()) as connection:
        connection.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)"
            " INSERT INTO t SELECT 'N' || i, i, hex(randomblob(50)) FROM n"
        )
    full = backups.create_backup("T", "t")
    assert backups.create_backup("T", "t", strategy="column", columns=("v",)).size < full.size / 5


def test_a_column_backup_works_in_every_kind_of_storage_under_the_lock_of_a_migration(any_database, tmp_path):
    run(any_database, "CREATE TABLE t(name TEXT NOT NULL PRIMARY KEY, v)", "INSERT INTO t VALUES('a', 1)")
    backups = manager(any_database, tmp_path / "b")
    with closing(any_database.connect()) as migration:
        migration.execute("BEGIN IMMEDIATE")
        made = backups.create_backup("T", "t", strategy="column", columns=("v",))
        migration.execute("UPDATE t SET v = 2")
        migration.execute("COMMIT")
    backups.restore_backup(made.id)
    assert value(any_database, "SELECT v FROM t") == 1


def test_utf16_keys_are_found(tmp_path):
    with closing(sqlite3.connect(tmp_path / "wide.db")) as wide:
        wide.execute("PRAGMA encoding='UTF-16le'")
        wide.execute("CREATE TABLE t(name TEXT NOT NULL PRIMARY KEY, v TEXT)")
        wide.execute("INSERT INTO t VALUES('é\U0001f600', 'ü')")
        wide.commit()
    wide = Database(f"sqlite:///{tmp_path / 'wide.db'}")
    backups = MigrationBackupManager(wide, tmp_path / "b")
    made = backups.create_backup("T", "t", strategy="column", columns=("v",))
    run(wide, "UPDATE t SET v = 'x'")
    backups.restore_backup(made.id)
    assert value(wide, "SELECT v FROM t") == "ü"
    wide.close()
