"""`diff DOCTYPE`: what differs between a DocType and its live table."""

from __future__ import annotations

import argparse

from sodaf_nb.commands.arguments import add_answers, add_doctype, required_doctype, sync_options
from sodaf_nb.commands.context import Context
from sodaf_nb.commands.registry import Command, doctype_names
from sodaf_nb.tabular import Tabular


def _configure(parser: argparse.ArgumentParser) -> None:
    add_doctype(parser)
    add_answers(parser)


def _run(context: Context, args: argparse.Namespace) -> Tabular:
    return context.applier.diff(required_doctype(args), sync_options(args))


COMMAND = Command(
    name="diff",
    help="Show what differs between a DocType and its table; changes nothing.",
    configure=_configure,
    run=_run,
    names=doctype_names,
)
