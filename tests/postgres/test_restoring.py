"""Restoring backups on a server: into the table, some columns, beside it, and what is refused."""

from contextlib import closing

import pytest

from sodaf_nb.errors import MigrationRestoreError
from tests.acceptance.making import doctype, field
from tests.postgres.world import World

BOOK = doctype(field("title", "Data"), field("pages", "Int"), field("price", "Currency"), name="Book")
ROWS = [
    {"name": "B1", "title": "Emma", "pages": 474, "price": "9.5"},
    {"name": "B2", "title": "Solaris", "pages": 204},
    {"name": "B3", "title": "it''s \\ \t new\nline", "pages": None},
]


@pytest.fixture
def world(pg_url, pg, tmp_path):
    with closing(World(pg_url, pg, tmp_path)) as made:
        made.sync(BOOK)
        made.insert("tabBook", ROWS)
        yield made


def backed_up(world, **more):
    return world.applier.backups.create_backup("Book", "tabBook", **more).id


def spoiled(world):
    world.run(
        "UPDATE tabBook SET title = 'Other', pages = 1 WHERE name = 'B1'",
        "DELETE FROM tabBook WHERE name = 'B2'",
        "INSERT INTO tabBook (name, title) VALUES ('B9', 'Later')",
    )


def test_a_table_is_as_it_was_saved_and_the_restore_can_be_taken_back(world):
    saved, backup = world.state(), backed_up(world)
    spoiled(world)
    now = world.state()
    look = world.applier.backups.restore_backup(backup, dry_run=True)
    assert (look.added, look.changed, look.removed) == (1, 1, 1)
    assert world.state() == now, "a dry run changes nothing"
    result = world.applier.backups.restore_backup(backup)
    assert (result.added, result.changed, result.removed) == (1, 1, 1)
    assert world.state() == saved
    undone = world.applier.rollback_migration(result.migration_id)
    assert undone.outcome == "applied"
    assert world.state() == now


def test_some_columns_come_back_and_others_keep_what_was_written(world):
    backup = backed_up(world)
    spoiled(world)
    result = world.applier.backups.restore_backup(backup, columns=["title"])
    assert (result.row_count, result.changed, result.left_out) == (2, 1, 1)
    assert world.values("tabBook", "title") == ("Emma", ROWS[2]["title"], "Later")
    assert world.values("tabBook", "pages") == (1, None, None)
    narrow = backed_up(world, strategy="column", columns=["pages"])
    world.run("UPDATE tabBook SET pages = 7")
    world.applier.backups.restore_backup(narrow)
    assert world.values("tabBook", "pages") == (1, None, None)


def test_rows_are_put_beside_the_table_with_their_types_and_key(world, pg):
    backup = backed_up(world)
    spoiled(world)
    world.applier.backups.restore_backup(backup, as_table="books then")
    assert pg.execute('SELECT name, pages, price::text FROM "books then" ORDER BY 1').fetchall() == [
        ("B1", 474, "9.500000000"),
        ("B2", 204, None),
        ("B3", None, None),
    ]
    kept = "SELECT format_type(atttypid, atttypmod), attnotnull FROM pg_attribute"
    here = "WHERE attrelid = '\"books then\"'::regclass"
    assert pg.execute(f"{kept} {here} AND attname IN ('name', 'price') ORDER BY attname").fetchall() == [
        ("character varying(140)", True),
        ("numeric(21,9)", False),
    ]
    with pytest.raises(MigrationRestoreError, match="already something named books then"):
        world.applier.backups.restore_backup(backup, as_table="books then")


def test_no_trigger_fires_and_rows_that_point_here_stay(world, pg):
    pg.execute("""
        CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.title = 'spoiled'; RETURN NEW; END $$;
        CREATE TRIGGER t BEFORE INSERT OR UPDATE ON "tabBook" FOR EACH ROW EXECUTE FUNCTION spoil();
        ALTER TABLE "tabBook" ENABLE ALWAYS TRIGGER t;
        CREATE TABLE loan (book text REFERENCES "tabBook" (name)); INSERT INTO loan VALUES ('B1'), ('B3')""")
    saved, backup = world.state(), backed_up(world)
    pg.execute("""ALTER TABLE "tabBook" DISABLE TRIGGER t""")
    spoiled(world)
    pg.execute("""ALTER TABLE "tabBook" ENABLE ALWAYS TRIGGER t""")
    world.applier.backups.restore_backup(backup)
    assert world.state() == saved


