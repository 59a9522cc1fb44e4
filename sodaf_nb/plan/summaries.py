"""An operation as a person reads it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import assert_never

from sodaf_nb.options import ConflictPolicy, Dedupe
from sodaf_nb.plan.operations import (
    AddColumn,
    AlterColumn,
    CreateIndex,
    CreateTable,
    DedupeColumn,
    DropColumn,
    DropIndex,
    DropTable,
    Operation,
    RenameColumn,
    RenameTable,
    RestoreColumn,
    RestoreTable,
    RetargetReference,
)
from sodaf_nb.plan.patches import RestoreRows, RunPatch, row_change
from sodaf_nb.schema import Column, Index

RowOperation = RetargetReference | DedupeColumn | RestoreColumn | RestoreTable | RunPatch | RestoreRows


def summary(operation: Operation) -> tuple[str, str, str]:
    """Return an operation as a person reads it: sign (+ - ~ * <), object, and what becomes of it."""
    match operation:
        case CreateTable(table=table):
            return "+", table.name, f"new table with {len(table.columns)} columns"
        case DropTable(table=table):
            return "-", table.name, "table is dropped"
        case RenameTable(old=old, new=new):
            return "~", old, f"renamed to {new}"
        case AddColumn(table=table, column=column):
            return "+", f"{table}.{column.name}", describe(column)
        case DropColumn(table=table, column=column):
            return "-", f"{table}.{column.name}", f"{describe(column)} is dropped"
        case RenameColumn(table=table, old=old, new=new):
            return "~", f"{table}.{old}", f"renamed to {new}"
        case AlterColumn(table=table, before=before, after=after):
            return "~", f"{table}.{before.name}", f"{describe(before)} -> {describe(after)}"
        case CreateIndex(index=index):
            return "+", str(index.name), f"{_kind(index)} on {index.table} ({', '.join(index.columns)})"
        case DropIndex(index=index):
            return "-", str(index.name), f"{_kind(index)} on {index.table} ({', '.join(index.columns)})"
        case _:
            return _row_summary(operation)


def _row_summary(operation: RowOperation) -> tuple[str, str, str]:
    """Say what an operation does that changes values and no structure."""
    match operation:
        case RetargetReference(table=table, column=column, old=old, new=new):
            return "~", f"{table}.{column}", f"rows naming {old!r} name {new!r}"
        case DedupeColumn(table=table, column=column, how=how, undone=undone):
            return "~", f"{table}.{column}", "rows may share a value again" if undone else _DEDUPED[how]
        case RestoreColumn(table=table, column=column, on_conflict=policy):
            return "<", f"{table}.{column}", f"values come back from the backup; {_LATER_WRITES[policy]}"
        case RestoreTable(table=table):
            return "<", table.name, "rows come back from the backup"
        case RunPatch() | RestoreRows():
            return row_change(operation)
        case _:
            assert_never(operation)


_DEDUPED: Mapping[Dedupe, str] = MappingProxyType(
    {
        "blank": "the first row by key keeps a shared value, the others become empty",
        "suffix": "the first row by key keeps a shared value, the others get their key behind it",
    }
)

_LATER_WRITES: Mapping[ConflictPolicy, str] = MappingProxyType(
    {
        "keep_newer": "later writes stay",
        "take_older": "values edited since are overwritten",
        "stop": "a value edited since stops it",
    }
)


def _kind(index: Index) -> str:
    return "unique index" if index.unique else "index"


def describe(column: Column) -> str:
    """Return a column's shape in words, such as `varchar(140) not null default 'Open'`."""
    words = [str(column.type)]
    if not column.nullable:
        words.append("not null")
    if column.default is not None:
        words.append(f"default {column.default!r}")
    elif column.default_sql is not None:
        words.append(f"default {column.default_sql}")
    if column.autoincrement:
        words.append("autoincrement")
    return " ".join(words)
