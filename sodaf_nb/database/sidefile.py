"""Tables copied to SQLite files of their own: copy, compare, digest, check and put back, value for value.

Every function takes raw connections, because the work spans attached files and must not depend on
how the rest of the package runs statements. Names are quoted; rowid aliases come from a closed list.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote as percent

from sodaf_nb.errors import LockedError
from sodaf_nb.sql.quoting import quote

if TYPE_CHECKING:
    from sodaf_nb.database.database import Database

SIDE = "sodaf_side"
PROOF = "sodaf_proof"

# A column may shadow any of these; the first that is free names the real rowid (trap R11).
_ROWID_ALIASES = ("rowid", "_rowid_", "oid")

# SQLite refuses expressions deeper than 1000; conditions are joined in groups to stay flat.
_GROUP = 50


class SideFileError(Exception):
    """The engine refused, or a file does not hold what it should; the text carries no row data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFacts:
    """What must be known of a table to copy it exactly.

    Args:
        name: The table's name as the catalog spells it.
        create_sql: Its CREATE TABLE text, word for word.
        columns: (name, declared type) of each stored column, in order; generated columns are left out.
        key: Columns that identify a row when there is no rowid; empty when there is one.
        rowid: The alias that names the real rowid; None for a WITHOUT ROWID table.
        carries_rowid: True when the rowid must be copied beside the columns.
        objects: (kind, name, SQL) of its indexes and triggers that have a text of their own.
        sequence: Its AUTOINCREMENT counter; None when it has none.
    """

    name: str
    create_sql: str
    columns: tuple[tuple[str, str], ...]
    key: tuple[str, ...]
    rowid: str | None
    carries_rowid: bool
    objects: tuple[tuple[str, str, str], ...]
    sequence: int | None

    def identity(self) -> list[str]:
        """Return the SQL names whose values tell one row from another."""
        return [self.rowid] if self.rowid else [quote(name) for name in self.key]

    def stored(self) -> list[str]:
        """Return the quoted names of the stored columns."""
        return [quote(name) for name, _type in self.columns]


@contextmanager
def engine_errors() -> Iterator[None]:
    """Turn the driver's errors into `SideFileError`."""
    try:
        yield
    except (sqlite3.Error, sqlite3.Warning, ValueError) as error:
        raise SideFileError(str(error)) from None


def table_facts(connection: sqlite3.Connection, schema: str, table: str) -> TableFacts | None:
    """Return the facts of a table; None when there is no such table.

    Raises:
        SideFileError: If it is a virtual table, or its columns hide every alias of the rowid.
    """
    catalog = f"{quote(schema)}.sqlite_master"
    with engine_errors():
        found = connection.execute(
            f"SELECT name, sql FROM {catalog} WHERE type='table' AND name=? COLLATE NOCASE", (table,)
        ).fetchone()
        return _facts(connection, schema, *found) if found else None


def _facts(connection: sqlite3.Connection, schema: str, table: str, sql: str) -> TableFacts:
    if sql[:14].upper() == "CREATE VIRTUAL":
        raise SideFileError(f"{table} is not an ordinary table")
    info = connection.execute(
        "SELECT name, type, pk, hidden FROM pragma_table_xinfo(?, ?) ORDER BY cid", (table, schema)
    ).fetchall()
    rowid = _rowid_alias(connection, schema, table, {name.lower() for name, *_rest in info})
    key = [name for name, _type, place, _hidden in sorted(info, key=lambda c: c[2]) if place]
    return TableFacts(
        name=table,
        create_sql=sql,
        columns=tuple((name, kind) for name, kind, _place, hidden in info if not hidden),
        key=() if rowid else tuple(key),
        rowid=rowid,
        carries_rowid=bool(rowid) and not (key and _key_is_rowid(connection, schema, table)),
        objects=_objects(connection, schema, table),
        sequence=_sequence(connection, schema, table),
    )


