"""Who holds the tables that a migration waits for: who, doing what, since when. Never what they wrote."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import psycopg

# Sessions that hold a lock on one of the tables, or wait for one ahead of us. Of their statement only the first
# word is shown: the rest may hold values.
_HOLDERS = """
SELECT a.pid, a.usename, COALESCE(NULLIF(a.application_name, ''), 'unnamed'), a.state,
  upper(split_part(ltrim(a.query), ' ', 1)), c.relname, round(extract(epoch FROM now() - a.xact_start))::int,
  a.pid = ANY (%(own)s)
FROM pg_locks l JOIN pg_stat_activity a USING (pid) JOIN pg_class c ON c.oid = l.relation
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE l.locktype = 'relation' AND l.granted AND l.pid <> pg_backend_pid()
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND n.nspname = %(namespace)s AND c.relname = ANY (%(tables)s)
ORDER BY a.xact_start, a.pid, c.relname"""


def holders(connection: psycopg.Connection[Any], namespace: str, tables: Collection[str], own: Collection[int]) -> str:
    """Return who holds locks on tables, in words; empty when nobody does any more.

    Args:
        connection: A connection outside of a transaction.
        namespace: The tables' schema.
        tables: The tables.
        own: Process ids of connections that this program has open itself.
    """
    parameters = {"namespace": namespace, "tables": list(tables), "own": list(own)}
    rows = connection.execute(_HOLDERS, parameters).fetchall()
    return "; ".join(dict.fromkeys(_said(row) for row in rows))


def _said(row: tuple[Any, ...]) -> str:
    pid, user, program, state, verb, table, seconds, own = row
    whose = "a transaction of this program" if own else f"{user} ({program}, process {pid})"
    doing = f"idle in a transaction after {verb}" if state and state.startswith("idle in") else f"running {verb}"
    return f"{whose}, {doing} on {table} since {seconds or 0} s"
