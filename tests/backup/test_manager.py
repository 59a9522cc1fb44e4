"""Listing, looking, restoring and cleaning up."""

import os
import re
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from sodaf_nb.backup import BackupList, MigrationBackupManager
from sodaf_nb.database.sidefile import SideFileError
from sodaf_nb.errors import DatabaseError, LockedError, MigrationBackupError, MigrationRestoreError, UsageError
from tests.backup.helpers import NOON, catalog, letters, manager, run, state, value


def test_backup_says_what_it_is(small, backups):
    made = backups.create_backup("City", "tabCity", migration_id="m1", schema_fingerprint="f1")
    assert (made.id, made.doctype, made.table, made.migration_id) == (letters(1), "City", "tabCity", "m1")
    assert (made.created_at, made.row_count, made.columns) == ("2025-06-01T12:00:00.000000+00:00", 2, ("name", "size"))
    assert made.size == (made.path / "data.sqlite.zst").stat().st_size
    assert b'"schema_fingerprint":"f1"' in (made.path / "manifest.json").read_bytes()
    assert made.verified
    assert not backups.get(made.id).verified
    assert backups.validate_backup(made.id) == made


def test_same_rows_time_and_id_give_the_same_bytes(small, tmp_path):
    made = [manager(small, tmp_path / folder).create_backup("City", "tabCity") for folder in ("a", "b")]
    texts = [(m.path / "manifest.json").read_bytes() for m in made]
    assert texts[0] == texts[1]
    assert made[0].manifest_sha256 == made[1].manifest_sha256


def test_times_are_stored_in_utc(small, tmp_path):
    backups = manager(small, tmp_path / "b", now=datetime.fromisoformat("2025-06-01T14:00:00+02:00"))
    assert backups.create_backup("City", "tabCity").created_at == "2025-06-01T12:00:00.000000+00:00"


def test_default_ids_are_valid_unique_and_sort_by_time(small, tmp_path):
    times = iter([NOON, NOON, NOON + timedelta(days=1), NOON + timedelta(days=1)])
    backups = MigrationBackupManager(small, tmp_path / "b", clock=lambda: next(times))
    ids = [backups.create_backup("City", "tabCity").id for _ in range(2)]
    assert all(re.fullmatch(r"[0-9A-Z]{26}", i) for i in ids)
    assert ids[0] < ids[1]


def test_default_clock_tells_the_time(small, tmp_path):
    before = datetime.now(UTC)
    made = MigrationBackupManager(small, tmp_path / "b").create_backup("City", "tabCity")
    assert before <= datetime.fromisoformat(made.created_at) <= datetime.now(UTC)


def test_unknown_compression_is_refused(small, tmp_path):
    with pytest.raises(UsageError, match="bz2"):
        manager(small, tmp_path / "b", compression="bz2")


def test_no_directory_means_no_backups(backups):
    assert backups.list_backups() == BackupList()
    assert "no backups" in repr(backups.list_backups())
    assert list(backups.list_backups().to_frame().columns)[:2] == ["id", "path"]


def test_list_is_newest_first_and_by_doctype(small, tmp_path):
    for number, (hour, doctype) in enumerate([(3, "City"), (1, "City"), (2, "Other")], start=1):
        now = NOON + timedelta(hours=hour)
        manager(small, tmp_path / "b", now=now, first=number).create_backup(doctype, "tabCity")
    backups = manager(small, tmp_path / "b")
    assert [b.id for b in backups.list_backups()] == [letters(1), letters(3), letters(2)]
    assert [b.id for b in backups.list_backups("City")] == [letters(1), letters(2)]
    assert len(backups.list_backups()[:2]) == 2
    assert backups.list_backups()[1].doctype == "Other"


def test_damaged_foreign_and_unfinished_folders_are_listed_as_what_they_are(small, backups):
    made = backups.create_backup("City", "tabCity")
    (backups.directory / letters(8)).mkdir()
    (backups.directory / letters(9)).symlink_to(made.path)
    (backups.directory / "photos").mkdir()
    (backups.directory / ".gitignore").touch()
    (backups.directory / f".partial-{letters(7)}").mkdir()
    listed = backups.list_backups("City")
    assert [(b.id, b.problem is None) for b in listed] == [
        (made.id, True), (letters(8), False), (letters(9), False), ("photos", False), (f".partial-{letters(7)}", False)
    ]  # fmt: skip
    assert repr(listed).count("DAMAGED") == 3
    assert repr(listed[3]).startswith("Damaged backup")