def _rowid_alias(connection: sqlite3.Connection, schema: str, table: str, taken: set[str]) -> str | None:
    alias = next((name for name in _ROWID_ALIASES if name not in taken), None)
    if alias is None:
        raise SideFileError(f"the columns of {table} hide its rowid under all three names")
    try:
        # `pragma table_list` would say it, but only since 3.37. Unquoted: "rowid" could become a text (trap T10).
        connection.execute(f"SELECT x.{alias} FROM {_name(schema, table)} AS x LIMIT 0").fetchall()
    except sqlite3.OperationalError as error:
        if "no such column" not in str(error):
            raise
        return None
    return alias


def _key_is_rowid(connection: sqlite3.Connection, schema: str, table: str) -> bool:
    # A primary key without an index of its own is the rowid; this also tells INTEGER PRIMARY KEY DESC apart.
    query = "SELECT count(*) FROM pragma_index_list(?, ?) WHERE origin='pk'"
    return not _value(connection, query, (table, schema))


def _objects(connection: sqlite3.Connection, schema: str, table: str) -> tuple[tuple[str, str, str], ...]:
    query = (
        f"SELECT type, name, sql FROM {quote(schema)}.sqlite_master WHERE tbl_name=? COLLATE NOCASE"
        " AND type IN ('index', 'trigger') AND sql IS NOT NULL ORDER BY type, name"
    )
    return tuple(connection.execute(query, (table,)).fetchall())


def _sequence(connection: sqlite3.Connection, schema: str, table: str) -> int | None:
    if not _has_sequences(connection, schema):
        return None
    query = f"SELECT seq FROM {quote(schema)}.sqlite_sequence WHERE name=? AND typeof(seq)='integer'"
    return cast("int | None", _value(connection, query, (table,)))


def _has_sequences(connection: sqlite3.Connection, schema: str) -> bool:
    query = f"SELECT count(*) FROM {quote(schema)}.sqlite_master WHERE name='sqlite_sequence'"
    return bool(_value(connection, query))


class Snapshot:
    """One committed state of a live database, held still; made by `hold`.

    Args:
        connection: A connection of our own, which nothing else uses.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        connection.execute("PRAGMA query_only=OFF")  # the side file is written through it; a file's main is mode=ro
        connection.execute("PRAGMA ignore_check_constraints=ON")  # rows older than a CHECK are copied as they are
        connection.execute("BEGIN")
        # An unfinished SELECT keeps the read transaction, so the state read, open after the COMMIT of a copy:
        # what was copied can then be compared with exactly the state it came from, whoever writes meanwhile.
        self._anchor = connection.execute("SELECT 1 FROM main.sqlite_master UNION ALL SELECT 2 FROM main.sqlite_master")
        self._readers: list[Generator[list[tuple[Any, ...]], None, None]] = []

    def close(self) -> None:
        """End every unfinished SELECT: one that a traceback still holds would keep the connection and its lock."""
        for reader in self._readers:
            reader.close()
        self._anchor.close()

    def facts(self, table: str) -> TableFacts:
        """Return the facts of a table.

        Raises:
            SideFileError: If there is no such table or it cannot be copied.
        """
        found = table_facts(self._connection, "main", table)
        if found is None:
            raise SideFileError(f"there is no table {table}")
        return found

    def rows(self, facts: TableFacts) -> Iterator[list[tuple[Any, ...]]]:
        """Yield a table's rows as `exact_rows` does."""
        self._readers.append(exact_rows(self._connection, "main", facts))
        return self._readers[-1]

    def copy_table(self, facts: TableFacts, path: Path) -> int:
        """Write a table to a new side file and return the number of rows."""
        with engine_errors():
            _make_side(path, facts.create_sql, _value(self._connection, "PRAGMA main.encoding"))
            attach(self._connection, path, SIDE)
            self._connection.execute(f"PRAGMA {SIDE}.journal_mode=OFF").fetchall()
            rows = _copy_rows(self._connection, facts, "main", SIDE)
            self._connection.execute("COMMIT")
        return rows

    def equals(self, facts: TableFacts, path: Path) -> bool:
        """Tell whether a side file holds exactly this table's rows, types included."""
        attach(self._connection, path, PROOF)
        return compare_tables(self._connection, facts, "main", PROOF)


