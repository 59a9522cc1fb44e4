"""What must be known of a table to copy it exactly."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import cast

from sodaf_nb.database.sidefile.engine import SideFileError, engine_errors, first_value, full_name
from sodaf_nb.schema import is_virtual
from sodaf_nb.sql.dialects.sqlite_tokens import tokens
from sodaf_nb.sql.dialects.sqlite_values import affinity
from sodaf_nb.sql.quoting import quote

# A column may shadow any of these; the first that is free names the real rowid (trap R11).
_ROWID_ALIASES = ("rowid", "_rowid_", "oid")

_Info = Sequence[tuple[str, str, int, int, int]]
"""(name, declared type, place in the key, not null, hidden) of each column"""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFacts:
    """What must be known of a table to copy it exactly.

    Args:
        name: The table's name as the catalog spells it.
        create_sql: Its CREATE TABLE text, word for word.
        columns: (name, declared type) of each stored column, in order; generated columns are left out.
        key: Columns that identify a row when there is no rowid; empty when there is one.
        lasting_key: The primary key's columns when every row has one of its own, so that the row is found
            again later; empty when there is none. A plain rowid is none: VACUUM may change it.
        rowid: The alias that names the real rowid; None for a WITHOUT ROWID table.
        carries_rowid: True when the rowid must be copied beside the columns.
        objects: (kind, name, SQL) of its indexes and triggers that have a text of their own.
        sequence: Its AUTOINCREMENT counter; None when it has none.
    """

    name: str
    create_sql: str
    columns: tuple[tuple[str, str], ...]
    key: tuple[str, ...]
    lasting_key: tuple[str, ...]
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

    def copied(self) -> list[str]:
        """Return the SQL names of what a copy of a row consists of."""
        return [*([self.rowid] if self.rowid and self.carries_rowid else []), *self.stored()]

    def named(self, columns: Collection[str]) -> tuple[tuple[str, str], ...]:
        """Return the stored columns of these names, in the table's order; letter case is ignored (trap R28).

        Raises:
            SideFileError: If one of them is not stored in the table.
        """
        wanted = {ascii_lower(name): name for name in columns}
        found = tuple(column for column in self.columns if wanted.pop(ascii_lower(column[0]), None) is not None)
        if wanted:
            raise SideFileError(f"{self.name} stores no column {', '.join(wanted.values())}")
        return found

    def only(self, columns: Collection[str]) -> TableFacts:
        """Return the facts of a table of this name that holds the lasting key and these columns alone.

        Its rows are kept by that key alone, which halves their size: no other rowid, no index beside the table.
        Declared types become the names of their affinities, so that values are stored and compared as in the
        table itself, and collations are left out: the key is told apart byte for byte.

        Raises:
            SideFileError: If a column is not stored in the table, or is part of the key.
        """
        of_key = [name for name, _type in self.named(columns) if name in self.lasting_key]
        if of_key:
            raise SideFileError(f"{', '.join(of_key)} belongs to the key, by which a column backup finds its rows")
        names = (*self.lasting_key, *(name for name, _type in self.named(columns)))
        saved = tuple((name, self.plain_type(name)) for name in names)
        narrow = replace(self, columns=saved, objects=(), sequence=None, carries_rowid=False)
        if self.rowid and not self.carries_rowid:
            return replace(narrow, create_sql=_keyed_sql(narrow, " PRIMARY KEY", ""))
        key = f", PRIMARY KEY ({', '.join(map(quote, self.lasting_key))})) WITHOUT ROWID"
        return replace(narrow, create_sql=_keyed_sql(narrow, " NOT NULL", key), rowid=None, key=self.lasting_key)

    def plain_type(self, column: str) -> str:
        """Return a declared type that stores and compares values as this column does."""
        declared = dict(self.columns)[column]
        # ANY keeps every value as it is in a STRICT table, and would make numbers of texts in any other.
        return "BLOB" if declared.upper() == "ANY" and _is_strict(self.create_sql) else affinity(declared)


def _keyed_sql(facts: TableFacts, of_key: str, tail: str) -> str:
    columns = (f"{quote(name)} {kind}{of_key if name in facts.lasting_key else ''}" for name, kind in facts.columns)
    return f"CREATE TABLE {quote(facts.name)}({', '.join(columns)}{tail or ')'}"


def ascii_lower(text: str) -> str:
    """Return a name in the form in which SQLite compares names: only the case of ASCII letters is ignored."""
    return "".join(c.lower() if c.isascii() else c for c in text)


def _is_strict(create_sql: str) -> bool:
    words = [token.key for token in tokens(create_sql)]
    return "STRICT" in words[len(words) - words[::-1].index(")") :]


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
    if is_virtual(sql):
        raise SideFileError(f"{table} is not an ordinary table")
    info: _Info = connection.execute(
        'SELECT name, type, pk, "notnull", hidden FROM pragma_table_xinfo(?, ?) ORDER BY cid', (table, schema)
    ).fetchall()
    rowid = _rowid_alias(connection, schema, table, {name.lower() for name, *_rest in info})
    key = tuple(column[0] for column in sorted(info, key=lambda c: c[2]) if column[2])
    is_rowid = bool(rowid and key) and _key_is_rowid(connection, schema, table)
    return TableFacts(
        name=table,
        create_sql=sql,
        columns=tuple((name, kind) for name, kind, _place, _required, hidden in info if not hidden),
        key=() if rowid else key,
        # SQLite lets NULLs into a primary key that is neither the rowid nor declared NOT NULL.
        lasting_key=key if is_rowid or all(required for *_, place, required, _hidden in info if place) else (),
        rowid=rowid,
        carries_rowid=bool(rowid) and not is_rowid,
        objects=_objects(connection, schema, table),
        sequence=_sequence(connection, schema, table),
    )


def _rowid_alias(connection: sqlite3.Connection, schema: str, table: str, taken: set[str]) -> str | None:
    alias = next((name for name in _ROWID_ALIASES if name not in taken), None)
    if alias is None:
        raise SideFileError(f"the columns of {table} hide its rowid under all three names")
    try:
        # `pragma table_list` would say it, but only since 3.37. Unquoted: "rowid" could become a text (trap T10).
        connection.execute(f"SELECT x.{alias} FROM {full_name(schema, table)} AS x LIMIT 0").fetchall()
    except sqlite3.OperationalError as error:
        if "no such column" not in str(error):
            raise
        return None
    return alias


def _key_is_rowid(connection: sqlite3.Connection, schema: str, table: str) -> bool:
    # A primary key without an index of its own is the rowid; this also tells INTEGER PRIMARY KEY DESC apart.
    query = "SELECT count(*) FROM pragma_index_list(?, ?) WHERE origin='pk'"
    return not first_value(connection, query, (table, schema))


def _objects(connection: sqlite3.Connection, schema: str, table: str) -> tuple[tuple[str, str, str], ...]:
    query = (
        f"SELECT type, name, sql FROM {quote(schema)}.sqlite_master WHERE tbl_name=? COLLATE NOCASE"
        " AND type IN ('index', 'trigger') AND sql IS NOT NULL ORDER BY type, name"
    )
    return tuple(connection.execute(query, (table,)).fetchall())


def _sequence(connection: sqlite3.Connection, schema: str, table: str) -> int | None:
    if not has_sequences(connection, schema):
        return None
    query = f"SELECT seq FROM {quote(schema)}.sqlite_sequence WHERE name=? AND typeof(seq)='integer'"
    return cast("int | None", first_value(connection, query, (table,)))


def has_sequences(connection: sqlite3.Connection, schema: str) -> bool:
    """Tell whether a file counts the ids it gave out."""
    query = f"SELECT count(*) FROM {quote(schema)}.sqlite_master WHERE name='sqlite_sequence'"
    return bool(first_value(connection, query))


def check_side(connection: sqlite3.Connection, table: str, *, beside: str = "") -> TableFacts:
    """Return the facts of the one table a side file holds.

    Args:
        connection: The side file.
        table: The table's name.
        beside: The name of a second table that the file must hold as well; empty for none.

    Raises:
        SideFileError: If the file is damaged or holds anything else.
    """
    with engine_errors():
        damaged = _is_damaged(connection)
        strange = "sql IS NOT NULL AND NOT (type='table' AND name IN (?, ?, 'sqlite_sequence'))"
        others = first_value(connection, f"SELECT count(*) FROM sqlite_master WHERE {strange}", (table, beside))
    facts = table_facts(connection, "main", table)
    if damaged or others or facts is None:
        raise SideFileError(f"the data is not one sound table {table}")
    return facts


def _is_damaged(connection: sqlite3.Connection) -> bool:
    # SQLite 3.40 sees NULLs in required columns of WITHOUT ROWID tables whose key does not come first, where
    # there are none (measured). What is in the rows is proven by their digest; this looks at the pages.
    found = (text for (text,) in connection.execute(f"PRAGMA quick_check({2**31 - 1})"))
    return any(text != "ok" and not text.startswith("NULL value in ") for text in found)
