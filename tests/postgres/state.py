"""What a PostgreSQL database holds, read with plain queries: the judge must not use the accused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import psycopg

_OURS = "n.nspname = 'public' AND c.relname NOT LIKE 'tabMigration%'"
_CATALOG = {
    "constraint": f"SELECT c.relname, k.conname, pg_get_constraintdef(k.oid) || k.convalidated FROM pg_constraint k "
    f"JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
    f"WHERE k.contype <> 'n' AND {_OURS}",
    "index": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' "
    "AND tablename NOT LIKE 'tabMigration%'",
    "trigger": f"SELECT c.relname, t.tgname, pg_get_triggerdef(t.oid) || t.tgenabled::text FROM pg_trigger t "
    f"JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
    f"WHERE NOT t.tgisinternal AND {_OURS}",
    "view": "SELECT viewname, viewname, definition FROM pg_views WHERE schemaname = 'public'",
    "function": "SELECT proname, proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
    "comment": f"SELECT c.relname, objsubid::text, description FROM pg_description d "
    f"JOIN pg_class c ON c.oid = d.objoid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {_OURS} AND objsubid = 0",
    "grant": f"SELECT c.relname, c.relname, c.relacl::text FROM pg_class c "
    f"JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {_OURS}",
    "sequence": "SELECT sequencename, sequencename, COALESCE(last_value::text, '') FROM pg_sequences "
    "WHERE schemaname = 'public' AND sequencename NOT LIKE 'tabMigration%'",
}
_COLUMNS = f"""
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid),
  a.attidentity::text, a.attgenerated::text, a.attcollation::regcollation::text, col_description(c.oid, a.attnum)
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped AND {_OURS}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Everything but the product's own tables; two states are equal when nothing anybody could see differs.

    Args:
        objects: (kind, table, name, text) of each object.
        columns: Table to column to what it is like; their order cannot be put back and is not looked at.
        rows: Table to its rows, each as the texts of its columns by name, sorted.
    """

    objects: frozenset[tuple[str, ...]]
    columns: Mapping[str, Mapping[str, tuple[Any, ...]]]
    rows: Mapping[str, tuple[tuple[tuple[str, str | None], ...], ...]]

    def indexes(self, table: str) -> frozenset[str]:
        """Return the definitions of a table's indexes, their names left out."""
        found = (text for kind, owner, _name, text in self.objects if (kind, owner) == ("index", table))
        return frozenset(
            text.partition(" ON ")[0].partition(" INDEX ")[0] + text.partition(" ON ")[2] for text in found
        )

    def counters(self) -> dict[str, int]:
        """Return the last number each sequence gave out."""
        return {name: int(value) for kind, _table, name, value in self.objects if kind == "sequence"}

    def without_counters(self) -> State:
        """Return the same with the sequences' numbers forgotten."""
        return replace(self, objects=frozenset(o for o in self.objects if o[0] != "sequence"))

    def texts(self) -> str:
        """Return all texts of the catalog as one."""
        return "\n".join([*sorted(str(o) for o in self.objects), str(self.columns)])


def read(pg: psycopg.Connection) -> State:
    """Read everything through a connection of the test's own."""
    pg.execute("SET datestyle = 'ISO, YMD'; SET extra_float_digits = 1")
    columns: dict[str, dict[str, tuple[Any, ...]]] = {}
    for table, name, *shape in pg.execute(_COLUMNS):
        columns.setdefault(table, {})[name] = tuple(shape)
    objects = frozenset((kind, *row) for kind, query in _CATALOG.items() for row in pg.execute(query) if row[2])
    return State(objects=objects, columns=columns, rows={name: _rows(pg, name, columns[name]) for name in columns})


def _rows(pg, table, columns):
    names = sorted(columns)
    wanted = ", ".join(f'"{name}"::text' for name in names)
    found = pg.execute(f'SELECT {wanted} FROM "{table}"').fetchall() if names else []
    return tuple(sorted((tuple(zip(names, row, strict=True)) for row in found), key=str))
