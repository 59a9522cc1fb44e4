"""`rollback MIGRATION` or `rollback --last DOCTYPE`: take one migration back."""

from __future__ import annotations

import argparse

from sodaf_nb.commands.arguments import accept_of, add_accept
from sodaf_nb.commands.context import Context
from sodaf_nb.commands.parsing import joined
from sodaf_nb.commands.records import last_in_force, migration_id
from sodaf_nb.commands.registry import Command, doctype_names
from sodaf_nb.errors import UsageError
from sodaf_nb.options import RollbackOptions
from sodaf_nb.tabular import Tabular


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "target", metavar="MIGRATION", nargs="*", help="number or id from history; with --last a DocType"
    )
    parser.add_argument("--last", action="store_true", help="the newest migration of that DocType still in force")
    parser.add_argument("--dry-run", action="store_true", help="show what would be done; changes nothing")
    add_accept(parser)


def _run(context: Context, args: argparse.Namespace) -> Tabular:
    options = RollbackOptions(accept=accept_of(args))
    found = _migration(context, args)
    if args.dry_run:
        return context.applier.dry_run_rollback(found, options)
    return context.applier.rollback_migration(found, options)


def _preview(context: Context, args: argparse.Namespace) -> Tabular:
    return context.applier.dry_run_rollback(_migration(context, args), RollbackOptions(accept=accept_of(args)))


def _migration(context: Context, args: argparse.Namespace) -> str:
    target = joined(args.target)
    if target is None:
        raise UsageError(
            "What to take back is missing.", hint=f"write {context.program} rollback NUMBER, or rollback --last DOCTYPE"
        )
    return last_in_force(context, target) if args.last else migration_id(context, target)


COMMAND = Command(
    name="rollback",
    help="Take one migration back, with the data it took away and the rows written since.",
    configure=_configure,
    run=_run,
    names=doctype_names,
    preview=_preview,
)
