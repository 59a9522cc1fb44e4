"""`help [COMMAND]`: all commands, or how one is written."""

from __future__ import annotations

import argparse

from sodaf_nb.commands.context import Context
from sodaf_nb.commands.registry import Command, commands
from sodaf_nb.tabular import Tabular


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("command", metavar="COMMAND", nargs="*", help="the command to explain")


def _run(context: Context, args: argparse.Namespace) -> Tabular:
    # The runner imports the registry, and the registry this module.
    from sodaf_nb.commands.runner import run_words  # noqa: PLC0415

    return run_words(context, [*args.command, "--help"])


COMMAND = Command(
    name="help",
    help="List the commands, or explain one.",
    configure=_configure,
    run=_run,
    names=lambda _context: commands(),
)