@pytest.mark.parametrize("action", ["DELETE CASCADE", "UPDATE SET NULL"])
def test_a_key_that_would_take_other_rows_along_is_refused(world, pg, action):
    pg.execute(f'CREATE TABLE loan (book text REFERENCES "tabBook" (name) ON {action})')
    backup = backed_up(world)
    spoiled(world)
    before = world.state()
    with pytest.raises(MigrationRestoreError, match="keys of loan would delete or change rows"):
        world.applier.backups.restore_backup(backup)
    assert world.state() == before


def test_what_the_server_refuses_changes_nothing(world, pg):
    backup = backed_up(world)
    pg.execute('CREATE TABLE loan (book text REFERENCES "tabBook" (name))')
    spoiled(world)
    pg.execute("INSERT INTO loan VALUES ('B9')")
    before = world.state()
    with pytest.raises(MigrationRestoreError, match="foreign key"):
        world.applier.backups.restore_backup(backup)
    assert world.state() == before
    pg.execute('DROP TABLE loan; ALTER TABLE "tabBook" ADD COLUMN further int')
    with pytest.raises(MigrationRestoreError, match="other columns now"):
        world.applier.backups.restore_backup(backup)
    with pytest.raises(MigrationRestoreError, match="stores no column"):
        world.applier.backups.restore_backup(backup, columns=["nothing"])


def test_a_table_that_is_gone_is_made_first(world):
    backup = backed_up(world)
    world.run("DROP TABLE tabBook")
    with pytest.raises(MigrationRestoreError, match="make the table first"):
        world.applier.backups.restore_backup(backup)
    world.sync(BOOK)
    assert world.applier.backups.restore_backup(backup).added == 3
    assert world.values("tabBook", "title") == tuple(row["title"] for row in ROWS)


def test_numbered_keys_go_on_behind_those_that_came_back(pg_url, pg, tmp_path):
    with closing(World(pg_url, pg, tmp_path)) as world:
        world.sync(doctype(field("text", "Data"), name="Note", autoname="autoincrement"))
        pg.execute("""INSERT INTO "tabNote" (text) VALUES ('a'), ('b'), ('c')""")
        backup = world.applier.backups.create_backup("Note", "tabNote").id
        pg.execute("""TRUNCATE "tabNote" RESTART IDENTITY; INSERT INTO "tabNote" (text) VALUES ('new')""")
        world.applier.backups.restore_backup(backup)
        pg.execute("""INSERT INTO "tabNote" (text) VALUES ('d')""")
        assert pg.execute('SELECT name, text FROM "tabNote" ORDER BY 1').fetchall() == [
            (1, "a"),
            (2, "b"),
            (3, "c"),
            (4, "d"),
        ]


def test_a_table_without_a_key_comes_back_with_its_doubles(world, pg):
    pg.execute("CREATE TABLE plain (a int, b json); INSERT INTO plain VALUES (1, '{}'), (1, '{}'), (2, NULL)")
    backup = world.applier.backups.create_backup("plain", "plain").id
    pg.execute("DELETE FROM plain WHERE a = 1; INSERT INTO plain VALUES (3, NULL)")
    result = world.applier.backups.restore_backup(backup)
    assert (result.added, result.removed) == (2, 1)
    assert pg.execute("SELECT a, b::text FROM plain ORDER BY 1").fetchall() == [(1, "{}"), (1, "{}"), (2, None)]


def test_a_backup_of_another_database_is_refused(world, pg_server, tmp_path):
    from tests.postgres.server import admin, fresh

    backup = backed_up(world)
    with fresh(pg_server) as url, admin(url) as pg, closing(World(url, pg, tmp_path)) as other:
        other.sync(BOOK)
        with pytest.raises(MigrationRestoreError, match="another database"):
            other.applier.backups.restore_backup(backup)
        assert other.applier.backups.restore_backup(backup, any_database=True).added == 3
