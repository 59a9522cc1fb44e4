"""A database file with its applier, fresh for each test; every folder around real databases uses these."""

import tempfile
from pathlib import Path

import pytest

from tests.acceptance.making import World

# A disk in memory, where there is one: nothing here is about fsync, and a test waits for none.
MEMORY = Path("/dev/shm")


@pytest.fixture
def tmp_path(tmp_path, monkeypatch):
    if not MEMORY.is_dir():
        yield tmp_path
        return
    with (
        tempfile.TemporaryDirectory(dir=MEMORY, prefix="sodaf-test-") as folder,
        tempfile.TemporaryDirectory(dir=MEMORY, prefix="sodaf-scratch-") as scratch,
    ):
        monkeypatch.setattr(tempfile, "tempdir", scratch)  # what a rehearsal copies lies there, too
        yield Path(folder)


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    yield made
    made.close()
