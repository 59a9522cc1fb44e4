"""A server for the whole run and an empty database for each test."""

import os

import pytest

from tests.postgres.server import admin, fresh, running


@pytest.fixture(scope="session")
def pg_server(tmp_path_factory):
    base = tmp_path_factory.getbasetemp()
    # Workers have folders of their own below the run's; a run without workers has only one.
    with running(base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) as url:
        yield url


@pytest.fixture
def pg_url(pg_server):
    with fresh(pg_server) as url:
        yield url


@pytest.fixture
def pg(pg_url):
    """Return a connection of a user's own program, in autocommit mode."""
    with admin(pg_url) as connection:
        yield connection


@pytest.fixture
def engine(pg_url):
    from sodaf_nb.database.postgres import PostgresDatabase

    made = PostgresDatabase(pg_url)
    yield made
    made.close()


@pytest.fixture
def shop(engine, pg):
    from tests.postgres.making import Shop

    return Shop(engine, pg)
