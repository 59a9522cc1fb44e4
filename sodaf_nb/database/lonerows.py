"""Rows that are on one side only, before or after a change of rows: the preview's pairs cannot show them."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence

from sodaf_nb.database.copies import BEFORE
from sodaf_nb.database.rowchanges import bounded, plain
from sodaf_nb.database.sidefile import engine_errors
from sodaf_nb.database.sidefile.rows import same_row
from sodaf_nb.plan.pairs import ColumnPair, TablePair
from sodaf_nb.rehearsal import Cell, PreviewRow, is_masked, shown
from sodaf_nb.sql.quoting import quote

KEPT = 5

# Of a row that goes or comes as a whole, so many columns are shown where the plan names none.
_FIRST = 5


def lone_rows(
    connection: sqlite3.Connection, pair: TablePair, mask: Collection[str]
) -> tuple[tuple[PreviewRow, ...], tuple[PreviewRow, ...]]:
    """Return a few rows that are gone and a few that are new, by key.

    Args:
        connection: The copy afterwards as `main`, the one before attached as `BEFORE`.
        pair: A table with a key of one column, whose columns stay.
        mask: Columns whose values are not shown.

    Raises:
        SideFileError: If the engine refuses.
    """
    (key,) = pair.before.primary_key
    one, two = f"{BEFORE}.{quote(pair.before.name)}", f"main.{quote(pair.before.name)}"
    named = [c for c in pair.columns if c.touched]
    columns = named or [c for c in pair.columns if c.before != key][:_FIRST]
    with engine_errors():
        connection.text_factory = bytearray  # never decoded here, so none can be undecodable
        gone = [_row(pair, columns, row, mask, gone=True) for row in _found(connection, one, two, key, columns)]
        made = [_row(pair, columns, row, mask, gone=False) for row in _found(connection, two, one, key, columns)]
    return tuple(gone), tuple(made)


def _found(
    connection: sqlite3.Connection, here: str, there: str, key: str, columns: Sequence[ColumnPair]
) -> list[tuple[object, ...]]:
    wanted = ", ".join(bounded(f"a.{quote(name)}") for name in (key, *(str(c.after) for c in columns)))
    missing = f"NOT EXISTS (SELECT 1 FROM {there} AS b WHERE {same_row([quote(key)])})"
    order = f"a.{quote(key)} COLLATE BINARY"
    return connection.execute(
        f"SELECT {wanted} FROM {here} AS a WHERE {missing} ORDER BY {order} LIMIT {KEPT}"
    ).fetchall()


def _row(
    pair: TablePair, columns: Sequence[ColumnPair], row: tuple[object, ...], mask: Collection[str], *, gone: bool
) -> PreviewRow:
    key, *values = row
    cells = []
    for column, value in zip(columns, values, strict=True):
        text = shown(value, masked=is_masked(column.after, mask))
        here, there = (column.after, None) if gone else (None, column.after)
        cells.append(
            Cell(before_name=here, after_name=there, before=text if gone else None, after=None if gone else text)
        )
    name = plain(shown(key, masked=is_masked(pair.before.primary_key[0], mask)))
    return PreviewRow(table=pair.before.name, key=f"{name} ({'deleted' if gone else 'new'})", cells=tuple(cells))
