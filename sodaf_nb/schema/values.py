"""Columns, indexes, tables and whole schemas, as frozen values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

from sodaf_nb.schema.types import DataType

Scalar = str | int | float
_VIRTUAL = re.compile(r"\s*CREATE\s+VIRTUAL\s", re.IGNORECASE)


def is_virtual(sql: str | None) -> bool:
    """Tell whether a catalog's text makes a virtual table, whose rows a module keeps elsewhere."""
    return sql is not None and _VIRTUAL.match(sql) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column.

    Args:
        name: The column's name, unquoted.
        type: Its logical type.
        nullable: False makes NOT NULL.
        default: A typed literal; None means no default (or NULL, which is the same).
        default_sql: The live default's text where it is an expression; None elsewhere. Never written by us.
        autoincrement: True for an integer key the engine numbers.
        definition: The column's own text in the live CREATE TABLE, which undoing a change puts back;
            None for a wanted column.
        hidden: True for a generated column, which is never written.
    """

    name: str
    type: DataType
    nullable: bool = True
    default: Scalar | None = None
    default_sql: str | None = None
    autoincrement: bool = False
    definition: str | None = None
    hidden: bool = False

    def shape(self) -> tuple[object, ...]:
        """Return what the comparison looks at: everything but the name and the live text."""
        return (self.type, self.nullable, self.default, self.default_sql, self.autoincrement)


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """One index; a unique field is a unique index.

    Args:
        table: The table it is on.
        columns: Its columns in order; an expression's place holds None's stand-in, the empty string.
        unique: True for UNIQUE.
        name: Its name; None for a wanted index, which the planner names.
        where: The text of a partial index's condition; None when it covers all rows.
        sql: The live CREATE INDEX text; None for a wanted index or one that a constraint made.
    """

    table: str
    columns: tuple[str, ...]
    unique: bool = False
    name: str | None = None
    where: str | None = None
    sql: str | None = None

    def structure(self) -> tuple[tuple[str, ...], bool]:
        """Return what makes two plain indexes the same, whatever their names."""
        return (tuple(c.lower() for c in self.columns), self.unique)


@dataclass(frozen=True, kw_only=True)  # no slots: its columns by name are found once
class Table:
    """One table with its columns in order.

    Args:
        name: The table's name, unquoted.
        columns: Its columns.
        primary_key: The key's columns in key order; empty when there is none.
        indexes: Its indexes, those of constraints included.
        sql: The live CREATE TABLE text; None for a wanted table.
    """

    name: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...] = ()
    indexes: tuple[Index, ...] = ()
    sql: str | None = None

    def column(self, name: str) -> Column | None:
        """Return the column of that name, ASCII case ignored, or None."""
        return self._by_name.get(name.lower())

    @cached_property
    def _by_name(self) -> Mapping[str, Column]:
        return {c.name.lower(): c for c in reversed(self.columns)}

    def column_names(self) -> tuple[str, ...]:
        """Return the names in order."""
        return tuple(c.name for c in self.columns)

    def before(self, name: str) -> str | None:
        """Return the name of the column that stands before `name`; None when it is the first."""
        names = self.column_names()
        place = names.index(name)
        return names[place - 1] if place else None


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaObject:
    """One entry of the engine's catalog, word for word.

    Args:
        kind: `table`, `index`, `trigger` or `view`.
        name: Its name.
        table: The table it belongs to (its own name for tables and views).
        sql: Its text; None for an index that a constraint made.
    """

    kind: str
    name: str
    table: str
    sql: str | None

    def built_kind(self) -> str | None:
        """Return `view`, `trigger` or `virtual table` for what may be built on any table; None for the rest."""
        if self.kind in ("view", "trigger"):
            return self.kind
        return "virtual table" if self.kind == "table" and is_virtual(self.sql) else None


@dataclass(frozen=True, kw_only=True)  # no slots, as above
class Schema:
    """All tables of a database and every catalog entry.

    Args:
        tables: Table name to table.
        objects: Every catalog entry, in a fixed order.
    """

    tables: Mapping[str, Table] = field(default_factory=lambda: MappingProxyType({}))
    objects: tuple[SchemaObject, ...] = ()

    def table(self, name: str) -> Table | None:
        """Return the table of that name, ASCII case ignored, or None."""
        return self._by_name.get(name.lower())

    def of_table(self, name: str) -> tuple[SchemaObject, ...]:
        """Return the catalog entries that belong to that table, the table itself included."""
        return tuple(self._by_table.get(name.lower(), ()))

    @cached_property
    def _by_name(self) -> Mapping[str, Table]:
        return {name.lower(): table for name, table in reversed(list(self.tables.items()))}

    @cached_property
    def _by_table(self) -> Mapping[str, list[SchemaObject]]:
        found: dict[str, list[SchemaObject]] = {}
        for entry in self.objects:
            found.setdefault(entry.table.lower(), []).append(entry)
        return found

    @cached_property
    def built(self) -> tuple[SchemaObject, ...]:
        """The entries that may be built on any table: views, triggers and virtual tables."""
        return tuple(o for o in self.objects if o.built_kind())
