"""What is written: text for people, one document for programs."""

import json
from pathlib import Path

import jsonschema
import pytest

from sodaf_nb.cli import main
from sodaf_nb.cli.arguments import parser
from sodaf_nb.commands import commands

SCHEMA = json.loads(Path(main.__code__.co_filename).with_name("answer.schema.json").read_text())


def valid(document):
    jsonschema.validate(document, SCHEMA)
    return document


def test_a_result_follows_the_published_schema(answer, library):
    for words in (["status"], ["diff", "Book"], ["dry-run", "Book"], ["history"], ["backup"], ["help"], ["doctypes"]):
        assert valid(answer(*library, *words))["command"] == words[0]


def test_an_error_follows_the_published_schema_and_carries_its_findings(answer, library):
    document = valid(answer(*library, "apply", "Member"))

    assert document["error"]["code"] == "BLOCKED"
    assert document["error"]["findings"][0]["rule"] == "MF04"
    assert "result" not in document


def test_an_error_before_any_command_is_a_document_too(answer):
    assert valid(answer("--database"))["error"]["code"] == "USAGE"


def test_a_dry_run_gives_its_plan_and_sql_as_data(answer, library):
    data = answer(*library, "dry-run", "Book")["result"]["data"]

    assert data["plan"]["doctype"] == "Book"
    assert all(isinstance(text, str) for text in data["sql"])


def test_a_pipe_gets_plain_text(run, library):
    code, out, err = run(*library, "status")

    assert code == 0
    assert out.startswith("Status of lib.db: 5 of 8 DocTypes differ\n")
    assert "\x1b" not in out + err


def test_an_error_goes_to_stderr_with_its_next_step_in_the_words_of_the_command_line(run, library):
    code, out, err = run(*library, "apply", "Book", "--drop-removed")

    assert (code, out) == (5, "")
    assert err.startswith("BlockedMigrationError [BLOCKED]: The migration of 'Book' was stopped before any write:\n")
    assert "--accept DS03" in err


def test_colour_can_be_forced_and_a_name_never_steers_the_terminal(run, here):
    doctype = {"doctype": "DocType", "name": "Plain", "fields": [{"fieldname": "a", "fieldtype": "Data"}]}
    (here / "plain.json").write_text(json.dumps(doctype))

    _code, out, _err = run("--color", "always", "--doctypes", "plain.json", "doctypes")

    assert "\x1b[1m" in out
    assert "Plain" in out


def test_markup_and_control_sequences_in_values_stay_text(capsys):
    from rich.console import Console

    from sodaf_nb.cli.terminal import show, show_error
    from sodaf_nb.commands import Listing

    console = Console(force_terminal=True, width=80, markup=False, emoji=False, highlight=False)
    value = Listing(
        title="[red]t\x1b[2J",
        rows=({"[b]x": "[link=x]y :smile:", "n": None},),
        remarks=("WARN \x1b]0;title",),
        blocks=(("SQL", "SELECT '\x1b[2J'"), ("Rows", "[i]z")),
    )
    show(console, value)
    show_error(console, ["E [X]: [red]broken", "  \\x1b"])
    out = capsys.readouterr().out

    assert "[link=x]y :smile:" in out
    assert "[red]t" in out
    assert "\x1b[2J" not in out
    assert "\x1b]0" not in out


def test_an_empty_list_says_so_on_a_terminal(run, library):
    _code, out, _err = run("--color", "always", *library, "backup")

    assert "no " in out.lower() or "none" in out.lower()


def test_help_lists_commands_shared_options_and_exit_codes(run):
    for words in ([], ["--help"], ["-h"], ["help"]):
        code, out, _err = run(*words)

        assert code == 0
        assert all(name in out for name in (*commands(), "--database", "exit codes:", "130"))


def test_help_of_a_command_needs_no_database(run):
    code, out, _err = run("dry-run", "--help")

    assert code == 0
    assert out.startswith("usage: sodaf-nb dry-run")


def test_version(run):
    from sodaf_nb import __version__

    assert run("--version")[1] == f"{__version__}\n"


def test_the_readme_of_the_schema_is_in_the_package():
    assert SCHEMA["title"]


@pytest.mark.parametrize("name", sorted(set(commands()) - {"connect"}))
def test_no_command_has_an_option_that_the_shared_ones_would_take_away(name):
    def options(command):
        yield from command.parser("x").option_strings()
        for action in command.actions:
            yield from options(action)

    assert not set(options(commands()[name])) & set(parser().option_strings()) - {"--help"}
