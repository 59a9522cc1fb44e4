"""From a difference to ordered operations."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from sodaf_nb.diff import SchemaDiff
from sodaf_nb.errors import UnsupportedChangeError
from sodaf_nb.options import Dedupe
from sodaf_nb.plan.dedupe import dedupes
from sodaf_nb.plan.operations import (
    AddColumn,
    AlterColumn,
    CreateIndex,
    CreateTable,
    DropColumn,
    DropIndex,
    Operation,
    RenameColumn,
    RenameTable,
    RetargetReference,
)
from sodaf_nb.plan.plan import Plan
from sodaf_nb.schema import Index, Schema, Table
from sodaf_nb.schema.naming import index_name

Backfill = Mapping[str, str | int | float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the planner needs besides the difference.

    Args:
        live: The live schema.
        made_for: Its fingerprint.
        references: (table, column) of live columns that hold DocType names.
        backfill: {fieldname: value} for rows that would hold NULL in a required column.
        dedupe: {fieldname: how} for rows that share a value of a field that becomes unique.
    """

    live: Schema
    made_for: str
    references: Sequence[tuple[str, str]] = ()
    backfill: Backfill = field(default_factory=lambda: MappingProxyType({}))
    dedupe: Mapping[str, Dedupe] = field(default_factory=lambda: MappingProxyType({}))

    def value_for(self, column: str) -> str | int | float | None:
        """Return the value to fill a column with, letter case ignored; None when none was given."""
        return next((value for name, value in self.backfill.items() if name.lower() == column.lower()), None)


def make_plan(diff: SchemaDiff, context: Context) -> Plan:
    """Return the plan that removes a difference; its operations are in a safe order.

    Renames come first, so that everything after them speaks of the new names; indexes are dropped
    before the columns they are on and made when the columns are right. Rows that share a value are told
    apart by their values as they are, before any conversion.

    Raises:
        UnsupportedChangeError: If a dropped column is used by an index that no DocType mentions.
        UsageError: If a field cannot be made unique in the way asked for.
    """
    operations = tuple(_created(diff.created, diff, context) if diff.created else _changed(diff, context))
    return Plan(
        doctype=diff.doctype,
        table=diff.table,
        operations=operations,
        made_for=context.made_for,
        reason=diff.reason,
    )


def _created(table: Table, diff: SchemaDiff, context: Context) -> Iterator[Operation]:
    yield CreateTable(table=replace(table, indexes=()))
    yield from _new_indexes(diff, context)


def _changed(diff: SchemaDiff, context: Context) -> Iterator[Operation]:
    present = context.live.table(diff.renamed_from or diff.table)
    if present is None:
        return
    _require_free_columns(diff, present)
    yield from _renames(diff, context)
    yield from dedupes(diff, present, context.dedupe)
    yield from (DropIndex(index=replace(index, table=diff.table)) for index in diff.removed_indexes)
    yield from _drops(diff, present)
    for change in diff.modified_columns:
        yield AlterColumn(
            table=diff.table, before=change.before, after=change.after, backfill=context.value_for(change.after.name)
        )
    for column in diff.added_columns:
        yield AddColumn(table=diff.table, column=column, backfill=context.value_for(column.name))
    yield from _new_indexes(diff, context)


def _renames(diff: SchemaDiff, context: Context) -> Iterator[Operation]:
    if diff.renamed_from:
        yield RenameTable(old=diff.renamed_from, new=diff.table)
        yield from _retargets(diff, context)
    yield from (RenameColumn(table=diff.table, old=r.old, new=r.new) for r in diff.renamed_columns)


def _retargets(diff: SchemaDiff, context: Context) -> Iterator[Operation]:
    old = str(diff.renamed_from).removeprefix("tab")
    for table, column in context.references:
        live = context.live.table(str(diff.renamed_from) if table == diff.table else table)
        if live is not None and live.column(column) is not None:
            yield RetargetReference(table=table, column=column, old=old, new=diff.doctype)


def _drops(diff: SchemaDiff, present: Table) -> Iterator[Operation]:
    # From last to first, so that putting them back goes from first to last and each finds its place.
    names = {r.old.lower(): r.new for r in diff.renamed_columns}
    order = [names.get(name.lower(), name) for name in present.column_names()]
    for column in sorted(diff.removed_columns, key=lambda c: order.index(c.name), reverse=True):
        place = order.index(column.name)
        yield DropColumn(table=diff.table, column=column, after=order[place - 1] if place else "")


def _new_indexes(diff: SchemaDiff, context: Context) -> Iterator[Operation]:
    taken = {o.name.lower() for o in context.live.objects}
    for index in diff.added_indexes:
        name = index_name(index, taken)
        taken.add(name.lower())
        yield CreateIndex(index=replace(index, table=diff.table, name=name))


def _require_free_columns(diff: SchemaDiff, present: Table) -> None:
    dropped = {c.name.lower() for c in diff.removed_columns}
    ours = {index.name for index in diff.removed_indexes}
    blocking = [str(i.name) for i in present.indexes if i.name not in ours and _uses(i, dropped)]
    if blocking:
        raise UnsupportedChangeError(
            f"Columns of {present.name} that are to be dropped are used by {', '.join(blocking)}.",
            objects=blocking,
            hint="drop or change those indexes first, or keep the columns",
        )


def _uses(index: Index, columns: Collection[str]) -> bool:
    return any(column.lower() in columns for column in index.columns)
