"""Which catalog entries a change of some tables concerns, and the hash that notices any edit of them."""

from __future__ import annotations

import re
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


def neighbours(schema: Schema, tables: Iterable[str]) -> frozenset[str]:
    """Return those tables and every table tied to one of them, as the schema spells them.

    Tied are tables that reference one or are referenced by one, and tables of triggers that name one or
    stand in the text of a trigger on one. Tables that a name only happens to begin like are not.
    """
    names = {table.lower() for table in tables}
    own = [o for o in schema.objects if o.table.lower() in names]
    towards = {o.table.lower() for o in schema.objects if any(mentions(o.sql, name) for name in names)}
    from_here = {t.lower() for t in schema.tables if any(mentions(o.sql, t) for o in own)}
    return frozenset(t for t in schema.tables if t.lower() in names | towards | from_here)


def mentions(sql: str | None, name: str) -> bool:
    """Tell whether a catalog text names something, in quotes or as a whole word, letter case ignored."""
    quoted = re.escape(name.replace('"', '""'))
    pattern = rf"""["'`\[]{quoted}["'`\]]|(?<![\w$"'`\[]){re.escape(name)}(?![\w$])"""
    return re.search(pattern, sql or "", re.IGNORECASE) is not None
