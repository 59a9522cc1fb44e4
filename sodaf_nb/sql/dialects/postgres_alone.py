"""What a script must ask of PostgreSQL when nobody else does."""

from __future__ import annotations

from sodaf_nb.sql.quoting import literal


def refused_if(query: str, why: str) -> tuple[str, ...]:
    """Return a statement that fails with `why` when a query returns a row."""
    body = f"BEGIN IF EXISTS ({query}) THEN RAISE EXCEPTION USING MESSAGE = {literal(why)}; END IF; END"
    return (f"DO {literal(body)}",)
