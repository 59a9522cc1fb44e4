"""What ANALYZE found, old violations and full-text indexes, in more shapes than the table of cases has."""

import sqlite3
from contextlib import closing

import pytest

from sodaf_nb.errors import MigrationExecutionError
from tests.acceptance.making import doctype, field

OLD = doctype(field("title"), field("qty"), field("note"))
RETYPED = doctype(field("title"), field("qty", "Int"), field("note"))
FILLED = doctype(field("title"), field("qty"), field("note", required=1, default="none yet"))
CHECKS = {
    "fts5": "INSERT INTO found (found, rank) VALUES ('integrity-check', 1)",
    "fts4": "INSERT INTO found (found) VALUES ('integrity-check')",
}


@pytest.fixture
def shop(world):
    world.sync(OLD)
    rows = [{"title": "a", "qty": "7", "note": "red"}, {"title": "b", "qty": "2024", "note": None}]
    world.insert("tabThing", rows)
    return world


def matches(world, word):
    return [row[0] for row in world.ask(f"SELECT rowid FROM found WHERE found MATCH '{word}'")]


# ---------------------------------------------------------------- full-text indexes


@pytest.mark.parametrize("module", ["fts5", "fts4"])
@pytest.mark.parametrize("passes", [4, -1], ids=["in place", "rebuild"])
def test_an_index_over_content_finds_what_a_migration_fills_in_and_no_more_when_it_is_taken_back(
    module, passes, shop, monkeypatch
):
    monkeypatch.setattr(shop.database.dialect, "_most_passes", passes)
    shop.run(
        f'CREATE VIRTUAL TABLE found USING {module}(note, content="tabThing")',
        "INSERT INTO found (found) VALUES ('rebuild')",
    )
    done = shop.sync(FILLED, accept="all")
    assert matches(shop, "none") == [2]
    assert matches(shop, "red") == [1]
    shop.run(CHECKS[module])
    shop.applier.rollback_migration(done.migration_id)
    assert matches(shop, "none") == []
    shop.run(CHECKS[module])


def test_an_index_that_holds_a_part_by_choice_stops_the_change_and_stays_as_it_is(shop):
    shop.run(
        "CREATE VIRTUAL TABLE found USING fts5(note, content='tabThing')",
        "INSERT INTO found (rowid, note) SELECT rowid, note FROM tabThing WHERE title = 'b'",
    )
    before = shop.state()
    with pytest.raises(
        MigrationExecutionError, match="full-text index found does not hold exactly the content"
    ) as error:
        shop.sync(FILLED, accept="all")
    assert "VALUES ('rebuild')" in error.value.hint
    assert shop.state() == before
    assert shop.statuses()[-1] == "failed"


def test_a_dry_run_says_so_before(shop):
    shop.run("CREATE VIRTUAL TABLE found USING fts5(note, content='tabThing')")
    shop.declare(FILLED)
    found = shop.applier.dry_run("Thing")
    assert "does not hold exactly the content" in found.rehearsal.problem


def test_a_change_of_other_columns_neither_asks_nor_tells_the_index(shop):
    shop.run("CREATE VIRTUAL TABLE found USING fts5(note, content='tabThing')")
    assert not any("rebuild" in sql for sql in shop.sync(RETYPED, accept="all").sql)


def test_an_index_over_a_view_of_the_table_is_told_too(shop):
    shop.run(
        "CREATE VIEW inner_notes AS SELECT rowid AS id, note AS words FROM tabThing",
        "CREATE VIEW notes AS SELECT id, words FROM inner_notes",
        "CREATE VIRTUAL TABLE found USING fts5(words, content = notes, content_rowid = id)",
        "INSERT INTO found (found) VALUES ('rebuild')",
    )
    shop.sync(FILLED, accept="all")
    assert matches(shop, "none") == [2]
    shop.run(CHECKS["fts5"])


# ---------------------------------------------------------------- statistics


def test_statistics_follow_a_renamed_table_with_the_names_of_its_own_indexes(shop):
    shop.run(
        "DROP TABLE tabThing",
        "CREATE TABLE tabThing (name VARCHAR(140) NOT NULL PRIMARY KEY, creation DATETIME, modified DATETIME, "
        "modified_by VARCHAR(140), owner VARCHAR(140), docstatus SMALLINT NOT NULL DEFAULT 0, "
        "idx INTEGER NOT NULL DEFAULT 0, title VARCHAR(140) UNIQUE, qty VARCHAR(140), note VARCHAR(140)) WITHOUT ROWID",
        "CREATE TABLE tabThing_more (x UNIQUE)",
        "INSERT INTO tabThing (name, title) VALUES ('R1', 'a')",
        "INSERT INTO tabThing_more VALUES (1)",
        "ANALYZE",
    )
    before = sorted(shop.ask("SELECT tbl, idx, stat FROM sqlite_stat1 WHERE tbl LIKE 'tabThing%'"))
    done = shop.sync(dict(OLD, name="Other Thing"), renamed_from="Thing")
    table = "tabOther Thing"
    wanted = {
        (table, table),
        (table, f"sqlite_autoindex_{table}_2"),
        ("tabThing_more", "sqlite_autoindex_tabThing_more_1"),
    }
    named = {row[:2] for row in shop.ask("SELECT tbl, idx FROM sqlite_stat1 WHERE tbl NOT LIKE 'tabMigration%'")}
    assert named == wanted
    indexes = {name for (name,) in shop.ask("SELECT name FROM sqlite_master WHERE type = 'index'")}
    assert {name for _table, name in named if name != table} <= indexes
    shop.applier.rollback_migration(done.migration_id)
    assert sorted(shop.ask("SELECT tbl, idx, stat FROM sqlite_stat1 WHERE tbl LIKE 'tabThing%'")) == before


# ---------------------------------------------------------------- old violations


def test_old_violations_are_known_by_their_columns_when_the_keys_are_numbered_anew(shop):
    (sql,) = shop.ask("SELECT sql FROM sqlite_master WHERE name = 'tabThing'")[0]
    text = sql.replace('"qty" VARCHAR(140)', '"qty" VARCHAR(140) REFERENCES ghost (id)').replace(
        '"note" VARCHAR(140)', '"note" VARCHAR(140) REFERENCES other (id)'
    )
    shop.run("DROP TABLE tabThing", text, "CREATE TABLE ghost (id PRIMARY KEY)", "CREATE TABLE other (id PRIMARY KEY)")
    shop.insert("tabThing", [{"qty": "nobody", "note": None}])
    with closing(sqlite3.connect(shop.file)) as db:
        before = [row[3] for row in db.execute("PRAGMA foreign_key_check")]
    shop.sync(doctype(field("title"), field("qty")), removed_fields="drop", accept="all")
    with closing(sqlite3.connect(shop.file)) as db:
        assert [row[3] for row in db.execute("PRAGMA foreign_key_check")] != before == [1]
