"""`dry-run DOCTYPE`: what an apply would do to the real rows."""

from __future__ import annotations

import argparse
from dataclasses import replace

from sodaf_nb.commands.arguments import add_doctype, add_rehearsal, add_sync, required_doctype, sync_options
from sodaf_nb.commands.context import Context
from sodaf_nb.commands.registry import Command, doctype_names
from sodaf_nb.commands.reviewing import session_for
from sodaf_nb.tabular import Tabular


def _configure(parser: argparse.ArgumentParser) -> None:
    add_doctype(parser)
    add_sync(parser)
    add_rehearsal(parser)
    parser.add_argument("--sql", action="store_true", help="show long SQL in the text as well")


def _run(context: Context, args: argparse.Namespace) -> Tabular:
    session = session_for(context, required_doctype(args), sync_options(args))
    session.plan_now()
    found = replace(session.dry_run(), sql_in_text=args.sql)
    context.remember(found.plan, session)
    return found


COMMAND = Command(
    name="dry-run",
    help="Show what an apply would do to the real rows, tried up and back on a copy; changes nothing.",
    configure=_configure,
    run=_run,
    names=doctype_names,
)
