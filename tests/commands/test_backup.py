"""backup list, verify, create, restore, open and prune."""

import sqlite3
from contextlib import closing

import pytest

from sodaf_nb import ApplyOptions, Retention
from sodaf_nb.commands import Context, Sheet, run_line
from sodaf_nb.errors import MigrationRestoreError, UsageError
from tests.backup.keys import Pair
from tests.commands.conftest import doctype


def test_an_apply_that_puts_data_at_risk_leaves_a_backup_that_can_be_opened(shop, rows):
    before = [(row[0], row[-1]) for row in rows()]
    shop("doctype", doctype("Book", "title Data", "pages Int"))
    shop("apply Book --accept DS08")
    (listed,) = shop("backup list").to_rows()
    assert (listed["#"], listed["doctype"], listed["strategy"], listed["rows"]) == (1, "Book", "column", 3)
    assert repr(shop("backup verify 1")).startswith("Backup 1 is sound")
    opened = shop("backup open 1")
    assert opened.values == tuple(before)
    assert opened.to_frame()["pages"].tolist() == ["474", "204 p.", None]


def test_a_backup_can_be_taken_and_restored_by_hand(shop, rows, context):
    before = rows()
    row = {"table": "tabBook", "strategy": "full", "rows": 3, "columns": 9}
    assert shop("backup create Book").to_rows() == [row]
    with context.connection.database.write() as session:
        session.execute('DELETE FROM "tabBook"')
    shop("backup restore 1")
    assert rows() == before


def test_columns_alone_or_what_changed_can_be_taken_by_hand(shop, rows, context):
    before = rows()
    (row,) = shop("backup create Book --columns title,pages").to_rows()
    assert row == {"table": "tabBook", "strategy": "column", "rows": 3, "columns": 3}
    first = shop("backup create Book --incremental")
    assert (first.to_rows()[0]["strategy"], "no earlier backup" in first.notes()[0]) == ("full", True)
    with context.connection.database.write() as session:
        session.execute('DELETE FROM "tabBook" WHERE name = ?', ("B1",))
    second = shop("backup create Book --incremental")
    assert (second.to_rows()[0]["strategy"], second.notes()) == ("incremental", ())
    shop("backup restore 2")
    assert rows() == before
    assert len(shop("backup open 3").values) == 2
    for wrong in ("--incremental --columns title", "--columns ' , '"):
        with pytest.raises(UsageError):
            shop(f"backup create Book {wrong}")


def test_numbers_count_from_the_oldest_over_all_doctypes(shop):
    shop("doctype", doctype("Author", "full_name Data"))
    shop("apply Author")
    for name in ("Book", "Author", "Book"):
        shop(f"backup create {name}")
    assert [row["#"] for row in shop("backup").to_rows()] == [3, 2, 1]
    assert [row["#"] for row in shop("backup list Author").to_rows()] == [2]
    assert shop("backup open 2").to_rows() == []


def test_an_id_is_taken_too_and_a_wrong_number_is_named(shop):
    info = shop("backup create Book").items[0]
    assert len(shop(f"backup open {info.id}").values) == 3
    with pytest.raises(UsageError, match=r"There is no backup number 2\. Hint: there are 1"):
        shop("backup verify 2")


def test_a_word_that_is_no_backup_says_where_they_are(shop):
    for line in ("verify", "restore", "open"):
        with pytest.raises(UsageError, match=r"There is no backup 'Book'\. Hint: numbers are in %migrate backup list"):
            shop(f"backup {line} Book")


def test_a_damaged_backup_is_listed_and_refused(shop):
    info = shop("backup create Book").items[0]
    data = next(path for path in info.path.iterdir() if path.name != "manifest.json")
    data.chmod(0o600)
    data.write_bytes(data.read_bytes()[:-1] + b"\0")
    with pytest.raises(MigrationRestoreError):
        shop("backup verify 1")


def test_prune_shows_first_and_deletes_then_and_keeps_what_a_rollback_needs(shop, rows):
    before = rows()
    shop("doctype", doctype("Book", "title Data", "pages Int"))
    shop("apply Book --accept DS08")
    shop("backup create Book")
    shop("backup create Book")
    wanted = [(3, "kept", "among the last 1"), (2, "would go", "not among the la"), (1, "kept", "a rollback may n")]
    shown = shop("backup prune --keep-last 1 --dry-run")
    assert [(row["#"], row["verdict"], row["reason"][:16]) for row in shown.to_rows()] == wanted
    assert repr(shown).startswith("Backups: 1 would be deleted, 2 kept")
    assert len(shop("backup list").items) == 3
    assert repr(shop("backup prune --keep-last 1")).startswith("Backups: 1 deleted, 2 kept")
    assert len(shop("backup list").items) == 2
    shown = shop("backup prune --max-bytes 1 --keep-days 1")
    assert "limit on bytes is not reached" in repr(shown)
    assert len(shop("backup list").items) == 1
    shop("rollback --last Book")
    assert rows() == before


@pytest.mark.parametrize(
    "line", ["", "--dry-run", "--keep-days x", "--keep-last 0", "--max-bytes -5", "--keep-days 99999"]
)
def test_prune_without_a_usable_rule_is_refused(shop, line):
    shop("backup create Book")
    with pytest.raises(UsageError):
        shop(f"backup prune {line}")
    assert len(shop("backup list").items) == 1


