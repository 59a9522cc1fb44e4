"""Tables copied to SQLite files of their own: copy, compare, digest, check and put back, value for value.

Every function takes raw connections, because the work spans attached files and must not depend on
how the rest of the package runs statements. Names are quoted; rowid aliases come from a closed list.
"""

from __future__ import annotations

from sodaf_nb.database.sidefile.changes import apply_changes
from sodaf_nb.database.sidefile.engine import SIDE, SideFileError, add_sign, attach, engine_errors, open_side
from sodaf_nb.database.sidefile.facts import TableFacts, ascii_lower, check_side, table_facts
from sodaf_nb.database.sidefile.restoring import (
    SideDifference,
    rename_in_side,
)
from sodaf_nb.database.sidefile.rows import ROWS, compare_tables, exact_rows
from sodaf_nb.database.sidefile.snapshot import Snapshot, hold

__all__ = [
    "ROWS",
    "SIDE",
    "SideDifference",
    "SideFileError",
    "Snapshot",
    "TableFacts",
    "add_sign",
    "apply_changes",
    "ascii_lower",
    "attach",
    "check_side",
    "compare_tables",
    "engine_errors",
    "exact_rows",
    "hold",
    "open_side",
    "rename_in_side",
    "table_facts",
]
