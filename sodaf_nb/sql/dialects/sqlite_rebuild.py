"""The rebuild of a SQLite table: new table, copy, drop, rename, and everything on it made again.

The order is the documented one (new table first, renamed last): renaming the old table away would
rewrite the foreign keys, views and triggers of others to the temporary name (trap R5). The new text is
the live text edited by tokens, never regenerated, so what no DocType mentions is kept (trap R13).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sodaf_nb.errors import UnsupportedChangeError
from sodaf_nb.plan import AddColumn, AlterColumn, DropColumn
from sodaf_nb.schema import Column, Kind, Schema, SchemaObject, Table
from sodaf_nb.sql.dialects import sqlite as spelling
from sodaf_nb.sql.dialects.sqlite_ddl import TableText, alter_column_text, parse_create_table
from sodaf_nb.sql.dialects.sqlite_statistics import STATISTICS, table_moved
from sodaf_nb.sql.dialects.sqlite_tokens import tokens
from sodaf_nb.sql.quoting import literal, quote

ColumnOperation = AddColumn | DropColumn | AlterColumn
_SWAP = "sodaf_swap_"
_STRICT_TYPES = ("INT", "INTEGER", "REAL", "TEXT", "BLOB", "ANY")
_ROWID_NAMES = ("rowid", "oid", "_rowid_")


@dataclass(frozen=True, slots=True)
class _Build:
    """The new table while its edits are gathered: its text, and where each column's values come from."""

    text: TableText
    sources: dict[str, str]


def rebuild(table: Table, operations: Sequence[ColumnOperation], schema: Schema) -> tuple[str, ...]:
    """Return the statements that carry out all column operations of one table in one rebuild.

    Args:
        table: The live table; its `sql` is edited.
        operations: The changes, in order.
        schema: The schema the table is in, for the indexes and triggers to make again.

    Raises:
        UnsupportedChangeError: If something that stays uses a dropped column, or the table is STRICT and a type is
            not one of its few.
    """
    build = _edited(table, operations)
    swap = f"{_SWAP}{table.name}"
    mine = [o for o in schema.of_table(table.name) if o.kind in ("index", "trigger") and o.sql]
    _require_free(table, [o.column.name for o in operations if isinstance(o, DropColumn)], build.text, mine)
    _require_known_types(table, build.text)
    measured = [o.name for o in schema.objects if o.name in STATISTICS]
    numbered = all("AUTOINCREMENT" in _words(text) for text in (table.sql or "", build.text.to_sql()))
    return (
        build.text.renamed(swap).to_sql(),
        _copy(table, build, swap),
        *(_carry_counter(table.name, swap) if numbered else ()),
        *table_moved(measured, table.name, swap),  # a dropped table takes its statistics along
        f"DROP TABLE {quote(table.name)}",
        # With views or triggers that name the table, a plain RENAME fails while it is missing (trap R3).
        "PRAGMA legacy_alter_table=ON",
        f"ALTER TABLE {quote(swap)} RENAME TO {quote(table.name)}",
        "PRAGMA legacy_alter_table=OFF",
        *table_moved(measured, swap, table.name),
        *_again(mine),
    )


def _require_free(table: Table, dropped: Sequence[str], text: TableText, mine: Sequence[SchemaObject]) -> None:
    # In double quotes a column that is gone would become a text, and a CHECK always true (trap T10).
    users = {name: (*text.mentions(name), *_indexes_on(name, mine)) for name in dropped}
    blocked = {name: found for name, found in users.items() if found}
    if blocked:
        uses = "; ".join(f"{name}: {', '.join(found)}" for name, found in blocked.items())
        raise UnsupportedChangeError(
            f"Columns of {table.name} that are to be dropped are used. {uses}.",
            objects=tuple(dict.fromkeys(thing for found in blocked.values() for thing in found)),
            hint="change or drop those first, or keep the columns",
        )


def _indexes_on(column: str, mine: Sequence[SchemaObject]) -> Iterator[str]:
    yield from (f"index {o.name}" for o in mine if o.kind == "index" and index_names(str(o.sql), column))


def index_names(sql: str, column: str) -> bool:
    """Return True when the text of an index names a column in its list, an expression or its condition."""
    names = (t.name.lower() for t in tokens(sql) if t.kind != "string")
    return column.lower() in list(names)[3:]  # behind CREATE INDEX and the index's own name


def _require_known_types(table: Table, text: TableText) -> None:
    if "STRICT" not in _words(text.tail):
        return
    types = {name: _declared(text, name) for name in text.columns}
    unknown = [f"{name} {declared}" for name, declared in types.items() if declared not in _STRICT_TYPES]
    if unknown:
        raise UnsupportedChangeError(
            f"{table.name} is STRICT and takes only {', '.join(_STRICT_TYPES)}; it would get {', '.join(unknown)}.",
            objects=(table.name,),
            hint="make the table anew without STRICT; a DocType's types are not those of a STRICT table",
        )


