"""Changes of rows alone as SQLite steps: shown here as statements, and run by the session."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

from sodaf_nb.plan import RestoreRows, RowChange
from sodaf_nb.sql.dialects.sqlite_step import step_of
from sodaf_nb.sql.dialects.sqlite_tokens import tokens
from sodaf_nb.sql.script import Step


def statements_of(body: str) -> tuple[str, ...]:
    """Return the statements of a text, without the semicolons between them; SQLite itself says where one ends."""
    found, start = list[str](), 0
    for place, letter in enumerate(body):
        if letter == ";" and sqlite3.complete_statement(body[start : place + 1]):
            found.append(body[start:place])
            start = place + 1
    return tuple(text.strip() for text in (*found, body[start:]) if _says_something(text))


def _says_something(text: str) -> bool:
    return any(token.kind not in ("space", "comment") for token in tokens(text))


def rows_step(change: RowChange) -> Step:
    """Return the step of a change of rows: nothing in it changes the schema, so no copy has to try it."""
    if isinstance(change, RestoreRows):
        shown: tuple[str, ...] = (f"-- takes {change.name} back, from its backup and its notes",)
        why = "only rows that it wrote are written"
    elif change.language == "python":
        shown = (f"-- {change.name}: Python, sha256 {change.digest}",)
        why = "rows are given to a function in batches"
    else:
        shown, why = statements_of(change.body), "only the rows that it names are written"
    return replace(step_of([change], "in place", why, shown), rows=change)
