"""Which database and which DocTypes a command line works on."""

import json
import shlex
import subprocess
import sys

import pytest

from sodaf_nb.cli import main


def test_shared_options_may_stand_before_or_after_the_command(run, library):
    database, name, doctypes, folder = library

    assert run(database, name, doctypes, folder, "status") == run("status", doctypes, folder, database, name)


def test_the_variable_names_the_database_when_no_option_does(run, library, monkeypatch):
    monkeypatch.setenv("SODAF_DATABASE_URL", "sqlite:///lib.db")

    assert run("--doctypes", "v2", "status") == run(*library, "status")


def test_an_option_wins_over_the_variable(run, library, monkeypatch):
    monkeypatch.setenv("SODAF_DATABASE_URL", "sqlite:///absent.db")

    assert run(*library, "status")[0] == 0


def test_env_names_another_variable(run, library, monkeypatch):
    monkeypatch.setenv("SHOP", "sqlite:///lib.db")

    assert run("--env", "SHOP", "--doctypes", "v2", "status") == run(*library, "status")


def test_the_folder_doctypes_is_read_without_being_named(run, here, library):
    (here / "v2").rename(here / "doctypes")

    assert "5 of 8 DocTypes differ" in run("-d", "lib.db", "status")[1]


def test_without_a_database_the_error_names_both_ways(run, here):
    code, _out, err = run("history")

    assert code == 2
    assert "--database" in err
    assert "SODAF_DATABASE_URL" in err


def test_a_password_in_a_url_is_refused_and_not_repeated(run):
    code, out, err = run("--database", "postgresql://me:hunter2@host/db", "status")

    assert code == 2
    assert "hunter2" not in out + err


def test_connect_takes_its_target_as_a_word_or_as_an_option(run, library):
    assert run("connect", "lib.db") == run("--database", "lib.db", "connect")
    assert "prod" in run("connect", "lib.db", "--environment", "prod")[1]


def test_backups_go_where_the_option_says(run, here, library):
    assert run(*library, "--backup-dir", "safe", "backup", "create", "Member")[0] == 0
    assert any((here / "safe").iterdir())
    assert not (here / "backups").exists()


def test_a_command_that_reads_a_cell_reads_standard_input(run, monkeypatch, here):
    import io

    document = {"doctype": "DocType", "name": "Note", "fields": [{"fieldname": "a", "fieldtype": "Data"}]}
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(document)))

    assert "Registered Note" in run("doctype")[1]


def test_an_interrupt_is_130(run, library, monkeypatch):
    def interrupted(*_args):
        raise KeyboardInterrupt

    monkeypatch.setattr("sodaf_nb.cli.entry.run_words", interrupted)

    assert main([*library, "status"]) == 130


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_a_script_that_asks_the_program(run, shell):
    code, out, _err = run("--complete", shell)

    assert code == 0
    assert "sodaf-nb --complete --" in out


def test_another_shell_is_refused(run):
    assert run("--complete", "powershell")[0] == 2


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("dif", ["diff"]),
        ("diff Bo", ["Book", "Book Copy"]),
        ("diff Book --ren", ["--rename", "--renamed-from"]),
        ("diff --datab", ["--database"]),
        ("--doctypes absent.json diff B", []),
    ],
)
def test_candidates_come_from_commands_doctypes_and_options(run, here, library, line, expected):
    (here / "v2").rename(here / "doctypes")

    assert run("--complete", "--", line)[1].split("\n")[:-1] == (expected or [""])


def test_bash_really_completes(here, library):
    (here / "v2").rename(here / "doctypes")
    script = f"""
      sodaf-nb() {{ {shlex.quote(sys.executable)} -m sodaf_nb "$@"; }}
      eval "$(sodaf-nb --complete bash)"
      COMP_LINE='sodaf-nb diff Book C' COMP_POINT=${{#COMP_LINE}}
      _sodaf_nb; printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout == "Copy\n"


def test_the_choices_of_the_project_hold_on_the_command_line_too(run, here, library):
    (here / "pyproject.toml").write_text("""
        [tool.sodaf_nb]
        doctypes = "v2"
        [tool.sodaf_nb.connections.live]
        url = "sqlite:///lib.db"
        environment = "prod"
    """)
    assert "live" in run("--database", "live", "connect")[1]
    code, _out, err = run("--database", "live", "apply", "Author")
    assert code != 0
    assert "PRODUCTION" in err
    assert "--yes-on live" in err
    assert run("--database", "live", "apply", "Author", "--yes-on", "live")[0] == 0


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["--databse", "lib.db", "status"], "did you mean --database?"),
        (["--nothing", "status"], "the options of a command stand behind it"),
        (["-d", "lib.db", "diff", "Nothing"], "load its JSON first: --doctypes PATH"),
        (["--env", "UNSET_HERE", "status"], "export UNSET_HERE=sqlite:///shop.db"),
        (["-d", "postgresql://u:pw@h/db", "status"], "give --env NAME, and change that password"),
        (["-d", "lib.db", "history", "9"], "listed by sodaf-nb history"),
        (["-d", ".", "status"], "name the database file in it, such as shop.db"),
    ],
)
def test_a_hint_is_something_that_a_shell_can_do(run, here, words, hint):
    assert run("--create", "-d", "lib.db", "history")[0] == 0
    assert hint in run(*words)[2]


def test_an_empty_status_says_how_a_shell_names_doctypes(run, here):
    assert "Read some with --doctypes PATH" in run("--create", "-d", "lib.db", "status")[1]
