"""Rows that point at what is not there: links without a target, child rows without a parent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sodaf_nb.database.session import Session
from sodaf_nb.schema import Schema, Table
from sodaf_nb.sql.quoting import literal, quote

# Keys of such rows that are kept.
SAMPLES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointer:
    """A column whose values are keys of another table.

    Args:
        table: The table of the column.
        column: The column.
        target: The table they are keys of.
        only: A column and the value it must have for the pointer to hold; None for all rows.
    """

    table: str
    column: str
    target: str
    only: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dangling:
    """Rows whose pointer leads nowhere.

    Args:
        pointer: The pointer.
        rows: How many they are.
        samples: The keys of a few.
        target_there: False when the whole target table is missing.
    """

    pointer: Pointer
    rows: int
    samples: tuple[str, ...]
    target_there: bool


def dangling(session: Session, live: Schema, pointers: Iterator[Pointer]) -> Iterator[Dangling]:
    """Yield the pointers of which some rows lead nowhere; empty values are none.

    Pointers in tables or columns that are not there yet are passed over.
    """
    for pointer in pointers:
        table = live.table(pointer.table)
        if table is None or table.column(pointer.column) is None:
            continue
        if pointer.only is not None and table.column(pointer.only[0]) is None:
            continue
        condition = _nowhere(session, pointer, table, live)
        rows = int(session.value(f"SELECT COUNT(*) FROM {quote(pointer.table)} AS here WHERE {condition}"))
        if rows:
            yield Dangling(
                pointer=pointer,
                rows=rows,
                samples=_samples(session, table, condition),
                target_there=live.table(pointer.target) is not None,
            )


def _samples(session: Session, table: Table, condition: str) -> tuple[str, ...]:
    key = quote(table.primary_key[0]) if len(table.primary_key) == 1 else session.dialect.row_name
    found = session.rows(f"SELECT {key} FROM {quote(table.name)} AS here WHERE {condition} ORDER BY 1 LIMIT {SAMPLES}")
    return tuple(str(value) for (value,) in found)


def _nowhere(session: Session, pointer: Pointer, table: Table, live: Schema) -> str:
    here, column = f"here.{quote(pointer.column)}", table.column(pointer.column)
    parts = [f"{here} IS NOT NULL", f"CAST({here} AS TEXT) <> ''"]
    if pointer.only is not None:
        name, value = pointer.only
        parts.append(f"here.{quote(name)} = {literal(value)}")
    target = live.table(pointer.target)
    key = target.column("name") if target is not None else None
    if column is not None and target is not None and key is not None:
        # Compared as stored, as an application that joins the two would.
        like = session.dialect.look.like
        same = f"{like('there.name', key, column)} = {like(here, column, key)}"
        parts.append(f"NOT EXISTS (SELECT 1 FROM {quote(target.name)} AS there WHERE {same})")
    return " AND ".join(parts)


def filled(session: Session, table: str, column: str) -> int:
    """Return how many rows hold a value in a column."""
    return int(session.value(f"SELECT COUNT({quote(column)}) FROM {quote(table)}"))
