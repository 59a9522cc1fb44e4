"""backup list, verify, create, restore and open."""

import pytest

from sodaf_nb.commands import Sheet
from sodaf_nb.errors import MigrationRestoreError, UsageError
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


def test_a_damaged_backup_is_listed_and_refused(shop):
    info = shop("backup create Book").items[0]
    data = next(path for path in info.path.iterdir() if path.name != "manifest.json")
    data.chmod(0o600)
    data.write_bytes(data.read_bytes()[:-1] + b"\0")
    with pytest.raises(MigrationRestoreError):
        shop("backup verify 1")


def test_no_backups_is_said_in_words(shop):
    assert repr(shop("backup")).endswith("No backup was taken yet.")


def test_a_long_sheet_shows_its_first_rows_and_keeps_all():
    sheet = Sheet(title="T", columns=("n",), values=tuple((n,) for n in range(12)))
    assert len(sheet.to_rows()) == 10
    assert sheet.notes() == ["... and 2 more; .to_frame() has all."]
    assert len(sheet.to_frame()) == 12
    assert repr(sheet).startswith("T, 12 rows\n")
