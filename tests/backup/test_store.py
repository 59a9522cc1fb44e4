"""How a backup gets onto the disk: order, modes, faults, and nothing left behind."""

import os
import stat
from contextlib import closing
from pathlib import Path

import pytest

from sodaf_nb.backup.store import BackupStore
from sodaf_nb.errors import MigrationBackupError
from tests.backup.helpers import letters, manager, odd_table, run, state

CALLS = ["open", "write", "fsync", "rename", "mkdir", "fstat"]


def entries(backups):
    return sorted(path.name for path in backups.directory.iterdir()) if backups.directory.exists() else []


def test_folder_is_0700_and_files_are_0600_whatever_the_umask(small, backups):
    before = os.umask(0)
    try:
        made = backups.create_backup("City", "tabCity")
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in [made.path, *made.path.iterdir()]}
    assert modes == {made.id: 0o700, "data.sqlite.zst": 0o600, "manifest.json": 0o600}
    assert stat.S_IMODE(backups.directory.stat().st_mode) == 0o700


def test_everything_is_on_the_disk_before_the_rename_and_the_rename_before_the_return(small, backups, monkeypatch):
    backups.create_backup("City", "tabCity")
    seen = []
    fsync, rename = os.fsync, os.rename

    def noted_fsync(fd):
        seen.append(Path(f"/proc/self/fd/{fd}").readlink().name)
        fsync(fd)

    def noted_rename(old, new, **folders):
        seen.append(f"{old} -> {new}")
        rename(old, new, **folders)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(os, "rename", noted_rename)
    made = backups.create_backup("City", "tabCity")
    partial = f".partial-{made.id}"
    assert seen == ["data.sqlite.zst", "manifest.json", partial, f"{partial} -> {made.id}", "backups"]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("compression", ["zstd", "none"])
def test_failing_at_any_call_leaves_no_backup_and_no_draft(small, tmp_path, monkeypatch, call, compression):
    """The Nth call fails, for every N until there are no more calls."""
    real = getattr(os, call)
    before = state(small, "tabCity")
    failures = 0
    for nth in range(200):
        backups = manager(small, tmp_path / f"b{nth}", compression=compression)
        calls = []

        def fail(*args, calls=calls, nth=nth, **options):
            calls.append(args)
            if len(calls) == nth + 1:
                raise OSError(28, "No space left on device")
            return real(*args, **options)

        with monkeypatch.context() as patch:
            patch.setattr(os, call, fail)
            error = failure(backups)
        # A failure that does no harm is allowed: making a folder that is there already.
        assert entries(backups) == ([] if error else [letters(1)])
        assert error is None or ("No space left" in error.message and error.hint)
        assert state(small, "tabCity") == before
        failures += error is not None
        if len(calls) <= nth:
            break
    assert len(calls) == nth
    assert failures > 0


def failure(backups):
    try:
        backups.create_backup("City", "tabCity")
    except MigrationBackupError as error:
        return error
    return None


def test_disk_that_stays_full_leaves_no_backup_either(small, backups, monkeypatch):
    def full(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(MigrationBackupError, match="No space left"):
        backups.create_backup("City", "tabCity")
    assert entries(backups) == []


def test_short_writes_lose_nothing(small, backups, monkeypatch):
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: write(fd, bytes(data[:7])))
    assert backups.create_backup("City", "tabCity").verified


def test_interrupt_while_proving_leaves_nothing(small, backups, monkeypatch):
    def interrupt(*_args):
        raise KeyboardInterrupt

    monkeypatch.setattr("sodaf_nb.backup.strategies.FullBackupStrategy.proves", interrupt)
    with pytest.raises(KeyboardInterrupt):
        backups.create_backup("City", "tabCity")
    assert entries(backups) == []


@pytest.mark.parametrize("lie", ["UPDATE tabCity SET size = 1", "UPDATE tabCity SET size = 3.5", "DELETE FROM tabCity"])
def test_backup_that_differs_from_the_table_is_deleted(small, backups, monkeypatch, lie):
    from sodaf_nb.database.sidefile import snapshot

    real = snapshot.copy_rows

    def lying(connection, *rest):
        rows = real(connection, *rest)
        connection.execute(lie.replace("tabCity", "sodaf_side.tabCity"))
        return rows

    monkeypatch.setattr(snapshot, "copy_rows", lying)
    with pytest.raises(MigrationBackupError, match="tabCity was made"):
        backups.create_backup("City", "tabCity")
    assert entries(backups) == []


def test_comparison_with_the_table_alone_is_enough_to_notice(small, backups, monkeypatch):
    """Even when digest and rows of the copy agree with each other."""
    monkeypatch.setattr("sodaf_nb.database.sidefile.snapshot.compare_tables", lambda *_args: False)
    with pytest.raises(MigrationBackupError, match="read back"):
        backups.create_backup("City", "tabCity")
    assert entries(backups) == []


