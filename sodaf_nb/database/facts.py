"""Counts on the live rows that the rules ask for, all within the session's one snapshot."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from types import MappingProxyType

from sodaf_nb.database.session import Session
from sodaf_nb.plan import (
    AddColumn,
    AlterColumn,
    CreateIndex,
    DropColumn,
    Operation,
    Plan,
    RestoreColumn,
    RestoreTable,
    RetargetReference,
    table_of,
)
from sodaf_nb.plan.names import Origins
from sodaf_nb.rehearsal import MASKED, is_masked
from sodaf_nb.schema import Column, Kind, Schema
from sodaf_nb.sql.dialect import Dialect
from sodaf_nb.sql.quoting import literal, quote
from sodaf_nb.validation.evidence import Aspect, Count, Facts

# How many keys of the rows concerned a finding shows.
SAMPLES = 5

Question = tuple[Aspect, str, str]
"""(aspect, table now, SQL condition)"""


def gather(session: Session, plan: Plan, live: Schema, mask: Collection[str] = ()) -> Facts:
    """Return the facts of a plan; tables are asked by the names they have now.

    Args:
        session: The snapshot to count in.
        plan: The plan.
        live: The schema in that snapshot.
        mask: Columns whose values must not be shown; samples of them are hidden.
    """
    origins = Origins(plan.operations)
    counts = {}
    for number, operation in enumerate(plan.operations):
        if isinstance(operation, CreateIndex):
            duplicates = _duplicates(session, operation, origins, number, plan)
            now = (origins.column(operation.index.table, c, until=number) for c in operation.index.columns)
            masked = any(is_masked(column, mask) for column in (*operation.index.columns, *now))
            counts[number, _DUPLICATES] = _hidden(duplicates, masked=masked)
            continue
        for aspect, table, condition in _questions(operation, origins, number, session.dialect):
            key = _key_column(live, table)
            counts[number, aspect] = _hidden(_count(session, live, table, condition), masked=is_masked(key, mask))
    return Facts(rows=MappingProxyType(_rows(session, plan, origins, live)), counts=MappingProxyType(counts))


_DUPLICATES: Aspect = "duplicates"
_FILLED: Aspect = "filled"
_INEXACT: Aspect = "inexact"
_NULLS: Aspect = "nulls"
_TOO_LONG: Aspect = "too_long"


def _rows(session: Session, plan: Plan, origins: Origins, live: Schema) -> dict[str, int]:
    named = {origins.table(table_of(o), until=n) for n, o in enumerate(plan.operations) if not _restores(o)}
    tables = sorted(name for name in named if name is not None and live.table(name) is not None)
    return {name: int(session.value(f"SELECT COUNT(*) FROM {quote(name)}")) for name in tables}


def _restores(operation: Operation) -> bool:
    return isinstance(operation, (RestoreColumn, RestoreTable))


def _questions(operation: Operation, origins: Origins, number: int, dialect: Dialect) -> Iterator[Question]:
    if isinstance(operation, (RestoreColumn, RestoreTable)):
        return
    table = origins.table(table_of(operation), until=number)
    if table is None:
        return
    match operation:
        case DropColumn(column=column):
            here = origins.column(operation.table, column.name, until=number)
            if here is not None:
                yield _FILLED, table, _filled(quote(here), column, dialect)
        case AlterColumn(before=before):
            here = origins.column(operation.table, before.name, until=number)
            if here is not None:
                yield from _about_alter(operation, table, quote(here), dialect)
        case AddColumn(column=column) if not column.nullable and operation.backfill is None:
            if column.default is None and column.default_sql is None and not column.hidden:
                yield _NULLS, table, "1 = 1"
        case RetargetReference(column=column, old=old):
            yield _FILLED, table, f"{quote(column)} = {literal(old)}"
        case _:
            return


def _filled(here: str, column: Column, dialect: Dialect) -> str:
    beyond_default = f" AND {dialect.differs(here, literal(column.default))}" if column.default is not None else ""
    return f"{here} IS NOT NULL{beyond_default}"


def _about_alter(operation: AlterColumn, table: str, here: str, dialect: Dialect) -> Iterator[Question]:
    before, after = operation.before, operation.after
    if operation.retypes:
        yield _INEXACT, table, dialect.convert(here, before, after).inexact
        yield _FILLED, table, _filled(here, before, dialect)
    if dialect.keeps_long_texts and after.type.kind is Kind.VARCHAR and (before.type.length or 0) != after.type.length:
        yield _TOO_LONG, table, f"LENGTH({here}) > {int(after.type.length or 0)}"
    unfilled = operation.backfill is None and after.default is None and after.default_sql is None
    if before.nullable and not after.nullable and unfilled:
        yield _NULLS, table, f"{here} IS NULL"


def _count(session: Session, live: Schema, table: str, condition: str) -> Count:
    rows = int(session.value(f"SELECT COUNT(*) FROM {quote(table)} WHERE {condition}"))
    if not rows:
        return Count(rows=0)
    key = _key(live, table, session.dialect)
    found = session.rows(f"SELECT {key} FROM {quote(table)} WHERE {condition} ORDER BY {key} LIMIT {SAMPLES}")
    return Count(rows=rows, samples=tuple(str(value) for (value,) in found))


def _hidden(count: Count, *, masked: bool) -> Count:
    return replace(count, samples=(MASKED,) * len(count.samples)) if masked else count


def _key(live: Schema, table: str, dialect: Dialect) -> str:
    column = _key_column(live, table)
    return dialect.row_name if column is None else quote(column)


def _key_column(live: Schema, table: str) -> str | None:
    present = live.table(table)
    return present.primary_key[0] if present and len(present.primary_key) == 1 else None


def _duplicates(session: Session, operation: CreateIndex, origins: Origins, number: int, plan: Plan) -> Count:
    table = origins.table(operation.index.table, until=number)
    if not operation.index.unique or table is None:
        return Count(rows=0)
    if any(isinstance(o, RestoreColumn) and o.column in operation.index.columns for o in plan.operations):
        # The values are not there to be counted yet; the engine looks when it makes the index.
        return Count(rows=0)
    columns, constant = _group_columns(operation, origins, number, plan)
    if constant is None:
        return Count(rows=0)
    present = " AND ".join(f"{c} IS NOT NULL" for c in columns) or "1 = 1"
    by = ", ".join(columns) or "1"
    groups = f"SELECT {columns[0] if columns else 'NULL'} AS v FROM {quote(table)} WHERE {present} "
    groups += f"GROUP BY {by} HAVING COUNT(*) > 1"
    rows = int(session.value(f"SELECT COUNT(*) FROM ({groups}) AS g"))
    found = session.rows(f"SELECT v FROM ({groups}) AS g LIMIT {SAMPLES}") if rows else []
    return Count(rows=rows, samples=tuple(str(value) for (value,) in found))


def _group_columns(operation: CreateIndex, origins: Origins, number: int, plan: Plan) -> tuple[list[str], bool | None]:
    """Return the live columns to group by; None as second where a column the plan adds stays NULL.

    A column the plan adds with one value for all rows does not tell rows apart, so it is left out.
    """
    columns, added = [], {o.column.name: o for o in plan.operations if isinstance(o, AddColumn)}
    for name in operation.index.columns:
        here = origins.column(operation.index.table, name, until=number)
        if here is not None:
            columns.append(quote(here))
        elif added[name].backfill is None and added[name].column.default is None:
            return [], None
    return columns, True
