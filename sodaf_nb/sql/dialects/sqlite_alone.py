"""What a script must ask of SQLite when nobody else does."""

from __future__ import annotations

from collections.abc import Collection

from sodaf_nb.schema import SchemaObject
from sodaf_nb.sql.quoting import literal, quote

_GUARD = quote("sodaf_nb_guard")
_MOVED = "the tables are not as they were when the plan was made"
_KEYS_ON = "foreign keys are on: turn them off before the transaction begins, or child rows would go with their parents"


def refused_if(query: str, why: str) -> tuple[str, ...]:
    """Return statements that fail with `why` when a query returns a row, and leave nothing when it does not."""
    # The name of a CHECK is what SQLite says when it is broken.
    return (
        f"CREATE TEMP TABLE {_GUARD} (wrong, CONSTRAINT {quote(why)} CHECK (wrong IS NULL))",
        f"INSERT INTO temp.{_GUARD} SELECT 1 WHERE EXISTS ({query})",
        f"DROP TABLE temp.{_GUARD}",
    )


def required_ground(entries: Collection[SchemaObject], tables: Collection[str]) -> tuple[str, ...]:
    """Return statements that fail unless some tables are word for word as they are known, and foreign keys are off.

    An edit of the catalog would else take away what was added since, and a rebuild would delete child rows (trap R6).
    """
    named = ", ".join(literal(name.lower()) for name in sorted(tables))
    there = f"SELECT count(*) FROM main.sqlite_master WHERE sql IS NOT NULL AND lower(tbl_name) IN ({named})"
    worded = sorted((e for e in entries if e.sql is not None), key=lambda e: (e.kind, e.name))
    known = ", ".join(f"({literal(e.kind)}, {literal(e.name)}, {literal(e.sql)})" for e in worded)
    same = f"{there} AND (type, name, sql) IN (VALUES {known})" if known else "SELECT 0"
    count = len(worded)
    return (
        *refused_if("SELECT 1 FROM pragma_foreign_keys WHERE foreign_keys", _KEYS_ON),
        *refused_if(f"SELECT 1 WHERE ({there}) <> {count} OR ({same}) <> {count}", _MOVED),
    )
