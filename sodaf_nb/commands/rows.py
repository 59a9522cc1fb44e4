"""`rows DOCTYPE --where EXPRESSION`: live rows, read only."""

from __future__ import annotations

import argparse

from sodaf_nb.commands.arguments import add_doctype, add_mask, required_doctype
from sodaf_nb.commands.context import Context
from sodaf_nb.commands.exploring import subject
from sodaf_nb.commands.parsing import count, name_list
from sodaf_nb.commands.registry import Command, doctype_names
from sodaf_nb.commands.values import Sheet
from sodaf_nb.rehearsal import MASKED, is_masked
from sodaf_nb.tabular import Tabular

_LIMIT = 100


def _configure(parser: argparse.ArgumentParser) -> None:
    add_doctype(parser, help="a DocType, or a table without one")
    parser.add_argument(
        "--where",
        metavar="EXPRESSION",
        default="",
        help="""SQL of a condition, such as "pages LIKE '%% p.'" """.strip(),
    )
    parser.add_argument(
        "--columns", metavar="NAMES", type=name_list, default=(), help="only these, such as title,pages"
    )
    parser.add_argument("--limit", metavar="N", type=count, default=_LIMIT, help=f"most rows; {_LIMIT} when not given")
    add_mask(parser)


def _run(context: Context, args: argparse.Namespace) -> Tabular:
    from sodaf_nb.database.reading import rows_where  # noqa: PLC0415  light start

    looked_at = subject(context, required_doctype(args))
    columns = [looked_at.column(name).here.name for name in args.columns]
    hidden = {looked_at.column(name).here.name for name in args.mask}
    found = rows_where(
        context.connection.database,
        looked_at.table,
        args.where,
        limit=args.limit,
        columns=columns,
    )
    hide = [is_masked(name, hidden) for name in found.columns]
    values = tuple(
        tuple(MASKED if h and v is not None else v for v, h in zip(row, hide, strict=True)) for row in found.rows
    )
    more = f" (the first {args.limit} by key; there are more)" if found.more else ""
    return Sheet(title=f"Rows of {looked_at.name}{more}", columns=found.columns, values=values)


COMMAND = Command(
    name="rows",
    help="Show live rows, all or those for which an SQL expression is true; only reads.",
    configure=_configure,
    run=_run,
    names=doctype_names,
)
