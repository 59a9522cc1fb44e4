"""diff, dry-run, apply, rollback, history, status: one call of the applier each, on a real database."""

import pytest

from sodaf_nb.errors import (
    BlockedMigrationError,
    DocTypeNotFoundError,
    MigrationExecutionError,
    RenameQuestionError,
    StalePlanError,
    UsageError,
)
from sodaf_nb.results import BatchMigrationResult, DryRunResult, MigrationResult
from tests.commands.conftest import doctype


def test_diff_shows_what_an_apply_would_change_and_changes_nothing(shop, rows):
    before = rows()
    shop("doctype", doctype("Book", "title Data", "pages Data", "year Int"))
    assert [row["name"] for row in shop("diff Book").to_rows()] == ["year"]
    assert rows() == before


def test_a_dry_run_names_the_rows_at_risk_and_changes_nothing(shop, rows):
    before = rows()
    shop("doctype", doctype("Book", "title Data", "pages Int"))
    dry = shop("dry-run Book")
    assert isinstance(dry, DryRunResult)
    assert not dry.success
    assert [(f.rule, f.samples) for f in dry.findings] == [("DS08", ("B2",))]
    assert shop("dry-run Book --accept ds08").success
    assert rows() == before


def test_apply_is_stopped_until_the_finding_is_accepted(shop, rows):
    before = rows()
    shop("doctype", doctype("Book", "title Data", "pages Int"))
    with pytest.raises(BlockedMigrationError):
        shop("apply Book")
    assert rows() == before
    result = shop("apply Book --accept DS08")
    assert isinstance(result, MigrationResult)
    assert [row[-1] for row in rows()] == [474, None, None]


def test_accept_may_be_given_again_or_as_all(shop):
    shop("doctype", doctype("Book", "pages Int"))
    assert shop("dry-run Book --drop-removed --accept DS03 --accept DS08").success
    assert shop("dry-run Book --drop-removed --accept all").success


def test_a_removed_field_keeps_its_column_unless_asked(shop, columns):
    shop("doctype", doctype("Book", "title Data"))
    shop("apply Book")
    assert "pages" in columns()
    shop("apply Book --drop-removed --accept DS03")
    assert "pages" not in columns()


def test_a_rename_moves_the_data(shop, rows, columns):
    shop("doctype", doctype("Book", "title Data", "pages_read Data"))
    with pytest.raises(RenameQuestionError):
        shop("apply Book --drop-removed")
    before = rows()
    shop("apply Book --rename pages:pages_read")
    assert columns()[-1] == "pages_read"
    assert rows() == before


def test_a_backfill_fills_rows_that_have_no_value(shop, rows):
    shop("doctype", doctype("Book", "title Data", "pages Data,required=1"))
    with pytest.raises(BlockedMigrationError):
        shop("apply Book")
    shop("apply Book --backfill pages=007")
    assert [row[-1] for row in rows()] == ["474", "204 p.", "007"]


def test_a_renamed_doctype_renames_its_table(shop, rows):
    before = rows()
    shop("doctype", doctype("Volume", "title Data", "pages Data"))
    shop("apply Volume --renamed-from Book")
    assert rows("tabVolume") == before


def test_a_reviewed_plan_is_applied_by_its_id_and_no_other(shop):
    shop("doctype", doctype("Book", "title Data", "pages Data", "year Int"))
    plan = shop("dry-run Book").plan
    with pytest.raises(StalePlanError):
        shop("apply Book --plan 0000")
    assert shop(f"apply Book --plan {plan.id}").outcome == "applied"


def test_names_of_several_words_need_no_quotes(run):
    run("connect sqlite://")
    run("doctype", doctype("Book Copy", "barcode Data"))
    assert run("apply Book Copy").doctype == "Book Copy"
    assert run('diff "Book Copy" --drop-removed').doctype == "Book Copy"
    assert len(run("history Book Copy")) == 1
    assert run("rollback --last Book Copy --accept all").doctype == "Book Copy"


def test_apply_all_takes_every_loaded_doctype(shop):
    shop("doctype", doctype("Author", "full_name Data"))
    batch = shop("apply --all")
    assert isinstance(batch, BatchMigrationResult)
    assert batch.successful == ("Author",)
    assert batch.skipped == ("Book",)


def test_apply_all_raises_when_one_fails_so_that_a_runbook_stops(shop, columns):
    shop("doctype", doctype("Author", "full_name Data"))
    shop("doctype", doctype("Book", "title Data", "pages Int"))
    with pytest.raises(MigrationExecutionError, match=r"1 applied, 0 nothing to do, 1 failed\. Book: \[BLOCKED\]"):
        shop("apply --all")
    assert columns("tabAuthor")[-1] == "full_name"


