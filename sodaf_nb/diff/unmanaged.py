"""What is on a table, or built on it, that no DocType mentions: it is kept, and every report lists it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from sodaf_nb.schema import Index, Schema, SchemaObject, Table
from sodaf_nb.schema.closure import mentions
from sodaf_nb.schema.naming import is_ours

_VIRTUAL = re.compile(r"\s*CREATE\s+VIRTUAL\s", re.IGNORECASE)


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
    for entry in live.objects:
        # The cheap question first: this is asked of every object for every table.
        if (kind := _built_kind(entry)) and entry not in own and mentions(entry.sql, now.name):
            yield f"{kind} {entry.name}"


def _is_wanted(index: Index, want: set[tuple[tuple[str, ...], bool]]) -> bool:
    return index.structure() in want and index.where is None


def _built_kind(entry: SchemaObject) -> str | None:
    if entry.kind in ("view", "trigger"):
        return entry.kind
    return "virtual table" if entry.kind == "table" and _is_virtual(entry.sql or "") else None


@lru_cache(maxsize=4096)
def _is_virtual(sql: str) -> bool:
    return _VIRTUAL.match(sql) is not None


def orphans(wanted: Table, now: Table) -> tuple[str, ...]:
    """Return the columns of a live table that have no field."""
    return tuple(c.name for c in now.columns if wanted.column(c.name) is None and not c.hidden)
