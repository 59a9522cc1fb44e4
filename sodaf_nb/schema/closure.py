"""Which catalog entries a change of some tables concerns, and the hash that notices any edit of them."""

from __future__ import annotations

from collections.abc import Iterable

from sodaf_nb.schema.codec import fingerprint
from sodaf_nb.schema.values import Schema, SchemaObject


def closure(schema: Schema, tables: Iterable[str]) -> tuple[SchemaObject, ...]:
    """Return the entries of those tables and every entry whose text names one of them.

    That takes in foreign keys both ways, views, and triggers of other tables (reliability B5).
    """
    names = {name.lower() for name in tables}
    return tuple(o for o in schema.objects if o.table.lower() in names or _names_one(o.sql, names))


def _names_one(sql: str | None, names: set[str]) -> bool:
    text = (sql or "").lower()
    return any(name in text for name in names)


def schema_fingerprint(schema: Schema, tables: Iterable[str]) -> str:
    """Return the hash of all that concerns those tables; it moves when somebody changes any of it."""
    return fingerprint(sorted(closure(schema, tables), key=lambda o: (o.kind, o.name)))
