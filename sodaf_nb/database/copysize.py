"""Whether a copy with all rows is affordable, decided by size and free disk and said in words."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from sodaf_nb.database.tablesize import database_bytes, table_bytes
from sodaf_nb.errors import MigrationExecutionError
from sodaf_nb.options import RehearsalScope
from sodaf_nb.rehearsal import Scope
from sodaf_nb.schema import Schema

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
    whole = database_bytes(source)
    needed = whole if whole <= _SMALL else table_bytes(source, live, tables, None if wanted == "full" else FULL_LIMIT)
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
