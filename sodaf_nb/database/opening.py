"""A connection of the driver that was just opened, and what every one of ours is told first."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from sodaf_nb import work


def told(connection: sqlite3.Connection, pragmas: Iterable[str]) -> sqlite3.Connection:
    """Set pragmas and let the work on it be stopped; close it when that fails.

    The first statement is what finds a file that is no database or is damaged; a connection that is only
    forgotten then is one that Python 3.13 warns of.
    """
    try:
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    return work.watched(connection)
