"""`orphans [DOCTYPE]`: columns without a field, child rows without a parent, links that point nowhere."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sodaf_nb.commands.arguments import add_doctype, doctype_of
from sodaf_nb.commands.context import Context
from sodaf_nb.commands.registry import Command, doctype_names
from sodaf_nb.commands.values import Listing
from sodaf_nb.errors import SodafError
from sodaf_nb.tabular import Row, Tabular, counted

if TYPE_CHECKING:
    from sodaf_nb.database import Session
    from sodaf_nb.database.links import Dangling, Pointer
    from sodaf_nb.doctype import DocType
    from sodaf_nb.schema import Schema


def _configure(parser: argparse.ArgumentParser) -> None:
    add_doctype(parser, optional=True, help="only this DocType")


def _run(context: Context, args: argparse.Namespace) -> Tabular:
    from sodaf_nb.database.links import dangling  # noqa: PLC0415  light start

    name = doctype_of(args)
    asked = [context.doctypes.get(name)] if name else list(context.doctypes)
    stored = [doctype for doctype in asked if doctype.has_table]
    with context.connection.database.looking() as session:
        live = session.reflect()
        rows = [row for d in stored for row in _columns(context, session, live, d)]
        rows += [_row(found) for d in stored for found in dangling(session, live, _pointers(context, d))]
    of = f" of {name}" if name else ""
    return Listing(
        title=f"Orphans{of}: {counted(len(rows), 'kind')} found" if rows else f"Orphans{of}",
        rows=tuple(rows),
        empty="None: every column has a field, every child row a parent, every link a target.",
        remarks=tuple(_unchecked(context, stored)),
    )


def _columns(context: Context, session: Session, live: Schema, doctype: DocType) -> Iterator[Row]:
    from sodaf_nb.database.links import filled  # noqa: PLC0415  light start

    try:
        diff = context.applier.diff(doctype.name)
    except SodafError:  # a change that is not possible keeps nobody from looking
        return
    table = diff.renamed_from or doctype.table
    for column in diff.orphan_columns if live.table(table) else ():
        count = filled(session, table, column.name)
        yield _found("column without a field", f"{table}.{column.name}", count, "holds values in these rows")


def _pointers(context: Context, doctype: DocType) -> Iterator[Pointer]:
    from sodaf_nb.database.links import Pointer  # noqa: PLC0415  light start
    from sodaf_nb.doctype.fieldtypes import Options  # noqa: PLC0415

    for field in doctype.fields:
        if field.column_type is None or not field.options:
            continue
        if field.kind.options is Options.DOCTYPE and _is_stored(context, field.options):
            yield Pointer(table=doctype.table, column=field.fieldname, target=context.doctypes.get(field.options).table)
        elif field.kind.options is Options.FIELD:
            for target in _stored(context):
                only = (field.options, target.name)
                yield Pointer(table=doctype.table, column=field.fieldname, target=target.table, only=only)
    if doctype.is_table:
        for parent in _stored(context):
            yield Pointer(table=doctype.table, column="parent", target=parent.table, only=("parenttype", parent.name))


def _stored(context: Context) -> list[DocType]:
    return [doctype for doctype in context.doctypes if doctype.has_table]


def _is_stored(context: Context, name: str) -> bool:
    # A Link to DocType itself names DocTypes, which no table of rows holds.
    return name != "DocType" and name in context.doctypes and context.doctypes.get(name).has_table


def _row(found: Dangling) -> Row:
    pointer = found.pointer
    parent = pointer.column == "parent"
    kind = "child row without a parent" if parent else "link that points nowhere"
    what = f"no such row in {pointer.target}" if found.target_there else f"there is no table {pointer.target}"
    return _found(kind, f"{pointer.table}.{pointer.column}", found.rows, what, found.samples)


def _found(kind: str, thing: str, rows: int, what: str, samples: tuple[str, ...] = ()) -> Row:
    return {"kind": kind, "object": thing, "rows": rows, "what": what, "such as": ", ".join(samples)}


def _unchecked(context: Context, doctypes: list[DocType]) -> Iterator[str]:
    missing = sorted({name for d in doctypes for name in context.doctypes.missing_targets(d.name)} - {"DocType"})
    if missing:
        yield f"Not checked, because their DocTypes are not loaded: links to {', '.join(missing)}."


COMMAND = Command(
    name="orphans",
    help="Find columns without a field, child rows without a parent, and links that point nowhere.",
    configure=_configure,
    run=_run,
    names=doctype_names,
)