def test_prune_takes_the_rules_of_the_session_when_none_are_given(tmp_path):
    context = Context(options=ApplyOptions(backup_dir=tmp_path / "backups", retention=Retention(keep_last=1)))
    for line, body in (("connect sqlite://", None), ("doctype", doctype("Book", "title Data")), ("apply Book", None)):
        run_line(context, line, body)
    for _ in range(2):
        run_line(context, "backup create Book", None)
    assert repr(run_line(context, "backup prune", None)).startswith("Backups: 1 deleted, 1 kept")
    context.close_all()


def test_a_connection_encrypts_its_backups_and_opens_them(run, tmp_path):
    ann, bob = Pair(tmp_path, "ann"), Pair(tmp_path, "bob")
    keys = f"--recipient {ann.public} --recipient {bob.public}"
    run(f"connect sqlite:///{tmp_path}/s.db --create --as shop {keys}")
    run("doctype", doctype("Book", "title Data"))
    run("apply Book")
    assert run("backup create Book").items[0].recipients == (ann.public, bob.public)
    assert [row["packed"] for row in run("backup list").to_rows()] == ["zstd, encrypted"]
    with pytest.raises(MigrationRestoreError, match="no secret key"):
        run("backup verify 1")
    again = run(f"connect sqlite:///{tmp_path}/s.db")  # never falls back to plain backups
    assert again.applier.options.recipients == (ann.public, bob.public)
    run("connect --close shop")
    run(f"connect sqlite:///{tmp_path}/s.db --identity {bob.file}")
    assert repr(run("backup verify 1")).startswith("Backup 1 is sound")


def test_a_connection_with_a_wrong_key_is_not_made_and_the_key_not_repeated(run, context, tmp_path):
    ann = Pair(tmp_path, "ann")
    for option in (f"--recipient {ann.secret}", f"--identity {ann.secret}", "--recipient age1nobody"):
        with pytest.raises(UsageError) as caught:
            run(f"connect sqlite:// {option}")
        assert ann.secret not in str(caught.value)
    assert context.connections == {}


def test_prune_of_nothing_says_so(shop):
    assert repr(shop("backup prune --keep-last 1")).endswith("No backup was taken yet.")


def test_no_backups_is_said_in_words(shop):
    assert repr(shop("backup")).endswith("No backup was taken yet.")


def test_a_long_sheet_shows_its_first_rows_and_keeps_all():
    sheet = Sheet(title="T", columns=("n",), values=tuple((n,) for n in range(12)))
    assert len(sheet.to_rows()) == 10
    assert sheet.notes() == ["... and 2 more; .to_frame() has all."]
    assert len(sheet.to_frame()) == 12
    assert repr(sheet).startswith("T, 12 rows\n")


@pytest.fixture
def emptied(shop, context):
    shop("backup create Book")
    with context.connection.database.write() as session:
        session.execute("DELETE FROM \"tabBook\" WHERE name = 'B1'")
        session.execute("UPDATE \"tabBook\" SET pages = '1', title = 'edited' WHERE name = 'B2'")
    return shop


def test_a_restore_is_looked_at_first_and_taken_back(emptied, rows):
    before = rows()
    (row,) = emptied("backup restore 1 --dry-run").to_rows()
    assert row == {"table": "tabBook", "rows": 3, "would be": "replaced", "added": 1, "changed": 1, "removed": 0}
    assert rows() == before
    emptied("backup restore 1")
    assert len(rows()) == 3
    assert "restore" in repr(emptied("history"))
    restored = rows()
    assert emptied("rollback --last Book --dry-run").success
    assert rows() == restored
    emptied("rollback --last Book")
    assert rows() == before


def test_a_restore_goes_beside_into_another_file_or_into_columns_alone(emptied, rows, tmp_path):
    assert emptied("backup restore 1 --as old").table == "old"
    assert len(rows("old")) == 3
    result = emptied(f"backup restore 1 --into {tmp_path / 'scratch.db'}")
    assert (result.created, result.migration_id) == (True, None)
    with closing(sqlite3.connect(tmp_path / "scratch.db")) as other:
        assert other.execute("SELECT count(*) FROM tabBook").fetchone() == (3,)
    emptied("backup restore 1 --columns pages")
    assert [(r[0], r[-2], r[-1]) for r in rows()] == [("B2", "edited", "204 p."), ("B3", "Momo", None)]
    with pytest.raises(MigrationRestoreError, match="already something named") as taken:
        emptied("backup restore 1 --as old")
    assert "--as 'tabBook restored'" in taken.value.hint


def test_a_drill_restores_elsewhere_and_fails_where_that_cannot_be_done(emptied, context):
    assert emptied("drill").heading() == "Drill: 1 backup, all restored"
    assert emptied("drill 1").success
    (data,) = context.applier.backups.directory.glob("*/data*")
    data.write_bytes(data.read_bytes()[:-1] + b"!")
    with pytest.raises(MigrationRestoreError, match=r"1 FAILED: tabBook: Backup .* cannot be used"):
        emptied("drill")


def test_no_backups_no_drill(shop):
    assert "no backups" in repr(shop("drill"))
