"""Rows that share a value of a field that becomes unique: which of them the plan changes, and whether it can."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sodaf_nb.diff import SchemaDiff
from sodaf_nb.errors import UsageError
from sodaf_nb.options import Dedupe
from sodaf_nb.plan.operations import DedupeColumn
from sodaf_nb.schema import Column, Kind, Table

# The primary key of every table of a DocType: a comparison refuses any other.
KEY = "name"

# What a suffix can be put behind.
TEXTS = frozenset({Kind.VARCHAR, Kind.TEXT})


def dedupes(diff: SchemaDiff, present: Table, given: Mapping[str, Dedupe]) -> Iterator[DedupeColumn]:
    """Yield the operation for each field that was asked for and becomes unique; any other needs none.

    Raises:
        UsageError: If a field cannot be made unique in the way asked for.
    """
    becoming = {i.columns[0].lower() for i in diff.added_indexes if i.unique and len(i.columns) == 1}
    old = {r.new.lower(): r.old for r in diff.renamed_columns}
    for name, how in given.items():
        column = present.column(old.get(name.lower(), name))
        if column is not None and name.lower() in becoming:
            after = next((c.after for c in diff.modified_columns if c.before.name.lower() == name.lower()), column)
            _require_possible(diff, column, after, how)
            yield DedupeColumn(table=diff.table, column=_named(diff, column), how=how, key=KEY)


def _named(diff: SchemaDiff, column: Column) -> str:
    return next((r.new for r in diff.renamed_columns if r.old == column.name), column.name)


def _require_possible(diff: SchemaDiff, before: Column, after: Column, how: Dedupe) -> None:
    name = f"{diff.table}.{after.name}"
    if any(change.before.name.lower() == KEY for change in diff.modified_columns):
        raise UsageError(
            f"The key of {diff.table} changes as well, so it cannot say which row keeps a value of {after.name}.",
            hint=f"change the key first, and make {after.name} unique in a second migration",
        )
    if how == "blank" and not (before.nullable and after.nullable):
        raise UsageError(f"{name} is required, so no row can be left empty.", hint="choose suffix, which keeps a value")
    if how == "suffix" and before.type.kind not in TEXTS | {Kind.OTHER}:
        raise UsageError(f"{name} holds {before.type}, which takes no suffix.", hint="choose blank, which empties it")
    if how == "suffix" and after.type.kind not in TEXTS:
        raise UsageError(f"{name} becomes {after.type}, which takes no suffix.", hint="choose blank, which empties it")