def test_an_unknown_doctype_is_answered_with_the_nearest(shop):
    for line in ("diff Bok", "dry-run Bok", "apply Bok", "rollback --last Bok", "backup create Bok"):
        with pytest.raises(DocTypeNotFoundError, match="Book"):
            shop(line)


def test_rollback_takes_the_number_that_history_shows(shop, rows):
    before = rows()
    shop("doctype", doctype("Book", "title Data", "pages Int"))
    shop("apply Book --accept DS08")
    assert [row["#"] for row in shop("history").to_rows()] == [2, 1]
    shop("rollback 2")
    assert rows() == before
    assert [row["status"] for row in shop("history").to_rows()] == ["applied", "rolled_back", "applied"]
    with pytest.raises(UsageError, match=r"There is no migration number 9\. Hint: there are 3"):
        shop("rollback 9")


def test_rollback_takes_an_id_and_says_what_it_would_do(shop, rows):
    shop("doctype", doctype("Book", "title Data", "pages Int"))
    result = shop("apply Book --accept DS08")
    after = rows()
    dry = shop(f"rollback {result.migration_id} --dry-run")
    assert isinstance(dry, DryRunResult)
    assert rows() == after
    assert shop(f"rollback {result.migration_id}").outcome == "applied"


def test_last_passes_over_what_was_taken_back_and_the_taking_back_itself(shop, columns):
    for field in ("one", "two"):
        fields = ["title Data", "pages Data", "one Data", "two Data"][: 3 if field == "one" else 4]
        shop("doctype", doctype("Book", *fields))
        shop("apply Book")
    assert columns()[-2:] == ("one", "two")
    shop("rollback --last Book")
    assert columns()[-2:] == ("pages", "one")
    shop("rollback --last Book")
    assert columns()[-2:] == ("title", "pages")


def test_last_without_a_migration_says_so(shop):
    shop("doctype", doctype("Author", "full_name Data"))
    with pytest.raises(UsageError, match="Author has no migration to take back"):
        shop("rollback --last Author")


def test_history_can_be_narrowed(shop):
    shop("doctype", doctype("Author", "full_name Data"))
    shop("apply --all")
    assert [row["doctype"] for row in shop("history").to_rows()] == ["Author", "Book"]
    assert [row["#"] for row in shop("history Book").to_rows()] == [1]
    assert [row["#"] for row in shop("history --limit 1").to_rows()] == [2]


def test_status_says_where_each_doctype_stands(shop):
    shop("doctype", doctype("Author", "full_name Data"))
    shop("doctype", '{"doctype": "DocType", "name": "Settings", "issingle": 1, "fields": []}')
    shop("doctype", doctype("Book", "title Data", "pages Data", "year Int"))
    value = shop("status")
    assert [(row["doctype"], row["pending"], row["last migration"]) for row in value.to_rows()] == [
        ("Author", "new table", ""),
        ("Book", "1 change", "sync applied"),
        ("Settings", "no table of its own", ""),
    ]
    assert repr(value).startswith("Status of memory: 2 of 3 DocTypes differ\n")


def test_a_table_that_cannot_become_the_doctypes_does_not_hide_the_others(shop, context):
    with context.connection.database.write() as session:
        session.execute('CREATE TABLE "tabOdd" (a, b, PRIMARY KEY (a, b))')
    shop("doctype", doctype("Odd", "a Data"))
    assert [row["pending"] for row in shop("status").to_rows()] == ["up to date", "cannot be applied: see diff"]


def test_recover_says_that_nothing_was_interrupted(shop):
    assert repr(shop("recover")).endswith("No interrupted migrations.")


def test_no_value_shows_an_id_a_time_or_a_path(shop, tmp_path):
    shop("doctype", doctype("Book", "title Data", "pages Int"))
    result = shop("apply Book --accept DS08")
    shown = [result, *map(shop, ("history", "backup list", "backup verify 1", "status", "connect", "backup open 1"))]
    text = "".join(repr(value) + value._repr_html_() for value in shown)
    for secret in (result.migration_id, result.backup_path, str(tmp_path)):
        assert secret
        assert secret not in text


def test_hostile_values_are_escaped_in_html(shop):
    shop("backup create Book")
    html = shop("backup open 1")._repr_html_()
    assert "&lt;b&gt;Solaris&lt;/b&gt;" in html
    assert "<b>Solaris" not in html
