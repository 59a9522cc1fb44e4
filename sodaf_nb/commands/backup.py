"""`backup list | verify | create | restore | prune | open`: the verified backups."""

from __future__ import annotations

import argparse
from dataclasses import fields
from typing import TYPE_CHECKING

from sodaf_nb.commands.addresses import named_source
from sodaf_nb.commands.arguments import add_doctype, doctype_of, required_doctype
from sodaf_nb.commands.context import Context
from sodaf_nb.commands.opened import opened
from sodaf_nb.commands.parsing import count, name_list
from sodaf_nb.commands.registry import Command, backup_numbers, doctype_names
from sodaf_nb.commands.values import Listing, by_number, is_number
from sodaf_nb.errors import UsageError
from sodaf_nb.tabular import Row, Tabular

if TYPE_CHECKING:
    from sodaf_nb.backup import BackupInfo, Retention
    from sodaf_nb.backup.choice import Strategy
    from sodaf_nb.database import Database


def _list(context: Context, args: argparse.Namespace) -> Tabular:
    return _listing(context, doctype_of(args))


def _list_all(context: Context, _args: argparse.Namespace) -> Tabular:
    return _listing(context, None)


def _verify(context: Context, args: argparse.Namespace) -> Tabular:
    info = context.applier.backups.validate_backup(backup_id(context, args))
    return _one(info, f"Backup {args.backup} is sound: read to the last row and restored on trial")


def _create(context: Context, args: argparse.Namespace) -> Tabular:
    doctype = context.doctypes.get(required_doctype(args))
    strategy: Strategy = "column" if args.columns else "incremental" if args.incremental else "full"
    info = context.applier.backups.create_backup(
        doctype.name, doctype.table, strategy=strategy, columns=args.columns or ()
    )
    return _one(info, f"Backup of {doctype.name} taken and verified")


def _restore(context: Context, args: argparse.Namespace) -> Tabular:
    into = _target(context, args.into) if args.into else None
    try:
        return context.applier.backups.restore_backup(
            backup_id(context, args),
            as_table=args.as_table,
            columns=args.columns,
            into=into,
            any_database=args.any_database,
            dry_run=args.dry_run,
            yes_on=args.yes_on,
        )
    finally:
        if into is not None:
            into.close()


def _target(context: Context, path: str) -> Database:
    from sodaf_nb.database import Database  # noqa: PLC0415  light start

    database = Database(path)
    if (source := named_source(context, database)) is not None:
        raise UsageError(
            f"{path} is the connection {source.name}, whose profile a restore from elsewhere would go around.",
            hint=f"restore into another file; or {context.program} connect {source.name}, and restore there",
        )
    return database


def _open(context: Context, args: argparse.Namespace) -> Tabular:
    wanted = backup_id(context, args)
    info = context.applier.backups.get(wanted)
    rows = tuple(context.applier.backups.read_rows(wanted))
    return opened(context, f"Backup {args.backup}: {info.table}", info.table, info.columns, rows)


def _prune(context: Context, args: argparse.Namespace) -> Tabular:
    numbers = _numbers(context)
    result = context.applier.backups.prune(_retention(context, args), dry_run=args.dry_run)
    shown = zip(result.verdicts, result.to_rows(), strict=True)
    return Listing(
        title=result.heading(),
        rows=tuple({"#": numbers.get(verdict.backup.id), **row} for verdict, row in shown),
        items=result.verdicts,
        empty="No backup was taken yet.",
        remarks=tuple(result.notes()),
    )


def _retention(context: Context, args: argparse.Namespace) -> Retention:
    from sodaf_nb.backup import Retention  # noqa: PLC0415  light start

    given = Retention(keep_days=args.keep_days, keep_last=args.keep_last, max_bytes=args.max_bytes)
    if given != Retention():
        return given
    if context.applier.options.retention is None:
        raise UsageError("What to keep is missing.", hint="give --keep-days, --keep-last or --max-bytes")
    return context.applier.options.retention


