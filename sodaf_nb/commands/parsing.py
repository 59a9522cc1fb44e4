"""Command lines into words and options; never exits, never prints."""

from __future__ import annotations

import argparse
import difflib
import re
import shlex
from collections.abc import Sequence
from typing import Any, NoReturn

from sodaf_nb.errors import UsageError

# One word as the shell sees it, quotes kept; a lone quote is left to shlex, which names the error.
_WORD = re.compile(r"""(?:\\.|'[^']*'|"(?:\\.|[^"\\])*"|[^\s'"\\]|['"\\])+""")

# Help is laid out for this many characters, whatever the terminal: recorded runbooks stay the same.
_WIDTH = 96


class HelpAsked(Exception):  # noqa: N818  no error: how argparse's actions leave the parser early
    """`--help` was given; carries the text."""


class Parser(argparse.ArgumentParser):
    """An argparse parser whose errors are ours and whose help is a value.

    Args:
        prog: The command as it is typed, such as `%migrate diff`.
        description: What it is for, in one line.
        helped: False leaves `--help` to whoever reads the rest of the line.
    """

    def __init__(self, *, prog: str, description: str = "", helped: bool = True) -> None:
        super().__init__(
            prog=prog, description=description, add_help=False, allow_abbrev=False, formatter_class=_Formatter
        )
        # Python 3.14 and later would put terminal colours into the help text.
        self.color = False
        if helped:
            self.add_argument("--help", "-h", action=_AskHelp, nargs=0, help="show this help")

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Return the arguments.

        Raises:
            UsageError: If one is unknown; the hint names the option that is near.
        """
        found, unknown = self.parse_known_args(args, namespace)
        if not unknown:
            return found
        near = difflib.get_close_matches(unknown[0].partition("=")[0], self.option_strings(), n=1)
        if unknown[0].startswith("-") and near:
            raise UsageError(f"{self.prog} has no option {unknown[0]}.", hint=f"did you mean {near[0]}?")
        return self.error(f"unrecognized arguments: {' '.join(unknown)}")

    def error(self, message: str) -> NoReturn:
        """Raise what argparse found.

        Raises:
            UsageError: Always.
        """
        raise UsageError(f"{self.prog}: {message}.", hint=f"{self.prog} --help shows how it is written")

    def option(self, name: str) -> argparse.Action | None:
        """Return an option that takes a value, or None."""
        found = self._option_string_actions.get(name)
        return found if found is not None and found.nargs != 0 else None

    def option_strings(self) -> tuple[str, ...]:
        """Return every long option, for completion."""
        return tuple(s for action in self._actions for s in action.option_strings if s.startswith("--"))


class _AskHelp(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        raise HelpAsked(parser.format_help())


class _Formatter(argparse.RawDescriptionHelpFormatter):
    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_WIDTH, max_help_position=32)

    def _format_args(self, action: argparse.Action, default_metavar: str) -> str:
        # Several words make one name here, so `DOCTYPE [DOCTYPE ...]` would mislead.
        name = str(action.metavar or default_metavar)
        return {"+": name, "*": f"[{name}]"}.get(str(action.nargs)) or super()._format_args(action, default_metavar)


def split(line: str) -> list[str]:
    """Return the words of a line; quotes group, and a word that starts with `#` begins a comment.

    A number such as `#3` is a word.

    Raises:
        UsageError: If a quote is not closed.
    """
    try:
        return shlex.split(_without_comment(line))
    except ValueError as error:
        raise UsageError(
            f"The line cannot be read: {str(error).lower()}.", hint='close every quote, as in diff "Book Copy"'
        ) from None


def _without_comment(line: str) -> str:
    # `rollback #3` names a migration as lists and results show it.
    words = (word for word in _WORD.finditer(line) if word.group().startswith("#"))
    starts = (word.start() for word in words if not word.group()[1:].isdecimal())
    return line[: next(starts, len(line))]


def pair(separator: str) -> Any:
    """Return an argparse type that reads `left<separator>right` into a tuple."""

    def read(text: str) -> tuple[str, str]:
        left, found, right = text.partition(separator)
        if not (left and found):
            raise argparse.ArgumentTypeError(f"{text!r} has no {separator!r}")
        return left.strip(), right.strip()

    return read


def id_list(text: str) -> list[str]:
    """Return the ids of `DS03,ds08:city` with their rules in upper case; `all` stays as it is."""
    words = [word.strip().partition(":") for word in text.split(",") if word.strip()]
    return [rule if rule == "all" else f"{rule.upper()}{colon}{column}" for rule, colon, column in words]


def name_list(text: str) -> list[str]:
    """Return the names of `title,pages`, as they are written."""
    if not (words := [word.strip() for word in text.split(",") if word.strip()]):
        raise argparse.ArgumentTypeError("no name stands there")
    return words


def count(text: str) -> int:
    """Return a whole number of 1 or more."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 up")
    return int(text)


def number_or_text(text: str) -> str | int | float:
    """Return a number when `text` is exactly how that number is written; `007` and `1e3` stay text."""
    for kind in (int, float):
        try:
            value = kind(text)
        except ValueError:
            continue
        if str(value) == text and text not in {"inf", "-inf", "nan"}:
            return value
    return text


def joined(words: Sequence[str]) -> str | None:
    """Return words as one name, so that `diff Book Copy` needs no quotes; None when there are none."""
    return " ".join(words) or None
