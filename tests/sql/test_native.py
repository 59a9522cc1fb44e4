"""Where the engine can change a column by itself, it does; where it cannot, or not exactly, the catalog is edited."""

import sqlite3
from contextlib import closing

import pytest

from tests.acceptance.making import doctype, field

HAS_IT = sqlite3.sqlite_version_info >= (3, 53)
OLD = doctype(field("title"), field("must", required=1))
NEW = doctype(field("title"), field("must"))


def made(world, text='"must" VARCHAR(140) NOT NULL'):
    world.sync(OLD)
    (sql,) = world.ask("SELECT sql FROM sqlite_master WHERE name = 'tabThing'")[0]
    world.run("DROP TABLE tabThing", sql.replace('"must" VARCHAR(140) NOT NULL', text))
    world.insert("tabThing", [{"must": "m"}])
    return world


@pytest.mark.parametrize(
    "text",
    [
        '"must" VARCHAR(140) NOT NULL',
        "must VARCHAR(140) DEFAULT 'x' NOT NULL ON CONFLICT IGNORE /* why */ COLLATE NOCASE",
        '"must" VARCHAR(140) CONSTRAINT filled NOT NULL CHECK (must <> 1)',
    ],
)
def test_native_or_not_the_column_becomes_optional_and_comes_back(text, world):
    made(world, text)
    before = world.state()
    done = world.sync(NEW if "DEFAULT" not in text else doctype(field("title"), field("must", default="x")))
    assert world.ask("SELECT \"notnull\" FROM pragma_table_info('tabThing') WHERE name = 'must'") == [(0,)]
    assert world.ask("PRAGMA integrity_check") == [("ok",)]
    world.applier.rollback_migration(done.migration_id)
    assert world.state().objects == before.objects
    assert world.state().rows == before.rows


def test_native_is_used_exactly_where_the_engine_has_it(world):
    done = made(world).sync(NEW)
    assert any("DROP NOT NULL" in statement for statement in done.sql) == HAS_IT
    assert any("writable_schema" in statement for statement in done.sql) != HAS_IT
    with closing(sqlite3.connect(world.file)) as db:
        db.execute("INSERT INTO tabThing (name) VALUES ('R2')")
