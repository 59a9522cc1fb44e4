"""Incremental backups: what changed since another backup, back to every point of the chain."""

import json
import shutil
import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest

from sodaf_nb.backup.choice import LONGEST_CHAIN
from sodaf_nb.backup.codecs import CODECS
from sodaf_nb.errors import MigrationBackupError, MigrationRestoreError
from tests.backup.helpers import NOON, forge, letters, manager, odd_table, run, sha256, state

STEPS = (
    ("UPDATE t SET v = v + 1 WHERE name IN ('a', 'b')", "INSERT INTO t(name, v) VALUES('d', 4)"),
    ("DELETE FROM t WHERE name = 'c'", "UPDATE t SET u = CASE name WHEN 'a' THEN 'ub' ELSE 'ua' END || name"),
    ("DELETE FROM t",),
    ("INSERT INTO t(name, v, u) VALUES('C', 1, 'x'), ('c2', -9223372036854775808, 'y')",),
)
TABLES = {
    "no key": "(name TEXT, v INT, u TEXT UNIQUE)",
    "text key": "(name TEXT NOT NULL PRIMARY KEY, v INT, u TEXT UNIQUE ON CONFLICT REPLACE)",
    "number": "(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT, v INT, u TEXT UNIQUE)",
    "no rowid": "(v INT, name TEXT COLLATE NOCASE, u TEXT UNIQUE, PRIMARY KEY (name)) WITHOUT ROWID",
    "hidden rowid": "(name TEXT, v INT, u TEXT, rowid TEXT)",
}


def increment(backups, **options):
    return backups.create_backup("T", "t", strategy="incremental", **options)


@pytest.fixture(params=TABLES)
def stepped(request, database, backups):
    """A table that went through every step, its states, and a backup of each: a full one and a chain on it."""
    run(database, f"CREATE TABLE t{TABLES[request.param]}", "CREATE INDEX ix ON t(v)")
    run(database, "INSERT INTO t(name, v, u) VALUES('a', 1, 'u1'), ('b', 2, 'u2'), ('c', 3, NULL)")
    database.rowid = {"no rowid": "name", "hidden rowid": "_rowid_"}.get(request.param, "rowid")
    states, made = [state(database, "t", rowid=database.rowid)], [backups.create_backup("T", "t")]
    for statements in STEPS:
        run(database, *statements)
        states.append(state(database, "t", rowid=database.rowid))
        made.append(increment(backups))
    return database, states, made


def test_every_point_of_a_chain_comes_back(stepped, backups):
    database, states, made = stepped
    assert [b.strategy for b in made] == ["full", *["incremental"] * len(STEPS)]
    assert [b.base_id for b in made] == [None, *(b.id for b in made[:-1])]
    assert [b.row_count for b in made] == [len(s) for s in states]
    for place in (2, 4, 0, 3, 1):
        backups.restore_backup(made[place].id)
        assert state(database, "t", rowid=database.rowid) == states[place]
        run(database, "DROP TABLE t")
        backups.restore_backup(made[place].id)
        assert state(database, "t", rowid=database.rowid) == states[place]


def test_every_point_validates_and_opens_as_a_full_backup_would(stepped, backups):
    _database, states, made = stepped
    for backup, rows in zip(made, states, strict=True):
        assert backups.validate_backup(backup.id).verified
        assert len(backups.read_rows(backup.id)) == len(rows)
        with backups.open_data(backup.id) as path, closing(sqlite3.connect(path)) as side:
            assert side.execute("SELECT count(*) FROM t").fetchone() == (len(rows),)
            assert [p.name for p in path.parent.iterdir()] == ["data.sqlite"]


def stored(backup, tmp_path):
    """Every table of the data file itself."""
    path = tmp_path / "stored.sqlite"
    with (backup.path / "data.sqlite.zst").open("rb") as file:
        path.write_bytes(b"".join(CODECS["zstd"].unpack(file)))
    with closing(sqlite3.connect(path)) as side:
        return {t: side.execute(f"SELECT * FROM {t}").fetchall() for t in ("t", "sodaf_gone")}


