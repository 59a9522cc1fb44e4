"""Finds the commands: every module of this package that holds a `COMMAND`."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from sodaf_nb.commands.parsing import Parser
from sodaf_nb.commands.production import add_yes_on
from sodaf_nb.tabular import Tabular

if TYPE_CHECKING:
    from sodaf_nb.commands.context import Context

Run = Callable[["Context", argparse.Namespace], Tabular]


def _nothing(_parser: argparse.ArgumentParser) -> None:
    """Add no arguments."""


def _no_names(_context: Context) -> Iterable[str]:
    return ()


def doctype_names(context: Context) -> Iterable[str]:
    """Return the names of the loaded DocTypes."""
    return context.doctypes.names()


def migration_numbers(context: Context) -> Iterable[str]:
    """Return the numbers of the migrations there are, the newest first, and the names of the loaded DocTypes."""
    yield from map(str, range(context.migrations, 0, -1))
    yield from context.doctypes.names()


def backup_numbers(context: Context) -> Iterable[str]:
    """Return the numbers of the backups there are, the newest first."""
    return map(str, range(context.backups, 0, -1))


def field_paths(context: Context) -> Iterable[str]:
    """Return the names of the loaded DocTypes, and their fields as `Book.pages`."""
    for doctype in context.doctypes:
        yield doctype.name
        yield from (f"{doctype.name}.{f.fieldname}" for f in doctype.fields if f.column_type is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command.

    Args:
        name: What is typed.
        help: What it does, in one line.
        run: Does it; the parsed arguments hold the cell's body as `body`.
        configure: Adds the arguments to a parser.
        takes_body: True when it reads the body of a cell.
        names: Names its first argument may be, for completion; from memory, never from a database.
        actions: Commands below this one, such as `list` of `backup`; without one of them, `run` is called.
        writes: True when it changes rows or the schema, which production needs its name typed for.
        fields_follow: True when field names may stand behind its DocType.
        preview: Shows what `run` would do, from the same arguments, to a person who is asked first; None when it
            changes nothing that needs a question.
    """

    name: str
    help: str
    run: Run
    configure: Callable[[argparse.ArgumentParser], None] = _nothing
    takes_body: bool = False
    names: Callable[[Context], Iterable[str]] = _no_names
    actions: tuple[Command, ...] = ()
    writes: bool = False
    fields_follow: bool = False
    preview: Run | None = None

    def parser(self, prog: str) -> Parser:
        """Return a parser for its arguments; `prog` is the command as it is typed."""
        parser = Parser(prog=prog, description=self.help)
        if self.actions:
            parser.usage = "%(prog)s [--help] [ACTION ...]"
            width = max(len(action.name) for action in self.actions)
            listed = "\n".join(f"  {action.name.ljust(width)}  {action.help}" for action in self.actions)
            parser.epilog = f"actions (each takes --help):\n{listed}"
        self.configure(parser)
        if self.writes:
            add_yes_on(parser)
        return parser

    def action(self, name: str) -> Command | None:
        """Return the command of that name below this one, or None."""
        return next((action for action in self.actions if action.name == name), None)


@cache
def commands() -> Mapping[str, Command]:
    """Return every command by name, in alphabetical order."""
    package = importlib.import_module("sodaf_nb.commands")
    modules = (importlib.import_module(f"{package.__name__}.{m.name}") for m in pkgutil.iter_modules(package.__path__))
    found = (module.COMMAND for module in modules if hasattr(module, "COMMAND"))
    return MappingProxyType({c.name: c for c in sorted(found, key=lambda c: str(c.name))})