def _listing(context: Context, doctype: str | None) -> Listing:
    from sodaf_nb.backup import BackupList  # noqa: PLC0415  light start

    numbers = _numbers(context)
    found = context.applier.backups.list_backups(doctype)
    shown = zip(found, BackupList(backups=tuple(found)).to_rows(), strict=True)
    return Listing(
        title=f"Backups of {doctype or 'all DocTypes'}, newest first",
        rows=tuple({"#": numbers.get(backup.id), **row} for backup, row in shown),
        items=tuple(found),
        empty="No backup was taken yet.",
        details=tuple(_details(numbers.get(backup.id), backup) for backup in found),
    )


def _details(number: int | None, backup: BackupInfo) -> Row:
    return {"#": number, **{field.name: getattr(backup, field.name) for field in fields(backup)}}


def _one(info: BackupInfo, title: str) -> Listing:
    row = {"table": info.table, "strategy": info.strategy, "rows": info.row_count, "columns": len(info.columns)}
    return Listing(title=title, rows=(row,), items=(info,), remarks=tuple(info.notes()))


def backup_id(context: Context, args: argparse.Namespace) -> str:
    """Return the id of the backup that was named by its number or its id."""
    word, ids = args.backup, _ids(context)
    if not is_number(word) and word not in {backup.id for backup in context.applier.backups.list_backups()}:
        raise UsageError(f"There is no backup {word!r}.", hint=f"numbers are in {context.program} backup list")
    return by_number("backup", word, ids)


def _ids(context: Context) -> list[str]:
    """Return the ids of all usable backups, oldest first; a damaged one has no place in time."""
    found = [backup.id for backup in reversed(context.applier.backups.list_backups()) if not backup.problem]
    context.remember_backups(len(found))
    return found


def _numbers(context: Context) -> dict[str, int]:
    return {backup_id: number for number, backup_id in enumerate(_ids(context), start=1)}


def _configure_list(parser: argparse.ArgumentParser) -> None:
    add_doctype(parser, optional=True, help="only backups of this DocType")


def _configure_one(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("backup", metavar="BACKUP", help="number or id from backup list")


def _configure_restore(parser: argparse.ArgumentParser) -> None:
    _configure_one(parser)
    parser.add_argument("--as", dest="as_table", metavar="TABLE", help="beside the table, under this new name")
    parser.add_argument(
        "--columns", metavar="NAMES", type=name_list, default=[], help="only these, into the rows that are still there"
    )
    parser.add_argument("--into", metavar="FILE", help="into another database file; it is made when it is missing")
    parser.add_argument("--any-database", action="store_true", help="take a backup of another database as well")
    parser.add_argument("--dry-run", action="store_true", help="show what would change; changes nothing")


def _configure_create(parser: argparse.ArgumentParser) -> None:
    add_doctype(parser)
    less = parser.add_mutually_exclusive_group()
    less.add_argument(
        "--columns", metavar="NAMES", type=name_list, help="only these columns and the key, such as title,pages"
    )
    less.add_argument("--incremental", action="store_true", help="only what changed since the table's last backup")


def _configure_prune(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--keep-days", metavar="N", type=count, help="keep what is younger than N days")
    parser.add_argument("--keep-last", metavar="N", type=count, help="keep the newest N of each table")
    parser.add_argument("--max-bytes", metavar="N", type=count, help="then let the oldest go until all have N at most")
    parser.add_argument("--dry-run", action="store_true", help="show what would go and why the rest stays")


COMMAND = Command(
    name="backup",
    help="List the backups; verify, create, restore or open one; or prune old ones.",
    run=_list_all,
    actions=(
        Command(name="list", help="List the backups.", configure=_configure_list, run=_list, names=doctype_names),
        Command(
            name="verify",
            help="Read a backup again and restore it on trial.",
            configure=_configure_one,
            run=_verify,
            names=backup_numbers,
        ),
        Command(
            name="create",
            help="Back up a DocType's table now: all of it, some columns, or what changed.",
            configure=_configure_create,
            run=_create,
            names=doctype_names,
        ),
        Command(
            name="restore",
            help="Put the rows of a backup back.",
            configure=_configure_restore,
            run=_restore,
            names=backup_numbers,
            writes=True,
        ),
        Command(
            name="prune",
            help="Delete old backups that no rollback needs, and what crashes left.",
            configure=_configure_prune,
            run=_prune,
        ),
        Command(
            name="open",
            help="Show the rows in a backup, and which of them are otherwise now.",
            configure=_configure_one,
            run=_open,
            names=backup_numbers,
        ),
    ),
)
