"""Rows that fill every column with the values that break careless migrations.

Eight rows a table: 0 typical, 1 empty text, 2 NULL, 3 as long as allowed, 4 unicode, quotes and line
breaks, 5 text that looks like a number, 6 large and negative, 7 zero. All values of a column differ, so a
field that becomes unique later stays possible; values differ between columns, so a mix-up shows.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from contextlib import closing
from pathlib import Path
from typing import Any
from zlib import crc32

from tests.replay.oracle import Doc, Kind, bound, kind_of, naming_columns
from tests.replay.snapshot import ROW_KEY, Column, Table, quoted

ROWS = 8
NULL_ROW = 2
AWKWARD = "Žluťoučký 'kůň' said \"100 %s\"; -- 🐎\r\n\t{0} :x ?1 \\ 王明 \u0301 \0 end"
KEYS = ("REC-0001", "1", "rec-0001", "K" * 140, AWKWARD, "007", "-5", "0")
NUMBERED_KEYS = (1, 2, 3, 5, 8, 13, 100, 2**40)
CREATIONS = tuple(f"2024-05-{day} 08:30:00.{day:06}" for day in range(10, 10 + ROWS))


def fill(path: Path, table: Table, known: Collection[str], doc: Doc) -> None:
    """Give a new table its rows, or the new columns of an old one their values.

    Args:
        path: The database file.
        table: The DocType's table after the step.
        known: The columns it had before the step, by their names now.
        doc: The DocType.
    """
    new = [c for c in table.columns if c.name not in known and not c.hidden]
    if not new:
        return
    values = [values_of(c, doc) for c in new]
    with closing(sqlite3.connect(path)) as db, db:
        if table.rows:
            db.executemany(_update(table.name, new), zip(*values, CREATIONS, strict=True))
        else:
            db.executemany(_insert(table.name, new), zip(*values, strict=True))


def written(before: Table, after: Table, known: Collection[str]) -> dict[str, int]:
    """Return how many values `fill` put into each column that was new; what the column had by itself does not count."""
    counts = {
        name: sum(
            row[name] not in (("null", None), before.rows.get(key, {}).get(name)) for key, row in after.rows.items()
        )
        for name in after.names()
        if name not in known
    }
    return {name: count for name, count in counts.items() if count}


def _insert(table: str, columns: list[Column]) -> str:
    names = ", ".join(quoted(c.name) for c in columns)
    return f"INSERT INTO {quoted(table)} ({names}) VALUES ({', '.join('?' * len(columns))})"


def _update(table: str, columns: list[Column]) -> str:
    parts = ", ".join(f"{quoted(c.name)} = ?" for c in columns)
    return f"UPDATE {quoted(table)} SET {parts} WHERE {quoted(ROW_KEY)} = ?"


def values_of(column: Column, doc: Doc) -> tuple[Any, ...]:
    """Return a column's values, one a row."""
    if column.name == ROW_KEY:
        return CREATIONS
    kind = kind_of(column.declared)
    if column.name == "name":
        return NUMBERED_KEYS if kind is Kind.INTEGER else KEYS
    if column.name in naming_columns(doc):
        return (doc["name"], "", None, "User", AWKWARD, "007", f"Not {doc['name']}", "0")
    values = list(_values(column, kind, crc32(column.name.encode()) % 1000))
    if not column.not_null:
        values[NULL_ROW] = None
    return tuple(values)


def _values(column: Column, kind: Kind, salt: int) -> tuple[Any, ...]:
    match kind:
        case Kind.TEXT:
            return _text(column.name, bound(column.declared))
        case Kind.INTEGER:
            top = 2**53 + 1 if "BIG" in column.declared.upper() else 2**31 - 1
            return (4200 + salt, 9000 + salt, 1, top - salt, -7 - salt, 7, -top + salt, 0)
        case Kind.FLAG:
            return tuple(salt >> place & 1 for place in range(ROWS))
        case Kind.REAL | Kind.DECIMAL if bound(column.declared) == 3:  # a Rating holds 0.00 to 1.00
            return (0.8, 0.1, 0.15, 1, 0.25, 0.6, 0.2, 0)
        case Kind.REAL | Kind.DECIMAL:
            return (1234.5 + salt, 0.1, 3, 99999999.125 + salt, -0.25, 7, -12345678901.5 - salt, 0)
        case Kind.DATE:
            return tuple(f"{year:04}-02-28" for year in _years(salt))
        case Kind.DATETIME:
            # Row 0 is midnight: the one that a narrowing to Date keeps whole.
            times = ("00:00:00.000000", "23:59:59.999999", *("12:34:56.000007",) * 6)
            return tuple(f"{year:04}-02-28 {time}" for year, time in zip(_years(salt), times, strict=True))
        case Kind.TIME:
            return tuple(f"{salt % 24:02}:{place * 7:02}:59.00000{place}" for place in range(ROWS))


def _text(name: str, length: int | None) -> tuple[str | bytes, ...]:
    long = f"{name} " + "é" * 5000
    size = length or len(long)
    # What an application in another language may have stored in a column that is never indexed.
    last = "0" if length else b"\xff\x00 no UTF-8"
    return (f"{name} 0", "", f"{name} 2", long[:size], f"{AWKWARD} {name}"[:size], "007", "-9223372036854775808", last)


def _years(salt: int) -> tuple[int, ...]:
    return (2024 + salt, 1, 2000 + salt, 9999 - salt, 1970 - salt, 600, 1900 - salt, 2038 + salt)