@contextmanager
def hold(database: Database) -> Iterator[Snapshot]:
    """Hold the committed state of a database through a connection of our own.

    Raises:
        SideFileError: If the database cannot be read.
    """
    with engine_errors():
        connection = database.connect(read_only=True)
    with closing(connection):
        with engine_errors():
            snapshot = Snapshot(connection)
        with closing(snapshot):
            yield snapshot


def _make_side(path: Path, create_sql: str, encoding: str) -> None:
    with closing(_open(path, "rwc")) as connection:
        # Attached files must share one text encoding, so it is set before the first page is written.
        connection.execute(f"PRAGMA encoding={quote(encoding)}")
        connection.execute(create_sql)


def _copy_rows(connection: sqlite3.Connection, facts: TableFacts, source: str, target: str) -> int:
    names = ", ".join([*([str(facts.rowid)] if facts.carries_rowid else []), *facts.stored()])
    # Plain INSERT: OR IGNORE or OR REPLACE would lose rows silently (trap R20).
    return connection.execute(
        f"INSERT INTO {_name(target, facts.name)}({names}) SELECT {names} FROM {_name(source, facts.name)}"
    ).rowcount


def attach(connection: sqlite3.Connection, path: Path, schema: str) -> None:
    """Attach a side file, under a name nothing else uses, so that statements can name its table."""
    with engine_errors():
        connection.execute(f"ATTACH ? AS {quote(schema)}", (_uri(path, "rw"),))


def compare_tables(connection: sqlite3.Connection, facts: TableFacts, left: str, right: str) -> bool:
    """Tell whether two attached tables hold the same rows: identity, every value and every storage class.

    `IS` alone holds 1 for 1.0 and uses the column's collation, and EXCEPT forgets duplicates, so each
    pair is compared by value in binary collation and by type. -0.0 equals 0.0 here; the digest tells them apart.
    """
    one, two = _name(left, facts.name), _name(right, facts.name)
    identity = " AND ".join(f"a.{name} = b.{name}" for name in facts.identity())
    tests = [f"a.{c} IS b.{c} COLLATE BINARY AND typeof(a.{c}) = typeof(b.{c})" for c in facts.stored()]
    groups = [" AND ".join(tests[start : start + _GROUP]) for start in range(0, len(tests), _GROUP)]
    where = " AND ".join(f"({group})" for group in groups)
    with engine_errors():
        counts = [_value(connection, f"SELECT count(*) FROM {table}") for table in (one, two)]
        pairs = _value(connection, f"SELECT count(*) FROM {one} AS a JOIN {two} AS b ON {identity} WHERE {where}")
    return counts == [pairs, pairs]


def exact_rows(
    connection: sqlite3.Connection, schema: str, facts: TableFacts, *, size: int = 1000
) -> Generator[list[tuple[Any, ...]], None, None]:
    """Yield the rows in key order in lists of `size`: the rowid where there is one, then the stored columns.

    A text comes as bytearray and a blob as bytes, so nothing is decoded and the two stay apart (trap R23).
    """
    names = ", ".join([*([facts.rowid] if facts.rowid else []), *facts.stored()])
    order = ", ".join(f"{name} COLLATE BINARY" if facts.key else name for name in facts.identity())
    with engine_errors(), _texts_as(connection, bytearray):
        cursor = connection.execute(f"SELECT {names} FROM {_name(schema, facts.name)} ORDER BY {order}")
        with closing(cursor):
            while rows := cursor.fetchmany(size):
                yield rows


@contextmanager
def _texts_as(connection: sqlite3.Connection, factory: Any) -> Iterator[None]:
    before = connection.text_factory
    connection.text_factory = factory
    try:
        yield
    finally:
        connection.text_factory = before


