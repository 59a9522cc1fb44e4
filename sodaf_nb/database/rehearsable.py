"""What a rehearsal needs of a private copy, whatever the engine."""

from __future__ import annotations

import sqlite3
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from sodaf_nb.rehearsal import Scope
from sodaf_nb.sql.dialect import Dialect

if TYPE_CHECKING:
    from sodaf_nb.database.base import Database


class Rehearsable(Protocol):
    """A private copy of a live database with rows, gone when its block ends."""

    @property
    def database(self) -> Database:
        """The copy to work on."""
        ...

    @property
    def before(self) -> Path:
        """A file of the copy as it was made, which nobody changes."""
        ...

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of the tables that have their rows."""
        ...

    @property
    def scope(self) -> Scope:
        """Whether they have all of them."""
        ...

    @property
    def limit(self) -> int | None:
        """The most rows each has; None when it has all."""
        ...

    @property
    def reason(self) -> str:
        """Why it is a sample; empty when it is none."""
        ...

    @property
    def dialect(self) -> Dialect:
        """The dialect in which the two sides are compared."""
        ...

    @property
    def measured_on(self) -> int | None:
        """The most rows that are backed up to measure it; None backs up whatever is at risk."""
        ...

    def compared(self) -> AbstractContextManager[sqlite3.Connection]:
        """Yield a connection on which the copy is `main` and the one nobody changes is `BEFORE`."""
        ...

    def locked(self) -> tuple[str, ...]:
        """Return what making and using the copy locks in the live database, as the engine says."""
        ...
