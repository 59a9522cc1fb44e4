"""What a SQLite file holds, read with the standard library alone: the judge must not use the accused."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

Cell = tuple[str, Any]
"""A stored value with its storage class: 1, 1.0 and '1' differ."""

OWN = ("sqlite_", "tabMigration")


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Everything but the product's own tables; two states are equal when nothing anybody could see differs.

    Args:
        objects: (kind, name, text) of each catalog entry, spacing and quoting aside.
        columns: Table to its columns as (name, type, not null, default, key place, hidden), in order.
        indexes: Table to its indexes as (columns, unique, partial).
        rows: Table to its rows by key; the rowid counts as a column where it is not the key.
        counters: Table to its AUTOINCREMENT counter.
        violations: Foreign keys that point nowhere.
    """

    objects: frozenset[tuple[str, str, str]]
    columns: Mapping[str, tuple[tuple[Any, ...], ...]]
    indexes: Mapping[str, frozenset[tuple[Any, ...]]]
    rows: Mapping[str, Mapping[Any, Mapping[str, Cell]]]
    counters: Mapping[str, int]
    violations: frozenset[tuple[Any, ...]]

    def shapes(self, table: str) -> dict[str, tuple[Any, ...]]:
        """Return the columns of a table by name, their order forgotten."""
        return {name: tuple(rest) for name, *rest in self.columns[table]}

    def values(self, table: str, column: str) -> tuple[Any, ...]:
        """Return one column's values in the order of the keys."""
        rows = self.rows[table]
        return tuple(rows[key][column][1] for key in sorted(rows, key=str))

    def without_rowids(self) -> State:
        """Return the same with the rowids forgotten."""
        rows = {
            table: {key: {c: cell for c, cell in row.items() if c != "rowid"} for key, row in found.items()}
            for table, found in self.rows.items()
        }
        return replace(self, rows=rows)

    def texts(self) -> str:
        """Return all catalog texts as one."""
        return "\n".join(sorted(text for _kind, _name, text in self.objects))


def take(path: Path) -> State:
    """Read the whole file through a connection of its own."""
    with closing(sqlite3.connect(path)) as db:
        db.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
        return read(db)


def read(db: sqlite3.Connection) -> State:
    """Read everything through an open connection."""
    found = db.execute("SELECT type, name, tbl_name, sql FROM main.sqlite_master").fetchall()
    entries = [entry for entry in found if not entry[1].startswith(OWN) and not entry[2].startswith(OWN)]
    tables = [name for kind, name, _table, _sql in entries if kind == "table"]
    return State(
        objects=frozenset((kind, name, plain(sql)) for kind, name, _table, sql in entries),
        columns={name: _columns(db, name) for name in tables},
        indexes={name: _indexes(db, name) for name in tables},
        rows={name: _rows(db, name) for name in tables},
        counters=_counters(db),
        violations=frozenset(db.execute("PRAGMA foreign_key_check").fetchall()),
    )


def plain(sql: str | None) -> str:
    """Return a text without what SQLite itself changes when it renames: quoting and spacing."""
    text = re.sub(r'["`\[\]]', "", sql or "")
    return re.sub(r"\s*([(),])\s*", r"\1", " ".join(text.split()))


def quoted(name: str) -> str:
    """Return a name in quotes."""
    return '"' + name.replace('"', '""') + '"'


def _columns(db: sqlite3.Connection, table: str) -> tuple[tuple[Any, ...], ...]:
    return tuple(tuple(row[1:]) for row in db.execute(f"PRAGMA table_xinfo({quoted(table)})"))


def _indexes(db: sqlite3.Connection, table: str) -> frozenset[tuple[Any, ...]]:
    listed = db.execute(f"PRAGMA index_list({quoted(table)})").fetchall()
    return frozenset((_parts(db, name), unique, partial) for _n, name, unique, _origin, partial in listed)


def _parts(db: sqlite3.Connection, index: str) -> tuple[Any, ...]:
    info = db.execute(f"PRAGMA index_xinfo({quoted(index)})").fetchall()
    return tuple((column, desc, coll) for _n, _cid, column, desc, coll, key in info if key)


def _rows(db: sqlite3.Connection, table: str) -> dict[Any, dict[str, Cell]]:
    columns = _columns(db, table)
    keys = [name for name, _type, _null, _default, place, _hidden in columns if place]
    names = [name for name, *_rest in columns]
    asked = [*(["rowid"] if not _without_rowid(db, table) else []), *map(quoted, names)]
    cells = ", ".join(f"typeof({name}), {name}" for name in asked)
    labels = [name.strip('"') for name in asked]
    found = {}
    for row in db.execute(f"SELECT {cells} FROM {quoted(table)}"):
        cell = dict(zip(labels, zip(row[::2], row[1::2], strict=True), strict=True))
        found[tuple(cell[k][1] for k in keys) if len(keys) != 1 else cell[keys[0]][1]] = cell
    return found


def _without_rowid(db: sqlite3.Connection, table: str) -> bool:
    try:
        db.execute(f"SELECT t.rowid FROM {quoted(table)} t LIMIT 0")
    except sqlite3.OperationalError:
        return True
    return False


def _counters(db: sqlite3.Connection) -> dict[str, int]:
    if not db.execute("SELECT 1 FROM main.sqlite_master WHERE name = 'sqlite_sequence'").fetchall():
        return {}
    return {name: seq for name, seq in db.execute("SELECT name, seq FROM sqlite_sequence") if not name.startswith(OWN)}
