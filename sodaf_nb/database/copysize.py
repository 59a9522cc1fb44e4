"""Whether a copy with all rows is affordable, decided by size and free disk and said in words."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from sodaf_nb.errors import MigrationExecutionError
from sodaf_nb.options import RehearsalScope
from sodaf_nb.rehearsal import Scope
from sodaf_nb.schema import Schema
from sodaf_nb.sql.quoting import quote

# Rows a table has in a sample.
SAMPLE_ROWS = 10_000

# Tables larger than this are rehearsed on a sample unless all rows are asked for.
FULL_LIMIT = 512 * 1024 * 1024

# A database up to this size is copied page by page without a look at its tables.
_SMALL = 32 * 1024 * 1024

# Copying pages costs about a third of copying rows and making their indexes again.
_PAGES_PAY = 3

# Beside two copies: a rebuilt table and its journal, and a backup plain, packed and unpacked.
_ROOM = 5

_MEASURED_ROWS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """How a copy is made.

    Args:
        whole: True copies all pages of the database, False rows of the tables concerned.
        limit: The most rows of each table; None for all.
        reason: Why it is a sample; empty when it is none.
    """

    whole: bool
    limit: int | None = None
    reason: str = ""

    @property
    def scope(self) -> Scope:
        """Whether the tables concerned have all their rows."""
        return "full" if self.limit is None else "sample"


def choose(
    source: sqlite3.Connection,
    live: Schema,
    tables: Collection[str],
    wanted: RehearsalScope,
    folder: Path,
) -> Choice:
    """Return how to copy a database for tables.

    Raises:
        MigrationExecutionError: If all rows are wanted and the folder's disk has no room for them.
    """
    if wanted == "sample":
        return _sample("as asked for")
    whole = _pragma(source, "page_count") * _pragma(source, "page_size")
    needed = whole if whole <= _SMALL else _size(source, live, tables, None if wanted == "full" else FULL_LIMIT)
    if wanted == "auto" and needed > FULL_LIMIT:
        return _sample(f"the tables take more than {FULL_LIMIT // 1024**2} MB")
    pages = whole <= max(_SMALL, _PAGES_PAY * needed)
    if 2 * (whole if pages else needed) + _ROOM * needed > shutil.disk_usage(folder).free:
        if wanted == "full":
            raise MigrationExecutionError(
                "The temporary folder has no room for a copy with all rows; nothing was changed.",
                hint="point TMPDIR to a larger disk, or rehearse on a sample",
            )
        return _sample("the temporary folder has no room for all")
    return Choice(whole=pages)


def _sample(reason: str) -> Choice:
    return Choice(whole=False, limit=SAMPLE_ROWS, reason=reason)


def _size(source: sqlite3.Connection, live: Schema, tables: Collection[str], most: int | None) -> int:
    """Return the bytes of tables with their indexes; counting stops just beyond `most`."""
    names = [name for table in tables for name in (table, *(o.name for o in live.of_table(table)))]
    marks = ", ".join("?" * len(names))
    # dbstat reads every page it counts, so it counts no more than decides; LIMIT -1 is none.
    pages = -1 if most is None else most // _pragma(source, "page_size") + 1
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


def _pragma(source: sqlite3.Connection, name: str) -> int:
    return int(source.execute(f"PRAGMA main.{name}").fetchone()[0])
