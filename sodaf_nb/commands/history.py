"""`history [DOCTYPE]`: what was migrated, with running numbers that `rollback` takes."""

from __future__ import annotations

import argparse

from sodaf_nb.commands.arguments import add_doctype, doctype_of
from sodaf_nb.commands.context import Context
from sodaf_nb.commands.parsing import count
from sodaf_nb.commands.registry import Command, doctype_names
from sodaf_nb.tabular import Tabular


def _configure(parser: argparse.ArgumentParser) -> None:
    add_doctype(parser, optional=True, help="only migrations of this DocType")
    parser.add_argument("--limit", metavar="N", type=count, help="only the newest N")


def _run(context: Context, args: argparse.Namespace) -> Tabular:
    return context.applier.history.get_migration_history(doctype_of(args), limit=args.limit)


COMMAND = Command(
    name="history",
    help="List what was migrated, newest first; rollback takes the number in front.",
    configure=_configure,
    run=_run,
    names=doctype_names,
)
