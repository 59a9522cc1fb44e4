"""The tests' own server."""

import os
import time
from pathlib import Path

import pytest

from tests.postgres.server import GIVEN, admin, fresh


def test_a_server_runs_with_nothing_to_configure(pg):
    (version,) = pg.execute("SHOW server_version_num").fetchone()
    assert int(version) >= 130000


def test_each_test_has_an_empty_database(pg):
    assert pg.execute("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace").fetchall() == []


def test_a_database_is_gone_when_its_test_ends(pg_server):
    with fresh(pg_server) as url:
        pass
    with admin(pg_server) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (url.database,)).fetchall()
    assert found == []


def test_a_database_is_made_within_a_moment(pg_server):
    started = time.perf_counter()
    with fresh(pg_server):
        pass
    assert time.perf_counter() - started < 2


@pytest.mark.skipif(GIVEN in os.environ, reason="the given server is nobody's to stop")
def test_the_server_goes_with_the_last_process_that_uses_it(tmp_path):
    """Also when that process is killed: the kernel gives its lock back."""
    import psutil

    from tests.postgres.server import running

    context = running(tmp_path)
    url = context.__enter__()
    with admin(url) as connection:
        (folder,) = connection.execute("SHOW data_directory").fetchone()
    server = next(p for p in psutil.process_iter(["cmdline"]) if folder in (p.info["cmdline"] or ()))
    context.__exit__(None, None, None)
    server.wait(10)
    deadline = time.monotonic() + 10
    while Path(folder).exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(folder).exists()
