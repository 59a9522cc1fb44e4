"""What is on a table, or built on it, that no DocType mentions: it is kept, and every report lists it."""

from __future__ import annotations

from collections.abc import Iterator

from sodaf_nb.schema import Index, Schema, Table
from sodaf_nb.schema.closure import mentions
from sodaf_nb.schema.naming import is_ours


def unmanaged(wanted: Table | None, now: Table, live: Schema) -> Iterator[str]:
    """Yield generated columns, then indexes, triggers, views and virtual tables, each with its kind.

    Args:
        wanted: The table a DocType asks for; None when no DocType is known for it.
        now: The live table, its columns under the names they are to have.
        live: The schema it is in.
    """
    yield from (f"generated column {c.name}" for c in now.columns if c.hidden)
    want = {index.structure() for index in wanted.indexes} if wanted else set()
    ours = {i.name for i in now.indexes if is_ours(i) or _is_wanted(i, want)}
    own = [o for o in live.of_table(now.name) if o.kind != "table" and o.sql is not None]
    yield from (f"{o.kind} {o.name}" for o in own if o.name not in ours)
    built = (entry for entry in live.built if entry not in own and mentions(entry.sql, now.name))
    yield from (f"{entry.built_kind()} {entry.name}" for entry in built)


def _is_wanted(index: Index, want: set[tuple[tuple[str, ...], bool]]) -> bool:
    return index.structure() in want and index.where is None


def orphans(wanted: Table, now: Table) -> tuple[str, ...]:
    """Return the columns of a live table that have no field."""
    return tuple(c.name for c in now.columns if wanted.column(c.name) is None and not c.hidden)
