"""A real terminal: questions, progress, colour."""

import os
import pty
import sqlite3
import subprocess
import sys

import pytest


@pytest.fixture
def type_at(here):
    """Run words on a terminal, type an answer, and return the exit code and the screen."""

    def type_it(*words, typed=""):
        ours, theirs = pty.openpty()
        env = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
        command = [sys.executable, "-m", "sodaf_nb", *words]
        with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=env, close_fds=True) as child:
            os.close(theirs)
            os.write(ours, typed.encode())
            screen = b"".join(_chunks(ours))
            code = child.wait(timeout=60)
        os.close(ours)
        return code, screen.decode()

    return type_it


def _chunks(descriptor):
    while True:
        try:
            chunk = os.read(descriptor, 65536)
        except OSError:  # how Linux says that the other end is closed
            return
        if not chunk:
            return
        yield chunk


def columns(path, table):
    connection = sqlite3.connect(path)
    try:
        return [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')]
    finally:
        connection.close()


def test_a_person_sees_the_dry_run_before_the_question_and_no_changes_nothing(type_at, here, library):
    before = columns(here / "lib.db", "tabAuthor")

    code, screen = type_at(*library, "apply", "Author", typed="no\n")

    assert code == 130
    assert screen.index("Dry run of Author") < screen.index("Go on?")
    assert "Declined; nothing was changed." in screen
    assert columns(here / "lib.db", "tabAuthor") == before


def test_yes_applies_the_plan_that_was_shown(type_at, here, library):
    code, screen = type_at(*library, "apply", "Author", typed="yes\n")

    assert code == 0
    assert "Author: applied" in screen
    assert "\x1b[1m" in screen


def test_with_yes_nothing_is_asked_and_a_rollback_asks_as_an_apply_does(type_at, library):
    assert "Go on?" not in type_at(*library, "apply", "Author", "--yes")[1]

    code, screen = type_at(*library, "rollback", "--last", "Author", typed="y\n")

    assert code == 0
    assert screen.index("Dry run of Author") < screen.index("Go on?")


@pytest.mark.parametrize(("doctype", "expected"), [("Member", 5), ("Branch", 0)])
def test_what_is_blocked_or_done_already_is_not_asked_about(type_at, library, doctype, expected):
    code, screen = type_at(*library, "apply", doctype)

    assert code == expected
    assert "Go on?" not in screen


def test_off_a_terminal_nothing_is_asked(run, library):
    assert run(*library, "apply", "Author")[0] == 0


def test_progress_shows_after_a_second_and_goes_away(capsys):
    from rich.console import Console

    from sodaf_nb.cli import terminal

    console = Console(force_terminal=True, width=80)
    with terminal.progress(console) as report:
        report("quick", 1, 2)
    assert "quick" not in capsys.readouterr().out

    with terminal.progress(console, silent_s=0) as report:
        report("slow [b]step", 1, 2)
        report("slow [b]step", 2, 2)
    assert "slow [b]step" in capsys.readouterr().out


def test_a_reader_that_has_seen_enough_is_no_error(here, library):
    line = f"{sys.executable} -m sodaf_nb --help | head -1"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", line], capture_output=True, text=True, check=False)

    assert done.stderr == ""
    assert done.stdout.startswith("usage: sodaf-nb")
