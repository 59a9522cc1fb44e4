"""What could stand at the end of an unfinished line; reads memory only, never a database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sodaf_nb.commands.context import Context
from sodaf_nb.commands.registry import Command, commands


def completions(context: Context, line: str) -> list[str]:
    """Return the words that may replace the last word of `line`; an empty last word matches all.

    Args:
        context: Holds the DocTypes and connections whose names are offered.
        line: The text after `%migrate`, up to the cursor.
    """
    words = line.split()
    last = "" if not words or line[-1].isspace() else words.pop()
    return [word for word in _candidates(context, words, last) if word.startswith(last)]


def _candidates(context: Context, words: Sequence[str], last: str) -> list[str]:
    if not words:
        return list(commands())
    command, rest = _innermost(commands().get(words[0]), words[1:])
    if command is None:
        return []
    # Options come after the first argument or a dash: where a path stands, IPython offers files instead.
    options = command.parser(command.name).option_strings() if rest or last.startswith("-") else ()
    return [*(action.name for action in command.actions), *_names(command.names(context), rest), *options]


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
