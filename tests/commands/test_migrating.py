"""diff, dry-run, apply, rollback, history, status: one call of the applier each, on a real database."""

import pytest

from sodaf_nb.database import exclusive
from sodaf_nb.errors import (
    BlockedMigrationError,
    DocTypeNotFoundError,
    LockedError,
    MigrationCancelledError,
    MigrationExecutionError,
    MigrationRollbackError,
    PlanFileError,
    RenameQuestionError,
    StalePlanError,
    UsageError,
)
from sodaf_nb.execution import MigrationExecutor
from sodaf_nb.history import AttemptLog
from sodaf_nb.options import SyncOptions
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


def test_a_dry_run_takes_how_many_rows_it_is_tried_on_and_what_it_must_not_show(shop):
    shop("doctype", doctype("Book", "title Data", "pages Int"))
    assert shop("dry-run Book").rehearsal.scope == "full"
    dry = shop("dry-run Book --rehearsal sample --mask title,Pages --mask name --accept DS08")
    assert (dry.success, dry.rehearsal.scope) == (True, "sample")
    assert "204 p." not in repr(dry) + dry.preview().to_string()
    assert "B2" not in repr(dry)
    with pytest.raises(UsageError, match="invalid choice"):
        shop("dry-run Book --rehearsal none")
    with pytest.raises(UsageError, match="There is no column 'titel' to mask"):
        shop("dry-run Book --mask titel")


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
        shop("apply Book --plan 00000000")
    with pytest.raises(UsageError, match="too short for the id of a plan"):
        shop(f"apply Book --plan {plan.id[:7]}")
    assert f"(plan {plan.id[:12]})" in repr(shop("dry-run Book"))
    assert shop(f"apply Book --plan {plan.id[:8].upper()}").outcome == "applied"


def test_a_plan_that_moved_says_what_moved(shop, context):
    shop("doctype", doctype("Book", "title Data", "pages Data", "year Int"))
    plan = shop("dry-run Book").plan.id[:12]
    with context.connection.database.write() as session:
        session.execute('ALTER TABLE "tabBook" ADD COLUMN shelf TEXT')
        session.execute('CREATE INDEX mine ON "tabBook" (title)')
    with pytest.raises(StalePlanError) as caught:
        shop(f"apply Book --plan {plan}")
    assert caught.value.details == ("tabBook.shelf is new", "index mine is new")
    assert caught.value.hint == "review it again with %migrate dry-run Book"


def test_a_plan_for_another_doctype_says_which_changes_differ(shop):
    shop("doctype", doctype("Book", "title Data", "pages Data", "year Int"))
    plan = shop("dry-run Book").plan.id
    shop("doctype", doctype("Book", "title Data", "pages Data", "year Data"))
    with pytest.raises(StalePlanError) as caught:
        shop(f"apply Book --plan {plan}")
    assert caught.value.details == (
        "no longer planned: + tabBook.year integer",
        "now planned: + tabBook.year varchar(140)",
    )


def test_a_plan_that_another_session_reviewed_is_refused_without_details(shop, context):
    shop("doctype", doctype("Book", "title Data", "pages Data", "year Int"))
    context.applier._planning.reviewed.clear()
    with pytest.raises(StalePlanError) as caught:
        shop("apply Book --plan 0123456789")
    assert caught.value.details == ()


def test_the_id_of_a_plan_is_the_same_in_every_run(run):
    ids = []
    for name in ("one", "two"):
        run(f"connect sqlite:///{name}.db --create")
        run("doctype", doctype("Book", "title Data", "pages Data"))
        ids.append(run("dry-run Book").plan.id)
        run("apply Book")
        run("doctype", doctype("Book", "title Data", "pages Int", "year Int"))
        ids.append(run("dry-run Book").plan.id)
    assert ids[:2] == ids[2:]