def test_only_what_changed_is_stored(database, backups, tmp_path):
    run(database, "CREATE TABLE t(v)")
    rows = [1, 1.0, 0.0, -0.0, "1", b"1", None, "same"]
    run(database, *(("INSERT INTO t VALUES(?)", (v,)) for v in rows))
    backups.create_backup("T", "t")
    assert stored(increment(backups), tmp_path) == {"t": [], "sodaf_gone": []}
    changed = [1.0, 1, -0.0, 0.0, b"1", "1", "", "same"]
    for rowid, v in enumerate(changed, start=1):
        run(database, ("UPDATE t SET v = ? WHERE rowid = ?", (v, rowid)))
    run(database, "DELETE FROM t WHERE rowid = 7", "INSERT INTO t VALUES('new')", "DELETE FROM t WHERE rowid = 1")
    kept = stored(increment(backups), tmp_path)
    assert repr(kept["t"]) == "[(1,), (-0.0,), (0.0,), (b'1',), ('1',), ('new',)]"
    assert kept["sodaf_gone"] == [(1,), (7,)]


def test_every_kind_of_value_goes_through_a_chain(any_database, tmp_path):
    odd_table(any_database)
    backups = manager(any_database, tmp_path / "b")
    backups.create_backup("Odd", "tabOdd")
    run(any_database, "UPDATE tabOdd SET v = w, w = x, x = v WHERE rowid % 2")
    before = state(any_database, "tabOdd")
    made = backups.create_backup("Odd", "tabOdd", strategy="incremental")
    run(any_database, "DELETE FROM tabOdd")
    backups.restore_backup(made.id)
    assert state(any_database, "tabOdd") == before


def test_keys_that_differ_in_case_only_are_two_keys(database, backups):
    run(
        database,
        "CREATE TABLE t(name TEXT COLLATE NOCASE, v, PRIMARY KEY (name COLLATE BINARY)) WITHOUT ROWID",
        "INSERT INTO t VALUES('a', 1), ('A', 2)",
    )
    backups.create_backup("T", "t")
    run(database, "DELETE FROM t WHERE v = 1", "INSERT INTO t VALUES('b', 3)")
    before = state(database, "t", rowid="name")
    backups.restore_backup(increment(backups).id)
    assert state(database, "t", rowid="name") == before


@pytest.fixture
def chain(database, backups):
    """A full backup and two on top of it."""
    run(database, "CREATE TABLE t(name TEXT, v INT)", "INSERT INTO t VALUES('a', 1), ('b', 2)")
    made = [backups.create_backup("T", "t")]
    for number in (3, 4):
        run(database, f"INSERT INTO t VALUES('c', {number})", f"DELETE FROM t WHERE v = {number - 2}")
        made.append(increment(backups))
    return made


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("damage", ["missing", "no data", "cut", "flipped"])
def test_a_chain_with_a_damaged_link_is_not_read(chain, backups, place, damage):
    data = chain[place].path / "data.sqlite.zst"
    raw = data.read_bytes()
    if damage == "missing":
        shutil.rmtree(chain[place].path)
    elif damage == "no data":
        data.unlink()
    else:
        data.write_bytes(raw[:-1] if damage == "cut" else raw[:-9] + bytes([raw[-9] ^ 1]) + raw[-8:])
    for read in (backups.validate_backup, backups.restore_backup, backups.read_rows):
        with pytest.raises(MigrationRestoreError, match=chain[2].id):
            read(chain[2].id)
    if damage != "flipped":
        listed = {b.id: b.problem for b in backups.list_backups()}
        assert "what it builds on is missing or damaged" in listed[chain[2].id]


@pytest.mark.parametrize("place", [0, 1])
def test_every_flipped_byte_below_is_noticed_above(chain, backups, place):
    for path in chain[place].path.iterdir():
        whole = path.read_bytes()
        for spot in range(0, len(whole), 7):
            path.write_bytes(whole[:spot] + bytes([whole[spot] ^ 0x10]) + whole[spot + 1 :])
            with pytest.raises(MigrationRestoreError):
                backups.validate_backup(chain[2].id)
        path.write_bytes(whole)
    assert backups.validate_backup(chain[2].id).verified


def test_an_exchanged_base_is_noticed_however_sound_it_is(chain, database, backups, tmp_path):
    other = manager(database, tmp_path / "other").create_backup("T", "t")
    assert other.id == chain[0].id
    shutil.rmtree(chain[0].path)
    shutil.move(other.path, chain[0].path)
    assert backups.validate_backup(chain[0].id).verified
    with pytest.raises(MigrationRestoreError, match="built on another backup"):
        backups.validate_backup(chain[1].id)


def test_a_base_of_another_table_is_noticed_when_every_hash_fits(chain, database, backups):
    run(database, "CREATE TABLE other(name TEXT, v INT)")
    other = backups.create_backup("Other", "other")
    forge(chain[1].path, base_id=other.id, base_sha256=other.manifest_sha256)
    with pytest.raises(MigrationRestoreError, match="of another table"):
        backups.validate_backup(chain[1].id)