@pytest.mark.parametrize("mode", [0o770, 0o702, 0o777])
def test_directory_that_others_can_write_to_is_refused(small, backups, mode):
    backups.directory.mkdir()
    backups.directory.chmod(mode)
    with pytest.raises(MigrationBackupError, match="chmod"):
        backups.create_backup("City", "tabCity")


def test_directory_of_another_user_is_refused(small, backups, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with pytest.raises(MigrationBackupError, match="another user"):
        backups.create_backup("City", "tabCity")


def test_existing_backup_is_never_replaced(small, backups, tmp_path):
    made = backups.create_backup("City", "tabCity")
    before = {path.name: path.read_bytes() for path in made.path.iterdir()}
    with pytest.raises(MigrationBackupError):
        manager(small, tmp_path / "backups").create_backup("City", "tabCity")
    assert {path.name: path.read_bytes() for path in made.path.iterdir()} == before
    assert entries(backups) == [made.id]


@pytest.mark.parametrize("planted", [letters(1), f".partial-{letters(1)}"])
def test_planted_link_is_not_followed(small, backups, tmp_path, planted):
    backups.directory.mkdir(mode=0o700)
    (tmp_path / "elsewhere").mkdir()
    (backups.directory / planted).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(MigrationBackupError):
        backups.create_backup("City", "tabCity")
    assert list((tmp_path / "elsewhere").iterdir()) == []
    assert entries(backups) == [planted]


def test_directory_that_is_a_file_is_refused(small, backups):
    backups.directory.touch()
    with pytest.raises(MigrationBackupError):
        backups.create_backup("City", "tabCity")


def test_id_that_is_no_id_is_refused(small, tmp_path):
    backups = manager(small, tmp_path / "b")
    backups._new_id = lambda: "../escape"
    with pytest.raises(MigrationBackupError, match="not a backup id"):
        backups.create_backup("City", "tabCity")


def test_backup_while_a_migration_holds_the_lock_is_the_state_before_it(any_database, tmp_path):
    odd_table(any_database)
    before = state(any_database, "tabOdd")
    backups = manager(any_database, tmp_path / "b")
    with closing(any_database.connect()) as migration:
        migration.execute("BEGIN IMMEDIATE")
        made = backups.create_backup("Odd", "tabOdd")
        migration.execute("DELETE FROM tabOdd")
        migration.execute("COMMIT")
    backups.restore_backup(made.id)
    assert state(any_database, "tabOdd") == before


def test_the_lock_of_the_migration_is_still_held_afterwards(small, backups):
    """Opening and closing the file in this process would drop it."""
    import subprocess
    import sys

    with closing(small.connect()) as migration:
        migration.execute("BEGIN IMMEDIATE")
        backups.create_backup("City", "tabCity")
        other = f"import sqlite3; sqlite3.connect({str(small.file)!r}, timeout=0).execute('DELETE FROM tabCity')"
        ran = subprocess.run([sys.executable, "-c", other], capture_output=True, text=True, check=False)
        migration.execute("ROLLBACK")
    assert "locked" in ran.stderr


def test_rows_written_while_a_backup_is_made_are_not_in_it_and_do_not_spoil_it(small, backups, monkeypatch):
    run(small, "PRAGMA journal_mode=wal")
    before = [("Rome", 3), ("Ulm", 1)]
    from sodaf_nb.database.sidefile import snapshot

    real = snapshot._make_side

    def busy(*args):
        run(small, "INSERT INTO tabCity VALUES('Oslo', 2)")
        real(*args)

    monkeypatch.setattr(snapshot, "_make_side", busy)
    proves = "sodaf_nb.backup.strategies.FullBackupStrategy.proves"
    from sodaf_nb.backup.strategies import FullBackupStrategy

    compare = FullBackupStrategy.proves

    def busy_too(*args):
        run(small, "DELETE FROM tabCity WHERE name = 'Ulm'")
        return compare(*args)

    monkeypatch.setattr(proves, busy_too)
    made = backups.create_backup("City", "tabCity")
    assert backups.read_rows(made.id) == before


def test_database_that_cannot_be_read_gives_no_backup(small, backups):
    small.file.write_bytes(b"no database" * 1000)
    with pytest.raises(MigrationBackupError, match="not a database"):
        backups.create_backup("City", "tabCity")
    small.file.unlink()
    with pytest.raises(MigrationBackupError, match="there is no table tabCity"):
        backups.create_backup("City", "tabCity")


def test_failed_delete_of_a_failed_draft_reports_the_first_error(tmp_path, monkeypatch):
    store = BackupStore(tmp_path / "b")

    def refuse(*_args):
        raise OSError("second")

    monkeypatch.setattr("shutil.rmtree", refuse)
    with pytest.raises(OSError, match="first"), store.draft(letters(1)):
        raise OSError("first")
