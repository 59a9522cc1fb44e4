"""The live schema as values. Reads the catalog only: the cost does not depend on rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from sodaf_nb.errors import UnsupportedChangeError
from sodaf_nb.schema import Column, Index, Schema, SchemaObject, Table
from sodaf_nb.sql.dialect import Rows
from sodaf_nb.sql.dialects.sqlite import parse_default, parse_type
from sodaf_nb.sql.dialects.sqlite_ddl import TableText, parse_create_table
from sodaf_nb.sql.dialects.sqlite_statistics import STATISTICS
from sodaf_nb.sql.dialects.sqlite_tokens import tokens

Rowset = tuple[tuple[Any, ...], ...]

# The system's own tables are not part of the schema that is compared.
OWN_PREFIX = "tabMigration"

_COLUMNS = """
SELECT m.name, x.name, x.type, x."notnull", x.dflt_value, x.pk, x.hidden
FROM main.sqlite_master m, pragma_table_xinfo(m.name) x WHERE m.type = 'table' ORDER BY m.rowid, x.cid"""
_INDEXES = """
SELECT m.name, l.name, l."unique", l.origin, i.name, s.sql
FROM main.sqlite_master m, pragma_index_list(m.name) l, pragma_index_xinfo(l.name) i
LEFT JOIN main.sqlite_master s ON s.type = 'index' AND s.name = l.name
WHERE m.type = 'table' AND i.key ORDER BY m.rowid, l.name, i.seqno"""


def reflect(source: Rows) -> Schema:
    """Return the live schema of the main database, without SQLite's and our own bookkeeping tables."""
    objects = tuple(_objects(source))
    texts = {o.name: o.sql for o in objects if o.kind == "table"}
    columns = _grouped(source.rows(_COLUMNS))
    indexes = _grouped(source.rows(_INDEXES))
    tables = {name: _table(name, sql, tuple(columns[name]), tuple(indexes[name])) for name, sql in texts.items()}
    return Schema(tables=MappingProxyType(tables), objects=objects)


def _objects(source: Rows) -> Iterable[SchemaObject]:
    found = source.rows("SELECT type, name, tbl_name, sql FROM main.sqlite_master ORDER BY rowid")
    for kind, name, table, sql in found:
        if name in STATISTICS or not (name.startswith("sqlite_") or table.startswith(OWN_PREFIX)):
            yield SchemaObject(kind=kind, name=name, table=table, sql=sql)


def _grouped(rows: Iterable[tuple[Any, ...]]) -> defaultdict[str, list[tuple[Any, ...]]]:
    groups: defaultdict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for table, *rest in rows:
        groups[table].append(tuple(rest))
    return groups


# Reading a CREATE TABLE text is the dear part (about 20 ms for 90 columns), and a table's rows in the
# catalog say all of it, so a table that did not change is not read again.
@lru_cache(maxsize=4096)
def _table(name: str, sql: str | None, columns: Rowset, indexes: Rowset) -> Table:
    text = _parsed(sql)
    keys = sorted((pk, column) for column, _type, _notnull, _default, pk, _hidden in columns if pk)
    return Table(
        name=name,
        columns=tuple(_column(row, text) for row in columns),
        primary_key=tuple(column for _pk, column in keys),
        indexes=tuple(_indexes(name, indexes)),
        sql=sql,
    )


def _parsed(sql: str | None) -> TableText | None:
    # A virtual table has no column texts; it is never changed, only kept.
    try:
        return parse_create_table(sql) if sql else None
    except UnsupportedChangeError:
        return None


def _column(row: tuple[Any, ...], text: TableText | None) -> Column:
    name, declared, notnull, default_text, pk, hidden = row
    default, expression = parse_default(default_text)
    definition = text.column_text(name) if text else None
    return Column(
        name=name,
        type=parse_type(declared),
        nullable=not notnull,
        default=default,
        default_sql=expression,
        autoincrement=bool(pk) and _numbers(definition),
        definition=definition,
        hidden=hidden != 0,
    )


def _numbers(definition: str | None) -> bool:
    return any(token.text.upper() == "AUTOINCREMENT" for token in tokens(definition or ""))


def _indexes(table: str, rows: Rowset) -> Iterable[Index]:
    by_name = _grouped(rows)
    for name, parts in by_name.items():
        unique, origin, _column_name, sql = parts[0]
        if origin == "pk":
            continue
        yield Index(
            table=table,
            columns=tuple(column or "" for _unique, _origin, column, _sql in parts),
            unique=bool(unique),
            name=name,
            where=_where(sql),
            sql=sql,
        )


def _where(sql: str | None) -> str | None:
    words = tokens(sql or "")
    place = next((n for n, token in enumerate(words) if token.text.upper() == "WHERE"), None)
    return None if place is None else "".join(token.text for token in words[place + 1 :]).strip()
