"""A copy of a database to try things on, made through SQLite itself."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from sodaf_nb.database.base import Database
from sodaf_nb.database.database import SQLiteDatabase
from sodaf_nb.errors import DatabaseError


def trial_copy(source: Database, file: str | Path) -> Database:
    """Copy a whole database into a new file, from one snapshot while others may write, and open the copy.

    The live file is never opened as a file: closing it would drop the locks of this process.

    Args:
        source: The database; only read.
        file: The copy; must not be there yet.

    Raises:
        DatabaseError: If the file is there already, or the database to copy is not, or is no SQLite database.
    """
    target = Path(file)
    if target.exists():
        raise DatabaseError(f"{target.name} is there already.", hint="give the copy a name of its own")
    if source.file is not None and not source.file.exists():
        raise DatabaseError(f"{source.shown} does not exist.", hint="look at the path")
    copy = SQLiteDatabase(sa.URL.create("sqlite", database=str(target)), lock_timeout_s=source.lock_timeout_s)
    with (
        closing(source.in_files("a trial copy").connect(read_only=True)) as origin,
        closing(copy.connect()) as destination,
    ):
        origin.backup(destination)
    return copy
