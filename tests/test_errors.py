"""Errors: next steps in the words of a surface, and how IPython shows them."""

from sodaf_nb.commands.wording import words
from sodaf_nb.errors import (
    PYTHON,
    BlockedMigrationError,
    DatabaseError,
    InvalidDocTypeError,
    LockedError,
    Problem,
    SodafError,
    Step,
    UsageError,
)
from sodaf_nb.validation import Finding, Group, Severity


def finding(rule, **attributes):
    given = {"group": Group.DATA_LOSS_RISK, "severity": Severity.BLOCK, "object": "t.c", **attributes}
    return Finding(rule=rule, message=f"{rule} is the case.", **given)


def test_every_step_has_words_on_every_surface():
    assert set(words("%migrate")) == set(PYTHON)


def test_steps_are_written_as_python_and_as_commands():
    steps = {
        Step("accept", ("DS03", "DS08")): ('accept={"DS03", "DS08"}', "--accept DS03,DS08"),
        Step("rename", ("old name", "new")): ('field_renames={"old name": "new"}', "--rename 'old name:new'"),
        Step("renamed_from"): ("renamed_from", "--renamed-from"),
        Step("renamed_from", ("Book Copy",)): ('renamed_from="Book Copy"', "--renamed-from 'Book Copy'"),
        Step("history"): ("applier.history.get_migration_history()", "sodaf-nb history"),
        Step("recover"): ("applier.recover()", "sodaf-nb recover"),
        Step("through", ("01J",)): ('applier.rollback_through("01J")', "--through"),
        Step("restore", ("01J",)): (
            'applier.backups.restore_backup("01J", dry_run=True)',
            "sodaf-nb backup restore 01J --dry-run",
        ),
        Step("backups"): ("applier.backups.list_backups()", "sodaf-nb backup list"),
        Step("beside", ("old Book",)): ('as_table="old Book"', "--as 'old Book'"),
        Step("any_database"): ("any_database=True", "--any-database"),
        Step("on_conflict", ("keep_newer",)): ('on_conflict="keep_newer"', "--on-conflict keep-newer"),
        Step("load"): ("doctypes.load(PATH)", "--doctypes PATH"),
        Step("named", ("Book",)): ('draft_doctypes(frame, "Book")', "--name Book"),
        Step("overwrite"): ("overwrite=True", "--overwrite"),
        Step("sql"): ("in .sql and .rollback_sql", "dry-run --sql shows them"),
        Step("frame"): (".to_frame()", "--json"),
        Step("backfill", ("a b",)): ('backfill={"a b": VALUE}', "--backfill 'a b'=VALUE"),
        Step("dedupe", ("email", "blank")): ('dedupe={"email": "blank"}', "--dedupe email=blank"),
        Step("widen", ("title",)): ('widen={"title"}', "--widen title"),
        Step("keep", ("title",)): ('removed_fields="keep"', "no --drop-removed"),
        Step("plan", ("Book Copy",)): ('applier.dry_run("Book Copy")', "sodaf-nb dry-run Book Copy"),
        Step("yes_on", ("the shop",)): ('yes_on="the shop"', "--yes-on 'the shop'"),
        Step("approve", ("beef",)): ('applier.approve("beef")', "sodaf-nb approve beef"),
    }
    assert {step.action for step in steps} == set(PYTHON)
    for step, (python, command) in steps.items():
        error = UsageError("No.", hint=("write ", step))
        assert str(error) == f"No. Hint: write {python}"
        error.words = words("sodaf-nb")
        assert str(error) == f"No. Hint: write {command}"


def test_an_error_without_details_is_one_line():
    assert SodafError("No.", hint="try")._render_traceback_() == ["SodafError [SODAF]: No. Hint: try"]
    assert SodafError("No.")._render_traceback_() == ["SodafError [SODAF]: No."]


def test_an_error_without_a_step_of_its_own_gives_the_advice_for_its_kind():
    assert LockedError("Busy.").hint == "nothing is wrong; try again later"
    assert str(DatabaseError("No.")).startswith("No. Hint: mend the file, disk, right or server that the message names")
    assert LockedError("Busy.", hint="wait").hint == "wait"
    assert UsageError("No.").hint == ""


def test_findings_stand_on_lines_of_their_own_and_the_text_stays_one_line():
    error = BlockedMigrationError("Book", [finding("DS03", fix="keep it"), finding("MF01", acceptable=False)])
    assert error._render_traceback_() == [
        "BlockedMigrationError [BLOCKED]: The migration of 'Book' was stopped before any write:",
        "  DS03: DS03 is the case",
        "  MF01: MF01 is the case",
        'Hint: keep it; or take it on with accept={"DS03"}; MF01 cannot be accepted',
    ]
    assert "\n" not in str(error)
    assert str(error).startswith(
        "The migration of 'Book' was stopped before any write: DS03: DS03 is the case; MF01: MF01 is the case. Hint: "
    )


def test_problems_of_a_doctype_stand_on_lines_of_their_own():
    error = InvalidDocTypeError("Book", [Problem("$.name", "is missing"), Problem("$.fields", "is missing")])
    assert error._render_traceback_()[:3] == [
        "InvalidDocTypeError [INVALID_DOCTYPE]: DocType 'Book' has 2 problems:",
        "  $.name: is missing",
        "  $.fields: is missing",
    ]
