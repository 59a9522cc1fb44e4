"""Foreign keys of the live tables: which cannot be checked, and how many rows point to a table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sodaf_nb.database.session import Session
from sodaf_nb.plan import CreateIndex, DropIndex, Plan
from sodaf_nb.plan.names import Origins
from sodaf_nb.plan.pairs import touched_tables
from sodaf_nb.schema import Schema, Table
from sodaf_nb.sql.quoting import quote
from sodaf_nb.validation.evidence import Count, LooseKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """One foreign key of a live table.

    Args:
        child: The table it is on.
        columns: Its columns.
        parent: The table it points to, as it is spelled there.
        targets: The columns it points to; empty for the parent's key.
    """

    child: str
    columns: tuple[str, ...]
    parent: str
    targets: tuple[str, ...]


def references(session: Session) -> tuple[Reference, ...]:
    """Return every foreign key of the database."""
    grouped = groupby(session.foreign_keys(), key=lambda row: row[:3])
    return tuple(_reference(child, parent, list(rows)) for (child, _id, parent), rows in grouped)


def _reference(child: str, parent: str, rows: list[tuple[Any, ...]]) -> Reference:
    targets = tuple(name for *_, name in rows if name is not None)
    return Reference(child=child, columns=tuple(row[3] for row in rows), parent=parent, targets=targets)


def pointing_here(session: Session, table: str, known: tuple[Reference, ...]) -> Count:
    """Return the rows of other tables that point to rows of a table; the samples name those tables."""
    found: dict[str, int] = {}
    for reference in known:
        if reference.parent.lower() == table.lower() != reference.child.lower():
            filled = " AND ".join(f"{quote(column)} IS NOT NULL" for column in reference.columns)
            query = f"SELECT COUNT(*) FROM {quote(reference.child)} WHERE {filled}"
            found[reference.child] = found.get(reference.child, 0) + int(session.value(query))
    names = (f"{child}: {rows}" for child, rows in found.items() if rows)
    return Count(rows=sum(found.values()), samples=tuple(names)[:5])


def loose_keys(plan: Plan, live: Schema, known: tuple[Reference, ...]) -> Iterator[LooseKey]:
    """Yield the keys from or to the plan's tables whose target is not unique, or is no longer after the plan."""
    near = {name.lower() for name in touched_tables(plan)}
    dropped = {str(o.index.name).lower() for o in plan.operations if isinstance(o, DropIndex)}
    for reference in known:
        parent = live.table(reference.parent)
        if parent is None or near.isdisjoint({reference.child.lower(), parent.name.lower()}):
            continue
        targets = {name.lower() for name in reference.targets or parent.primary_key}
        kept = [names for index, names in _unique(parent) if index.lower() not in dropped]
        if targets not in (*kept, *_made(plan, parent)):
            lost = next((index for index, names in _unique(parent) if names == targets), None)
            child = f"{reference.child}.{', '.join(reference.columns)}"
            columns = ", ".join(reference.targets or parent.primary_key) or "its key, which it has not"
            yield LooseKey(child=child, parent=f"{parent.name}.{columns}", index=lost)


def _unique(table: Table) -> Iterator[tuple[str, set[str]]]:
    if table.primary_key:
        yield "", {name.lower() for name in table.primary_key}
    for index in table.indexes:
        if index.unique and index.where is None and "" not in index.columns:
            yield str(index.name), {name.lower() for name in index.columns}


def _made(plan: Plan, table: Table) -> Iterator[set[str]]:
    origins = Origins(plan.operations)
    for number, operation in enumerate(plan.operations):
        if isinstance(operation, CreateIndex) and operation.index.unique:
            index = operation.index
            if origins.table(index.table, until=number) == table.name:
                yield {str(origins.column(index.table, name, until=number)).lower() for name in index.columns}
