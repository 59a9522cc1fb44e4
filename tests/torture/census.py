"""Everything a SQLite file holds, read with the standard library alone: the judge must not use the accused."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

OWN = "tabMigration"
Census = Mapping[str, Mapping[Any, Any]]
"""Section to its entries, all of plain values, so that two censuses can be compared entry by entry."""

_PRAGMAS = ("user_version", "application_id", "encoding", "page_size", "auto_vacuum", "journal_mode")
_BOOKKEEPING = ("sqlite_sequence", "sqlite_stat1", "sqlite_stat4")
_TOKEN = re.compile(
    r"""(?P<space>\s+)|(?P<comment>--[^\n]*|/\*.*?(?:\*/|\Z))|(?P<string>[xX]?'(?:[^']|'')*')
      | (?P<quoted>"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\])|(?P<word>[^\W\d][\w$]*)|(?P<other>\d[\w.]*|.)""",
    re.VERBOSE | re.DOTALL,
)


def take(path: Path) -> Census:
    """Read a whole file through a connection of its own."""
    with closing(sqlite3.connect(path)) as db:
        return read(db)


def read(db: sqlite3.Connection) -> Census:
    """Read everything through an open connection; the product's own tables aside."""
    db.text_factory = bytes
    entries = [tuple(map(_text, row)) for row in db.execute("SELECT type, name, tbl_name, sql FROM main.sqlite_master")]
    mine = [entry for entry in entries if not entry[2].startswith(OWN)]
    tables = [name for kind, name, _table, _sql in mine if kind == "table"]
    plain = [name for name in tables if not name.startswith("sqlite_")]
    return {
        "catalog": {(kind, name): (table, normal(sql)) for kind, name, table, sql in mine},
        "flags": {name: flags for name, *flags in _flags(db) if name in {entry[1] for entry in mine}},
        "columns": {name: _columns(db, name) for name in plain},
        "indexes": {name: _indexes(db, name) for name in plain},
        "foreign keys": {name: _foreign_keys(db, name) for name in plain},
        "violations": {row: True for row in _violations(db) if not row[0].startswith(OWN)},
        "rows": {name: _rows(db, name) for name in plain},
        "bookkeeping": {name: _bookkeeping(db, name) for name in tables if name in _BOOKKEEPING},
        "file": {pragma: _decoded(db, f"PRAGMA {pragma}") for pragma in _PRAGMAS},
    }


def difference(left: Census, right: Census) -> list[str]:
    """Return every entry in which two censuses differ, as a sentence; empty when they are equal."""
    return [
        f"{section} {key}: {left[section].get(key)!r} -> {right[section].get(key)!r}"
        for section in left
        for key in sorted({*left[section], *right[section]}, key=str)
        if left[section].get(key) != right[section].get(key)
    ]


def normal(sql: str | None) -> str:
    """Return a text without what SQLite itself changes when it renames: spacing and the quotes of names.

    Strings, comments and the case of words stay as they are.
    """
    return " ".join(_pieces(sql or ""))


def _pieces(sql: str) -> Iterator[str]:
    for match in _TOKEN.finditer(sql):
        if match.lastgroup == "quoted":
            mark = match[0][-1]
            yield f"|{match[0][1:-1].replace(mark * 2, mark)}|"
        elif match.lastgroup == "word":
            yield f"|{match[0]}|"
        elif match.lastgroup != "space":
            yield match[0].strip()


def quoted(name: str) -> str:
    """Return a name in quotes."""
    return '"' + name.replace('"', '""') + '"'


def _text(value: Any) -> Any:
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value


def _decoded(db: sqlite3.Connection, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(map(_text, row)) for row in db.execute(sql)]


def _violations(db: sqlite3.Connection) -> list[tuple[Any, ...]]:
    try:
        return _decoded(db, "PRAGMA foreign_key_check")
    except sqlite3.OperationalError as error:  # a key that refers to nothing a key can refer to
        return [(str(error),)]


def _flags(db: sqlite3.Connection) -> list[tuple[Any, ...]]:
    return [row[1:] for row in _decoded(db, "PRAGMA main.table_list")]


def _columns(db: sqlite3.Connection, table: str) -> list[tuple[Any, ...]]:
    return _decoded(db, f"PRAGMA table_xinfo({quoted(table)})")


def _indexes(db: sqlite3.Connection, table: str) -> dict[str, Any]:
    listed = _decoded(db, f"PRAGMA index_list({quoted(table)})")
    return {
        name: (unique, origin, partial, _decoded(db, f"PRAGMA index_xinfo({quoted(name)})"))
        for _seq, name, unique, origin, partial in listed
    }


def _foreign_keys(db: sqlite3.Connection, table: str) -> list[tuple[Any, ...]]:
    return sorted(row[1:] for row in _decoded(db, f"PRAGMA foreign_key_list({quoted(table)})"))


def _rows(db: sqlite3.Connection, table: str) -> list[tuple[Any, ...]]:
    names = [row[1] for row in _columns(db, table) if row[6] != 1]
    alias = _rowid(db, table, {name.lower() for name in names})
    cells = ", ".join(f"typeof({cell}), quote({cell}), {cell}" for cell in (*alias, *map(quoted, names)))
    # A virtual table without a row to show, and one whose module is not here, have no cells.
    found = db.execute(f"SELECT {cells} FROM {quoted(table)}").fetchall() if cells else []
    return sorted((tuple(map(_exact, row)) for row in found), key=repr)


def _exact(value: Any) -> Any:
    return value.hex() if isinstance(value, float) else value


def _rowid(db: sqlite3.Connection, table: str, taken: set[str]) -> list[str]:
    free = [name for name in ("rowid", "oid", "_rowid_") if name not in taken][:1]
    try:
        db.execute(f"SELECT t.{free[0]} FROM {quoted(table)} t LIMIT 0") if free else None
    except sqlite3.OperationalError:  # WITHOUT ROWID
        return []
    return free


def _bookkeeping(db: sqlite3.Connection, table: str) -> list[tuple[Any, ...]]:
    # The samples of an older ANALYZE show values as they were then.
    cells = "tbl, idx, neq, nlt, ndlt" if table == "sqlite_stat4" else "*"
    found = _decoded(db, f"SELECT {cells} FROM main.{table}")
    return sorted((row for row in found if not str(row[0]).startswith(OWN)), key=repr)
