"""The shared fixtures of the tests on PostgreSQL."""

from tests.postgres.fixtures import engine, pg, pg_server, pg_url, shop

__all__ = ["engine", "pg", "pg_server", "pg_url", "shop"]
