"""Looking at rows without touching them: in a read-only snapshot, with conditions that a person writes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sodaf_nb.database.base import Database
from sodaf_nb.database.session import Session
from sodaf_nb.errors import UsageError
from sodaf_nb.schema import Table
from sodaf_nb.sql.quoting import quote

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


def shown_columns(session: Session, table: Table, names: Sequence[str]) -> str:
    """Return what stands behind SELECT for columns of a table as people see them."""
    look = session.dialect.look
    found = {name: table.column(name) for name in names}
    return ", ".join(quote(name) if column is None else look.shown(name, column) for name, column in found.items())


def order_by(key: Sequence[str]) -> str:
    """Return the ORDER BY of a table with that key; a table without one keeps the order of its rows."""
    return f" ORDER BY {', '.join(map(quote, key))}" if key else ""


def rows_where(database: Database, table: Table, condition: str, *, limit: int, columns: Sequence[str] = ()) -> Found:
    """Return rows of a table for which a condition that a person wrote is true, by key.

    The engine itself reads the condition and refuses what is more than an expression: it may name columns, use
    the engine's harmless functions, and look into other tables; nothing is written, attached, loaded or set.

    Args:
        database: The database; read in one snapshot on a connection that cannot write.
        table: The live table.
        condition: SQL of the condition; empty for all rows.
        limit: The most rows to return, 1 or more.
        columns: The columns to return; empty for all.

    Raises:
        UsageError: If it is no expression, names what is not there, or would do more than read.
    """
    where = f" WHERE (\n{condition}\n)" if condition.strip() else ""
    require_expression(condition)
    names = tuple(columns) or table.column_names()
    tail = f"FROM {quote(table.name)}{where}{order_by(table.primary_key)} LIMIT {int(limit) + 1}"
    with database.looking(table.name, condition) as session:
        found = session.rows(f"SELECT {shown_columns(session, table, names)} {tail}")
    return Found(columns=names, rows=tuple(found[:limit]), more=len(found) > limit)


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


def rows_by_key(
    database: Database, table: str, columns: Sequence[str], keys: Sequence[Any]
) -> dict[Any, tuple[Any, ...]] | None:
    """Return live rows by the value of the first of these columns; None when the table or a column is not there."""
    with database.looking() as session:
        there = session.reflect().table(table)
        if there is None or any(there.column(name) is None for name in columns):
            return None
        look = session.dialect.look
        names = ", ".join(look.kept(name, column) for name in columns if (column := there.column(name)))
        found: dict[Any, tuple[Any, ...]] = {}
        for start in range(0, len(keys), _PER_STATEMENT):
            part = keys[start : start + _PER_STATEMENT]
            marks = ", ".join("?" for _ in part)
            sql = f"SELECT {names} FROM {quote(there.name)} WHERE {quote(columns[0])} IN ({marks})"
            found.update((row[0], row) for row in session.rows(sql, part))
        return found
