"""`status`: where every loaded DocType stands."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from sodaf_nb.commands.context import Context, interrupted
from sodaf_nb.commands.registry import Command
from sodaf_nb.commands.values import Listing
from sodaf_nb.commands.wording import how_to_load
from sodaf_nb.errors import UnsupportedChangeError
from sodaf_nb.tabular import Row, Tabular, counted

if TYPE_CHECKING:
    from sodaf_nb.doctype import DocType
    from sodaf_nb.schema import Schema


def _run(context: Context, _args: argparse.Namespace) -> Tabular:
    from sodaf_nb.database.peers import kept  # noqa: PLC0415  light start
    from sodaf_nb.history import kind_of  # noqa: PLC0415  light start

    newest = context.applier.history.newest_of_each()
    last = {record.doctype: f"{kind_of(record)} {record.status}" for record in newest}
    live = context.applier.database.reflect()
    rows = tuple(_row(context, doctype, last.get(doctype.name, ""), live) for doctype in context.doctypes)
    pending = sum(1 for row in rows if row["pending"] not in _SETTLED)
    differ = f"{pending} of {counted(len(rows), 'DocType')} {'differs' if pending == 1 else 'differ'}"
    production = " (PRODUCTION)" if context.connection.is_production else ""
    return Listing(
        title=f"Status of {context.connection.database.shown}{production}: {differ}",
        rows=rows,
        empty=f"No DocType is loaded. Read some with {how_to_load(context.program)}",
        remarks=(*interrupted(context.applier, context.program), *kept(live.tables)),
        pending=pending,
    )


_UP_TO_DATE = "up to date"
_NO_TABLE = "no table of its own"
_SETTLED = (_UP_TO_DATE, _NO_TABLE)


def _row(context: Context, doctype: DocType, last: str, live: Schema) -> Row:
    table = doctype.table if doctype.has_table else ""
    return {
        "doctype": doctype.name,
        "table": table,
        "pending": _pending(context, doctype, live),
        "last migration": last,
    }


def _pending(context: Context, doctype: DocType, live: Schema) -> str:
    if not doctype.has_table:
        return _NO_TABLE
    try:
        diff = context.applier.diff(doctype.name, live=live)
    except UnsupportedChangeError:
        return "cannot be applied: see diff"
    if not diff.has_changes:
        return _UP_TO_DATE
    if diff.created:
        return "new table"
    count = len(diff.to_rows()) - len(diff.orphan_columns)
    return counted(count, "change")


COMMAND = Command(name="status", help="Show where every loaded DocType stands; changes nothing.", run=_run)