@pytest.mark.parametrize("line", ["apply Book", "dry-run Book", "apply --all", "rollback 1"])
def test_an_accepted_id_that_no_rule_has_is_refused_with_those_there_are(shop, line):
    for given, wrong in (("DS99", "DS99"), ("DS03,foo", "FOO")):
        with pytest.raises(UsageError, match=rf"no finding with the id {wrong}.* ids: BC01, BC02, BC05") as caught:
            shop(f"{line} --accept {given}")
        assert caught.value.hint.endswith(", or all")
    with pytest.raises(UsageError, match=r"did you mean DS08\?"):
        shop(f"{line} --accept DS8")


def test_an_unknown_id_is_refused_in_python_too(shop, context):
    applier = context.applier
    for accept in ({"foo"}, ["DS99"], "DS03"):
        with pytest.raises(UsageError):
            applier.sync_doctype("Book", SyncOptions(accept=accept))
        with pytest.raises(UsageError):
            applier.apply_plan(applier.plan("Book"), accept=accept)


def test_a_value_for_a_field_that_is_not_there_is_refused(shop, context):
    for line in ("apply Book", "dry-run Book"):
        with pytest.raises(UsageError, match=r"Book has no field 'page' to fill\. Hint: did you mean pages\?"):
            shop(f"{line} --backfill page=1")
    with pytest.raises(UsageError, match=r"fields: name, .*title, pages$"):
        shop("apply Book --backfill zzz=1")
    shop("doctype", doctype("Author", "age Int,required=1"))
    batch = context.applier.sync_all_doctypes(SyncOptions(backfill={"age": 1}))  # Book has none, Author has
    assert batch.success


def test_an_accepted_finding_does_not_block_a_dry_run_and_says_so(shop):
    shop("doctype", doctype("Book", "title Data", "pages Int"))
    shown = repr(shop("dry-run Book --accept DS08"))
    assert "ACCEPTED DS08: 1 value of tabBook.pages is no exact integer and becomes empty." in shown
    assert "BLOCK" not in shown


def test_hints_are_written_as_they_are_typed(shop):
    shop("doctype", doctype("Book", "title Data", "pages Int"))
    with pytest.raises(BlockedMigrationError) as caught:
        shop("apply Book")
    assert caught.value.hint == (
        "keep the type there is with --widen pages, or correct those values first; or take it on with --accept DS08"
    )
    shop("doctype", doctype("Book", "title Data", "pages_read Data"))
    with pytest.raises(RenameQuestionError) as caught:
        shop("apply Book --drop-removed")
    assert caught.value.hint.startswith("answer with --rename pages:pages_read, or drop what")
    assert caught.value.hint.endswith("--accept BC06")
    shop("doctype", doctype("New", "a Data"))
    with pytest.raises(UsageError, match="leave --renamed-from out"):
        shop("apply New --renamed-from Boook")


def test_a_batch_hints_in_the_words_of_the_command(shop):
    shop("doctype", doctype("Book", "title Data", "pages Int"))
    with pytest.raises(MigrationExecutionError) as caught:
        shop("apply --all")
    (detail,) = caught.value.details
    assert detail.startswith("Book: [BLOCKED]")
    assert detail.endswith("--accept DS08")


def test_a_former_name_that_is_nowhere_is_refused_with_what_is_near(shop):
    shop("doctype", doctype("Volume", "title Data", "pages Data"))
    for line in ("diff", "dry-run", "apply"):
        with pytest.raises(UsageError, match=r"no table tabBok.*did you mean Book\?"):
            shop(f"{line} Volume --renamed-from Bok")
    shop("apply Volume --renamed-from Book")
    assert shop("apply Volume --renamed-from Book").outcome == "nothing_to_do"


def test_diff_offers_no_option_that_does_nothing(shop):
    shown = repr(shop("diff --help"))
    assert "--rename" in shown
    for option in ("--accept", "--backfill", "--plan"):
        assert option not in shown
        with pytest.raises(UsageError):
            shop(f"diff Book {option} DS03")


