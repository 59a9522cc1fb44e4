"""Which table and column of before a plan became which of afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sodaf_nb.plan.names import Origins, concerned
from sodaf_nb.plan.operations import (
    ROW_CHANGES,
    AlterColumn,
    DedupeColumn,
    Operation,
    RestoreColumn,
    RetargetReference,
    table_of,
)
from sodaf_nb.plan.plan import Plan
from sodaf_nb.schema import Schema, Table


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnPair:
    """One stored column before and after a plan.

    Args:
        before: Its name before; None when the plan adds it.
        after: Its name afterwards; None when the plan drops it.
        touched: True when the plan names it.
    """

    before: str | None
    after: str | None
    touched: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TablePair:
    """One table before and after a plan.

    Args:
        before: The table before.
        after: The table afterwards; None when the plan drops it.
        columns: Its stored columns, in the order of afterwards, dropped ones last.
        rekeyed: The change of its key's type; None when keys stay as they are.
        matched: False when keys are restored from a backup, so that rows cannot be told apart by them.
    """

    before: Table
    after: Table | None
    columns: tuple[ColumnPair, ...]
    rekeyed: AlterColumn | None = None
    matched: bool = True


def touched_tables(plan: Plan) -> frozenset[str]:
    """Return every name a table that the plan works on bears before, during or after it."""
    return concerned(plan.operations, plan.table) | {table_of(o) for o in plan.operations}


def table_pairs(plan: Plan, before: Schema, after: Schema) -> tuple[TablePair, ...]:
    """Return the tables a plan works on that were there before it, by name."""
    origins, names = Origins(plan.operations), {name.lower() for name in touched_tables(plan)}
    found: dict[str, TablePair] = {}
    for table in (t for t in after.tables.values() if t.name.lower() in names):
        old = origins.table(table.name, until=len(plan.operations))
        present = before.table(old) if old is not None else None
        if present is not None:
            found[present.name] = _pair(plan.operations, origins, present, table)
    for table in (t for t in before.tables.values() if t.name.lower() in names and t.name not in found):
        found[table.name] = TablePair(before=table, after=None, columns=tuple(_dropped(table, set())))
    return tuple(found[name] for name in sorted(found))


def _pair(operations: Sequence[Operation], origins: Origins, before: Table, after: Table) -> TablePair:
    touched = set(_touched(operations, origins, before.name))
    columns: list[ColumnPair] = []
    for name in _stored(after):
        old = origins.column(after.name, name, until=len(operations))
        present = before.column(old) if old is not None else None
        here = present.name if present and not present.hidden else None
        columns.append(ColumnPair(before=here, after=name, touched=here != name or here in touched))
    gone = _dropped(before, {pair.before for pair in columns})
    restored = {o.column for o in operations if isinstance(o, RestoreColumn)}
    return TablePair(
        before=before,
        after=after,
        columns=(*columns, *gone),
        rekeyed=_rekeyed(operations, origins, before),
        matched=restored.isdisjoint(after.primary_key),
    )


def _stored(table: Table) -> list[str]:
    return [column.name for column in table.columns if not column.hidden]


def _dropped(table: Table, kept: set[str | None]) -> Iterator[ColumnPair]:
    return (ColumnPair(before=name, after=None, touched=True) for name in _stored(table) if name not in kept)


def _touched(operations: Sequence[Operation], origins: Origins, table: str) -> Iterator[str]:
    """Yield the present names of a table's columns whose values the plan may change."""
    for number, operation in enumerate(operations):
        if isinstance(operation, (AlterColumn, DedupeColumn, RestoreColumn, RetargetReference)):
            column = operation.before.name if isinstance(operation, AlterColumn) else operation.column
            here = origins.column(operation.table, column, until=number)
            if here is not None and _is(origins.table(operation.table, until=number), table):
                yield here
        if isinstance(operation, ROW_CHANGES) and _is(operation.table, table):
            yield from operation.columns


def _rekeyed(operations: Sequence[Operation], origins: Origins, table: Table) -> AlterColumn | None:
    for number, operation in enumerate(operations):
        if isinstance(operation, AlterColumn) and operation.retypes and operation.before.name in table.primary_key:
            here = _is(origins.table(operation.table, until=number), table.name)
            return operation if here else None
    return None


def _is(found: str | None, name: str) -> bool:
    return found is not None and found.lower() == name.lower()
