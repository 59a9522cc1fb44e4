"""What is taken for a database, and what is said when it cannot be opened or changed."""

import os
from contextlib import contextmanager
from pathlib import Path

import pytest

from sodaf_nb.applier import MigrationApplier
from sodaf_nb.database import Database
from sodaf_nb.doctype import DocTypeEngine
from sodaf_nb.errors import DatabaseError


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@contextmanager
def as_nobody():
    """Run a block without root's rights over files; other users have none to lose."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def reachable(tmp_path):
    """A folder that the user `nobody` can reach, which pytest's own folders are not."""
    import tempfile

    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o777)
        yield Path(folder)
        for path in (Path(folder), *Path(folder).iterdir()):
            path.chmod(0o777)


def create(path):
    database = Database(f"sqlite:///{path}")
    with database.write() as session:
        session.execute("CREATE TABLE t (a)")
    database.close()


@pytest.mark.parametrize(
    ("target", "meant"),
    [
        ("sqlite://a.db", "did you mean sqlite:///a.db"),
        ("sqlite://folder/a.db", "did you mean sqlite:///folder/a.db"),
        ("sqlite:a.db", "did you mean sqlite:///a.db"),
        ("sqlite:/a.db", "did you mean sqlite:///a.db, or sqlite:////a.db from the root folder"),
        ("sqlite+pysqlite://a.db", "did you mean sqlite:///a.db"),
    ],
)
def test_an_address_with_too_few_slashes_is_refused_and_not_an_empty_database(target, meant):
    with pytest.raises(DatabaseError) as caught:
        Database(target)
    assert caught.value.hint == meant


def test_a_url_with_a_host_is_refused_as_a_value_too():
    import sqlalchemy as sa

    with pytest.raises(DatabaseError, match="has no host"):
        Database(sa.URL.create("sqlite", host="a.db"))


@pytest.mark.parametrize("name", ["a.db", "a.sqlite", "a.sqlite3", "./a.db"])
def test_a_bare_path_that_ends_like_a_database_is_one(here, name):
    assert Database(name).file == (here / name).resolve()


def test_a_bare_path_of_a_file_that_exists_is_one(here):
    create("shop")
    assert Database("shop").reflect().table("t") is not None


def test_a_missing_file_reads_as_empty_and_is_made_by_the_first_write(here):
    database = Database("sqlite:///new.db")
    assert database.reflect().tables == {}
    with database.read() as session:
        assert session.value("SELECT COUNT(*) FROM sqlite_master") == 0
    applier = MigrationApplier(database, DocTypeEngine())
    assert (len(applier.history.get_migration_history()), len(applier.backups.list_backups())) == (0, 0)
    assert list(here.iterdir()) == []
    with database.write() as session:
        session.execute("CREATE TABLE t (a)")
    assert (here / "new.db").is_file()
    assert database.reflect().table("t") is not None
    database.close()


def test_a_missing_folder_is_named(here):
    for work in (Database("nope/there/shop.db").reflect, lambda: Database("nope/there/shop.db").write().__enter__()):
        with pytest.raises(DatabaseError, match=r"^The folder nope/there does not exist\."):
            work()


def test_a_folder_is_no_file(here):
    (here / "shop.db").mkdir()
    with pytest.raises(DatabaseError, match=r"shop\.db is a folder"):
        Database("shop.db").reflect()


def test_a_file_of_another_kind_is_named_and_left_alone(here):
    (here / "notes.db").write_text("shopping list " * 100)
    with pytest.raises(DatabaseError, match=r"notes\.db is not a SQLite database"):
        Database("notes.db").reflect()
    assert (here / "notes.db").read_text() == "shopping list " * 100


def test_a_file_that_may_not_be_read_is_named(reachable):
    create(reachable / "shop.db")
    (reachable / "shop.db").chmod(0)
    with as_nobody(), pytest.raises(DatabaseError, match=r"shop\.db cannot be read: you have no right to"):
        Database(f"sqlite:///{reachable}/shop.db").reflect()


def test_a_file_that_may_not_be_written_can_be_read_and_a_write_says_so(reachable):
    create(reachable / "shop.db")
    (reachable / "shop.db").chmod(0o444)
    database = Database(f"sqlite:///{reachable}/shop.db")
    with as_nobody():
        assert database.reflect().table("t") is not None
        with pytest.raises(DatabaseError, match=r"shop\.db is read-only for you"), database.write():
            pass


def test_a_migration_in_a_folder_that_may_not_be_written_says_so(reachable):
    create(reachable / "shop.db")
    (reachable / "shop.db").chmod(0o666)
    reachable.chmod(0o555)
    doctypes = DocTypeEngine()
    doctypes.register({"name": "A", "fields": []})
    applier = MigrationApplier(Database(f"sqlite:///{reachable}/shop.db"), doctypes)
    with as_nobody(), pytest.raises(DatabaseError, match=r"The folder .* is read-only for you"):
        applier.sync_doctype("A")
    assert [path.name for path in reachable.iterdir()] == ["shop.db"]


def test_a_new_file_in_a_folder_that_may_not_be_written_says_so(reachable):
    reachable.chmod(0o555)
    with (
        as_nobody(),
        pytest.raises(DatabaseError, match=r"The folder .* is read-only for you"),
        Database(f"sqlite:///{reachable}/new.db").write(),
    ):
        pass


def test_a_path_object_is_taken_as_the_file_it_names(tmp_path):
    database = Database(tmp_path / "odd?name.db")

    assert database.file == tmp_path / "odd?name.db"
    database.close()
