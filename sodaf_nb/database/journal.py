"""How the database keeps its journal, which decides whom a writer keeps out."""

from __future__ import annotations

from sodaf_nb.database.database import Database


def readers_go_on(database: Database) -> bool:
    """Tell whether readers go on while a writer commits: true in WAL mode (SQLite's page on its write-ahead log)."""
    with database.read() as session:
        return bool(session.value("PRAGMA journal_mode") == "wal")