def test_nothing_shown_differs_from_run_to_run(small, backups):
    made = backups.create_backup("City", "tabCity")
    shown = repr(backups.list_backups()) + backups.list_backups()._repr_html_() + repr(made)
    assert not re.search(rf"2025|{made.id}|{re.escape(str(backups.directory))}", shown)
    assert "verified" in repr(made)
    assert backups.list_backups().to_frame()["id"].tolist() == [made.id]


def test_frame_keeps_numbers_and_shows_what_is_no_text(odd, backups):
    run(odd, "CREATE TABLE n(a)", "INSERT INTO n VALUES(9007199254740993), (NULL), (CAST(x'41ff' AS TEXT)), (x'00')")
    made = backups.create_backup("N", "n")
    assert backups.to_frame(made.id)["a"].tolist() == [9007199254740993, None, "A\\xff", b"\0"]
    run(odd, "CREATE TABLE k(a PRIMARY KEY, b) WITHOUT ROWID", "INSERT INTO k VALUES(1, 2)")
    assert backups.read_rows(backups.create_backup("K", "k").id) == [(1, 2)]


def test_opened_data_is_a_private_file_that_goes_away(small, backups):
    made = backups.create_backup("City", "tabCity")
    with closing(small.connect()) as connection:
        with backups.open_data(made.id) as path:
            assert path.parent.stat().st_mode & 0o077 == 0
            connection.execute("ATTACH ? AS saved", (str(path),))
            assert connection.execute("SELECT count(*) FROM saved.tabCity").fetchone() == (2,)
            connection.execute("DETACH saved")
        assert not path.exists()


def test_replaced_rows_are_backed_up_first(small, backups):
    made = backups.create_backup("City", "tabCity")
    run(small, "INSERT INTO tabCity VALUES('Oslo', 2)")
    result = backups.restore_backup(made.id)
    assert (result.table, result.row_count, result.created) == ("tabCity", 2, False)
    assert backups.read_rows(result.replaced_backup_id)[-1] == ("Oslo", 2)
    assert "backed up and verified first" in repr(result)
    backups.restore_backup(result.replaced_backup_id)
    assert value(small, "SELECT count(*) FROM tabCity") == 3


def test_nothing_is_replaced_when_the_present_rows_cannot_be_saved(small, backups, monkeypatch):
    made = backups.create_backup("City", "tabCity")
    run(small, "DELETE FROM tabCity")

    def refuse(*_args):
        raise OSError("full")

    monkeypatch.setattr("sodaf_nb.backup.taking.write_backup", refuse)
    with pytest.raises(MigrationBackupError, match="full"):
        backups.restore_backup(made.id)
    assert state(small, "tabCity") == []


@pytest.mark.parametrize(
    "columns", ["(name TEXT)", "(name TEXT, size TEXT)", "(name TEXT PRIMARY KEY, size INTEGER) WITHOUT ROWID"]
)
def test_other_columns_are_refused_and_the_way_out_is_named(small, backups, columns):
    made = backups.create_backup("City", "tabCity")
    run(small, "DROP TABLE tabCity", f"CREATE TABLE tabCity{columns}")
    before = catalog(small)
    with pytest.raises(MigrationRestoreError, match="other columns") as caught:
        backups.restore_backup(made.id)
    assert "as_table" in caught.value.hint
    assert catalog(small) == before
    assert len(backups.list_backups()) == 1


def test_column_names_may_differ_in_case_only(small, backups):
    made = backups.create_backup("City", "tabCity")
    run(small, "DROP TABLE tabCity", "CREATE TABLE TABCITY(NAME text, Size integer)")
    backups.restore_backup(made.id)
    assert value(small, "SELECT count(*) FROM tabCity") == 2


def test_restore_beside_the_table_leaves_it_alone(small, backups):
    run(small, "CREATE INDEX ix ON tabCity(name)")
    made = backups.create_backup("City", "tabCity")
    run(small, "ALTER TABLE tabCity DROP COLUMN size")
    before = state(small, "tabCity")
    result = backups.restore_backup(made.id, as_table="tabCity restored")
    assert (result.table, result.created, result.notes()) == ("tabCity restored", True, [])
    assert value(small, 'SELECT sum(size) FROM "tabCity restored"') == 4
    assert state(small, "tabCity") == before
    assert [name for kind, name, _sql in catalog(small) if kind == "index"] == ["ix"]


