"""Exit codes: every outcome has one, and a script can rely on it."""

import sqlite3

import pytest

from sodaf_nb import errors
from sodaf_nb.cli import exits


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
    assert "Saved to p.json; sodaf-nb apply --plan p.json carries it out." in out
    assert (here / "p.json").exists()


def test_a_panel_that_cannot_be_planned_in_a_shell_is_an_error_and_a_blocked_one_5(run, library):
    code, out, err = run(*library, "panel", "Book", "--rename", "nothing:audience")
    assert (code, out) == (exits.USAGE, "")
    assert "no column 'nothing' to rename" in err
    assert run(*library, "panel", "Book", "--drop-removed")[0] == exits.BLOCKED
