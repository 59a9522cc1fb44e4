"""Columns, indexes, tables and whole schemas, as frozen values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from sodaf_nb.schema.types import DataType

Scalar = str | int | float


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


@dataclass(frozen=True, slots=True, kw_only=True)
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
        wanted = name.lower()
        return next((c for c in self.columns if c.name.lower() == wanted), None)

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


@dataclass(frozen=True, slots=True, kw_only=True)
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
        wanted = name.lower()
        return next((t for n, t in self.tables.items() if n.lower() == wanted), None)

    def of_table(self, name: str) -> Iterator[SchemaObject]:
        """Yield the catalog entries that belong to that table, the table itself included."""
        wanted = name.lower()
        return (o for o in self.objects if o.table.lower() == wanted)
