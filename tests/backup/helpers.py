"""Tables with every value SQLite can hold, and the exact state of a table as one comparable value."""

import hashlib
import json
from contextlib import closing
from datetime import UTC, datetime

from sodaf_nb.backup import MigrationBackupManager

NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)


def letters(number):
    """An id that is easy to read in a failing test."""
    return f"{number:026d}"


def manager(database, directory, *, now=NOON, first=1, **options):
    numbers = iter(range(first, first + 1000))
    return MigrationBackupManager(
        database, directory, clock=lambda: now, new_id=lambda: letters(next(numbers)), **options
    )


def run(database, *statements):
    with closing(database.connect()) as connection:
        for statement in statements:
            sql, params = statement if isinstance(statement, tuple) else (statement, ())
            connection.execute(sql, params)


def state(database, table, *, rowid="rowid"):
    """Rows with their rowids, storage classes and bytes; nothing is decoded."""
    with closing(database.connect()) as connection:
        columns = [c[1] for c in connection.execute(f'PRAGMA table_xinfo("{table}")')]
        connection.text_factory = bytes
        parts = ", ".join(f'typeof("{c}"), "{c}", hex("{c}")' for c in columns)
        rows = connection.execute(f'SELECT {rowid}, {parts} FROM "{table}" ORDER BY 1').fetchall()
    return [tuple(repr(v) for v in row) for row in rows]


def catalog(database):
    with closing(database.connect()) as connection:
        return connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY 1, 2").fetchall()


def value(database, sql):
    with closing(database.connect()) as connection:
        return connection.execute(sql).fetchone()[0]


def forge(folder, **changes):
    """Write a manifest with other facts and a checksum that fits, as an attacker would."""
    path = folder / "manifest.json"
    body = {**json.loads(path.read_bytes()), **changes}
    del body["checksum"]
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    body["checksum"] = hashlib.sha256(text.encode()).hexdigest()
    path.write_text(json.dumps(body, sort_keys=True, separators=(",", ":")))


def sha256(data):
    return hashlib.sha256(data).hexdigest()


ODD_VALUES = [
    None, 0, 1, -1, 2**63 - 1, -(2**63), 2**53 + 1, 1.0, 0.1, -0.0, 5e-324, float("inf"), float("-inf"),
    "", "a\0b", "0123", "1e3", "é \U0001f600", b"", b"\0\xff", b"text",
]  # fmt: skip


def odd_table(database, table="tabOdd"):
    """Fill a table without types with each odd value and with texts that are no UTF-8."""
    run(
        database,
        f'CREATE TABLE "{table}"(v, w TEXT, x NUMERIC)',
        *((f'INSERT INTO "{table}" VALUES(?, ?, ?)', (v, v, v)) for v in ODD_VALUES),
        *((f'INSERT INTO "{table}"(v, w) VALUES(CAST(? AS TEXT), CAST(? AS TEXT))', (b, b)) for b in BROKEN_UTF8),
        f'DELETE FROM "{table}" WHERE rowid IN (2, 5)',
    )


BROKEN_UTF8 = [b"\xff\x00A", b"\xed\xa0\x80", b"\xc3"]
