"""What could stand at the end of an unfinished line; reads memory only, never a database."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType

from sodaf_nb.commands.context import Context
from sodaf_nb.commands.registry import Command, commands
from sodaf_nb.errors import SodafError

Offer = Callable[[Context, Sequence[str], str], Iterable[str]]
"""(context, words before, unfinished word) to what may stand there"""


def completions(context: Context, line: str) -> list[str]:
    """Return the words that may replace the last word of `line`; an empty last word matches all.

    Args:
        context: Holds the DocTypes and connections whose names are offered.
        line: The text after `%migrate`, up to the cursor.
    """
    words = line.split()
    last = "" if not words or line[-1].isspace() else words.pop()
    try:
        return [word for word in _candidates(context, words, last) if word.startswith(last)]
    except SodafError:  # such as a pyproject.toml that cannot be read: the command itself will say so
        return []


def _candidates(context: Context, words: Sequence[str], last: str) -> list[str]:
    if not words:
        return list(commands())
    command, rest = _innermost(commands().get(words[0]), words[1:])
    if command is None:
        return []
    parser = command.parser(command.name)
    if rest and (option := parser.option(rest[-1])) is not None:
        return _values(context, option, rest, last)
    # Options come after the first argument or a dash: where a path stands, IPython offers files instead.
    options = parser.option_strings() if rest or last.startswith("-") else ()
    fields = _listed(context, rest, last) if command.fields_follow and _doctype(context, rest) else ()
    names = _names(command.names(context), rest)
    return [*(action.name for action in command.actions), *names, *fields, *options]


def _innermost(command: Command | None, words: Sequence[str]) -> tuple[Command | None, Sequence[str]]:
    while command is not None and words and (action := command.action(words[0])) is not None:
        command, words = action, words[1:]
    return command, words


def _names(names: Iterable[str], words: Sequence[str]) -> list[str]:
    """Offer names, or the rest of one whose first words are typed (`Copy` after `Book`)."""
    typed = " ".join(word for word in words if not word.startswith("-"))
    if not typed:
        return list(names)
    return [name.removeprefix(f"{typed} ") for name in names if name.startswith(f"{typed} ")]


def _values(context: Context, option: argparse.Action, words: Sequence[str], last: str) -> list[str]:
    """Return what may stand behind an option that takes a value; nothing where anything may."""
    if option.choices is not None:
        return list(map(str, option.choices))
    offer = _OFFERS.get(option.dest)
    return list(offer(context, words, last)) if offer else []


def _doctype(context: Context, words: Sequence[str]) -> str | None:
    """Return the loaded DocType that the words begin with, the longest name first; None without one."""
    for end in range(len(words), 0, -1):
        name = " ".join(words[:end])
        if name in context.doctypes:
            return name
    return None


def _fields(context: Context, words: Sequence[str]) -> list[str]:
    name = _doctype(context, words)
    fields = context.doctypes.get(name).fields if name else ()
    return [field.fieldname for field in fields if field.column_type is not None]


def _listed(context: Context, words: Sequence[str], last: str) -> Iterable[str]:
    """Offer one more field of a list such as `city,zip`."""
    before = last[: last.rfind(",") + 1]
    return (before + name for name in _fields(context, words) if name not in before.split(","))


def _given(context: Context, words: Sequence[str], _last: str) -> Iterable[str]:
    return (f"{name}=" for name in _fields(context, words))


def _connections(context: Context, _words: Sequence[str], _last: str) -> Iterable[str]:
    return context.connections


def _rules(_context: Context, _words: Sequence[str], last: str) -> Iterable[str]:
    from sodaf_nb.validation import catalogue  # noqa: PLC0415  light start

    before = last[: last.rfind(",") + 1]
    return (before + rule for rule in (*catalogue(), "all"))


# The value of an option, by the name argparse keeps it under.
_OFFERS: Mapping[str, Offer] = MappingProxyType(
    {
        "accept": _rules,
        "backfill": _given,
        "close": _connections,
        "columns": _listed,
        "dedupe": _given,
        "mask": _listed,
        "widen": _listed,
        "yes_on": _connections,
    }
)
