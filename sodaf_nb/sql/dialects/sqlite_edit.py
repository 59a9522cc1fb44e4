"""Columns changed where they stand: the catalog's text is edited, and only the rows that need it are written.

SQLite documents the edit of `sqlite_master` for changes that leave stored content alone, and counts a
changed default among them. Measured on 3.40.1 it is not one: a row older than an added column does not
hold that column and reads the default out of the catalog, so a new default changes the row. Such rows are
written out first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sodaf_nb.plan import AlterColumn
from sodaf_nb.schema import Column, Index, Table
from sodaf_nb.sql.dialects import sqlite as spelling
from sodaf_nb.sql.dialects.sqlite_ddl import TableText, alter_column_text, normalise, parse_create_table
from sodaf_nb.sql.dialects.sqlite_rebuild import altered_text, index_names
from sodaf_nb.sql.dialects.sqlite_statistics import index_moved
from sodaf_nb.sql.dialects.sqlite_values import affinity
from sodaf_nb.sql.quoting import literal, quote
from sodaf_nb.sql.script import Guard

Quiet = Callable[[Sequence[str]], list[str]]
"""Wraps statements so that no trigger of the table fires."""


class NeedsRebuildError(Exception):
    """The change cannot be made where the column stands; never leaves the dialect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InPlace:
    """Changes of columns of one table without a rebuild.

    Args:
        statements: The SQL.
        guards: What must hold afterwards.
        writes: True when rows may be written.
    """

    statements: tuple[str, ...]
    guards: tuple[Guard, ...]
    writes: bool


def alter_in_place(table: Table, alters: Sequence[AlterColumn], quiet: Quiet, *, measured: Sequence[str]) -> InPlace:
    """Return the statements that change columns where they stand.

    Args:
        table: The table as it is.
        alters: The changes, one a column.
        quiet: Keeps the table's triggers from firing.
        measured: The tables that hold what ANALYZE found.

    Raises:
        NeedsRebuildError: If a change touches more than the column's own values.
        UnsupportedChangeError: If the table's text cannot be read.
    """
    text = parse_create_table(table.sql or "")
    changes = [_Change(alter, table, text) for alter in alters]
    for change in changes:
        change.require_simple()
    final = _with_texts(text, {c.name: c.final_text for c in changes})
    indexes = [i for i in table.indexes if i.sql and any(c.converts and _names(i, c.name) for c in changes)]
    names = [str(index.name) for index in indexes]
    statements = [
        # A dropped index takes its statistics along, by its name.
        *(statement for name in names for statement in index_moved(measured, name, f"sodaf_kept_{name}")),
        *(f"DROP INDEX {quote(str(index.name))}" for index in indexes),
        *(statement for change in changes if change.may_be_short for statement in change.written_out()),
        *_moved(table, changes, text),
        *catalog_edit(table.name, final.to_sql()),
        *(str(index.sql) for index in indexes),  # made anew: in the order of the new values
        *(statement for name in names for statement in index_moved(measured, f"sodaf_kept_{name}", name)),
    ]
    writes = any(change.moves or change.may_be_short for change in changes)
    return InPlace(
        statements=tuple(quiet(statements) if writes else statements),
        guards=tuple(_guards(table, changes)),
        writes=writes,
    )


def catalog_edit(table: str, sql: str) -> list[str]:
    """Return the statements that give a table another text; its stored rows are not looked at.

    Making and dropping a view raises `schema_version`, so every other connection reads the schema again,
    and needs no number that only the live database knows.
    """
    return [
        "PRAGMA writable_schema=ON",
        f"UPDATE main.sqlite_master SET sql = {literal(sql)} WHERE type = 'table' AND name = {literal(table)}",
        "PRAGMA writable_schema=RESET",
        'CREATE VIEW "sodaf_schema_version" AS SELECT 1',
        'DROP VIEW "sodaf_schema_version"',
    ]


def _with_texts(text: TableText, columns: dict[str, str]) -> TableText:
    for name, definition in columns.items():
        text = text.with_column_text(name, definition)
    return text


def _moved(table: Table, changes: Sequence[_Change], text: TableText) -> Iterator[str]:
    """Yield what converts and fills all columns in one pass over the table."""
    moving = [change for change in changes if change.moves]
    if moving:
        yield from catalog_edit(table.name, _with_texts(text, {c.name: c.between_text for c in changes}).to_sql())
        sets = ", ".join(f"{quote(change.name)} = {change.new_value}" for change in moving)
        yield f"UPDATE {quote(table.name)} SET {sets} WHERE {' OR '.join(change.need for change in moving)}"


def _guards(table: Table, changes: Sequence[_Change]) -> Iterator[Guard]:
    for change in changes:
        if change.tightens:
            # By now the column is NOT NULL in the catalog, so the engine takes `IS NULL` for never true.
            yield Guard(
                query=f"SELECT 1 FROM {quote(table.name)} WHERE typeof({quote(change.name)}) = 'null' LIMIT 1",
                otherwise=f"{table.name}.{change.name} must not be empty, and rows are",
            )
    if any(change.converts for change in changes):
        yield Guard(
            # Rows may be older than a CHECK, and of NULLs the check is wrong in some tables without rowids.
            query=f"SELECT * FROM pragma_quick_check({literal(table.name)}) WHERE quick_check <> 'ok' "
            "AND quick_check NOT LIKE 'CHECK constraint %' AND quick_check NOT LIKE 'NULL value in %'",
            otherwise=f"the engine's own check finds fault with {table.name}",
        )


def _names(index: Index, column: str) -> bool:
    # The index of a constraint has no text.
    return column.lower() in {name.lower() for name in index.columns} or index_names(index.sql or "", column)


