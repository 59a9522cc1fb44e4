"""What ANALYZE found, carried along: without it the user's queries get other plans.

A dropped table or index takes its rows of `sqlite_stat1` along, and a renamed one leaves them behind under
the old name (measured on 3.40.1 and 3.53.4). The engine's documentation lets applications write both tables.
"""

from __future__ import annotations

from collections.abc import Sequence

from sodaf_nb.sql.dialect import Rows
from sodaf_nb.sql.quoting import literal

# The second one is written by engines built with SQLITE_ENABLE_STAT4 only, and stays when another one opens the file.
STATISTICS = ("sqlite_stat1", "sqlite_stat4")
_AUTO = "sqlite_autoindex_"


def statistics_of(source: Rows) -> tuple[str, ...]:
    """Return which of the tables are there."""
    marks = ", ".join(map(literal, STATISTICS))
    return tuple(name for (name,) in source.rows(f"SELECT name FROM sqlite_master WHERE name IN ({marks})"))


def made(text: str) -> list[str]:
    """Return the statements that make one of the tables, which only ANALYZE may do otherwise."""
    return ["PRAGMA writable_schema=ON", text, "PRAGMA writable_schema=OFF"]


def table_renamed(present: Sequence[str], old: str, new: str) -> list[str]:
    """Return the statements that keep a table's statistics when the engine has renamed it.

    An index of a constraint is named after its table, and the key of a WITHOUT ROWID table like it.
    """
    auto = f"{_AUTO}{old}_"
    names = (
        f"CASE WHEN idx = {literal(old)} THEN {literal(new)} "
        f"WHEN substr(idx, 1, {len(auto)}) = {literal(auto)} "
        f"THEN {literal(f'{_AUTO}{new}_')} || substr(idx, {len(auto) + 1}) ELSE idx END"
    )
    condition = f"tbl = {literal(old)}"
    return [f"UPDATE {table} SET tbl = {literal(new)}, idx = {names} WHERE {condition}" for table in present]


def table_moved(present: Sequence[str], old: str, new: str) -> list[str]:
    """Return the statements that keep a table's statistics under another name while it is made anew."""
    return [f"UPDATE {table} SET tbl = {literal(new)} WHERE tbl = {literal(old)}" for table in present]


def index_moved(present: Sequence[str], old: str, new: str) -> list[str]:
    """Return the statements that keep an index's statistics under another name while it is made anew."""
    return [f"UPDATE {table} SET idx = {literal(new)} WHERE idx = {literal(old)}" for table in present]
