"""Why an engine could not open or change a database, in words that say what to mend."""

from __future__ import annotations

import os
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from sodaf_nb.database.address import shown_path
from sodaf_nb.errors import DatabaseError, LockedError, NoSpaceError, SodafError

# The rights of the effective user count; not every system can tell them apart.
_EFFECTIVE = os.access in os.supports_effective_ids


def explained(error: DBAPIError, file: Path | None) -> SodafError:
    """Return the error to raise for one of the driver's.

    Args:
        error: What the driver raised.
        file: The database's file; None for a database in memory.
    """
    name = file.name if file else "memory"
    if "locked" in str(error.orig):
        return LockedError(f"Another writer holds {name}.", hint="wait until it is done and try again")
    # SQLite's name of its error: https://www.sqlite.org/rescode.html
    code = str(getattr(error.orig, "sqlite_errorname", ""))
    if code.startswith("SQLITE_NOTADB"):
        return DatabaseError(f"{name} is not a SQLite database.", hint="check the path; the file was left as it is")
    if is_full(error):
        return no_space()
    about_file = code.startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_PERM"))
    if file and about_file and (found := obstacle(file)):
        return found
    return DatabaseError(
        f"{name} cannot be used: {error.orig}.",
        hint="mend what the engine names and try again; copy the file first if it may be damaged",
    )


def is_full(error: DBAPIError) -> bool:
    """Return True when the engine says that a disk is full, or that the database may not grow."""
    return str(getattr(error.orig, "sqlite_errorname", "")) == "SQLITE_FULL"


def no_space() -> NoSpaceError:
    """Return the error to raise when a disk filled up while the engine wrote."""
    return NoSpaceError(
        "The disk of the database or of temporary files is full; everything was taken back.",
        hint="free some room and try again; the environment variable TMPDIR names the folder of temporary files",
    )


def obstacle(file: Path) -> DatabaseError | None:
    """Return what in the file system keeps a database from being read or changed; None when nothing does."""
    folder, shown = file.parent, shown_path(file)
    if not folder.is_dir():
        return DatabaseError(f"The folder {shown_path(folder)} does not exist.", hint="make it, or correct the path")
    if file.is_dir():
        return DatabaseError(f"{shown} is a folder, not a database file.", hint="name the file in it")
    if file.exists() and not _may(file, os.R_OK):
        return DatabaseError(f"{shown} cannot be read: you have no right to.", hint="ask its owner for that right")
    if file.exists() and not _may(file, os.W_OK):
        return DatabaseError(
            f"{shown} is read-only for you: you may read it, but not change it.",
            hint="ask its owner for the right to write, or work on a copy",
        )
    # With a log that is there already nothing has to be made beside the file.
    if not _may(folder, os.W_OK) and not Path(f"{file}-wal").exists():
        return DatabaseError(
            f"The folder {shown_path(folder)} is read-only for you, and a change of {file.name} makes files beside it.",
            hint="ask its owner for the right to write there, or work on a copy",
        )
    return None


def _may(path: Path, right: int) -> bool:
    return os.access(path, right, effective_ids=_EFFECTIVE)
