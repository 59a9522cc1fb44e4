"""Runs one command line: finds the command, parses its arguments, calls it."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

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
    with _worded(context):
        call = parsed(context, words)
        return call if isinstance(call, Help) else call.run(context, body).in_words(as_commands(context.program))


def preview_words(context: Context, words: Sequence[str]) -> Tabular | None:
    """Return what a command would do; None for one that is not worth a question, or only explains or looks.

    Raises:
        SodafError: As the command itself would.
    """
    with _worded(context):
        call = parsed(context, words)
        if isinstance(call, Help) or call.command.preview is None or getattr(call.args, "dry_run", False):
            return None
        return call.command.preview(context, call.args)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A command with its arguments, ready to run."""

    command: Command
    prog: str
    args: argparse.Namespace

    def run(self, context: Context, body: str | None) -> Tabular:
        """Run it; `body` is the text below the line in a notebook cell."""
        if body is not None and not self.command.takes_body:
            raise UsageError(f"{self.prog} reads no cell body.", hint="write it as a line of its own, with one % sign")
        self.args.body = body
        if not self.command.writes:
            return self.command.run(context, self.args)
        require_confirmed(context, self.args)
        try:
            return self.command.run(context, self.args)
        finally:
            _remember(context)


def parsed(context: Context, words: Sequence[str]) -> Call | Help:
    """Return the call that words ask for, or the help they ask for.

    Raises:
        UsageError: If there is no such command or action, or its arguments cannot be understood.
    """
    command, rest = find(words[0]), words[1:]
    prog = typed(context, command)
    while command.actions and rest and not rest[0].startswith("-"):
        if (action := command.action(rest[0])) is None:
            raise _unknown(f"action of {command.name}", rest[0], [a.name for a in command.actions])
        command, prog, rest = action, f"{prog} {action.name}", rest[1:]
    try:
        return Call(command=command, prog=prog, args=command.parser(prog).parse_args(list(rest)))
    except HelpAsked as asked:
        return Help(title=prog, text=str(asked))


@contextmanager
def _worded(context: Context) -> Iterator[None]:
    """Let errors speak of the next step as it is typed here."""
    try:
        yield
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


def _remember(context: Context) -> None:
    # For completion only: whatever keeps the history from being read now must not hide what was done.
    with suppress(SodafError):
        context.remember_numbers()


def _unknown(what: str, word: str, known: Iterable[str]) -> UsageError:
    names = sorted(known)
    near = difflib.get_close_matches(word, names, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(names)}"
    return UsageError(f"There is no {what} named {word!r}.", hint=hint)