def test_long_sql_is_shown_in_the_text_when_asked_for(shop):
    shop("doctype", doctype("Book", "title Data", "pages Int"))
    line = "dry-run Book --accept DS08"
    assert "CREATE TABLE" not in repr(shop(line))
    assert "CREATE TABLE" in repr(shop(f"{line} --sql"))
    assert "CREATE TABLE" in shop(line)._repr_html_()


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
    with pytest.raises(MigrationExecutionError, match=r"1 applied, 0 nothing to do, 1 failed: Book: \[BLOCKED\]"):
        shop("apply --all")
    assert columns("tabAuthor")[-1] == "full_name"


def test_an_unknown_doctype_is_answered_with_the_nearest(shop):
    for line in ("diff Bok", "dry-run Bok", "apply Bok", "rollback --last Bok", "backup create Bok", "history Bok"):
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


def test_last_needs_no_json(shop, context, columns):
    shop("doctype", doctype("Book", "title Data", "pages Data", "year Int"))
    shop("apply Book")
    context.doctypes.unregister("Book")
    assert repr(shop("rollback --last Book")).startswith("Book: rolled back #2 (#3)\n")
    assert "year" not in columns()
    with pytest.raises(DocTypeNotFoundError, match=r"'Typo' is in the history or loaded\. Hint: there are Book"):
        shop("rollback --last Typo")


def test_rollback_of_a_name_says_how_to_write_it(shop):
    with pytest.raises(UsageError, match=r"'Book' is a DocType.*write %migrate rollback --last Book"):
        shop("rollback Book")
    with pytest.raises(UsageError, match=r"There is no migration 'Typo'\. Hint: numbers are in %migrate history"):
        shop("rollback Typo")


def test_newer_migrations_in_the_way_are_named_by_their_numbers(shop):
    for n in range(3):
        shop("doctype", doctype("Book", "title Data", "pages Data", *(f"f{i} Int" for i in range(n + 1))))
        shop("apply Book")
    shop("rollback 4")
    shop("doctype", doctype("Author", "full_name Data"))
    shop("apply Author")
    with pytest.raises(MigrationRollbackError, match=r"are in force: #3 Book \(1 change\)\. Hint"):
        shop("rollback 2")
    shop("rollback 5")  # the rollback itself: what it took back is in force again
    with pytest.raises(MigrationRollbackError, match=r"are in force: #7 Book \(2 changes\), #3 Book \(1 change\)\."):
        shop("rollback 2")


