"""Looking at rows without touching them: a read-only snapshot, and a fence for conditions that a person writes."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sodaf_nb.database.base import Database
from sodaf_nb.database.session import SQLiteSession
from sodaf_nb.errors import MigrationExecutionError, UsageError
from sodaf_nb.sql.quoting import quote

# The most characters of a value that are fetched to be shown.
LONGEST = 60

# SQLite's mark on functions that do more than compute, such as load_extension.
_DIRECT_ONLY = 0x80000


# Keys asked for at once; SQLite takes 999 parameters at least.
_PER_STATEMENT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Rows that were looked for.

    Args:
        columns: Names of the columns.
        rows: The rows, by key.
        more: True when there are more than were asked for.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    more: bool


@contextmanager
def looking(database: Database) -> Iterator[SQLiteSession]:
    """Run a block in one read-only snapshot in which every stored text can be read, broken UTF-8 too."""
    with database.in_files("looking into rows").read() as session:
        # The connection is made for this block and closed after it.
        session.raw.text_factory = lambda data: data.decode("utf-8", "backslashreplace")
        yield session


def cut(value: str) -> str:
    """Return SQL of a value no longer than what is shown of it, blobs as their length."""
    return (
        f"CASE typeof({value}) WHEN 'text' THEN SUBSTR({value}, 1, {LONGEST + 1}) "
        f"WHEN 'blob' THEN LENGTH({value}) || ' bytes' ELSE {value} END"
    )


def order_by(key: Sequence[str]) -> str:
    """Return the ORDER BY of a table with that key; a table without one keeps the order of its rows."""
    return f" ORDER BY {', '.join(map(quote, key))}" if key else ""


def rows_where(
    database: Database, table: str, condition: str, *, limit: int, columns: Sequence[str] = (), key: Sequence[str] = ()
) -> Found:
    """Return rows of a table for which a condition that a person wrote is true.

    The engine itself reads the condition and refuses what is more than an expression: it may name columns, use
    SQLite's harmless functions, and look into other tables; nothing is written, attached, loaded or set.

    Args:
        database: The database; read in one snapshot on a connection that cannot write.
        table: The table.
        condition: SQL of the condition; empty for all rows.
        limit: The most rows to return, 1 or more.
        columns: The columns to return; empty for all.
        key: Columns to order by.

    Raises:
        UsageError: If it is no expression, names what is not there, or would do more than read.
    """
    names = ", ".join(map(quote, columns)) or "*"
    where = f" WHERE (\n{condition}\n)" if condition.strip() else ""
    sql = f"SELECT {names} FROM {quote(table)}{where}{order_by(key)} LIMIT {int(limit) + 1}"
    require_expression(condition)
    with looking(database) as session, _fenced(session):
        cursor = session.raw.cursor()
        found = session.rows(sql)
        shown = tuple(columns) or _names(cursor, table)
    return Found(columns=shown, rows=tuple(found[:limit]), more=len(found) > limit)


def _names(cursor: sqlite3.Cursor, table: str) -> tuple[str, ...]:
    described = cursor.execute(f"SELECT * FROM {quote(table)} LIMIT 0").description
    return tuple(column[0] for column in described)


def require_expression(condition: str) -> None:
    """Stop at a text that would end the parentheses it is put into, or hide what comes behind it.

    Raises:
        UsageError: If it holds a semicolon or a comment outside quotes, or brackets that do not match.
    """
    depth = 0
    for piece in _outside_quotes(condition):
        if piece in {";", "--", "/*", "\0"}:
            raise UsageError(
                f"A condition is one expression, without {piece!r}.", hint='such as --where "city IS NULL"'
            )
        depth += {"(": 1, ")": -1}.get(piece, 0)
        if depth < 0:
            break
    if depth:
        raise UsageError("The brackets of the condition do not match.", hint='such as --where "(a = 1 OR b = 2)"')


def _outside_quotes(text: str) -> Iterator[str]:
    """Yield what stands outside of quotes, two characters where they open a comment."""
    ends = {"'": "'", '"': '"', "`": "`", "[": "]"}
    place = 0
    while place < len(text):
        if close := ends.get(text[place]):
            end = text.find(close, place + 1)
            if end < 0:
                raise UsageError(f"A quote {text[place]} of the condition is not closed.")
            place = end + 1
            continue
        two = text[place : place + 2]
        yield two if two in {"--", "/*"} else text[place]
        place += 1


@contextmanager
def _fenced(session: SQLiteSession) -> Iterator[None]:
    """Let the engine refuse everything but reading tables and calling harmless functions."""
    refused: list[str] = []
    session.raw.set_authorizer(_guard(_harmless(session), refused))
    try:
        yield
    except MigrationExecutionError as error:
        reason = f"it would {refused[0]}" if refused else str(error.message).partition(": ")[2].rstrip(".")
        hint = "only columns, values, harmless functions and reading subselects can stand there"
        raise UsageError(f"The condition cannot be used: {reason}.", hint=hint) from None
    finally:
        session.raw.set_authorizer(None)


def _harmless(session: SQLiteSession) -> frozenset[str]:
    listed = session.rows("SELECT name FROM pragma_function_list WHERE builtin AND NOT flags & ?", (_DIRECT_ONLY,))
    return frozenset(name.lower() for (name,) in listed)


def _guard(harmless: frozenset[str], refused: list[str]) -> Callable[..., int]:
    def judge(action: int, first: str | None, second: str | None, _schema: str | None, _inner: str | None) -> int:
        match action:
            case sqlite3.SQLITE_SELECT:
                return sqlite3.SQLITE_OK
            case sqlite3.SQLITE_READ if not str(first).lower().startswith(("sqlite_", "pragma_")):
                return sqlite3.SQLITE_OK
            case sqlite3.SQLITE_FUNCTION if str(second).lower() in harmless:
                return sqlite3.SQLITE_OK
            case sqlite3.SQLITE_FUNCTION:
                refused.append(f"call {second}")
            case sqlite3.SQLITE_READ:
                refused.append(f"read {first}")
            case _:
                refused.append("do more than read rows")
        return sqlite3.SQLITE_DENY

    return judge


def rows_by_key(
    database: Database, table: str, columns: Sequence[str], keys: Sequence[Any]
) -> dict[Any, tuple[Any, ...]] | None:
    """Return live rows by the value of the first of these columns; None when the table or a column is not there."""
    with looking(database) as session:
        there = session.reflect().table(table)
        if there is None or any(there.column(name) is None for name in columns):
            return None
        names = ", ".join(map(quote, columns))
        found: dict[Any, tuple[Any, ...]] = {}
        for start in range(0, len(keys), _PER_STATEMENT):
            part = keys[start : start + _PER_STATEMENT]
            marks = ", ".join("?" for _ in part)
            sql = f"SELECT {names} FROM {quote(there.name)} WHERE {quote(columns[0])} IN ({marks})"
            found.update((row[0], row) for row in session.rows(sql, part))
        return found
