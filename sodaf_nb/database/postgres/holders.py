"""Who holds the tables that a migration waits for: who, doing what, since when. Never what they wrote."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

import psycopg

# What each request waits for: the modes that conflict with it, by the server's table of them.
_WRITERS = (
    "RowExclusiveLock",
    "ShareUpdateExclusiveLock",
    "ShareLock",
    "ShareRowExclusiveLock",
    "ExclusiveLock",
    "AccessExclusiveLock",
)
_CONFLICTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"SHARE ROW EXCLUSIVE": _WRITERS, "ACCESS EXCLUSIVE": ("AccessShareLock", "RowShareLock", *_WRITERS)}
)

# Sessions that hold such a lock on one of the tables, or wait for one: a request waits behind those before it.
# Whoever reads while we only want to keep writers away is none, unless one before us waits for that reader.
# Of their statement only the first word is shown: the rest may hold values.
_HOLDERS = """
SELECT a.pid, a.usename, COALESCE(NULLIF(a.application_name, ''), 'unnamed'), a.state,
  upper(split_part(ltrim(a.query), ' ', 1)), c.relname, round(extract(epoch FROM now() - a.xact_start))::int,
  a.pid = ANY (%(own)s), l.granted
FROM pg_locks l JOIN pg_stat_activity a USING (pid) JOIN pg_class c ON c.oid = l.relation
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE l.locktype = 'relation' AND l.pid <> pg_backend_pid() AND (l.mode = ANY (%(modes)s)
    OR l.pid IN (SELECT unnest(pg_blocking_pids(w.pid)) FROM pg_locks w
      WHERE w.relation = l.relation AND NOT w.granted))
  AND NOT (a.pid = ANY (%(own)s) AND NOT l.granted)
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND n.nspname = %(namespace)s AND c.relname = ANY (%(tables)s)
ORDER BY l.granted DESC, a.xact_start, a.pid, c.relname"""


def holders(
    connection: psycopg.Connection[Any], namespace: str, tables: Collection[str], own: Collection[int], mode: str
) -> str:
    """Return who holds locks on tables that keep a request waiting, in words; empty when nobody does any more.

    Args:
        connection: A connection outside of a transaction.
        namespace: The tables' schema.
        tables: The tables.
        own: Process ids of connections that this program has open itself.
        mode: The mode of the request.
    """
    parameters = {"namespace": namespace, "tables": list(tables), "own": list(own), "modes": list(_CONFLICTS[mode])}
    rows = connection.execute(_HOLDERS, parameters).fetchall()
    return "; ".join(dict.fromkeys(_said(row) for row in rows))


def _said(row: tuple[Any, ...]) -> str:
    pid, user, program, state, verb, table, seconds, own, granted = row
    whose = "a transaction of this program" if own else f"{user} ({program}, process {pid})"
    doing = f"idle in a transaction after {verb}" if state and state.startswith("idle in") else f"running {verb}"
    where = f"on {table}" if granted else f"and waiting for {table}"
    return f"{whose}, {doing} {where} since {seconds or 0} s"
