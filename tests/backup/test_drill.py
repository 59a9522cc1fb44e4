"""A restore drill runs in a process of its own, and finds what cannot be restored."""

import runpy
import sys
from pathlib import Path

import pytest

from sodaf_nb.backup import drill as module
from sodaf_nb.backup.drilling import main
from sodaf_nb.errors import MigrationRestoreError
from tests.backup.helpers import forge, letters, manager, run
from tests.backup.keys import Pair


def test_the_newest_of_each_table_is_restored_in_another_process(odd, backups, tmp_path):
    run(odd, "CREATE TABLE n(id INTEGER PRIMARY KEY AUTOINCREMENT, v)", "INSERT INTO n VALUES(8, 'x')", "DELETE FROM n")
    run(odd, "CREATE INDEX i ON n(v)", "CREATE TRIGGER t AFTER DELETE ON n BEGIN SELECT 1; END")
    older = backups.create_backup("N", "n")
    backups.create_backup("Odd", "tabOdd")
    backups.create_backup("N", "n")
    run(odd, "INSERT INTO n VALUES(9, 'y')")
    newest = backups.create_backup("N", "n", strategy="incremental")
    files = sorted(tmp_path.rglob("*"))
    result = backups.drill()
    assert sorted(tmp_path.rglob("*")) == files
    assert (result.success, result.heading()) == (True, "Drill: 2 backups, all restored")
    assert (result.drilled[0].backup.id, result.drilled[0].rows) == (newest.id, 1)
    assert {row["verdict"] for row in result.to_rows()} == {"restored, equal to what was saved"}
    assert all(each.seconds > 0 for each in result.drilled)
    assert str(result.drilled[0].seconds) not in repr(result)
    assert result.frame_rows()[0]["backup"] == newest.id
    assert [each.backup.id for each in backups.drill(older.id).drilled] == [older.id]


def test_what_is_no_backup_is_not_tried(small, backups):
    made = backups.create_backup("City", "tabCity")
    damaged = backups.create_backup("City", "tabCity")
    (damaged.path / "manifest.json").write_bytes(b"{}")
    (backups.directory / "a folder").mkdir()
    assert [each.backup.id for each in backups.drill().drilled] == [made.id]


def test_no_backups_no_drill(backups):
    result = backups.drill()
    assert (result.success, result.to_rows(), result.empty_text()) == (True, [], "no backups")


def test_a_damaged_one_fails_and_the_others_are_tried(small, backups):
    run(small, "CREATE TABLE other(a)")
    backups.create_backup("Other", "other")
    made = backups.create_backup("City", "tabCity")
    data = next(made.path.glob("data*"))
    data.write_bytes(data.read_bytes()[:-1] + b"!")
    result = backups.drill()
    assert (result.success, result.heading()) == (False, "Drill: 2 backups, 1 FAILED")
    assert "FAILED: Backup" in repr(result)
    assert [bool(each.problem) for each in result.drilled] == [True, False]


@pytest.mark.parametrize(
    ("field", "value"), [("sequence", 9), ("objects", [["index", "i", "CREATE INDEX j ON tabCity(size)"]])]
)
def test_a_manifest_that_says_more_than_comes_out_is_found(small, backups, capsys, field, value):
    made = backups.create_backup("City", "tabCity")
    forge(made.path, **{field: value})
    main([str(backups.directory), made.id])
    assert "than were saved" in capsys.readouterr().out


def test_the_key_is_all_it_needs(small, tmp_path, monkeypatch):
    pair = Pair(tmp_path, "ann")
    locked = manager(small, tmp_path / "b", recipients=(pair.public,))
    made = locked.create_backup("City", "tabCity")
    assert not locked.drill(made.id).success
    assert manager(small, tmp_path / "b", identity=pair.file).drill(made.id).success


def test_what_the_child_says_is_said_in_process_as_well(small, backups, capsys, monkeypatch):
    made = backups.create_backup("City", "tabCity")
    monkeypatch.setattr(sys, "argv", ["x", str(backups.directory), made.id, letters(77)])
    runpy.run_module("sodaf_nb.backup", run_name="__main__")
    lines = capsys.readouterr().out.splitlines()
    assert '"table": "tabCity", "rows": 2, "problem": ""' in lines[0]
    assert "There is no backup" in lines[1]


def test_a_child_that_dies_is_said(small, backups, monkeypatch):
    made = backups.create_backup("City", "tabCity")
    monkeypatch.setattr(module.sys, "executable", str(Path("/bin/false")))
    with pytest.raises(MigrationRestoreError, match="after 0 of 1 backup: it said nothing"):
        backups.drill(made.id)
