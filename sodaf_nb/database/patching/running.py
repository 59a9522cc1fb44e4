"""Runs a change of rows inside a transaction: a patch behind its fence, or the way back of one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sodaf_nb.database.functions import harmless_functions
from sodaf_nb.database.patching.fence import Fence
from sodaf_nb.database.patching.notes import COPY, Notes
from sodaf_nb.database.patching.python import DELETE, Row, changes, compiled
from sodaf_nb.database.patching.restoring import Found, WayBack
from sodaf_nb.database.sidefile import SideFileError, TableFacts, add_sign, table_facts
from sodaf_nb.errors import PatchRefusedError, UnsupportedChangeError
from sodaf_nb.plan import RestoreRows, RowChange, RunPatch
from sodaf_nb.sql.dialects.sqlite_patch import statements_of
from sodaf_nb.sql.quoting import quote
from sodaf_nb.validation.evidence import Effect

if TYPE_CHECKING:
    from sodaf_nb.database.session import SQLiteSession

# Rows that a function in Python is given before what it wants is written.
_BATCH = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What a change of rows did.

    Args:
        effect: Its rows and values, counted exactly.
        found: What a way back found edited since.
    """

    effect: Effect
    found: tuple[Found, ...] = ()


def change_rows(session: SQLiteSession, change: RowChange) -> Changed:
    """Run a change of rows and note what it wrote; the transaction is the caller's.

    Raises:
        PatchRefusedError: If a patch wants what it may not do, or fails.
        UnsupportedChangeError: If rows of the table could not be told again later.
        MigrationExecutionError: If the engine refuses a statement.
    """
    facts = _facts(session, change.table)
    add_sign(session.raw)
    notes = Notes(session, facts, change.mark)
    notes.copy()
    found: tuple[Found, ...] = ()
    if isinstance(change, RestoreRows):
        way = WayBack(session, facts, change)
        way.run()
        found = tuple(way.found)
    else:
        _patched(session, facts, change)
    if isinstance(change, RunPatch) and notes.moved():
        raise PatchRefusedError(
            "The patch was stopped: it replaces rows, which would lose their place.",
            hint="write INSERT ... ON CONFLICT (name) DO UPDATE SET ..., which updates them",
        )
    effect = notes.write()
    notes.drop()
    return Changed(effect=effect, found=found)


def _facts(session: SQLiteSession, table: str) -> TableFacts:
    try:
        facts = table_facts(session.raw, "main", table)
    except SideFileError as error:
        raise UnsupportedChangeError(
            f"Rows of {table} cannot be changed by a patch: {error}.", objects=(table,), hint="use an ordinary table"
        ) from None
    if facts is None or len(facts.lasting_key) != 1:
        raise UnsupportedChangeError(
            f"Rows of {table} cannot be told again later: it has no key of one column that every row fills.",
            objects=(table,),
            hint="apply the DocType first; its table has such a key",
        )
    return facts


def _patched(session: SQLiteSession, facts: TableFacts, patch: RunPatch) -> None:
    (key,), functions = facts.lasting_key, harmless_functions(session)
    if patch.language == "python":
        _python(session, facts, patch, Fence(facts.name, key, functions, copied=True))
        return
    fence = Fence(facts.name, key, functions)
    with fence.around(session.raw):
        for statement in statements_of(patch.body):
            session.execute(statement)


def _python(session: SQLiteSession, facts: TableFacts, patch: RunPatch, fence: Fence) -> None:
    function, (key,) = compiled(patch.body), facts.lasting_key
    names = [name for name, _kind in facts.columns]
    free = {name.lower(): name for name in names if name != key}
    table, last = quote(facts.name), None
    same = f"{quote(key)} = ? AND {quote(key)} = ? COLLATE BINARY"
    with _bytes_where_undecodable(session.raw):
        while rows := _rows(session, names, key, last):
            last = rows[-1][key]
            with fence.around(session.raw):
                for name, wanted in changes(function, iter(rows), key, free):
                    if wanted is DELETE:
                        session.execute(f"DELETE FROM main.{table} WHERE {same}", (name, name))
                    elif wanted:
                        sets = ", ".join(f"{quote(column)} = ?" for column in wanted)
                        params = (*wanted.values(), name, name)
                        session.execute(f"UPDATE main.{table} SET {sets} WHERE {same}", params)


def _rows(session: SQLiteSession, names: list[str], key: str, last: Any) -> list[Row]:
    """Return the next rows by key, as they were before the patch."""
    start, params = ("", ()) if last is None else (f" WHERE {quote(key)} > ?", (last,))
    query = f"SELECT {', '.join(map(quote, names))} FROM temp.{COPY}{start} ORDER BY {quote(key)} LIMIT {_BATCH}"
    return [dict(zip(names, row, strict=True)) for row in session.rows(query, params)]


@contextmanager
def _bytes_where_undecodable(connection: sqlite3.Connection) -> Iterator[None]:
    before = connection.text_factory
    connection.text_factory = _decoded
    try:
        yield
    finally:
        connection.text_factory = before


def _decoded(text: bytes) -> str | bytes:
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text