@contextmanager
def open_side(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a side file for reading; nothing in it is trusted, and no function in its schema runs."""
    with engine_errors():
        connection = _open(path, "ro")
    with closing(connection):
        yield connection


def check_side(connection: sqlite3.Connection, table: str) -> TableFacts:
    """Return the facts of the one table a side file holds.

    Raises:
        SideFileError: If the file is damaged or holds anything else.
    """
    with engine_errors():
        problems = _value(connection, "PRAGMA quick_check(1)")
        strange = "sql IS NOT NULL AND NOT (type='table' AND name IN (?, 'sqlite_sequence'))"
        others = _value(connection, f"SELECT count(*) FROM sqlite_master WHERE {strange}", (table,))
    facts = table_facts(connection, "main", table)
    if problems != "ok" or others or facts is None:
        raise SideFileError(f"the data is not one sound table {table}")
    return facts


def rename_in_side(path: Path, old: str, new: str) -> None:
    """Give the table of a private side file another name; the engine writes the new CREATE TABLE text."""
    with engine_errors(), closing(_open(path, "rw")) as connection:
        connection.execute(f"ALTER TABLE {quote(old)} RENAME TO {quote(new)}")


@contextmanager
def writing(database: Database) -> Iterator[sqlite3.Connection]:
    """Run a block in one write transaction on a connection of its own; any error takes it all back.

    Raises:
        LockedError: If another writer holds the database for longer than its lock timeout.
    """
    with engine_errors():
        connection = database.connect()
    with closing(connection):
        connection.execute("PRAGMA ignore_check_constraints=ON")  # rows older than a CHECK come back as they were
        _begin(connection, database.name)
        try:
            yield connection
            with engine_errors():
                connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:  # the engine may have ended it itself (trap T5)
                connection.execute("ROLLBACK")
            raise


def _begin(connection: sqlite3.Connection, name: str) -> None:
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.Error as error:
        if "locked" not in str(error):
            raise SideFileError(str(error)) from None
        raise LockedError(f"Another writer holds {name}.", hint="wait until it is done and try again") from None


def create_from_side(
    connection: sqlite3.Connection, facts: TableFacts, objects: Sequence[tuple[str, str, str]], sequence: int | None
) -> None:
    """Create the side file's table with its rows, then its indexes and triggers, and set its counter."""
    with engine_errors():
        connection.execute(facts.create_sql)
        _copy_rows(connection, facts, SIDE, "main")
        # After the rows: index pages are then written in order, and no trigger sees the copy.
        for _kind, _label, sql in objects:
            connection.execute(sql)
        _raise_sequence(connection, facts.name, sequence)


def replace_from_side(connection: sqlite3.Connection, live: TableFacts, side: TableFacts, sequence: int | None) -> None:
    """Replace all rows of a live table by the side file's; no trigger fires and the counter never goes back."""
    triggers = [(name, sql) for kind, name, sql in live.objects if kind == "trigger"]
    with engine_errors():
        for name, _sql in triggers:
            connection.execute(f"DROP TRIGGER {_name('main', name)}")
        connection.execute(f"DELETE FROM {_name('main', live.name)}")
        _copy_rows(connection, side, SIDE, "main")
        for _label, sql in triggers:
            connection.execute(sql)
        _raise_sequence(connection, live.name, sequence)


def _raise_sequence(connection: sqlite3.Connection, table: str, sequence: int | None) -> None:
    # The copy has made the table's entry, also when there were no rows; a table without one needs none.
    if sequence is not None and _has_sequences(connection, "main"):
        raise_it = "UPDATE main.sqlite_sequence SET seq=max(seq, ?) WHERE name=?"
        connection.execute(raise_it, (sequence, table))


def _open(path: Path, mode: str) -> sqlite3.Connection:
    connection = sqlite3.connect(_uri(path, mode), uri=True, isolation_level=None)
    for pragma in ("trusted_schema=OFF", "cell_size_check=ON", "ignore_check_constraints=ON", "synchronous=OFF"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _uri(path: Path, mode: str) -> str:
    return f"file:{percent(str(path))}?mode={mode}"


def _name(schema: str, table: str) -> str:
    return f"{quote(schema)}.{quote(table)}"


def _value(connection: sqlite3.Connection, sql: str, params: Sequence[Any] = ()) -> Any:
    row = connection.execute(sql, params).fetchone()
    return row[0] if row else None
