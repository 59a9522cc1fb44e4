"""Which database a file is: two of one name are told apart, and a copy of one still counts as the same.

It is the id of the first attempt that was ever started there: random, written once by the first migration and
never deleted. A database that nobody has migrated has none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sodaf_nb.sql.quoting import quote

ATTEMPTS = "tabMigrationAttempt"

Ask = Callable[[str], Sequence[Sequence[Any]]]
"""Runs a query and returns its rows"""


def identity_of(ask: Ask) -> str | None:
    """Return the id of the database that answers; None when it was never migrated."""
    if not ask(f"SELECT 1 FROM main.sqlite_master WHERE type = 'table' AND name = '{ATTEMPTS}'"):
        return None
    found = ask(f"SELECT id FROM main.{quote(ATTEMPTS)} ORDER BY rowid LIMIT 1")
    return str(found[0][0]) if found else None
