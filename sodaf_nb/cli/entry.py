"""Runs one command line of `sodaf-nb` and returns its exit code."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version

from sodaf_nb.cli import arguments, completion, exits
from sodaf_nb.cli.answers import Answer, Json, Text
from sodaf_nb.cli.confirm import agreed
from sodaf_nb.cli.context import ShellContext
from sodaf_nb.commands import Help, commands, run_words
from sodaf_nb.commands.runner import find, parsed
from sodaf_nb.errors import SodafError, UsageError
from sodaf_nb.options import ApplyOptions
from sodaf_nb.tabular import Tabular, text_table

_VERSION_WORDS = ("--version", "-V", "version")
_HELP_WORDS = (["--help"], ["-h"], ["help"])


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line.

    Args:
        argv: Its words without the program's name; None takes those of the process.

    Returns:
        The exit code; `sodaf-nb --help` lists their meanings.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        return _answered(words)
    except KeyboardInterrupt:
        return exits.CANCELLED
    except BrokenPipeError:
        # The reader, such as `head`, has seen enough; Python must not write to it again when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return exits.DONE


def _answered(words: list[str]) -> int:
    answer: Answer = Json() if "--json" in words else Text()
    rest = words
    try:
        if words[:1] == [completion.WORD]:
            return _written(completion.answer(words[1:]))
        args, rest = arguments.divided(words)
        answer = Json() if args.json else Text(args.color)
        if not rest or (rest in _HELP_WORDS and not args.json):
            return _written(_overview())
        if rest[0] in _VERSION_WORDS:
            return _written(version("sodaf_nb"))
        value, code = _run(args, rest, answer)
    except SodafError as error:
        code = exits.exit_code(error)
        answer.error(rest[0] if rest else "", error, code)
        return code
    answer.value(rest[0], value, code)
    sys.stdout.flush()
    return code


def _written(text: str) -> int:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
    return exits.DONE


def _overview() -> str:
    listed = text_table([{"command": c.name, "what it does": c.help} for c in commands().values()])
    shared = arguments.parser()
    shared.usage = f"{arguments.PROGRAM} COMMAND ... [OPTIONS]   (each command takes --help)"
    shared.epilog = f"{listed}\n\n{exits.epilog()}"
    return shared.format_help().rstrip()


def _run(args: Namespace, words: list[str], answer: Answer) -> tuple[Tabular, int]:
    with _progress() as report:
        context = ShellContext(
            ApplyOptions(progress=report),
            connect=arguments.connect_words(args, os.environ),
            paths=arguments.doctype_paths(args),
        )
        try:
            body = _body(context, words)
            value = run_words(context, _to_run(context, args, words, answer), body)
        finally:
            context.close_all()
    return value, _code(value, check=args.check)


def _to_run(context: ShellContext, args: Namespace, words: list[str], answer: Answer) -> list[str]:
    if words[0] == "connect":  # its options are the shared ones
        return arguments.connect_words(args, os.environ, target=words[1:]) or words
    return agreed(context, words, answer) if _asks(args) else words


def _asks(args: Namespace) -> bool:
    """Return True when a person sits there who can be asked, and did not say yes before."""
    return not (args.yes or args.json) and sys.stdin.isatty() and sys.stdout.isatty()


def _body(context: ShellContext, words: list[str]) -> str | None:
    """Return what a command that reads a cell in a notebook reads here: standard input, unless a file is named."""
    if not find(words[0]).takes_body or sys.stdin.isatty():
        return None
    call = parsed(context, words)
    return None if isinstance(call, Help) or getattr(call.args, "file", None) else sys.stdin.read()


def _code(value: Tabular, *, check: bool) -> int:
    changes = value.pending_changes()
    if check and changes is None:
        raise UsageError("--check needs a command that compares.", hint="use it with status, diff or dry-run")
    if value.is_blocked():
        return exits.BLOCKED
    return exits.PENDING if check and changes else exits.DONE


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None] | None]:
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console  # noqa: PLC0415  only a terminal waits for it

    from sodaf_nb.cli.terminal import progress  # noqa: PLC0415  the same

    with progress(Console(stderr=True)) as report:
        yield report