@pytest.mark.parametrize("name", ["tabCity", "tabOther", "", "a\0b", "a\nb", "x" * 64, "sqlite_x"])
def test_name_that_is_taken_or_no_name_is_refused(small, backups, name):
    run(small, "CREATE TABLE tabOther(a)")
    made = backups.create_backup("City", "tabCity")
    before = catalog(small)
    with pytest.raises(MigrationRestoreError):
        backups.restore_backup(made.id, as_table=name)
    assert catalog(small) == before


def test_rows_that_a_new_index_forbids_change_nothing(small, backups):
    run(small, "INSERT INTO tabCity VALUES('Ulm', 1)")
    made = backups.create_backup("City", "tabCity")
    run(small, "DELETE FROM tabCity", "CREATE UNIQUE INDEX u ON tabCity(name)", "INSERT INTO tabCity VALUES('Bonn', 1)")
    before = state(small, "tabCity")
    with pytest.raises(MigrationRestoreError, match="UNIQUE"):
        backups.restore_backup(made.id)
    assert state(small, "tabCity") == before


def test_restore_is_taken_back_when_its_proof_fails(small, backups, monkeypatch):
    made = backups.create_backup("City", "tabCity")
    run(small, "DROP TABLE tabCity")
    monkeypatch.setattr("sodaf_nb.database.sidefile.into.compare_tables", lambda *_args: False)
    with pytest.raises(MigrationRestoreError, match="not those of the backup"):
        backups.restore_backup(made.id)
    assert catalog(small) == []


def test_restore_waits_for_no_other_writer(small, backups):
    made = backups.create_backup("City", "tabCity")
    with closing(small.connect()) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LockedError):
            backups.restore_backup(made.id)


def test_restore_into_a_file_that_is_no_database_is_refused(small, backups):
    made = backups.create_backup("City", "tabCity")
    small.file.write_bytes(b"no database" * 1000)
    with pytest.raises(DatabaseError, match="not a SQLite database"):
        backups.restore_backup(made.id)


def test_transaction_that_the_engine_ended_itself_is_not_rolled_back_twice(small, backups, monkeypatch):
    made = backups.create_backup("City", "tabCity")

    def ended(connection, *_args):
        connection.execute("ROLLBACK")
        raise SideFileError("disk full")

    monkeypatch.setattr("sodaf_nb.database.sidefile.into.replace_from_side", ended)
    before = state(small, "tabCity")
    with pytest.raises(MigrationRestoreError, match="disk full"):
        backups.restore_backup(made.id)
    assert state(small, "tabCity") == before


def test_failed_commit_takes_everything_back(small, backups, monkeypatch):
    """A reader keeps the commit from going through; the transaction must not stay open."""
    made = backups.create_backup("City", "tabCity")
    run(small, "DELETE FROM tabCity")
    with closing(small.connect(read_only=True)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM tabCity").fetchall()
        with pytest.raises(LockedError):
            backups.restore_backup(made.id)
    assert state(small, "tabCity") == []


def test_cleanup_deletes_old_backups_and_old_drafts_only(small, tmp_path):
    for number, days in enumerate([40, 31, 29, 0], start=1):
        manager(small, tmp_path / "b", now=NOON - timedelta(days=days), first=number).create_backup("City", "tabCity")
    backups = manager(small, tmp_path / "b")
    for name, minutes in ((f".partial-{letters(5)}", 61), (f".partial-{letters(6)}", 59)):
        (backups.directory / name).mkdir()
        when = (NOON - timedelta(minutes=minutes)).timestamp()
        os.utime(backups.directory / name, (when, when))
    (backups.directory / letters(7)).mkdir()
    doomed = (letters(2), f".partial-{letters(5)}")
    assert backups.cleanup(keep={letters(1)}, dry_run=True) == doomed
    assert len(list(backups.directory.iterdir())) == 7
    assert backups.cleanup(keep={letters(1)}) == doomed
    left = sorted(path.name for path in backups.directory.iterdir())
    assert left == [f".partial-{letters(6)}", letters(1), letters(3), letters(4), letters(7)]


def test_half_a_backup_is_never_seen_as_one(small, tmp_path, monkeypatch):
    made = manager(small, tmp_path / "b", now=NOON - timedelta(days=99)).create_backup("City", "tabCity")
    backups = manager(small, tmp_path / "b")

    def crash(*_args):
        raise OSError("gone")

    monkeypatch.setattr("shutil.rmtree", crash)
    with pytest.raises(MigrationBackupError, match="gone"):
        backups.cleanup()
    assert not made.path.exists()
    assert [b.to_rows()[0]["state"] for b in backups.list_backups()] == ["UNFINISHED"]
