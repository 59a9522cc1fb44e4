"""Finding commands, their help, and what is said when a line is wrong."""

import pkgutil

import pytest

import sodaf_nb.commands as package
from sodaf_nb.commands import Context, Help, commands, run_line, run_words
from sodaf_nb.errors import UsageError

NAMES = (
    "apply",
    "approvals",
    "approve",
    "audit",
    "backup",
    "connect",
    "diagram",
    "diff",
    "doctype",
    "doctypes",
    "drill",
    "dry-run",
    "duplicates",
    "explore",
    "help",
    "history",
    "init",
    "orphans",
    "panel",
    "patch",
    "plan",
    "recover",
    "report",
    "rollback",
    "rows",
    "runbook",
    "sample",
    "status",
)


PATHS = (*NAMES, "backup list", "backup verify", "backup create", "backup restore", "backup open", "doctypes load")


def test_every_command_is_found_in_a_module_of_its_own():
    modules = {m.name for m in pkgutil.iter_modules(package.__path__)}
    assert tuple(commands()) == NAMES
    assert {name.replace("-", "_") for name in NAMES} <= modules


@pytest.mark.parametrize("line", ["", "   ", "--help", "-h", "help", "# nothing"])
def test_no_command_lists_all_of_them(context, line):
    value = run_line(context, line)
    assert isinstance(value, Help)
    assert [row["command"] for row in value.to_rows()] == list(NAMES)
    assert "<table" in value._repr_html_()


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("form", ["{} --help", "{} -h", "help {}"])
def test_help_at_every_level_is_a_value_and_no_exit(context, path, form, capsys):
    value = run_line(context, form.format(path))
    assert isinstance(value, Help)
    typed = f"%%migrate {path}" if path in ("doctype", "patch") else f"%migrate {path}"
    assert repr(value).startswith(f"usage: {typed} [--help]")
    assert value._repr_html_().startswith(f"<pre>usage: {typed} ")
    assert capsys.readouterr() == ("", "")


def test_help_is_the_same_on_every_terminal(context, monkeypatch):
    wide = repr(run_line(context, "apply --help"))
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert repr(run_line(context, "apply --help")) == wide
    assert "\x1b" not in wide


def test_help_speaks_the_language_of_the_program(context):
    assert repr(run_line(Context(program="sodaf-nb"), "diff --help")).startswith("usage: sodaf-nb diff [--help]")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("dif Book", "There is no command named 'dif'. Hint: did you mean diff?"),
        ("aply", "There is no command named 'aply'. Hint: did you mean apply?"),
        ("help aply", "There is no command named 'aply'. Hint: did you mean apply?"),
        ("doctypes laod x", "There is no action of doctypes named 'laod'. Hint: did you mean load?"),
        ("backup lst", "There is no action of backup named 'lst'. Hint: did you mean list?"),
        ("xyzzy", "There is no command named 'xyzzy'. Hint: there are apply, approvals, approve, audit, backup, "),
    ],
)
def test_an_unknown_word_is_answered_with_what_is_near(context, line, message):
    with pytest.raises(UsageError) as caught:
        run_line(context, line)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    "line",
    [
        "diff",
        "dry-run",
        "apply",
        "apply --all Book",
        "apply --all --plan 12",
        "apply --all --rename a:b",
        "apply --all --backfill a=b",
        "apply Book --rename a",
        "apply Book --backfill a",
        "rollback",
        "rollback --last",
        "history --limit many",
        "history --limit 0",
        "sample",
        "sample folder --rows",
        "backup verify",
        "backup restore",
        "backup open",
        "backup create",
        "doctypes load",
        "doctype",
        "connect --env A sqlite://",
        "status Book",
        "recover now",
    ],
)
def test_a_line_that_lacks_something_is_a_usage_error(context, line):
    with pytest.raises(UsageError):
        run_line(context, line)


@pytest.mark.parametrize(
    "line", ["status", "diff Book", "apply Book", "history", "rollback 1", "backup list", "recover", "sample --rows"]
)
def test_without_a_connection_the_first_step_is_named(context, line):
    with pytest.raises(UsageError, match=r"No database is connected\. Hint: start with %migrate connect"):
        run_line(context, line)


def test_a_cell_body_is_refused_by_commands_that_read_none(context):
    with pytest.raises(UsageError, match="%migrate diff reads no cell body"):
        run_line(context, "diff Book", "{}")


def test_words_split_by_a_shell_are_taken_as_they_are(context):
    with pytest.raises(UsageError, match=r"'# diff'"):
        run_words(context, ["# diff"])
