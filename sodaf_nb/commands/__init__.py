"""The commands behind `%migrate` and `sodaf-nb`: a line in, one call of the applier, a value out.

One file a command: a module of this package that holds a `COMMAND` is found by the registry, so adding
a command means adding a file.
"""

from sodaf_nb.commands.completion import completions
from sodaf_nb.commands.context import Connection, Context
from sodaf_nb.commands.registry import Command, commands
from sodaf_nb.commands.runner import run_line, run_words
from sodaf_nb.commands.values import Help, Listing, Sheet

__all__ = [
    "Command",
    "Connection",
    "Context",
    "Help",
    "Listing",
    "Sheet",
    "commands",
    "completions",
    "run_line",
    "run_words",
]
