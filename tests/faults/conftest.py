"""The shared fixtures of the tests around real databases."""

from tests.acceptance.fixtures import tmp_path, world
from tests.postgres.fixtures import pg, pg_server, pg_url

__all__ = ["pg", "pg_server", "pg_url", "tmp_path", "world"]
