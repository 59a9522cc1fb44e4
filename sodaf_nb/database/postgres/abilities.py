"""What a server that speaks PostgreSQL's protocol can do, and that one is refused which lacks what safety stands on.

Such servers call themselves PostgreSQL 13 or later and accept statements that do nothing there: an advisory lock that
locks nothing, a schema change that stays although its transaction is taken back. So none is believed by its number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any

import psycopg

from sodaf_nb.errors import DatabaseError


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """What copies, rehearsals, backups and applies stand on; all of it is there on PostgreSQL itself.

    Args:
        schema_changes_taken_back: A transaction that is taken back takes its schema changes along.
        table_locks: LOCK TABLE keeps writers, or everybody, from a table.
        advisory_locks: An advisory lock keeps others away and ends with its transaction.
        temporary_tables: There are tables for one transaction alone.
        files_of_tables: The catalog says when a table was rewritten.
        rows_on_one_node: All rows of a table are where its catalog is.
    """

    schema_changes_taken_back: bool = True
    table_locks: bool = True
    advisory_locks: bool = True
    temporary_tables: bool = True
    files_of_tables: bool = True
    rows_on_one_node: bool = True

    def missing(self) -> tuple[str, ...]:
        """Return in words what is not there."""
        return tuple(_WORDS[field.name] for field in fields(self) if not getattr(self, field.name))


_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "schema_changes_taken_back": "schema changes that are taken back with their transaction",
        "table_locks": "LOCK TABLE",
        "advisory_locks": "advisory locks that lock",
        "temporary_tables": "temporary tables",
        "files_of_tables": "a catalog that says when a table was rewritten",
        "rows_on_one_node": "tables whose rows are on one node",
    }
)

FULL = Abilities()

# By what stands in the server's own version text. What each does not do, or not in the version that is common, is
# from its documentation; where that leaves a doubt, it counts as not there.
_SERVERS: Mapping[str, tuple[str, Abilities]] = MappingProxyType(
    {
        "CockroachDB": (
            "CockroachDB",
            Abilities(schema_changes_taken_back=False, table_locks=False, advisory_locks=False, files_of_tables=False),
        ),
        "-YB-": (
            "YugabyteDB",
            Abilities(schema_changes_taken_back=False, table_locks=False, advisory_locks=False, files_of_tables=False),
        ),
        "Redshift": (
            "Amazon Redshift",
            Abilities(table_locks=False, advisory_locks=False, files_of_tables=False, rows_on_one_node=False),
        ),
    }
)
_CITUS = ("Citus", Abilities(files_of_tables=False, rows_on_one_node=False))

# Citus is an extension of PostgreSQL: only a database in which tables are spread is another server for us.
_ASKED = "SELECT version(), to_regclass('pg_catalog.pg_dist_partition') IS NOT NULL"
_SPREAD = "SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_dist_partition)"


def told(version: str, *, spread: bool) -> tuple[str, Abilities]:
    """Return a server's name and what it can do.

    Args:
        version: What it says of itself.
        spread: True when tables of the database are spread over nodes.
    """
    known = next((server for mark, server in _SERVERS.items() if mark in version), ("PostgreSQL", FULL))
    return _CITUS if spread and known[1] == FULL else known


def abilities(connection: psycopg.Connection[Any]) -> tuple[str, Abilities]:
    """Return the name of the server that was reached and what it can do."""
    (version, citus) = connection.execute(_ASKED).fetchone() or ("", False)
    (spread,) = (connection.execute(_SPREAD).fetchone() or (False,)) if citus else (False,)
    return told(str(version), spread=bool(spread))


def require_all(server: str, has: Abilities) -> None:
    """Stop at a server on which a migration would not be safe.

    Raises:
        DatabaseError: If something is missing, with all of it.
    """
    if lacking := has.missing():
        raise DatabaseError(
            f"{server} cannot be migrated safely: it lacks {', '.join(lacking)}.",
            hint="nothing was changed; docs/postgresql.md says what each is needed for",
        )
