"""`drill [BACKUP]`: restore backups in a process of its own, to see that it can be done."""

from __future__ import annotations

import argparse

from sodaf_nb.commands.backup import backup_id
from sodaf_nb.commands.context import Context
from sodaf_nb.commands.registry import Command
from sodaf_nb.errors import MigrationRestoreError
from sodaf_nb.tabular import Tabular


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "backup", metavar="BACKUP", nargs="?", help="number or id from backup list; without, the newest of each table"
    )


def _run(context: Context, args: argparse.Namespace) -> Tabular:
    result = context.applier.backups.drill(backup_id(context, args) if args.backup else None)
    if not result.success:
        # Raised rather than returned: a scheduled runbook has to fail.
        raise MigrationRestoreError(
            result.heading(),
            details=tuple(f"{each.backup.table}: {each.problem}" for each in result.drilled if each.problem),
            hint="take new backups now, and look at those that failed",
        )
    return result


COMMAND = Command(
    name="drill",
    help="Restore backups into an empty database, in a process that has their folder and key alone.",
    configure=_configure,
    run=_run,
)
