"""How many bytes tables take, counted where the engine can count and estimated from first rows where not."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection

from sodaf_nb.schema import Schema
from sodaf_nb.sql.quoting import quote

_MEASURED_ROWS = 1000


def table_bytes(source: sqlite3.Connection, live: Schema, tables: Collection[str], most: int | None = None) -> int:
    """Return the bytes of tables with their indexes; counting stops just beyond `most`."""
    names = [name for table in tables for name in (table, *(o.name for o in live.of_table(table)))]
    marks = ", ".join("?" * len(names))
    # dbstat reads every page it counts, so it counts no more than decides; LIMIT -1 is none.
    pages = -1 if most is None else most // pragma(source, "page_size") + 1
    query = f"SELECT SUM(pgsize) FROM (SELECT pgsize FROM dbstat WHERE name IN ({marks}) LIMIT {pages})"
    try:
        (found,) = source.execute(query, names).fetchone()
    except sqlite3.DatabaseError:  # this build has no dbstat
        return sum(_estimate(source, live, table) for table in tables)
    return int(found or 0)


def _estimate(source: sqlite3.Connection, live: Schema, name: str) -> int:
    """Return about how many bytes a table takes: its rows times the width of the first ones, and its indexes."""
    table = live.table(name)
    columns = [quote(c.name) for c in table.columns if not c.hidden] if table else []
    width = " + ".join(f"COALESCE(LENGTH(CAST({c} AS BLOB)), 0) + 2" for c in columns)
    first = f"SELECT {width} AS w FROM {quote(name)} LIMIT {_MEASURED_ROWS}"
    (mean,) = source.execute(f"SELECT AVG(w) FROM ({first})").fetchone()
    (rows,) = source.execute(f"SELECT COUNT(*) FROM {quote(name)}").fetchone()
    indexes = len(table.indexes) + 1 if table else 1
    return int(rows * (mean or 0) * (1 + indexes / max(len(columns), 1)))


def database_bytes(source: sqlite3.Connection) -> int:
    """Return the bytes of the whole database."""
    return pragma(source, "page_count") * pragma(source, "page_size")


def pragma(source: sqlite3.Connection, name: str) -> int:
    """Return a number that the main database says of itself."""
    return int(source.execute(f"PRAGMA main.{name}").fetchone()[0])
