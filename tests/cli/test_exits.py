"""Exit codes: every outcome has one, and a script can rely on it."""

import sqlite3
import sys
from dataclasses import replace
from io import StringIO

import pytest

from sodaf_nb import errors
from sodaf_nb.applier import MigrationApplier
from sodaf_nb.cli import exits
from sodaf_nb.database import Database
from sodaf_nb.doctype import DocTypeEngine
from sodaf_nb.options import SyncOptions
from sodaf_nb.results import BatchDryRunResult


def all_errors(kind=errors.SodafError):
    yield kind
    for below in kind.__subclasses__():
        yield from all_errors(below)


@pytest.mark.parametrize("kind", list(all_errors()), ids=lambda kind: kind.__name__)
def test_every_error_has_an_exit_code_whose_meaning_the_help_lists(kind):
    assert exits.exit_code(kind.__new__(kind)) in exits.MEANINGS
    assert exits.exit_code(kind.__new__(kind)) not in {exits.DONE, exits.PENDING}
    assert (exits.exit_code(kind.__new__(kind)) == exits.UNFORESEEN) == (kind is errors.SodafError)


def test_an_error_of_a_new_kind_gets_the_code_of_the_nearest_one_above():
    class NewError(errors.LockedError):
        code = "NEW"

    assert exits.exit_code(NewError("")) == exits.exit_code(errors.LockedError(""))


def test_nothing_to_do_is_0(run, library):
    run(*library, "apply", "Branch")

    assert run(*library, "apply", "Branch")[0] == 0


@pytest.mark.parametrize("words", [["status"], ["diff", "Book"]])
def test_check_tells_pending_changes_from_none(run, library, words):
    assert run(*library, *words)[0] == 0
    assert run(*library, *words, "--check")[0] == exits.PENDING
    assert run("--database", "lib.db", "--doctypes", "v1", *words, "--check")[0] == 0


def test_check_is_refused_where_nothing_is_compared(run, library):
    code, _out, err = run(*library, "history", "--check")

    assert code == exits.USAGE
    assert "status, diff or dry-run" in err


def test_a_dry_run_that_findings_stop_says_so_in_its_exit_code(run, library):
    assert run(*library, "dry-run", "Member")[0] == exits.BLOCKED
    assert run(*library, "dry-run", "Member", "--backfill", "email=none@example.org")[0] == 0
    assert run(*library, "--check", "dry-run", "Member", "--backfill", "email=none@example.org")[0] == exits.PENDING


def test_a_blocked_apply_is_5_and_changes_nothing(run, here, library):
    before = (here / "lib.db").read_bytes()

    assert run(*library, "apply", "Member")[0] == exits.BLOCKED
    assert (here / "lib.db").read_bytes() == before


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["nonsense"], 2),
        (["diff"], 2),
        (["diff", "Nobody"], 3),
        (["history", "--database", "absent.db"], 2),
        (["history", "--database", "garbage.db"], 9),
        (["status", "--doctypes", "broken.json"], 3),
        (["apply", "Book", "--plan", "0123456789abcdef"], 6),
    ],
)
def test_each_class_of_mistake_has_its_code(run, here, library, words, code):
    (here / "garbage.db").write_bytes(b"no database" * 100)
    (here / "broken.json").write_text('{"doctype": "DocType", "name": ""}')

    assert run(*library, *words)[0] == code


def test_a_held_database_is_7(run, here, library):
    with sqlite3.connect(here / "lib.db", isolation_level=None) as rival:
        rival.execute("BEGIN IMMEDIATE")

        assert run(*library, "apply", "Author")[0] == 7

    rival.close()


def test_a_plan_that_findings_stop_is_shown_and_saved_and_5(run, library, here):
    code, out, err = run(*library, "plan", "Book", "--save", "p.json")

    assert (code, err) == (exits.BLOCKED, "")
    assert "BLOCKED by findings" in out
    assert (
        "Saved to p.json; sodaf-nb apply --plan p.json carries it out, once what stops it is mended or accepted." in out
    )
    assert (here / "p.json").exists()


def test_a_panel_that_cannot_be_planned_in_a_shell_is_an_error_and_a_blocked_one_5(run, library):
    code, out, err = run(*library, "panel", "Book", "--rename", "nothing:audience")
    assert (code, out) == (exits.USAGE, "")
    assert "no column 'nothing' to rename" in err
    assert run(*library, "panel", "Book", "--drop-removed")[0] == exits.BLOCKED


def test_a_rehearsal_that_failed_is_shown_and_asked_about_and_a_finding_that_stops_is_not(library, here):
    applier = MigrationApplier(Database(f"sqlite:///{here / 'lib.db'}"), DocTypeEngine())
    applier.doctypes.register({"name": "Author", "fields": [{"fieldname": "more", "fieldtype": "Data"}]})
    fine = applier.dry_run("Author")
    failed = replace(fine, success=False)
    assert not failed.is_refused()
    assert applier.dry_run("Author", SyncOptions(removed_fields="drop", accept={"BC06"})).is_refused()
    assert BatchDryRunResult(results={"#1 Author": failed}).is_blocked()


def test_a_folder_without_doctypes_keeps_no_command_from_working(run, library, here):
    (here / "empty").mkdir()
    assert run("--database", str(here / "lib.db"), "--doctypes", str(here / "empty"), "history")[0] == 0


def test_a_patch_in_a_file_leaves_standard_input_alone(run, library, here, monkeypatch):
    (here / "new.sql").write_text("UPDATE tabAuthor SET owner = 'x' WHERE 0")
    monkeypatch.setattr("sys.stdin", StringIO("a line of somebody else\n"))
    assert run(*library, "patch", "Author", "new.sql")[0] == 0
    assert sys.stdin.read() == "a line of somebody else\n"