def test_a_chain_cannot_lead_back_to_itself(chain, backups):
    forge(chain[1].path, base_id=chain[1].id, base_sha256=chain[1].manifest_sha256)
    with pytest.raises(MigrationRestoreError, match="built on another backup"):
        backups.validate_backup(chain[1].id)


TABLE, GONE = "CREATE TABLE t(name TEXT, v INT)", "CREATE TABLE sodaf_gone(id INTEGER PRIMARY KEY)"
ROW = "INSERT INTO t(rowid, name, v) VALUES(3, 'c', 3)"


@pytest.mark.parametrize(
    ("statements", "reason"),
    [
        ((TABLE, GONE, ROW, "INSERT INTO sodaf_gone VALUES(1)"), ""),
        ((TABLE, GONE, ROW), "another number of rows"),
        ((TABLE, GONE, ROW, "INSERT INTO sodaf_gone VALUES(2)"), "rows are not those"),
        ((TABLE, ROW), "not those of a table"),
        ((GONE,), "not one sound table"),
        ((TABLE, "CREATE TABLE sodaf_gone(id)", ROW), "not those of a table"),
        (("CREATE TABLE t(name TEXT, v INT, w)", GONE), "not those of a table"),
        ((TABLE, GONE, "CREATE TRIGGER x AFTER INSERT ON t BEGIN SELECT 1; END"), "not one sound table"),
        ((TABLE, GONE, "CREATE VIEW x AS SELECT 1"), "not one sound table"),
        ((TABLE, "CREATE VIEW sodaf_gone AS SELECT 1 AS id"), "not one sound table"),
    ],
)
def test_forged_changes_are_noticed_even_when_every_hash_fits(chain, backups, tmp_path, statements, reason):
    path = tmp_path / "forged.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)
    plain = path.read_bytes()
    data = b"".join(CODECS["zstd"].pack([plain]))
    (chain[1].path / "data.sqlite.zst").write_bytes(data)
    sizes = {"plain_size": len(plain), "stored_size": len(data)}
    forge(chain[1].path, **sizes, plain_sha256=sha256(plain), stored_sha256=sha256(data))
    if not reason:
        assert backups.validate_backup(chain[1].id).verified
        return
    with pytest.raises(MigrationRestoreError, match=reason):
        backups.validate_backup(chain[1].id)


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (lambda _db, b: letters(99), "There is no backup"),
        (lambda _db, b: "../x", "not a backup id"),
        (lambda db, b: (run(db, "CREATE TABLE o(v)"), b.create_backup("O", "o").id)[1], "a backup of o"),
        (lambda db, b: (run(db, "ALTER TABLE t ADD COLUMN w"), letters(1))[1], "defined otherwise"),
        (lambda db, b: b.create_backup("T", "t", strategy="column", columns=("v",)).id, "some columns only"),
    ],
)
def test_a_base_that_was_named_and_does_not_fit_is_refused(database, backups, other, reason):
    run(database, "CREATE TABLE t(name TEXT NOT NULL PRIMARY KEY, v INT)", "INSERT INTO t VALUES('a', 1)")
    backups.create_backup("T", "t")
    base = other(database, backups)
    before = len(backups.list_backups())
    with pytest.raises(MigrationBackupError, match=reason) as caught:
        increment(backups, base_id=base)
    assert "name another base" in caught.value.hint
    assert len(backups.list_backups()) == before


def test_a_damaged_base_that_was_named_is_refused(chain, backups):
    (chain[2].path / "data.sqlite.zst").write_bytes(b"x" * chain[2].size)
    with pytest.raises(MigrationBackupError, match="cannot be used"):
        increment(backups, base_id=chain[2].id)


def test_an_older_base_may_be_named(chain, backups):
    made = increment(backups, base_id=chain[0].id)
    assert (made.strategy, made.base_id) == ("incremental", chain[0].id)
    assert backups.validate_backup(made.id).verified


def test_without_a_base_that_fits_the_whole_table_is_saved_and_the_reason_said(database, backups):
    run(database, "CREATE TABLE t(name TEXT NOT NULL PRIMARY KEY, v INT)", "CREATE TABLE o(v)")
    backups.create_backup("O", "o")
    backups.create_backup("T", "t", strategy="column", columns=("v",))
    kind, why = backups.preview_backup("t", strategy="incremental")
    assert (kind, "no earlier backup" in why) == ("full", True)
    made = increment(backups)
    assert (made.strategy, made.base_id, made.note) == ("full", None, why)
    assert f"All rows and columns were saved: {why}." in made.notes()
    assert backups.preview_backup("t", strategy="incremental") == ("incremental", "")
    run(database, "ALTER TABLE t ADD COLUMN w")
    assert "as it is defined now" in increment(backups).note


