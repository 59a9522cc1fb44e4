"""Changes of rows alone, on SQLite: run inside a fence, noted, and taken back from the notes and a backup."""

from sodaf_nb.database.patching.python import compiled
from sodaf_nb.database.patching.running import Changed, change_rows

__all__ = ["Changed", "change_rows", "compiled"]
