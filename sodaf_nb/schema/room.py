"""Which of two types has room for every value of the other."""

from __future__ import annotations

from sodaf_nb.schema.types import DataType, Kind

_WHOLE = (Kind.SMALLINT, Kind.INTEGER, Kind.BIGINT)


def lengthens(kept: DataType, wanted: DataType) -> bool:
    """Return True when a text of bounded length becomes one of at least that length, or of any."""
    texts = kept.kind is Kind.VARCHAR and wanted.kind in (Kind.VARCHAR, Kind.TEXT)
    return texts and (wanted.length is None or (kept.length or 0) <= wanted.length)


def has_room(kept: DataType, wanted: DataType) -> bool:
    """Return True when the wanted type holds every value of the one that is there, in its own form."""
    if kept == wanted or lengthens(kept, wanted):
        return True
    if kept.kind in _WHOLE and wanted.kind in _WHOLE:
        return _WHOLE.index(kept.kind) <= _WHOLE.index(wanted.kind)
    if kept.kind is Kind.DECIMAL and wanted.kind is Kind.DECIMAL:
        places, others = (kept.scale or 0), (wanted.scale or 0)
        return places <= others and (kept.precision or 0) - places <= (wanted.precision or 0) - others
    return False
