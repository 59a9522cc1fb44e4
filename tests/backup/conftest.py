import shutil
from pathlib import Path

import pytest

from sodaf_nb.database import Database
from tests.backup.helpers import manager, odd_table, run


@pytest.fixture(autouse=True)
def scratch_folders(tmp_path_factory, monkeypatch):
    """Faults may leave scratch folders behind; they go where the tests' own folders are."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path_factory.mktemp("scratch")))


@pytest.fixture(params=["delete", "wal", "memory"])
def any_database(request, tmp_path):
    """A database in each kind of storage: both journal modes, and memory."""
    database = Database("sqlite://" if request.param == "memory" else f"sqlite:///{tmp_path / 'any shop.db'}")
    if request.param == "wal":
        run(database, "PRAGMA journal_mode=wal")
    yield database
    database.close()


@pytest.fixture
def database(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'shop.db'}", lock_timeout_s=0.1)
    yield database
    database.close()


@pytest.fixture
def small(database):
    run(database, "CREATE TABLE tabCity(name TEXT, size INTEGER)", "INSERT INTO tabCity VALUES('Rome', 3), ('Ulm', 1)")
    return database


@pytest.fixture
def backups(database, tmp_path):
    return manager(database, tmp_path / "backups")


@pytest.fixture
def odd(database):
    odd_table(database)
    return database


@pytest.fixture
def format1(tmp_path):
    """A backup that an earlier version wrote, with the rights it had then: what others can write is not read."""
    (stored,) = (Path(__file__).parent / "data" / "format1").iterdir()
    folder = tmp_path / "format1" / stored.name
    folder.mkdir(parents=True, mode=0o700)
    for file in stored.iterdir():
        shutil.copyfile(file, folder / file.name)
        (folder / file.name).chmod(0o600)
    return folder
