"""Columns that keep the room they have where the wanted type has less."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from sodaf_nb.schema import Column, Table
from sodaf_nb.schema.room import has_room


def widened(wanted: Table, now: Table, names: Collection[str]) -> Table:
    """Return the wanted table with the type that is there in those columns where the wanted one has less room.

    Args:
        wanted: What the DocType says.
        now: The live table, its columns under their new names.
        names: The columns, in lower case.
    """
    if not names:
        return wanted
    pairs = ((column, now.column(column.name)) for column in wanted.columns)
    return replace(wanted, columns=tuple(_wider(column, live, names) for column, live in pairs))


def _wider(column: Column, live: Column | None, names: Collection[str]) -> Column:
    if live is None or column.name.lower() not in names or has_room(live.type, column.type):
        return column
    return replace(column, type=live.type)