def test_a_failed_entry_has_nothing_to_undo(shop, context, monkeypatch):
    shop("doctype", doctype("Book", "title Data", "pages Data", "year Int"))
    monkeypatch.setattr(context.applier._executor, "_run", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(MigrationCancelledError):
        shop("apply Book")
    assert shop("history").to_rows()[0]["error"] == "stopped by the user"
    with pytest.raises(MigrationRollbackError, match=r"^#2 failed and changed nothing: there is nothing to undo\."):
        shop("rollback 2")


def test_results_say_their_number(shop):
    shop("doctype", doctype("Book", "title Data", "pages Data", "year Int"))
    assert repr(shop("apply Book")).startswith("Book: applied (#2)\n")
    undone = shop("rollback 2")
    assert repr(undone).startswith("Book: rolled back #2 (#3)\n")
    assert (undone.metadata["number"], undone.metadata["undoes"]) == (3, 2)
    assert repr(shop("rollback 3")).startswith("Book: rolled back #3 (#4)\n")


def test_the_frame_of_the_history_has_what_the_list_leaves_out(shop):
    shop("doctype", doctype("Book", "title Data", "pages Int"))
    result = shop("apply Book --accept DS08")
    newest = shop("history").to_frame().iloc[0]
    assert newest["#"] == 2
    assert (newest["migration"], newest["plan"]) == (result.migration_id, result.metadata["plan_id"])
    assert (newest["accepted"], newest["environment"]) == ("DS08", "dev")
    assert newest["backup folder"] == result.backup_path
    assert newest["backup folder"].endswith(newest["backup id"])
    assert newest["date"].startswith("20")
    assert newest["user"]
    backup = shop("backup list").to_frame().iloc[0]
    assert (backup["#"], backup["id"], backup["migration_id"]) == (1, newest["backup id"], result.migration_id)
    assert str(backup["path"]) == result.backup_path
    assert backup["size"] > 0


def test_one_entry_of_the_history_is_shown_in_detail(shop):
    shop("doctype", doctype("Book", "title Data", "pages Int"))
    result = shop("apply Book --accept DS08")
    shop("rollback 2")
    entry = shop("history 2")
    shown = {row[""]: row["value"] for row in entry.to_rows()}
    assert entry.heading() == "Migration #2 of Book"
    assert shown["migration"] == result.migration_id
    assert shown["change"] == "~ tabBook.pages varchar(140) -> integer"
    assert shown["finding"].startswith("BLOCK DS08: tabBook.pages (1), accepted by ")
    assert shown["taken back by"].startswith("#3 at 20")
    assert "CREATE TABLE" in repr(entry)
    assert {row[""]: row["value"] for row in shop("history #3").to_rows()}["takes back"] == "#2"
    assert entry.to_frame()["migration"].tolist() == [result.migration_id]
    with pytest.raises(UsageError, match=r"There is no migration number 9\. Hint: there are 3"):
        shop("history 9")


def test_a_migration_that_a_crash_interrupted_is_said_at_connect_and_status(shop, context, tmp_path):
    def open_attempt(name):
        database = context.connection.database
        AttemptLog(database).start(name, "Book", "beef", "2024-02-29T12:30:45+00:00")

    run = shop
    run("connect shop.db --create")
    run("apply Book")
    assert "interrupted" not in repr(run("status"))
    open_attempt("A")
    line = "1 interrupted migration: run %migrate recover"
    assert line in repr(run("status"))
    open_attempt("B")
    assert "2 interrupted migrations: run" in repr(run("status"))
    database = context.connection.database
    with exclusive(database.uri, database.file):  # somebody is at work: not interrupted
        assert "interrupted" not in repr(run("status"))
    run("recover")
    assert "interrupted" not in repr(run("status"))


def test_connect_settles_what_a_crash_interrupted_and_says_what_became_of_it(shop, context, monkeypatch):
    shop("connect shop.db --create")
    shop("apply Book")
    AttemptLog(context.connection.database).start("A", "Book", "beef", "2024-02-29T12:30:45+00:00")
    with monkeypatch.context() as patched:
        patched.setattr(MigrationExecutor, "recover", lambda _self: (_ for _ in ()).throw(LockedError("Busy.")))
        assert "1 interrupted migration: run %migrate recover" in repr(shop("connect shop.db"))
    line = "An interrupted migration of Book was not committed; the database holds none of it, apply again."
    assert line in repr(shop("connect sqlite:///shop.db"))
    assert "interrupted" not in repr(shop("connect sqlite:///shop.db"))


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


def test_the_history_is_filtered_and_counted(shop, context):
    shop("doctype", doctype("Book", "title Data", "pages Data", "more Data"))
    assert [row["doctype"] for row in shop("history --pending").to_rows()] == ["Book"]
    shop("apply Book")
    assert shop("history --pending").to_rows() == []
    assert len(shop("history --status applied --since 2001-01-01 --limit 1")) == 1
    assert len(shop("history --status failed")) == 0
    assert len(shop("history --until 2001-01-01 --user nobody")) == 0
    assert shop("history --statistics").to_rows()[0]["applied"] == 2
    assert shop("history --drift").to_rows() == []
    with context.connection.database.write() as session:
        session.execute('CREATE INDEX "mine" ON "tabBook" (title)')
    assert shop("history --drift").to_rows() == [{"doctype": "Book", "object": "index mine", "change": "added"}]
    assert "statement" in {row[""] for row in shop("history 2").to_rows()}


def test_a_rollback_goes_through_newer_ones_and_stops_where_one_fails(shop, context, columns):
    for more in (["one Data"], ["one Data", "two Data"]):
        shop("doctype", doctype("Book", "title Data", "pages Data", *more))
        shop("apply Book")
    with pytest.raises(MigrationRollbackError) as stop:
        shop("rollback 2")
    assert "--through" in stop.value.hint
    found = columns()
    tried = shop("rollback 2 --through --dry-run")
    assert list(tried.results) == ["#3 Book", "#2 Book"]
    assert (tried.success, columns()) == (True, found)
    with context.connection.database.write() as session:
        session.execute("UPDATE \"tabBook\" SET one = 'x'")
    with pytest.raises(MigrationRollbackError, match=r"1 taken back, then one failed: #2 Book: \[BLOCKED\]"):
        shop("rollback 2 --through")
    assert "two" not in columns()
    assert list(shop("rollback 2 --through --accept DS03").results) == ["#2 Book"]
    assert "one" not in columns()


def test_a_rollback_says_what_was_edited_since_and_does_as_told(shop, context, rows):
    shop("doctype", doctype("Book", "title Data", "pages Int"))
    shop("apply Book --accept DS08")
    with context.connection.database.write() as session:
        session.execute("UPDATE \"tabBook\" SET pages = 5 WHERE name = 'B1'")
    dry = shop("rollback --last Book --dry-run --rehearsal full --mask title")
    assert "1 value of tabBook.pages edited since" in repr(dry)
    with pytest.raises(MigrationRollbackError) as stop:
        shop("rollback --last Book --on-conflict stop")
    assert "--on-conflict keep-newer" in stop.value.hint
    shop("rollback --last Book --on-conflict take-older")
    assert [row[-1] for row in rows()] == ["474", "204 p.", None]


# ---------------------------------------------------------------- plans as files, and reasons


@pytest.fixture
def pages(shop):
    shop("doctype", doctype("Book", "title Data", "pages Int"))
    return shop


def test_a_plan_is_shown_saved_and_applied_from_its_file(pages, tmp_path, rows):
    before = rows()
    plan = pages("plan Book --save plan.json")
    assert [row["object"] for row in plan.to_rows()] == ["tabBook.pages"]
    assert rows() == before
    with pytest.raises(BlockedMigrationError):
        pages("apply --plan plan.json")
    assert pages("apply Book --plan plan.json --accept DS08").outcome == "applied"
    with pytest.raises(StalePlanError):
        pages("apply --plan plan.json")


def test_two_plans_are_compared(pages):
    pages("plan Book --save first.json")
    assert not pages("plan Book --since first.json")
    pages("doctype", doctype("Book", "title Data", "pages Int", "year Int"))
    assert [row[""] for row in pages("plan Book --since first.json").to_rows()] == ["+", "~"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("apply --plan no.json", "cannot be read"),
        ("apply Other --plan plan.json", "is for Book, not for Other"),
        ("apply --plan plan.json --drop-removed", "has its answers in it"),
        ("apply --plan plan.json --backfill a=1", "has its answers in it"),
    ],
)
def test_a_saved_plan_with_something_else_is_refused(pages, line, words):
    pages("plan Book --save plan.json")
    with pytest.raises((UsageError, PlanFileError), match=words):
        pages(line)


def test_a_reason_is_kept_with_what_was_accepted(pages):
    with pytest.raises(UsageError, match="--reason says why"):
        pages('apply Book --reason "agreed"')
    pages('apply Book --accept ds08:pages --reason "page counts only"')
    shown = {row[""]: row["value"] for row in pages("history 2").to_rows()}
    assert shown["finding"].endswith(": page counts only")


def test_everything_may_be_accepted_with_a_reason(pages):
    assert pages("dry-run Book --accept all --reason agreed").success
