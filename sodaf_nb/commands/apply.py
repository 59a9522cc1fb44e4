"""`apply DOCTYPE` or `apply --all`: bring DocTypes to the database."""

from __future__ import annotations

import argparse

from sodaf_nb.commands import status
from sodaf_nb.commands.arguments import add_doctype, add_sync, doctype_of, required_doctype, sync_options
from sodaf_nb.commands.context import Context
from sodaf_nb.commands.registry import Command, doctype_names
from sodaf_nb.commands.wording import words
from sodaf_nb.errors import MigrationExecutionError, SodafError, UsageError
from sodaf_nb.options import SyncOptions
from sodaf_nb.tabular import Tabular


def _configure(parser: argparse.ArgumentParser) -> None:
    add_doctype(parser, optional=True)
    parser.add_argument("--all", action="store_true", help="every loaded DocType, those that others link to first")
    parser.add_argument("--plan", metavar="ID", help="id of the reviewed plan, or 8 or more of its characters")
    add_sync(parser)


def _run(context: Context, args: argparse.Namespace) -> Tabular:
    doctype = doctype_of(args)
    if args.all == (doctype is not None):
        raise UsageError("Name one DocType, or give --all.", hint=f"write {context.program} apply DOCTYPE")
    if doctype is not None:
        return context.applier.sync_doctype(doctype, sync_options(args))
    _require_general(args)
    return _apply_all(context, sync_options(args))


def _preview(context: Context, args: argparse.Namespace) -> Tabular:
    if args.all:
        return status.COMMAND.run(context, args)
    return context.applier.dry_run(required_doctype(args), sync_options(args))


def _require_general(args: argparse.Namespace) -> None:
    # These answer a question about one DocType; for all of them the answer would hit the wrong one.
    if args.plan or args.rename or args.renamed_from or args.backfill:
        raise UsageError(
            "--plan, --rename, --renamed-from and --backfill are about one DocType.", hint="apply that DocType by name"
        )


def _apply_all(context: Context, options: SyncOptions) -> Tabular:
    batch = context.applier.sync_all_doctypes(options)
    if batch.errors:
        # Raised rather than returned: a runbook that goes on after half a migration does harm.
        raise MigrationExecutionError(
            batch.heading(),
            details=tuple(_failure(context, name, error) for name, error in batch.errors.items()),
            hint="what was applied stays; mend the others and apply again",
        )
    return batch


def _failure(context: Context, doctype: str, error: SodafError) -> str:
    error.words = words(context.program)
    return f"{doctype}: [{error.code}] {error}".rstrip(".")


COMMAND = Command(
    name="apply",
    help="Bring a DocType's table to what the DocType says, after a verified backup of the data at risk.",
    configure=_configure,
    run=_run,
    names=doctype_names,
    preview=_preview,
)
