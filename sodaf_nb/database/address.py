"""What a person writes for a database, as a URL; look-alikes that would mean another database are refused."""

from __future__ import annotations

import os
import re
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError

from sodaf_nb.errors import DatabaseError

SUFFIXES = (".db", ".sqlite", ".sqlite3")
"""Endings by which a path is known for a database file that may not exist yet."""

# SQLAlchemy refuses one slash or none, and takes what follows two for a host and the database for an
# empty one in memory.
_TOO_FEW_SLASHES = re.compile(r"sqlite(\+\w+)?:(?P<slashes>/{0,2})(?P<path>[^/].*)")
_WAYS = "write it like sqlite:///shop.db, or sqlite:// for memory"


def is_file(text: str) -> bool:
    """Return True for a bare path that is meant as a database file: it exists, or ends like one."""
    return "://" not in text and (text.endswith(SUFFIXES) or Path(text).expanduser().is_file())


def shown_path(file: Path) -> str:
    """Return a path as people read it: from the current folder when it is below, else from the root."""
    return str(file.relative_to(Path.cwd())) if file.is_relative_to(Path.cwd()) else str(file)


def url_of(target: str | os.PathLike[str] | sa.URL | sa.Engine) -> sa.URL:
    """Return the URL of a database.

    Raises:
        DatabaseError: If the text is neither a URL nor the path of a database file.
    """
    if isinstance(target, sa.Engine):
        return target.url
    if isinstance(target, os.PathLike):
        return sa.URL.create("sqlite", database=os.fspath(target))
    return _url_of_text(target) if isinstance(target, str) else _without_host(target)


def _url_of_text(text: str) -> sa.URL:
    if slip := _TOO_FEW_SLASHES.fullmatch(text):
        root = f", or sqlite:////{slip['path']} from the root folder" if len(slip["slashes"]) == 1 else ""
        raise DatabaseError(
            f"{text!r} names no file: the path comes after three slashes.",
            hint=f"did you mean sqlite:///{slip['path']}{root}",
        )
    if is_file(text):
        return sa.URL.create("sqlite", database=str(Path(text).expanduser()))
    try:
        return sa.make_url(text)
    except ArgumentError:
        raise DatabaseError("The database address is not a URL.", hint=_WAYS) from None


def _without_host(url: sa.URL) -> sa.URL:
    if url.get_backend_name() == "sqlite" and url.host:
        raise DatabaseError(f"A SQLite database has no host {url.host!r}.", hint="its file is the URL's database")
    return url
