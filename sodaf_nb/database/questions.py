"""What is asked of the live rows for each operation of a plan, as SQL conditions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sodaf_nb.plan import AddColumn, AlterColumn, DedupeColumn, DropColumn, Operation, Plan, RetargetReference, table_of
from sodaf_nb.plan.names import Origins
from sodaf_nb.plan.operations import RESTORES
from sodaf_nb.schema import Column, DataType, Kind, Schema, Table
from sodaf_nb.schema.types import other
from sodaf_nb.sql.dedupe import Duplicates
from sodaf_nb.sql.dialect import Dialect
from sodaf_nb.sql.quoting import literal, quote
from sodaf_nb.validation.evidence import Aspect, Contents

# What an engine with typed columns stores in each kind.
_RANGES = {Kind.SMALLINT: 2**15, Kind.INTEGER: 2**31, Kind.BIGINT: 2**63}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One thing to count.

    Args:
        key: What the answer is filed under.
        table: The table, as it is called now.
        condition: SQL that is true for the rows to count.
    """

    key: Any
    table: str
    condition: str


def about_plan(plan: Plan, live: Schema, dialect: Dialect) -> Iterator[Question]:
    """Yield the questions of a plan's operations, filed under (number of the operation, aspect)."""
    origins = Origins(plan.operations)
    for number, operation in enumerate(plan.operations):
        table = None if isinstance(operation, RESTORES) else origins.table(table_of(operation), until=number)
        if table is not None:
            for aspect, condition in _about(operation, origins, number, dialect):
                yield Question(key=(number, aspect), table=table, condition=condition)
            if isinstance(operation, DedupeColumn) and (present := live.table(table)) and not operation.undone:
                here = origins.column(operation.table, operation.column, until=number) or operation.column
                condition = duplicates(operation, present, here, dialect).condition
                yield Question(key=(number, "filled"), table=table, condition=condition)
    yield from _about_checks(plan, live, origins, dialect)


def duplicates(operation: DedupeColumn, table: Table, here: str, dialect: Dialect) -> Duplicates:
    """Return the live rows that share values of a column; `here` is its name now."""
    column = table.column(here)
    return Duplicates(
        source=quote(table.name),
        column=here,
        key=operation.key,
        how=operation.how,
        collation=dialect.collation(column.definition) if column and column.definition else None,
        by_bytes=dialect.by_bytes,
    )


def about_contents(plan: Plan, live: Schema, contents: Contents) -> Iterator[Question]:
    """Yield the questions about what a DocType says beyond its columns, filed under (what, column or table)."""
    origins, end = Origins(plan.operations), len(plan.operations)
    table = origins.table(plan.table, until=end)
    present = live.table(table) if table is not None else None
    for column, offered in contents.choices.items():
        here = origins.column(plan.table, column, until=end)
        if present and here and present.column(here):
            yield Question(key=("choice", column), table=present.name, condition=_beyond(quote(here), offered))
    for child, fields in contents.children.items():
        if (table_there := live.table(child)) and all(map(table_there.column, ("parenttype", "parentfield"))):
            ours = f"parenttype IN ({_listed(contents.names)})"
            ours += f" AND parentfield NOT IN ({_listed(fields)})" if fields else ""
            yield Question(key=("stray", table_there.name), table=table_there.name, condition=ours)


def _beyond(column: str, offered: tuple[str, ...]) -> str:
    return f"{column} IS NOT NULL AND CAST({column} AS TEXT) NOT IN ({_listed(('', *offered))})"


def _listed(texts: tuple[str, ...]) -> str:
    return ", ".join(literal(text) for text in texts if "\0" not in text)


def _about(operation: Operation, origins: Origins, number: int, dialect: Dialect) -> Iterator[tuple[Aspect, str]]:
    match operation:
        case DropColumn(column=column, filler=filler):
            here = origins.column(operation.table, column.name, until=number)
            if here is not None:
                yield "filled", _filled(quote(here), column, dialect, filler)
        case AlterColumn(before=before):
            here = origins.column(operation.table, before.name, until=number)
            if here is not None:
                yield from _about_alter(operation, quote(here), dialect)
        case AddColumn(column=column) if not column.nullable and operation.backfill is None:
            if column.default is None and column.default_sql is None and not column.hidden:
                yield "nulls", "1 = 1"
        case RetargetReference(column=column, old=old):
            yield "filled", f"{quote(column)} = {literal(old)}"
        case _:
            return


def _filled(here: str, column: Column, dialect: Dialect, filler: str | float | None = None) -> str:
    return f"{here} IS NOT NULL{_written(here, column.default, dialect)}{_written(here, filler, dialect)}"


