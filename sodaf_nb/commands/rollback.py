"""`rollback MIGRATION` or `rollback --last DOCTYPE`: take one migration back."""

from __future__ import annotations

import argparse

from sodaf_nb.commands.apply import failure
from sodaf_nb.commands.arguments import accept_of, add_accept, add_rehearsal
from sodaf_nb.commands.context import Context
from sodaf_nb.commands.parsing import joined
from sodaf_nb.commands.records import last_in_force, migration_id
from sodaf_nb.commands.registry import Command, migration_numbers
from sodaf_nb.errors import MigrationRollbackError, UsageError
from sodaf_nb.options import ConflictPolicy, RollbackOptions
from sodaf_nb.tabular import Tabular


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "target", metavar="MIGRATION", nargs="*", help="number or id from history; with --last a DocType"
    )
    parser.add_argument("--last", action="store_true", help="the newest migration of that DocType still in force")
    parser.add_argument("--dry-run", action="store_true", help="show what would be done; changes nothing")
    parser.add_argument("--through", action="store_true", help="newer migrations of its table as well, newest first")
    parser.add_argument(
        "--on-conflict",
        choices=("keep-newer", "take-older", "stop"),
        default="keep-newer",
        help="what becomes of values edited since that the backup holds too; a dry run lists them",
    )
    add_accept(parser)
    add_rehearsal(parser)


def _run(context: Context, args: argparse.Namespace) -> Tabular:
    options = _options(args)
    found = _migration(context, args)
    if args.through:
        return _through(context, found, options, dry_run=args.dry_run)
    if args.dry_run:
        return context.applier.dry_run_rollback(found, options)
    return context.applier.rollback_migration(found, options)


def _options(args: argparse.Namespace) -> RollbackOptions:
    policy: ConflictPolicy = args.on_conflict.replace("-", "_")
    return RollbackOptions(
        accept=accept_of(args),
        on_conflict=policy,
        rehearsal=args.rehearsal,
        mask=tuple(args.mask),
        yes_on=args.yes_on,
    )


def _preview(context: Context, args: argparse.Namespace) -> Tabular:
    found, options = _migration(context, args), _options(args)
    applier = context.applier
    return applier.dry_run_through(found, options) if args.through else applier.dry_run_rollback(found, options)


def _through(context: Context, found: str, options: RollbackOptions, *, dry_run: bool) -> Tabular:
    if dry_run:
        return context.applier.dry_run_through(found, options)
    batch = context.applier.rollback_through(found, options)
    if batch.errors:
        # Raised rather than returned: a runbook that goes on after half a way back does harm.
        raise MigrationRollbackError(
            f"{len(batch.results)} taken back, then one failed",
            details=tuple(failure(context, name, error) for name, error in batch.errors.items()),
            hint="what was taken back stays so; mend the cause and do it again",
        )
    return batch


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
    names=migration_numbers,
    writes=True,
    preview=_preview,
)