def _edited(table: Table, operations: Sequence[ColumnOperation]) -> _Build:
    visible = {c.name: quote(c.name) for c in table.columns if not c.hidden}
    build = _Build(parse_create_table(table.sql or ""), visible)
    for operation in operations:
        build = _edit(build, operation, table)
    return build


def _edit(build: _Build, operation: ColumnOperation, table: Table) -> _Build:
    if isinstance(operation, DropColumn):
        name = operation.column.name
        rest = {column: source for column, source in build.sources.items() if column != name}
        return _Build(build.text.without_column(name), rest)
    if isinstance(operation, AddColumn):
        text = build.text.with_column(_named(operation.column), operation.after)
        return _Build(text, build.sources | _filled(operation))
    text = build.text.with_column_text(operation.before.name, altered_text(build.text, operation))
    return _Build(text, build.sources | {operation.before.name: _converted(operation, table)})


def _filled(operation: AddColumn) -> dict[str, str]:
    column = operation.column
    if column.hidden:
        return {}
    value = operation.backfill if operation.backfill is not None else column.default
    # Left out of the copy, an expression default fills the column itself.
    return {} if value is None and column.default_sql else {column.name: literal(value)}


def altered_text(text: TableText, operation: AlterColumn) -> str:
    """Return a column's definition after a change, the rest of it word for word."""
    if operation.after.definition is not None:
        return _named(operation.after)
    after = operation.after
    return alter_column_text(
        text.column_text(operation.before.name),
        type_text=spelling.type_sql(after.type) if after.type != operation.before.type else None,
        nullable=after.nullable if after.nullable != operation.before.nullable else None,
        default=spelling.default_sql(after),
        autoincrement=after.autoincrement if after.autoincrement != operation.before.autoincrement else None,
    )


def _named(column: Column) -> str:
    """Return a column's text under its present name; a kept text may still bear an older one."""
    text = spelling.column_sql(column)
    words = tokens(text)
    first = next(n for n, token in enumerate(words) if token.text.strip())
    return "".join([quote(column.name), *(token.text for token in words[first + 1 :])])


def _converted(operation: AlterColumn, table: Table) -> str:
    before, after = operation.before, operation.after
    value = quote(before.name)
    if before.name in table.primary_key and after.type.kind is Kind.INTEGER and operation.retypes:
        return numbered_key(value, before, after, quote(table.name))
    return spelling.forward(before, after, operation.backfill, value)


def numbered_key(value: str, before: Column, after: Column, table: str) -> str:
    """Return the SQL of a text key as a number: itself where it is one, else the next free numbers."""
    exact = spelling.convert(value, before, after).expression
    largest = f"(SELECT COALESCE(MAX({exact}), 0) FROM {table})"
    return f"COALESCE({exact}, {largest} + ROW_NUMBER() OVER (PARTITION BY ({exact}) IS NULL ORDER BY rowid))"


def _copy(table: Table, build: _Build, swap: str) -> str:
    pairs = [*_rowid(table, build.text), *((quote(name), source) for name, source in build.sources.items())]
    names = ", ".join(name for name, _source in pairs)
    values = ", ".join(source for _name, source in pairs)
    return f"INSERT INTO {quote(swap)} ({names}) SELECT {values} FROM {quote(table.name)}"


def _rowid(table: Table, text: TableText) -> Iterator[tuple[str, str]]:
    # A table without an INTEGER key is known by its rowid to whoever stored it (traps R11, A17).
    taken = {c.name.lower() for c in table.columns} | {name.lower() for name in text.columns}
    free = next((name for name in _ROWID_NAMES if name not in taken), None)
    if free and not _has_integer_key(table, text) and "WITHOUT" not in _words(text.tail):
        yield free, free


def _has_integer_key(table: Table, text: TableText) -> bool:
    if len(table.primary_key) != 1 or table.primary_key[0] not in text.columns:
        return False
    return _declared(text, table.primary_key[0]) == "INTEGER"


def _declared(text: TableText, column: str) -> str:
    """Return the first word of a column's type in upper case; the empty string when it has none."""
    words = [token.text for token in tokens(text.column_text(column)) if token.text.strip()]
    return words[1].upper() if len(words) > 1 else ""


def _words(sql: str) -> set[str]:
    return {token.text.upper() for token in tokens(sql)}


def _carry_counter(table: str, swap: str) -> Iterator[str]:
    # Without its counter an AUTOINCREMENT table would give out used ids again (trap R10).
    old, new = literal(table), literal(swap)
    yield (
        f"INSERT INTO sqlite_sequence (name, seq) SELECT {new}, 0 "
        f"WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = {new})"
    )
    yield (
        f"UPDATE sqlite_sequence SET seq = MAX(seq, COALESCE((SELECT MAX(o.seq) FROM sqlite_sequence o "
        f"WHERE o.name = {old}), 0)) WHERE name = {new}"
    )


def _again(objects: Sequence[SchemaObject]) -> Iterator[str]:
    # Indexes after the copy (before it they cost 1.75 times as much), triggers last so that none fires.
    for kind in ("index", "trigger"):
        yield from (str(o.sql) for o in objects if o.kind == kind)
