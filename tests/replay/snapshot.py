"""What a SQLite file holds, read with the standard library alone: the judge must not use the accused."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Cell = tuple[str, Any]
"""A stored value with its storage class, as `typeof` names it: 1, 1.0 and '1' differ."""

Row = Mapping[str, Cell]

ROWID = "rowid"
ROW_KEY = "creation"
"""The standard column that tells rows apart here: distinct by our filling, never converted by a step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One line of `PRAGMA table_xinfo`."""

    name: str
    declared: str
    not_null: bool
    default: str | None
    key_place: int
    hidden: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """One line of `PRAGMA index_list` with its columns; the name says nothing about what it does."""

    columns: tuple[str | None, ...]
    unique: bool
    partial: bool
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table: columns in order, indexes, and rows by their `creation`.

    A row also holds its rowid: a rebuild that renumbers rows breaks full-text indexes.
    """

    name: str
    columns: tuple[Column, ...]
    indexes: frozenset[Index]
    rows: Mapping[str, Row]

    def column(self, name: str) -> Column:
        """Return the column of that name."""
        return next(c for c in self.columns if c.name == name)

    def names(self) -> list[str]:
        """Return the column names in order."""
        return [c.name for c in self.columns]


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Everything in the file but the product's own tables.

    Args:
        objects: (kind, name, table, text) of every catalog entry, spacing and quoting aside.
        tables: Table name to table.
        counters: Table name to its AUTOINCREMENT counter.
    """

    objects: frozenset[tuple[str, str, str, str]]
    tables: Mapping[str, Table]
    counters: Mapping[str, int]


def take(path: Path) -> State:
    """Read the whole file."""
    with closing(sqlite3.connect(path)) as db:
        entries = db.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall()
        objects = frozenset((kind, name, table, _plain(sql)) for kind, name, table, sql in entries if _ours(table))
        tables = {name: _table(db, name) for kind, name, _, _ in entries if kind == "table" and _ours(name)}
        return State(objects=objects, tables=tables, counters=_counters(db, entries))


def differences(before: State, after: State) -> list[str]:
    """Return what differs between two states, a line each; empty when nothing does."""
    entries = [f"catalog entry {entry}" for entry in sorted(before.objects ^ after.objects)]
    counters = [] if before.counters == after.counters else [f"counters {before.counters} -> {after.counters}"]
    pairs = ((before.tables[name], after.tables[name]) for name in before.tables.keys() & after.tables.keys())
    return [*entries, *counters, *(line for old, new in pairs for line in _table_differences(old, new))]


def _table_differences(old: Table, new: Table) -> Iterator[str]:
    if old.columns != new.columns:
        yield f"columns {old.columns} -> {new.columns}"
    if old.indexes != new.indexes:
        yield f"indexes {old.indexes ^ new.indexes}"
    for key in sorted(old.rows.keys() | new.rows.keys()):
        before, after = old.rows.get(key, {}), new.rows.get(key, {})
        changed = (c for c in sorted(before.keys() | after.keys()) if before.get(c) != after.get(c))
        yield from (f"row {key}: {c} {_short(before.get(c))} -> {_short(after.get(c))}" for c in changed)


def _short(cell: Cell | None) -> str:
    text = repr(cell)
    return text if len(text) <= 120 else f"{text[:120]}... ({len(text)} characters)"


def _ours(table: str) -> bool:
    return not table.startswith(("sqlite_", "tabMigration"))


def _plain(sql: str | None) -> str:
    # SQLite itself requotes a name when it renames it, so quoting cannot be part of the comparison.
    text = re.sub(r'["`\[\]]', "", sql or "")
    return re.sub(r"\s*([(),])\s*", r"\1", " ".join(text.split()))


def _counters(db: sqlite3.Connection, entries: list[tuple[str, str, str, str]]) -> dict[str, int]:
    if all(name != "sqlite_sequence" for _, name, _, _ in entries):
        return {}
    return {name: seq for name, seq in db.execute("SELECT name, seq FROM sqlite_sequence") if _ours(name)}


def _table(db: sqlite3.Connection, name: str) -> Table:
    info = db.execute(f"PRAGMA table_xinfo({quoted(name)})").fetchall()
    columns = tuple(
        Column(name=c, declared=kind, not_null=bool(strict), default=default, key_place=key, hidden=hidden)
        for _, c, kind, strict, default, key, hidden in info
    )
    rows = _rows(db, name, [ROWID, *(c.name for c in columns)])
    return Table(name=name, columns=columns, indexes=_indexes(db, name), rows=rows)


def _indexes(db: sqlite3.Connection, table: str) -> frozenset[Index]:
    listed = db.execute(f"PRAGMA index_list({quoted(table)})").fetchall()
    return frozenset(
        Index(columns=_index_columns(db, name), unique=bool(unique), partial=bool(partial), origin=origin)
        for _, name, unique, origin, partial in listed
    )


def _index_columns(db: sqlite3.Connection, name: str) -> tuple[str | None, ...]:
    info = db.execute(f"PRAGMA index_xinfo({quoted(name)})").fetchall()
    return tuple(column for _, _, column, _, _, is_key in info if is_key)


def _rows(db: sqlite3.Connection, table: str, names: list[str]) -> dict[str, dict[str, Cell]]:
    cells = ", ".join(f"typeof({quoted(name)}), {quoted(name)}" for name in names)
    found = db.execute(f"SELECT {cells} FROM {quoted(table)} ORDER BY rowid").fetchall()
    rows = [dict(zip(names, zip(row[::2], row[1::2], strict=True), strict=True)) for row in found]
    keyed = {row[ROW_KEY][1]: row for row in rows}
    assert len(keyed) == len(rows), f"{table}: rows share a {ROW_KEY}, so rows were doubled or overwritten"
    return keyed


def quoted(name: str) -> str:
    """Return a name fit for SQL."""
    return '"' + name.replace('"', '""') + '"'
