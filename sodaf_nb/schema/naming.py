"""Names of the indexes we make: readable, at most 63 bytes, free in the database."""

from __future__ import annotations

import hashlib
from collections.abc import Collection

from sodaf_nb.schema.values import Index

# PostgreSQL cuts longer names silently (trap G17); the same limit holds everywhere.
LONGEST = 63
_PREFIXES = ("ix_tab", "ux_tab")


def is_ours(index: Index) -> bool:
    """Return True for an index this package made: by its name, and only on plain columns of all rows."""
    name = (index.name or "").lower()
    plain = index.where is None and "" not in index.columns
    return plain and index.sql is not None and name.startswith(_PREFIXES)


def index_name(index: Index, taken: Collection[str]) -> str:
    """Return a name for a wanted index that none of `taken` (lower case) bears.

    Index names are one namespace per database, and a renamed table keeps its indexes' names, so the
    obvious name may be in use.
    """
    kind = "ux" if index.unique else "ix"
    plain = f"{kind}_{index.table.replace(' ', '_')}_{'_'.join(index.columns)}"
    attempt, name = 0, _fitted(plain)
    while name.lower() in taken:
        attempt += 1
        name = _fitted(plain, salt=str(attempt))
    return name


def _fitted(plain: str, *, salt: str = "") -> str:
    if not salt and len(plain.encode()) <= LONGEST:
        return plain
    digest = hashlib.sha256(f"{plain}|{salt}".encode()).hexdigest()[:8]
    start = plain.encode()[: LONGEST - 9].decode(errors="ignore")
    return f"{start}_{digest}"
