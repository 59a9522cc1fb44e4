"""`apply DOCTYPE` or `apply --all`: bring DocTypes to the database."""

from __future__ import annotations

import argparse
from pathlib import Path

from sodaf_nb.commands import status
from sodaf_nb.commands.arguments import accept_of, add_doctype, add_sync, doctype_of, required_doctype, sync_options
from sodaf_nb.commands.context import Context
from sodaf_nb.commands.registry import Command, doctype_names
from sodaf_nb.commands.wording import words
from sodaf_nb.errors import MigrationExecutionError, SodafError, UsageError
from sodaf_nb.options import SyncOptions
from sodaf_nb.tabular import Tabular


def _configure(parser: argparse.ArgumentParser) -> None:
    add_doctype(parser, optional=True)
    parser.add_argument("--all", action="store_true", help="every loaded DocType, those that others link to first")
    parser.add_argument(
        "--plan", metavar="ID|FILE", help="the reviewed plan: its id, or 8 or more characters of it, or its file"
    )
    add_sync(parser)


def _run(context: Context, args: argparse.Namespace) -> Tabular:
    doctype = doctype_of(args)
    if args.plan and not args.all and is_file(args.plan):
        return _apply_file(context, args, doctype)
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


def is_file(word: str) -> bool:
    """Return True for a word that means a file and not an id."""
    return word.endswith(".json") or Path(word).is_file()


def _apply_file(context: Context, args: argparse.Namespace, doctype: str | None) -> Tabular:
    """Apply a plan that was saved; its answers are in it, so others would mean another plan."""
    from sodaf_nb.plan import Plan  # noqa: PLC0415  light start

    if _answered(args) or args.drop_removed:
        raise UsageError(
            "A saved plan has its answers in it.", hint="leave them out, or make and save another plan with them"
        )
    plan = Plan.load(args.plan)
    if doctype not in (None, plan.doctype):
        raise UsageError(f"That plan is for {plan.doctype}, not for {doctype}.", hint="name the file of the other plan")
    return context.applier.apply_plan(plan, accept=accept_of(args), yes_on=args.yes_on)


def _require_general(args: argparse.Namespace) -> None:
    # These answer a question about one DocType; for all of them the answer would hit the wrong one.
    if args.plan or _answered(args):
        raise UsageError(
            "--plan, --rename, --renamed-from, --backfill, --dedupe and --widen are about one DocType.",
            hint="apply that DocType by name",
        )


def _answered(args: argparse.Namespace) -> bool:
    return any((args.rename, args.renamed_from, args.backfill, args.dedupe, args.widen))


def _apply_all(context: Context, options: SyncOptions) -> Tabular:
    batch = context.applier.sync_all_doctypes(options)
    if batch.errors:
        # Raised rather than returned: a runbook that goes on after half a migration does harm.
        raise MigrationExecutionError(
            batch.heading(),
            details=tuple(failure(context, name, error) for name, error in batch.errors.items()),
            hint="what was applied stays; mend the others and apply again",
        )
    return batch


def failure(context: Context, doctype: str, error: SodafError) -> str:
    """Return why one of several failed, in the words of the surface it is shown on."""
    error.words = words(context.program)
    return f"{doctype}: [{error.code}] {error}".rstrip(".")


COMMAND = Command(
    name="apply",
    help="Bring a DocType's table to what the DocType says, after a verified backup of the data at risk.",
    configure=_configure,
    run=_run,
    names=doctype_names,
    writes=True,
    preview=_preview,
)
