"""The shared fixtures of the tests on PostgreSQL."""

from tests.postgres.fixtures import pg, pg_server, pg_url

__all__ = ["pg", "pg_server", "pg_url"]
