"""Plans for other tools: a script that SQLite runs, and a revision that Alembic runs."""

import sqlite3
import textwrap
from contextlib import closing

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy.exc import IntegrityError

from sodaf_nb.errors import UsageError
from tests.commands.conftest import doctype

ENV = """
from alembic import context
from sqlalchemy import create_engine, event
from sqlalchemy.pool import NullPool
engine = create_engine("sqlite:///live.db", poolclass=NullPool)
if context.config.get_main_option("keys"):
    event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA foreign_keys=ON"))
with engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""

FIRST = doctype("Book", "title Data", "pages Data", "shelf Data,length=10")
# A rebuild, an edit of the catalog, an index, and a default with everything that needs care in Python text.
SECOND = doctype(
    "Book", "title Data,not_nullable=1", "pages Int", "shelf Data,length=40", 'note Data,default=a:b\\:"c"%s'
)
ROWS = [("B1", "One", "12", "x"), ("B2", "Two", None, None)]


@pytest.fixture
def live(run, tmp_path):
    """A table with rows at the first version; the second one is loaded."""
    run("connect live.db --create")
    run("doctype", FIRST)
    run("apply Book")
    with closing(sqlite3.connect("live.db")) as raw:
        raw.executemany('INSERT INTO "tabBook" (name, title, pages, shelf) VALUES (?, ?, ?, ?)', ROWS)
        raw.execute('CREATE TABLE parent_of (b REFERENCES "tabBook"(name) ON DELETE CASCADE)')
        raw.execute("INSERT INTO parent_of VALUES ('B1')")
        raw.commit()
    run("doctype", SECOND)
    return tmp_path / "live.db"


def catalog(path):
    query = "SELECT type, name, sql FROM sqlite_master WHERE tbl_name IN ('tabBook', 'parent_of') ORDER BY 1, 2"
    with closing(sqlite3.connect(path)) as raw:
        return raw.execute(query).fetchall()


def rows(path, columns):
    with closing(sqlite3.connect(path)) as raw:
        types = ", ".join(f"{c}, typeof({c})" for c in columns)
        return raw.execute(f'SELECT {types} FROM "tabBook" ORDER BY name').fetchall()


@pytest.fixture
def alembic(tmp_path):
    (tmp_path / "env" / "versions").mkdir(parents=True)
    (tmp_path / "env" / "env.py").write_text(textwrap.dedent(ENV))
    config = Config()
    config.set_main_option("script_location", str(tmp_path / "env"))
    config.set_main_option("path_separator", "os")
    return config


def test_alembic_runs_the_revision_up_and_down_and_comes_where_the_plan_leads(run, live, alembic):
    before, old = catalog(live), rows(live, ["name", "title", "pages", "shelf"])
    run("plan Book --alembic env/versions/book.py")

    command.upgrade(alembic, "head")
    assert not run("diff Book").has_changes
    assert [row[4:6] for row in rows(live, ["name", "title", "pages"])] == [(12, "integer"), (None, "null")]

    command.downgrade(alembic, "base")
    assert catalog(live) == before
    assert rows(live, ["name", "title", "pages", "shelf"]) == old


def test_a_revision_leads_to_the_catalog_that_an_apply_leads_to(run, live, alembic):
    run("plan Book --alembic env/versions/book.py")
    before = live.read_bytes()
    run("apply Book")
    applied = catalog(live)
    live.write_bytes(before)

    command.upgrade(alembic, "head")

    assert catalog(live) == applied


def test_the_next_revision_follows_the_one_the_database_is_at(run, live, alembic):
    run("plan Book --alembic env/versions/book.py")
    command.upgrade(alembic, "head")
    run("doctype", doctype("Book", "title Data,not_nullable=1", "pages Int", "extra Data"))
    run("plan Book --alembic env/versions/extra.py")

    command.upgrade(alembic, "head")

    assert not run("diff Book").has_changes
    command.downgrade(alembic, "base")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ('ALTER TABLE "tabBook" ADD COLUMN other TEXT', "the tables are not as they were"),
        ('CREATE INDEX mine ON "tabBook" (shelf)', "the tables are not as they were"),
        ("""UPDATE "tabBook" SET title = NULL WHERE name = 'B2'""", "tabBook.title must not be empty"),
    ],
)
def test_what_does_not_fit_any_more_takes_the_whole_revision_back(run, live, alembic, change, why):
    run("plan Book --alembic env/versions/book.py --sql book.sql")
    with closing(sqlite3.connect(live)) as raw:
        raw.execute(change)
        raw.commit()
    before, kept = catalog(live), rows(live, ["name", "title", "pages", "shelf"])

    with pytest.raises(IntegrityError, match=why):
        command.upgrade(alembic, "head")
    with closing(sqlite3.connect(live)) as raw, pytest.raises(sqlite3.IntegrityError, match=why):
        raw.executescript((live.parent / "book.sql").read_text())

    assert catalog(live) == before
    assert rows(live, ["name", "title", "pages", "shelf"]) == kept


def test_the_way_down_refuses_what_was_changed_since(run, live, alembic):
    run("plan Book --alembic env/versions/book.py")
    command.upgrade(alembic, "head")
    with closing(sqlite3.connect(live)) as raw:
        raw.execute('ALTER TABLE "tabBook" ADD COLUMN other TEXT')
    before = catalog(live)

    with pytest.raises(IntegrityError, match="the tables are not as they were"):
        command.downgrade(alembic, "base")

    assert catalog(live) == before


def test_with_foreign_keys_on_it_refuses_before_the_first_statement(run, live, alembic):
    run("plan Book --alembic env/versions/book.py")
    alembic.set_main_option("keys", "on")
    before = catalog(live)

    with pytest.raises(IntegrityError, match="foreign keys are on"):
        command.upgrade(alembic, "head")

    assert catalog(live) == before


def test_a_script_does_what_an_apply_does(run, live):
    run("plan Book --sql book.sql")
    before = live.read_bytes()
    run("apply Book")
    applied = catalog(live)
    live.write_bytes(before)

    with closing(sqlite3.connect(live)) as raw:
        raw.executescript((live.parent / "book.sql").read_text())

    assert catalog(live) == applied


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("plan Book --alembic book.txt", "does not end in .py"),
        ("plan Book --sql here.sql", "is there already"),
        ("plan Book --sql nowhere/here.sql", "cannot be written"),
        ("plan Done --alembic done.py", "up to date"),
    ],
)
def test_what_cannot_be_exported_is_refused(run, live, line, what):
    (live.parent / "here.sql").touch()
    run("doctype", doctype("Done", "a Data"))
    run("apply Done")

    with pytest.raises(UsageError, match=what):
        run(line)
