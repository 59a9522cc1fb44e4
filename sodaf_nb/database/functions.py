"""The functions that what a person wrote may call: those of SQLite itself that do no more than compute."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sodaf_nb.database.session import SQLiteSession

# SQLite's mark on functions that do more than compute, such as load_extension.
_DIRECT_ONLY = 0x80000


def harmless_functions(session: SQLiteSession) -> frozenset[str]:
    """Return their names in small letters."""
    listed = session.rows("SELECT name FROM pragma_function_list WHERE builtin AND NOT flags & ?", (_DIRECT_ONLY,))
    return frozenset(name.lower() for (name,) in listed)
