"""`history [DOCTYPE]`: what was migrated, with running numbers that `rollback` takes; `history N` shows one."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING

from sodaf_nb.commands.arguments import add_doctype, doctype_of
from sodaf_nb.commands.context import Context
from sodaf_nb.commands.parsing import count
from sodaf_nb.commands.records import migration_id, require_known
from sodaf_nb.commands.registry import Command, migration_numbers
from sodaf_nb.commands.values import Listing, is_number
from sodaf_nb.tabular import Tabular, counted

if TYPE_CHECKING:
    from sodaf_nb.history import History, MigrationRecord


def _configure(parser: argparse.ArgumentParser) -> None:
    add_doctype(
        parser, optional=True, help="only migrations of this DocType; or a number, for all that is known of one"
    )
    parser.add_argument("--limit", metavar="N", type=count, help="only the newest N")
    parser.add_argument("--status", choices=("applied", "rolled_back", "failed"), help="only of this status")
    parser.add_argument("--since", metavar="TIME", help="only from this time on, such as 2025-06-01, in UTC")
    parser.add_argument("--until", metavar="TIME", help="only before this time")
    parser.add_argument("--user", metavar="NAME", help="only what this user did")
    kinds = parser.add_mutually_exclusive_group()
    kinds.add_argument("--statistics", action="store_true", help="the numbers, by DocType")
    kinds.add_argument("--drift", action="store_true", help="what somebody changed by hand since the last migrations")
    kinds.add_argument("--pending", action="store_true", help="loaded DocTypes that the database does not match yet")


def _run(context: Context, args: argparse.Namespace) -> Tabular:
    name = doctype_of(args)
    if name and is_number(name) and name not in context.doctypes:
        return _entry(context, name)
    if name:
        require_known(context, name)
    context.remember_numbers()
    return _asked(context, name, args)


def _asked(context: Context, name: str | None, args: argparse.Namespace) -> Tabular:
    history = context.applier.history
    if args.statistics:
        return history.statistics()
    if args.drift:
        return history.drift()
    if args.pending:
        return context.applier.pending()
    return history.get_migration_history(
        name, limit=args.limit, status=args.status, since=args.since, until=args.until, applied_by=args.user
    )


def _entry(context: Context, word: str) -> Listing:
    """Return all that is known of one migration; unlike a list, with its ids, times and folders."""
    from sodaf_nb.history import error_text  # noqa: PLC0415  light start

    wanted = migration_id(context, word)
    history = context.applier.history.get_migration_history()
    record = next(record for record in history if record.id == wanted)
    row = next(row for row in history.frame_rows() if row["migration"] == wanted)
    facts = {name.replace("milliseconds", "took"): value for name, value in row.items()}
    facts |= {"took": took(record.execution_time), "changes": "", "error": error_text(record)} | _undone(
        history, record
    )
    shown = [(name, value) for name, value in facts.items() if value not in ("", None)]
    shown += [("change", text) for text in record.metadata.get("summary", ())]
    shown += [
        ("statement", f"{took(each['milliseconds'])}, {counted(each['rows'], 'row')}") for each in record.statements
    ]
    shown += [("finding", _finding(found)) for found in record.metadata.get("findings", ())]
    both = (("SQL", record.sql), ("Rollback SQL", record.rollback_sql))
    return Listing(
        title=f"Migration #{row['#']} of {record.doctype}",
        rows=tuple({"": name, "value": value} for name, value in shown),
        items=(record,),
        details=(row,),
        blocks=tuple((title, ";\n".join(sql) + ";") for title, sql in both if sql),
    )


def took(milliseconds: float) -> str:
    """Return a time as people say it, such as `12 ms`, `1.25 s` or `2 min 5 s`."""
    if milliseconds < _SECOND:
        return f"{milliseconds:.1f} ms" if milliseconds < _ROUND else f"{milliseconds:.0f} ms"
    minutes, seconds = divmod(milliseconds / _SECOND, 60)
    return f"{minutes:.0f} min {seconds:.0f} s" if minutes else f"{seconds:.2f} s"


_SECOND, _ROUND = 1000, 10


def _finding(found: Mapping[str, object]) -> str:
    count = "" if found["count"] is None else f" ({found['count']})"
    text = f"{str(found['severity']).upper()} {found['rule']}: {found['object']}{count}"
    taken = found.get("accepted")
    if not isinstance(taken, Mapping):
        return text
    return f"{text}, accepted by {taken['by']}{': ' if taken['reason'] else ''}{taken['reason']}"


def _undone(history: History, record: MigrationRecord) -> dict[str, object]:
    info = record.rollback_info
    of, by = (history.number_of(info.get(key, "")) for key in ("rollback_of", "rolled_back_by"))
    when = info.get("rolled_back_at", "")
    return {"takes back": f"#{of}" if of else "", "taken back by": f"#{by} at {when}" if by else ""}


COMMAND = Command(
    name="history",
    help="List what was migrated, newest first; rollback takes the number in front, history N shows one.",
    configure=_configure,
    run=_run,
    names=migration_numbers,
)
