"""Groups of rows that a unique index would refuse: equal values, NULLs being distinct to the engine."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from sodaf_nb.database.questions import duplicates, values_afterwards
from sodaf_nb.database.session import Session
from sodaf_nb.plan import AddColumn, AlterColumn, CreateIndex, DedupeColumn, DropIndex, Plan, RestoreColumn
from sodaf_nb.plan.names import Origins
from sodaf_nb.rehearsal import MASKED, is_masked
from sodaf_nb.schema import Schema, Table
from sodaf_nb.sql.quoting import quote
from sodaf_nb.validation.evidence import Aspect, Count

# How many keys of the rows concerned a finding shows.
SAMPLES = 5

Alters = Mapping[int, AlterColumn]
_NONE = Count(rows=0)


def equal_values(
    session: Session, plan: Plan, live: Schema, mask: Collection[str]
) -> Iterator[tuple[tuple[int, Aspect], Count]]:
    """Yield the groups that a new unique index would refuse, and those that a conversion would merge.

    Values are compared as they will be when the columns of the index have been converted and filled.
    """
    origins = Origins(plan.operations)
    for number, operation in enumerate(plan.operations):
        if isinstance(operation, CreateIndex):
            table = origins.table(operation.index.table, until=number)
            names = (*operation.index.columns, *_now(operation, origins, number))
            groups = _of_new_index(session, plan, number, live.table(table) if table is not None else None)
            yield (number, "duplicates"), _hidden(groups, masked=any(is_masked(name, mask) for name in names))
    if plan.kind == "sync":
        yield from _of_old_indexes(session, plan, live, mask)


def _now(operation: CreateIndex, origins: Origins, number: int) -> list[str | None]:
    return [origins.column(operation.index.table, name, until=number) for name in operation.index.columns]


def _of_new_index(session: Session, plan: Plan, number: int, table: Table | None) -> Count:
    operation, origins = plan.operations[number], Origins(plan.operations)
    if not isinstance(operation, CreateIndex) or not operation.index.unique or table is None:
        return _NONE
    if any(isinstance(o, RestoreColumn) and o.column in operation.index.columns for o in plan.operations):
        # The values are not there to be counted yet; the engine looks when it makes the index.
        return _NONE
    added = {o.column.name: o for o in plan.operations if isinstance(o, AddColumn)}
    now = _now(operation, origins, number)
    new = [added[name] for name, here in zip(operation.index.columns, now, strict=True) if here is None]
    if any(o.backfill is None and o.column.default is None for o in new):
        return _NONE  # it stays NULL
    # A column the plan adds with one value for all rows does not tell rows apart, so it is left out.
    columns = [name for name in now if name is not None]
    return _groups(session, table, columns, _alters(plan, origins, table), _deduped(session, plan, number, table))


def _deduped(session: Session, plan: Plan, number: int, table: Table) -> str | None:
    """Return SQL of the one column of a new index as the plan leaves it; None when it changes no equal values."""
    operation, origins = plan.operations[number], Origins(plan.operations)
    for before, done in enumerate(plan.operations):
        if isinstance(done, DedupeColumn) and isinstance(operation, CreateIndex) and not done.undone:
            here = origins.column(done.table, done.column, until=before)
            if here is not None and _now(operation, origins, number) == [here]:
                return duplicates(done, table, here, session.dialect).left
    return None


def _of_old_indexes(
    session: Session, plan: Plan, live: Schema, mask: Collection[str]
) -> Iterator[tuple[tuple[int, Aspect], Count]]:
    origins = Origins(plan.operations)
    dropped = {o.index.name for o in plan.operations if isinstance(o, DropIndex)}
    seen: set[tuple[str, tuple[str, ...]]] = set()
    for number, operation in enumerate(plan.operations):
        name = origins.table(operation.table, until=number) if isinstance(operation, AlterColumn) else None
        table = live.table(name) if name is not None else None
        if table is None or not isinstance(operation, AlterColumn) or not _moves(operation):
            continue
        here = origins.column(operation.table, operation.before.name, until=number) or ""
        for columns in _unique_over(table, here, dropped):
            if (table.name, columns) not in seen:
                seen.add((table.name, columns))
                groups = _groups(session, table, columns, _alters(plan, origins, table))
                if groups.rows:
                    yield (number, "merged"), _hidden(groups, masked=any(is_masked(c, mask) for c in columns))


def _moves(operation: AlterColumn) -> bool:
    return ((operation.retypes and not operation.lengthens) or operation.fills) and not operation.after.autoincrement


def _unique_over(table: Table, column: str, dropped: Collection[str | None]) -> Iterator[tuple[str, ...]]:
    whole = (i.columns for i in table.indexes if i.unique and i.where is None and i.name not in dropped)
    for columns in (table.primary_key, *whole):
        if column.lower() in map(str.lower, columns) and "" not in columns:
            yield columns


def _alters(plan: Plan, origins: Origins, table: Table) -> Alters:
    found = ((n, o) for n, o in enumerate(plan.operations) if isinstance(o, AlterColumn))
    return {n: o for n, o in found if origins.table(o.table, until=n) == table.name}


def _groups(
    session: Session, table: Table, columns: Collection[str], alters: Alters, source: str | None = None
) -> Count:
    values = values_afterwards(alters, Origins(tuple(alters.values())), session.dialect) if alters else {}
    texts = [_grouped(session, table, column, values, derived=source is not None) for column in columns]
    present = " AND ".join(f"({text}) IS NOT NULL" for text in texts) or "1 = 1"
    shown = quote(next(iter(columns))) if columns else "NULL"
    groups = f"SELECT MIN({shown}) AS v FROM {source or quote(table.name)} AS t WHERE {present} "
    groups += f"GROUP BY {', '.join(texts) or '1 = 1'} HAVING COUNT(*) > 1"
    rows = int(session.value(f"SELECT COUNT(*) FROM ({groups}) AS g"))
    found = session.rows(f"SELECT v FROM ({groups}) AS g LIMIT {SAMPLES}") if rows else []
    return Count(rows=rows, samples=tuple(str(value) for (value,) in found))


def _grouped(session: Session, table: Table, column: str, values: Mapping[str, str], *, derived: bool) -> str:
    """Return what to group by: the column itself keeps its collation, an expression must be told it."""
    value = values.get(column.lower(), quote(column))
    if value == quote(column) and not derived:
        return value
    present = table.column(column)
    collation = session.dialect.collation(present.definition) if present and present.definition else None
    return f"({value}) COLLATE {quote(collation)}" if collation else f"({value})"


def _hidden(count: Count, *, masked: bool) -> Count:
    return replace(count, samples=(MASKED,) * len(count.samples)) if masked else count