def test_a_damaged_base_that_nobody_named_is_replaced_by_a_full_backup(chain, backups):
    (chain[2].path / "data.sqlite.zst").write_bytes(b"x" * chain[2].size)
    made = increment(backups)
    assert (made.strategy, made.note) == ("full", "the newest backup of the table cannot be used to build on")
    assert increment(backups).base_id == made.id


def test_a_chain_ends_some_time(database, backups):
    run(database, "CREATE TABLE t(v)")
    made = [increment(backups) for _ in range(LONGEST_CHAIN + 2)]
    assert [b.strategy for b in made].index("full", 1) == LONGEST_CHAIN
    assert "a new one begins" in made[LONGEST_CHAIN].note
    assert made[-1].base_id == made[-2].id


def test_changes_that_do_not_give_the_table_back_are_not_kept(chain, database, backups, monkeypatch):
    from sodaf_nb.database.sidefile import snapshot

    real = snapshot.write_changes

    def forgetting(connection, facts):
        real(connection, facts)
        connection.execute("DELETE FROM sodaf_side.sodaf_gone")

    run(database, "DELETE FROM t WHERE v = 4")
    monkeypatch.setattr(snapshot, "write_changes", forgetting)
    with pytest.raises(MigrationBackupError, match="another number of rows"):
        increment(backups)
    assert [b.id for b in backups.list_backups()] == [b.id for b in reversed(chain)]


def test_comparison_with_the_table_alone_is_enough_to_notice(chain, backups, monkeypatch):
    monkeypatch.setattr("sodaf_nb.database.sidefile.snapshot.compare_tables", lambda *_args: False)
    with pytest.raises(MigrationBackupError, match="read back"):
        increment(backups)
    assert len(backups.list_backups()) == len(chain)


def test_a_table_called_as_the_list_of_what_is_gone_is_refused(database, backups):
    run(database, "CREATE TABLE sodaf_gone(v)")
    backups.create_backup("G", "sodaf_gone")
    with pytest.raises(MigrationBackupError, match="already exists"):
        backups.create_backup("G", "sodaf_gone", strategy="incremental")


def test_cleanup_keeps_what_a_kept_backup_builds_on(database, tmp_path):
    run(database, "CREATE TABLE t(v)")
    for number, (days, strategy) in enumerate(
        [(90, "full"), (80, "incremental"), (70, "full"), (60, "incremental"), (50, "incremental"), (5, "incremental")],
        start=1,
    ):
        backups = manager(database, tmp_path / "b", now=NOON - timedelta(days=days), first=number)
        backups.create_backup("T", "t", strategy=strategy)
    backups = manager(database, tmp_path / "b")
    assert backups.get(letters(6)).base_id == letters(5)
    assert backups.cleanup(dry_run=True) == (letters(2), letters(1))
    assert backups.cleanup(keep={letters(2)}, dry_run=True) == ()
    assert backups.cleanup() == (letters(2), letters(1))
    assert backups.validate_backup(letters(6)).verified
    assert backups.cleanup(older_than_days=0) == (letters(6), letters(5), letters(4), letters(3))


def test_cleanup_keeps_what_a_damaged_backup_builds_on(chain, backups, tmp_path):
    (chain[2].path / "data.sqlite.zst").unlink()
    later = manager(backups._database, backups.directory, now=NOON + timedelta(days=99))
    assert later.cleanup() == ()
    manifest = chain[2].path / "manifest.json"
    manifest.write_bytes(b"no more")
    assert set(later.cleanup()) == {chain[0].id, chain[1].id}


def test_format_1_may_be_built_on(database, backups, format1):
    shutil.copytree(format1, backups.directory / format1.name)
    odd_table(database)
    run(database, "UPDATE tabOdd SET v = 'later' WHERE rowid = 3")
    before = state(database, "tabOdd")
    later = manager(database, backups.directory, first=50)
    made = later.create_backup("Odd", "tabOdd", strategy="incremental")
    assert (made.base_id, json.loads((made.path / "manifest.json").read_bytes())["format"]) == (format1.name, 3)
    run(database, "DROP TABLE tabOdd")
    later.restore_backup(made.id)
    assert state(database, "tabOdd") == before
