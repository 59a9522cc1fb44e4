"""Transactions on PostgreSQL: pinned settings, locks that are waited for with patience, and who holds them."""

from sodaf_nb.database.postgres.engine import PostgresEngine
from sodaf_nb.database.postgres.session import PostgresSession

__all__ = ["PostgresEngine", "PostgresSession"]
