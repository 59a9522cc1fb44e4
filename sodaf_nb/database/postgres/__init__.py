"""PostgreSQL: pinned settings, locks that are waited for with patience, and who holds them."""

from sodaf_nb.database.postgres.database import PostgresDatabase
from sodaf_nb.database.postgres.session import PostgresSession

__all__ = ["PostgresDatabase", "PostgresSession"]
