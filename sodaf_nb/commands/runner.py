"""Runs one command line: finds the command, parses its arguments, calls it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from contextlib import suppress

from sodaf_nb.commands.context import Context
from sodaf_nb.commands.parsing import HelpAsked, split
from sodaf_nb.commands.production import require_confirmed
from sodaf_nb.commands.registry import Command, commands
from sodaf_nb.commands.values import Help
from sodaf_nb.commands.wording import words as as_commands
from sodaf_nb.errors import SodafError, UsageError
from sodaf_nb.tabular import Tabular

_HELP_WORDS = ("--help", "-h")


def run_line(context: Context, line: str, body: str | None = None) -> Tabular:
    """Run the command of one line and return its value.

    Args:
        context: What the commands of a session share.
        line: The command, such as `diff Book --drop-removed  # a note`.
        body: The text below the line in a notebook cell; None when there is none.

    Raises:
        SodafError: If the line cannot be understood, or the command fails.
    """
    return run_words(context, split(line), body)


def run_words(context: Context, words: Sequence[str], body: str | None = None) -> Tabular:
    """Run a command whose line was split already, as a shell does.

    Raises:
        SodafError: If the words cannot be understood, or the command fails.
    """
    if not words or words[0] in _HELP_WORDS:
        return overview(context)
    command = find(words[0])
    try:
        return _run(context, command, typed(context, command), words[1:], body)
    except SodafError as error:
        error.words = as_commands(context.program)
        raise


def typed(context: Context, command: Command) -> str:
    """Return how a command is typed; one that reads the body of a cell needs a second % sign in a notebook."""
    cell = "%" if command.takes_body and context.program.startswith("%") else ""
    return f"{cell}{context.program} {command.name}"


def find(name: str) -> Command:
    """Return the command of that name.

    Raises:
        UsageError: If there is none; the hint names what is near.
    """
    if (command := commands().get(name)) is None:
        raise _unknown("command", name, commands())
    return command


def overview(context: Context) -> Help:
    """Return the list of all commands."""
    rows = tuple({"command": c.name, "what it does": c.help} for c in commands().values())
    return Help(title=f"{context.program} COMMAND ... (each takes --help)", rows=rows)


def _run(context: Context, command: Command, prog: str, words: Sequence[str], body: str | None) -> Tabular:
    if command.actions and words and not words[0].startswith("-"):
        if (action := command.action(words[0])) is None:
            raise _unknown(f"action of {command.name}", words[0], [a.name for a in command.actions])
        return _run(context, action, f"{prog} {action.name}", words[1:], body)
    try:
        args = command.parser(prog).parse_args(list(words))
    except HelpAsked as asked:
        return Help(title=prog, text=str(asked))
    if body is not None and not command.takes_body:
        raise UsageError(f"{prog} reads no cell body.", hint="write it as a line of its own, with one % sign")
    args.body = body
    if not command.writes:
        return command.run(context, args)
    require_confirmed(context, args)
    try:
        return command.run(context, args)
    finally:
        _remember(context)


def _remember(context: Context) -> None:
    # For completion only: whatever keeps the history from being read now must not hide what was done.
    with suppress(SodafError):
        context.remember()


def _unknown(what: str, word: str, known: Iterable[str]) -> UsageError:
    names = sorted(known)
    near = difflib.get_close_matches(word, names, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(names)}"
    return UsageError(f"There is no {what} named {word!r}.", hint=hint)
