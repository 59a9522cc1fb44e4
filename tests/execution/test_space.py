"""Free disk is asked for before the first write, and a disk that fills up in the middle leaves everything as before."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from sodaf_nb.applier import MigrationApplier
from sodaf_nb.database import Database
from sodaf_nb.doctype import DocTypeEngine
from sodaf_nb.errors import MigrationCancelledError, NoSpaceError
from sodaf_nb.execution import MigrationExecutor
from sodaf_nb.execution.space import free_bytes
from sodaf_nb.options import ApplyOptions, SyncOptions
from tests.acceptance.making import doctype, field
from tests.torture.census import difference, read

OLD = doctype(field("title"), field("qty"), field("note", search_index=1))
RETYPED = doctype(field("title"), field("qty", "Int"), field("note", search_index=1))
ADDED = doctype(field("title"), field("qty"), field("note", search_index=1), field("more"))
MB = 1024**2


@pytest.fixture
def full(world):
    """A world with a table of about a megabyte."""
    world.sync(OLD)
    world.insert("tabThing", [{"title": "t" * 100, "qty": str(n), "note": f"n{n}" * 20} for n in range(4000)])
    return world


def census(world):
    with closing(world.database.connect(read_only=True)) as connection:
        return read(connection)


def with_free(world, free):
    """Make the world's disks as full as a function of the folder says."""
    applier = world.applier
    parts = (world.database, applier.history, applier.backups, applier.options)
    applier._executor = MigrationExecutor(*parts, free=free)


def dry_run(world, wanted):
    world.declare(wanted)
    return world.applier.dry_run("Thing")


def records(world):
    return [(r.status, r.error) for r in world.applier.history.get_migration_history()]


def test_too_little_room_is_said_with_both_numbers_before_anything_is_written(full):
    start, before = census(full), full.database.file.read_bytes()
    with_free(full, lambda _folder: 300_000)
    with pytest.raises(NoSpaceError) as raised:
        full.sync(RETYPED)
    assert raised.value.code == "NO_SPACE"
    assert "bytes, and 300,000 are free" in raised.value.message
    assert "TMPDIR" in raised.value.hint
    assert full.database.file.read_bytes() == before
    assert difference(start, census(full)) == []
    assert [status for status, _error in records(full)] == ["applied"]
    assert not list(full.database.file.parent.glob("backups/*"))


def test_ctrl_c_while_the_disks_are_asked_is_a_cancelled_migration(full):
    def interrupted(_folder):
        raise KeyboardInterrupt

    start = census(full)
    with_free(full, interrupted)
    with pytest.raises(MigrationCancelledError):
        full.sync(RETYPED)
    assert difference(start, census(full)) == []


def test_a_dry_run_says_what_an_apply_takes_and_what_is_missing(full):
    with_free(full, lambda _folder: 300_000)
    found = dry_run(full, RETYPED)
    assert not found.success
    assert "TOO LITTLE ROOM" in found.heading()
    assert "300,000 are free" in found.errors[0]
    with_free(full, free_bytes)
    found = dry_run(full, RETYPED)
    assert found.success
    assert found.disk.problem == ""
    size = full.ask("SELECT SUM(pgsize) FROM dbstat")[0][0]
    assert size / 2 < found.disk.backup <= size
    assert MB < found.disk.database < 3 * size + MB
    assert size / 2 < found.disk.temporary <= 2 * size
    assert "Disk:" not in str(found), "a small table needs no word"
    assert "Disk: at most 1,000 MB for the database" in "\n".join(
        replace(found, disk=replace(found.disk, database=1000 * MB)).notes()
    )


def test_what_touches_no_row_needs_next_to_nothing(full):
    found = dry_run(full, ADDED)
    assert (found.disk.database, found.disk.temporary, found.disk.backup) == (MB, 0, 0)
    with_free(full, lambda _folder: 2 * MB)
    assert full.sync(ADDED).success


def test_a_rebuild_in_wal_mode_needs_more_than_a_change_in_place(full, monkeypatch):
    in_place = dry_run(full, RETYPED).disk
    with closing(sqlite3.connect(full.database.file)) as connection:
        connection.execute("PRAGMA journal_mode=WAL").fetchall()
    monkeypatch.setattr(full.database.dialect, "_most_passes", -1)
    rebuilt = dry_run(full, RETYPED).disk
    assert rebuilt.database > in_place.database + MB
    assert rebuilt.temporary > in_place.temporary


def test_places_on_one_disk_share_its_room(full):
    needed = dry_run(full, RETYPED).disk
    total = needed.database + needed.temporary + needed.backup
    with_free(full, lambda _folder: total - 1)
    with pytest.raises(NoSpaceError, match="journal and temporary files and the backup"):
        full.sync(RETYPED)
    with_free(full, lambda _folder: total)
    assert full.sync(RETYPED).success


def test_a_rollback_is_asked_for_too(full):
    result = full.sync(RETYPED)
    with_free(full, lambda _folder: 100_000)
    with pytest.raises(NoSpaceError):
        full.applier.rollback_migration(result.migration_id)
    with_free(full, free_bytes)
    assert full.applier.dry_run_rollback(result.migration_id).disk.temporary > 0
    assert full.applier.rollback_migration(result.migration_id).success


def test_names_of_a_renamed_doctype_in_other_tables_are_few_rows_not_whole_tables(full):
    full.sync(doctype(field("kind", "Link", options="DocType"), name="Note"))
    full.insert("tabNote", [{"kind": "Thing"}, *({"name": f"N{n}", "kind": "x" * 100} for n in range(4000))])
    full.declare(dict(OLD, name="Other"))
    found = full.applier.dry_run("Other", SyncOptions(renamed_from="Thing")).disk
    assert 0 < found.temporary < 100_000
    assert found.backup == 0


@pytest.mark.parametrize("journal", ["DELETE", "WAL"])
def test_a_disk_that_fills_up_in_the_middle_leaves_everything_as_before(full, journal, monkeypatch):
    with closing(sqlite3.connect(full.database.file)) as connection:
        connection.execute(f"PRAGMA journal_mode={journal}").fetchall()
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
    start, opened = census(full), full.database._opened

    def limited(mode):
        connection = opened(mode)
        connection.execute(f"PRAGMA max_page_count={pages + 40}").fetchall()  # the rebuild needs hundreds
        return connection

    monkeypatch.setattr(full.database, "_opened", limited)
    monkeypatch.setattr(full.database.dialect, "_most_passes", -1)
    with pytest.raises(NoSpaceError, match="full; everything was taken back"):
        full.sync(RETYPED)
    assert difference(start, census(full)) == []
    assert [status for status, _error in records(full)] == ["failed", "applied"]
    assert "full" in records(full)[0][1]
    monkeypatch.undo()
    assert full.sync(RETYPED).success


def test_a_database_in_memory_needs_room_for_its_backup_only(tmp_path):
    database, doctypes = Database("sqlite://"), DocTypeEngine()
    applier = MigrationApplier(database, doctypes, ApplyOptions(backup_dir=tmp_path / "backups"))
    doctypes.register(OLD)
    applier.sync_doctype("Thing")
    with database.write() as session:
        session.execute("INSERT INTO tabThing (name, qty) VALUES ('a', '1')")
    doctypes.register(RETYPED)
    found = applier.dry_run("Thing").disk
    assert found.database == 0
    assert found.backup > 0
    database.close()


def test_the_disk_of_a_folder_that_is_not_there_yet_is_that_of_the_one_above(tmp_path):
    assert free_bytes(tmp_path / "a" / "b") == free_bytes(tmp_path) > 0
