"""Which of two types has room for every value of the other, so that a column need not become narrower."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from sodaf_nb.schema import Column, DataType, Kind, Table

_WHOLE = (Kind.SMALLINT, Kind.INTEGER, Kind.BIGINT)


def has_room(kept: DataType, wanted: DataType) -> bool:
    """Return True when the wanted type holds every value of the one that is there, in its own form."""
    if kept == wanted:
        return True
    if kept.kind is Kind.VARCHAR and wanted.kind in (Kind.VARCHAR, Kind.TEXT):
        return wanted.length is None or (kept.length or 0) <= wanted.length
    if kept.kind in _WHOLE and wanted.kind in _WHOLE:
        return _WHOLE.index(kept.kind) <= _WHOLE.index(wanted.kind)
    if kept.kind is Kind.DECIMAL and wanted.kind is Kind.DECIMAL:
        places, others = (kept.scale or 0), (wanted.scale or 0)
        return places <= others and (kept.precision or 0) - places <= (wanted.precision or 0) - others
    return False


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