class _Change:
    """One column's change, with what the table's text says about the column."""

    def __init__(self, alter: AlterColumn, table: Table, text: TableText) -> None:
        self.alter, self.table, self.text = alter, table, text
        self.name = alter.before.name
        self.final_text = altered_text(text, alter)

    @property
    def converts(self) -> bool:
        """True when stored values may become others."""
        return not spelling.keeps_values(self.alter.before.type, self.alter.after.type)

    @property
    def tightens(self) -> bool:
        """True when the column becomes required."""
        return self.alter.before.nullable and not self.alter.after.nullable

    @property
    def moves(self) -> bool:
        """True when rows are converted or filled."""
        return self.converts or (self.alter.before.nullable and self._filler is not None)

    @property
    def may_be_short(self) -> bool:
        """True when rows older than the column may be there whose value the new text would change.

        The text of such a row's value is the default; one of a required column without a default was
        filled when it was added.
        """
        before, after = self.alter.before, self.alter.after
        if self._is_key or (before.default is None and not before.nullable):
            return False
        defaults = [spelling.default_sql(column) for column in (before, after)]
        return defaults[0] != defaults[1] or (self.converts and defaults[0] is not None)

    @property
    def _filler(self) -> str | int | float | None:
        return spelling.filler(self.alter.after, self.alter.backfill)

    @property
    def _is_key(self) -> bool:
        return self.name.lower() in {name.lower() for name in self.table.primary_key}

    @property
    def _is_bare(self) -> bool:
        return _rest(self.text.column_text(self.name)) == normalise(quote(self.name))

    @property
    def _is_named_elsewhere(self) -> bool:
        indexed = any(_names(index, self.name) for index in self.table.indexes)
        return indexed or not self._is_bare or bool(self.text.mentions(self.name))

    def require_simple(self) -> None:
        """Refuse what is more than a type, a NOT NULL or a default.

        Raises:
            NeedsRebuildError: If it is.
        """
        before, after = self.alter.before, self.alter.after
        if before.hidden or after.hidden or before.autoincrement != after.autoincrement:
            raise NeedsRebuildError(f"{self.name} is numbered or generated by the engine")
        if _rest(self.text.column_text(self.name)) != _rest(self.final_text):
            raise NeedsRebuildError(f"clauses of {self.name} beyond type, NOT NULL and default change")
        # Keys and constraints are kept by an index of their own, and a generated column by its formula.
        if self.converts and (self._is_key or not self._is_bare or self.text.mentions(self.name)):
            raise NeedsRebuildError(f"values of {self.name} change, and a key, constraint or formula depends on them")
        if self.may_be_short and (before.default_sql is not None or not spelling.reads_its_default(before)):
            raise NeedsRebuildError(f"older rows read {self.name} from a default that cannot be told from a value")
        if self._becomes_real and isinstance(self._filler, str):
            raise NeedsRebuildError(f"the text that fills {self.name} must be stored as a number")

    def written_out(self) -> list[str]:
        """Return the statements after which every row holds the column itself."""
        table, column = quote(self.table.name), quote(self.name)
        default = literal(self.alter.before.default)
        if self._is_named_elsewhere:  # an index holds the default's value, which nothing else may stand for
            return [f"UPDATE {table} SET {column} = {column} WHERE {column} IS {default}"]
        # For a moment the default is a value that no row holds: whoever has it is a row without the column.
        mark = f"x'{hashlib.sha256(f'{self.table.name}.{self.name}'.encode()).hexdigest()[:32]}'"
        marked = alter_column_text(self.text.column_text(self.name), default=mark)
        return [
            *catalog_edit(self.table.name, self.text.with_column_text(self.name, marked).to_sql()),
            f"UPDATE {table} SET {column} = {default} WHERE {column} IS {mark}",
        ]

    @property
    def between_text(self) -> str:
        """The column's text while rows are written: values are read as they are stored, NULL may stand."""
        if not self.moves:
            return self.final_text
        # A REAL column shows whole numbers as reals, so it becomes one only when its values are real.
        return alter_column_text(
            self.final_text, type_text="" if self._becomes_real else None, nullable=True if self.tightens else None
        )

    @property
    def _becomes_real(self) -> bool:
        return self.converts and _affinity(self.alter.after) == "REAL"

    @property
    def new_value(self) -> str:
        """SQL of the value a row gets."""
        alter, column = self.alter, quote(self.name)
        if not self.converts or _affinity(alter.before) != "REAL":
            return spelling.forward(alter.before, alter.after, alter.backfill, column)
        # On the disk a REAL column keeps whole numbers as integers.
        real = f"CASE typeof({column}) WHEN 'integer' THEN CAST({column} AS REAL) ELSE {column} END"
        return f"(SELECT {spelling.forward(alter.before, alter.after, alter.backfill, 'v')} FROM (SELECT {real} AS v))"

    @property
    def need(self) -> str:
        """SQL condition of the rows that must be written."""
        column = quote(self.name)
        if not self.converts:
            return f"{column} IS NULL"
        if _affinity(self.alter.before) in ("BLOB", "REAL"):
            return "1"  # the new affinity may store otherwise what the conversion leaves alone
        # The plus and the collation keep the column's own affinity and COLLATE out of the comparison.
        return f"typeof({self.new_value}) <> typeof({column}) OR {self.new_value} IS NOT +{column} COLLATE BINARY"


def _affinity(column: Column) -> str:
    return affinity(spelling.type_sql(column.type))


def _rest(column_text: str) -> str:
    """Return what a definition says besides type, NOT NULL and default, in comparison form."""
    return normalise(alter_column_text(column_text, type_text="", nullable=True, default=None))
