"""Side files as such: SQLite files of our own, opened so that nothing in them is trusted."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote as percent

from sodaf_nb.database.opening import told
from sodaf_nb.sql.quoting import quote

# The names under which side files are attached; nothing else uses them.
SIDE = "sodaf_side"
PROOF = "sodaf_proof"
BASE = "sodaf_base"


class SideFileError(Exception):
    """The engine refused, or a file does not hold what it should; the text carries no row data."""


@contextmanager
def engine_errors() -> Iterator[None]:
    """Turn the driver's errors into `SideFileError`.

    Raises:
        KeyboardInterrupt: If the user interrupted a statement: the engine eats an interrupt that comes while it
            asks whether to go on, and only says that it was interrupted.
    """
    try:
        yield
    except (sqlite3.Error, sqlite3.Warning, ValueError) as error:
        if getattr(error, "sqlite_errorname", "") == "SQLITE_INTERRUPT":
            raise KeyboardInterrupt from None
        raise SideFileError(str(error)) from None


def attach(connection: sqlite3.Connection, path: Path, schema: str) -> None:
    """Attach a side file, under a name nothing else uses, so that statements can name its table."""
    with engine_errors():
        connection.execute(f"ATTACH ? AS {quote(schema)}", (_uri(path, "rw"),))


@contextmanager
def open_side(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a side file for reading; nothing in it is trusted, and no function in its schema runs."""
    with engine_errors():
        connection = open_file(path, "ro")
    with closing(connection):
        yield connection


def open_file(path: Path, mode: str) -> sqlite3.Connection:
    """Open a private file: `ro`, `rw`, or `rwc` to make it."""
    connection = sqlite3.connect(_uri(path, mode), uri=True, isolation_level=None)
    return told(
        connection, ("trusted_schema=OFF", "cell_size_check=ON", "ignore_check_constraints=ON", "synchronous=OFF")
    )


def _uri(path: Path, mode: str) -> str:
    return f"file:{percent(str(path))}?mode={mode}"


def full_name(schema: str, table: str) -> str:
    """Return a table's quoted name with that of its file."""
    return f"{quote(schema)}.{quote(table)}"


def first_value(connection: sqlite3.Connection, sql: str, params: Sequence[Any] = ()) -> Any:
    """Return the first value of a query's first row; None when there is no row."""
    row = connection.execute(sql, params).fetchone()
    return row[0] if row else None


def add_sign(connection: sqlite3.Connection) -> None:
    """Give a connection the function `sodaf_below`, which tells -0.0 from 0.0; SQL alone cannot."""
    connection.create_function("sodaf_below", 1, _is_below, deterministic=True)


def _is_below(value: float) -> bool:
    return math.copysign(1.0, value) < 0