def _written(here: str, value: str | float | None, dialect: Dialect) -> str:
    """Return SQL that leaves out rows which hold a value that nobody wrote; nothing for None."""
    return "" if value is None else f" AND {dialect.differs(here, literal(value))}"


def _about_alter(operation: AlterColumn, here: str, dialect: Dialect) -> Iterator[tuple[Aspect, str]]:
    before, after = operation.before, operation.after
    if operation.retypes and not (operation.lengthens and dialect.keeps_values(before.type, after.type)):
        yield "inexact", f"{dialect.convert(here, before, after).inexact}{_written(here, operation.filler, dialect)}"
        yield "filled", _filled(here, before, dialect)
        if dialect.keeps_misfits:
            yield from _about_room(before.type, after.type, here)
    unfilled = operation.backfill is None and after.default is None and after.default_sql is None
    if before.nullable and not after.nullable and unfilled:
        yield "nulls", f"{here} IS NULL"


def _about_room(before: DataType, after: DataType, here: str) -> Iterator[tuple[Aspect, str]]:
    """Yield what is counted when a type has less room than values need, where this engine keeps them whole."""
    if after.kind is Kind.VARCHAR and (before.length or 0) != after.length:
        yield "too_long", f"LENGTH({here}) > {int(after.length or 0)}"
    if limit := _RANGES.get(after.kind):
        yield "too_wide", f"typeof({here}) = 'integer' AND {here} NOT BETWEEN {-limit} AND {limit - 1}"
    if after.kind is Kind.DECIMAL and (before.scale is None or (after.scale or 0) < before.scale):
        yield "too_wide", f"typeof({here}) = 'real' AND ROUND({here}, {int(after.scale or 0)}) <> {here}"


def misfits(table: str, here: str, before: Column, after: Column, dialect: Dialect) -> Iterator[tuple[Aspect, str]]:
    """Yield (aspect, SQL condition) for what `after` would not hold: the questions that the rules ask about a change.

    A column that is declared as wanted already is asked as well where a declared type promises nothing.

    Args:
        table: The live table.
        here: SQL text of the live column.
        before: The live column.
        after: The wanted one.
        dialect: Says how values convert.
    """
    doubted = dialect.keeps_misfits and before.type == after.type
    declared = replace(before, type=_undeclared(after)) if doubted else before
    change = AlterColumn(table=table, before=replace(declared, nullable=True), after=after)
    for aspect, condition in _about_alter(change, here, dialect):
        if aspect != "filled":
            yield aspect, condition


def _undeclared(column: Column) -> DataType:
    # A text column makes a text of all that can be one, so only the length is in doubt.
    return DataType(kind=Kind.TEXT) if column.type.kind in {Kind.VARCHAR, Kind.TEXT} else other("")


def _about_checks(plan: Plan, live: Schema, origins: Origins, dialect: Dialect) -> Iterator[Question]:
    alters = [(n, o) for n, o in enumerate(plan.operations) if isinstance(o, AlterColumn) and _converts(o)]
    for name in dict.fromkeys(origins.table(o.table, until=n) for n, o in alters):
        table = live.table(name) if name is not None else None
        if table is None or table.sql is None or plan.kind == "rollback":
            continue
        here = {n: o for n, o in alters if origins.table(o.table, until=n) == name}
        values = values_afterwards(here, origins, dialect)
        for number, operation in here.items():
            column = origins.column(operation.table, operation.before.name, until=number) or ""
            if broken := dialect.broken_checks(table.sql, values, column):
                yield Question(key=(number, "broken_check"), table=table.name, condition=broken)


def _converts(operation: AlterColumn) -> bool:
    return (operation.retypes and not operation.lengthens) or operation.fills


def values_afterwards(alters: Mapping[int, AlterColumn], origins: Origins, dialect: Dialect) -> dict[str, str]:
    """Return {column now, lower case: SQL of its value when the operations have run}."""
    values: dict[str, str] = {}
    for number, operation in alters.items():
        here = origins.column(operation.table, operation.before.name, until=number)
        if here is not None:
            before = values.get(here.lower(), quote(here))
            values[here.lower()] = _afterwards(before, operation, dialect)
    return values


def _afterwards(value: str, operation: AlterColumn, dialect: Dialect) -> str:
    after = operation.after
    fill = operation.backfill if operation.backfill is not None else (None if after.nullable else after.default)
    converted = dialect.convert(value, operation.before, after).expression
    return converted if fill is None else f"COALESCE({converted}, {literal(fill)})"
