"""A database in memory that closes itself: Python 3.13 warns of those that are only forgotten."""

import sqlite3


class _Closing(sqlite3.Connection):
    def __del__(self):
        self.close()


def memory(**options):
    """Open a database in memory that lives as long as somebody holds it."""
    return sqlite3.connect(":memory:", factory=_Closing, **options)
