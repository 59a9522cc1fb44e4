"""Backups of earlier versions stay readable, and how many rows are read at a time decides nothing about a backup."""

import json
import shutil

import pytest

from sodaf_nb.backup.digest import content_digest, grouped_digest
from sodaf_nb.errors import MigrationRestoreError, UsageError
from tests.backup.helpers import catalog, forge, manager, odd_table, run, state


@pytest.fixture
def old(backups, format1):
    shutil.copytree(format1, backups.directory / format1.name)
    return backups.get(format1.name)


def test_a_backup_of_format_1_validates_and_says_what_it_is(old, backups):
    assert json.loads((old.path / "manifest.json").read_bytes())["format"] == 1
    assert (old.strategy, old.base_id, old.note, old.row_count) == ("full", None, "", 22)
    assert backups.validate_backup(old.id).verified
    assert [b.problem for b in backups.list_backups()] == [None]


def test_a_backup_of_format_1_gives_its_rows_back(old, backups, database):
    odd_table(database)
    run(database, "CREATE INDEX odd_w ON tabOdd(w)")
    # The text that a TEXT column makes of a float is the engine's: 15 digits in 3.40, which wrote the backup, 17 in
    # 3.53. A backup gives back the text that was there.
    run(database, "UPDATE tabOdd SET w = '4.94065645841247e-324' WHERE v = 5e-324")
    before = state(database, "tabOdd"), catalog(database)
    run(database, "DROP TABLE tabOdd")
    backups.restore_backup(old.id)
    assert (state(database, "tabOdd"), catalog(database)) == before
    run(database, "UPDATE tabOdd SET v = 1")
    later = manager(database, backups.directory, first=50)
    later.restore_backup(old.id)
    assert state(database, "tabOdd") == before[0]


@pytest.mark.parametrize(
    "field", [{"strategy": "column", "key": ["v"]}, {"base_id": None}, {"note": ""}, {"content_digest": "0" * 64}]
)
def test_a_backup_of_format_1_with_anything_else_is_refused(old, backups, field):
    forge(old.path, **field)
    with pytest.raises(MigrationRestoreError):
        backups.validate_backup(old.id)


@pytest.mark.parametrize("size", [1, 7, 999, 1000, 1001, 10**6])
@pytest.mark.parametrize("digest", [content_digest, grouped_digest])
def test_a_digest_is_the_same_however_many_rows_come_at_a_time(digest, size):
    kinds = [None, 1, -0.0, bytearray(b"a"), b"b"]
    rows = [(n, kinds[n % 5], kinds[n % 3], 1.5, None) for n in range(2500)]
    chunks = [rows[start : start + size] for start in range(0, len(rows), size)]
    assert digest(chunks) == digest([rows])


@pytest.mark.parametrize("size", [1, 3, 10**6])
def test_rows_are_read_as_many_at_a_time_as_asked_for_and_the_backup_is_the_same(odd, tmp_path, monkeypatch, size):
    from sodaf_nb.database.sidefile import rows

    seen = []

    class Noted:
        def __init__(self, cursor):
            self.cursor = cursor

        def __enter__(self):
            return self

        def __exit__(self, *_error):
            self.cursor.close()

        def fetchmany(self, size):
            seen.append(size)
            return self.cursor.fetchmany(size)

    monkeypatch.setattr(rows, "closing", Noted)
    plain = manager(odd, tmp_path / "a").create_backup("Odd", "tabOdd")
    seen.clear()
    backups = manager(odd, tmp_path / "b", batch_size=size)
    made = backups.create_backup("Odd", "tabOdd")
    run(odd, "DELETE FROM tabOdd WHERE rowid = 9")
    backups.validate_backup(backups.create_backup("Odd", "tabOdd", strategy="incremental").id)
    backups.read_rows(made.id)
    assert set(seen) == {size}
    assert made.manifest_sha256 == plain.manifest_sha256


@pytest.mark.parametrize("size", [0, -1, 1.5, "5", None])
def test_a_batch_size_that_is_no_number_of_rows_is_refused(database, tmp_path, size):
    with pytest.raises(UsageError, match="batch size"):
        manager(database, tmp_path / "b", batch_size=size)
