"""Plans as SQL on a real server: the catalog becomes what the copy foretold, and comes back."""

import pytest

from sodaf_nb.doctype.fieldtypes import FIELDTYPES
from sodaf_nb.errors import UnsupportedChangeError
from sodaf_nb.sql.dialects.postgres_alter import Alteration
from tests.postgres.making import doctype, field

TITLE = field("title")


def paths(script):
    return [step.path for step in script.up]


def test_a_table_with_every_fieldtype_is_made_and_seen_as_it_is(shop):
    fields = [
        field(f"f_{n}", name, **({"options": "f_0" if name == "Dynamic Link" else "Thing"} if row.options else {}))
        for n, (name, row) in enumerate(FIELDTYPES.items())
        if row.type
    ]
    shop.there_and_back(doctype(*fields))


@pytest.mark.parametrize(
    ("before", "after", "answers", "path"),
    [
        ([TITLE], [TITLE, field("qty", "Int")], {}, "metadata only"),
        ([TITLE], [TITLE, field("state", default="Open", required=1)], {}, "metadata only"),
        ([TITLE], [TITLE, field("qty", "Int", required=1)], {"backfill": {"qty": 7}}, "metadata only"),
        ([TITLE, field("qty", "Int")], [TITLE], {"drop_removed": True}, "metadata only"),
        ([TITLE], [field("title", length=200)], {}, "metadata only"),
        ([TITLE], [field("title", "Text")], {}, "metadata only"),
        ([field("x", "Currency")], [field("x", "Currency", precision=2)], {}, "rebuild"),
        ([TITLE], [field("title", default="x")], {}, "metadata only"),
        ([field("title", default="x")], [TITLE], {}, "metadata only"),
        ([field("city")], [field("town")], {"field_renames": {"city": "town"}}, "metadata only"),
        ([field("title", required=1)], [TITLE], {}, "metadata only"),
        ([TITLE], [field("title", required=1)], {}, "in place"),
        ([TITLE], [field("title", length=10)], {}, "rebuild"),
        ([TITLE], [field("title", "Int")], {}, "rebuild"),
        ([field("title", "Int")], [field("title", "Long Int")], {}, "rebuild"),
        ([field("title", unique=1)], [TITLE], {}, "metadata only"),
        ([TITLE], [field("title", unique=1)], {}, "in place"),
    ],
)
def test_a_change_takes_the_cheapest_path_and_comes_back(before, after, answers, path, shop):
    shop.sync(doctype(*before))
    script = shop.there_and_back(doctype(*after), **answers)
    assert paths(script) == [path]


def file_of(pg, table="tabThing"):
    return pg.execute(f"SELECT pg_relation_filenode('\"{table}\"')").fetchone()


def test_a_change_of_the_catalog_alone_keeps_the_file_with_its_rows(shop):
    shop.sync(doctype(TITLE, field("gone"), field("city")))
    shop.pg.execute("""INSERT INTO "tabThing" (name, title, city) VALUES ('A', 'a', 'Rome')""")
    before = file_of(shop.pg)
    wanted = doctype(field("title", length=200), field("town"), field("qty", "Int", required=1))
    script = shop.sync(wanted, backfill={"qty": 7}, drop_removed=True, field_renames={"city": "town"})
    assert set(paths(script)) == {"metadata only"}
    assert file_of(shop.pg) == before
    rows = shop.pg.execute("""SELECT name, title, town, qty FROM "tabThing" """).fetchall()
    assert rows == [("A", "a", "Rome", 7)]


def test_all_changes_of_a_table_are_one_alter_table(shop):
    shop.sync(doctype(TITLE, field("qty"), field("gone")))
    script = shop.sync(doctype(field("title", length=10), field("qty", "Int"), field("new", "Date")), drop_removed=True)
    assert paths(script) == ["rebuild"]
    assert [text.partition("\n")[0] for text in script.sql] == ['ALTER TABLE "public"."tabThing"']
    assert script.sql[0].count(",\n") == 3


def test_every_statement_names_the_schema_of_its_table(shop):
    shop.sync(doctype(TITLE, field("gone", unique=1), name="Old"))
    script = shop.sync(
        doctype(field("title", required=1, search_index=1), field("day", "Date", unique=1), name="New"),
        renamed_from="tabOld",
        drop_removed=True,
        backfill={"title": "x"},
    )
    assert [text for text in (*script.sql, *script.rollback_sql) if '"public".' not in text] == []


def test_a_statement_means_the_same_whatever_the_users_search_path_is(shop, engine):
    shop.pg.execute('CREATE SCHEMA hostile; CREATE TABLE hostile."tabThing" (name text)')
    shop.pg.execute(f"ALTER DATABASE {engine.name} SET search_path = hostile, public")
    engine._connections.close()
    shop.there_and_back(doctype(TITLE))
    assert shop.pg.execute('SELECT count(*) FROM hostile."tabThing"').fetchone() == (0,)


def test_nothing_of_the_copy_stays_behind_and_no_other_is_made_to_wait(shop):
    shop.sync(doctype(TITLE))
    plan = shop.plan(doctype(field("title", "Int")))
    shop.pg.execute("BEGIN; LOCK TABLE \"tabThing\" IN ROW EXCLUSIVE MODE; SET lock_timeout = '1s'")
    shop.script(plan)
    shop.pg.execute("COMMIT")
    assert shop.pg.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'sodaf%'").fetchall() == []


VALUES = ("12", "-1", "007", "x", "", None)


def test_a_retype_converts_what_is_exact_and_the_rest_becomes_null(shop):
    shop.sync(doctype(field("qty", default="5")))
    for n, value in enumerate(VALUES):
        shop.pg.execute("""INSERT INTO "tabThing" (name, qty) VALUES (%s, %s)""", (f"R{n}", value))
    shop.sync(doctype(field("qty", "Int", default="5")))
    found = shop.pg.execute("""SELECT qty FROM "tabThing" ORDER BY name""").fetchall()
    assert found == [(12,), (-1,), (None,), (None,), (None,), (None,)]


def test_a_retype_that_becomes_required_fills_in_the_same_pass(shop):
    shop.sync(doctype(field("qty")))
    shop.pg.execute("""INSERT INTO "tabThing" (name, qty) VALUES ('A', '1'), ('B', NULL)""")
    script = shop.sync(doctype(field("qty", "Int", required=1)), backfill={"qty": 9})
    assert len(script.sql) == 1
    assert shop.pg.execute("""SELECT qty FROM "tabThing" ORDER BY name""").fetchall() == [(1,), (9,)]


def test_a_required_field_is_filled_without_waking_triggers(shop):
    shop.sync(doctype(TITLE))
    shop.pg.execute("""INSERT INTO "tabThing" (name) VALUES ('A')""")
    shop.pg.execute("CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''woken''; END'")
    for name, state in (("a", ""), ("b", "ENABLE ALWAYS"), ("c", "DISABLE"), ("d", "ENABLE REPLICA")):
        shop.pg.execute(f'CREATE TRIGGER {name} BEFORE UPDATE ON "tabThing" FOR EACH ROW EXECUTE FUNCTION no()')
        if state:
            shop.pg.execute(f'ALTER TABLE "tabThing" {state} TRIGGER {name}')
    before = shop.catalog()
    shop.sync(doctype(field("title", required=1)), backfill={"title": "x"})
    assert shop.pg.execute("""SELECT title FROM "tabThing" """).fetchall() == [("x",)]
    triggers = {key: text for key, text in shop.catalog().items() if key[0] == "trigger"}
    assert triggers == {key: text for key, text in before.items() if key[0] == "trigger"}
    assert len(triggers) == 4


def test_a_numbered_key_goes_there_and_back_and_its_numbering_goes_on(shop):
    shop.sync(doctype(TITLE))
    shop.pg.execute("""INSERT INTO "tabThing" (name) VALUES ('x'), ('7'), ('y')""")
    shop.sync(doctype(TITLE, autoname="autoincrement"))
    shop.pg.execute("""INSERT INTO "tabThing" (title) VALUES ('new')""")
    assert shop.pg.execute("""SELECT name FROM "tabThing" ORDER BY name""").fetchall() == [(7,), (8,), (9,), (10,)]
    shop.sync(doctype(TITLE))
    assert shop.pg.execute("""SELECT name FROM "tabThing" ORDER BY 1""").fetchall() == [("10",), ("7",), ("8",), ("9",)]


def test_a_change_of_a_numbered_table_keeps_its_counter(shop):
    shop.sync(doctype(TITLE, autoname="autoincrement"))
    shop.pg.execute("""INSERT INTO "tabThing" (title) VALUES ('a'), ('b'); DELETE FROM "tabThing" WHERE name = 2""")
    shop.sync(doctype(field("title", "Int"), autoname="autoincrement"))
    assert shop.pg.execute("""INSERT INTO "tabThing" (title) VALUES (1) RETURNING name""").fetchall() == [(3,)]


def test_a_renamed_doctype_keeps_what_belongs_to_its_table(shop):
    shop.sync(doctype(field("title", unique=1), name="Old"))
    shop.pg.execute('ALTER TABLE "tabOld" ADD CONSTRAINT two CHECK (idx >= docstatus)')
    shop.pg.execute('CREATE VIEW v AS SELECT title FROM "tabOld"')
    shop.there_and_back(doctype(field("title", unique=1), name="New"), renamed_from="tabOld")


def test_a_rename_in_letter_case_only_is_one(shop):
    shop.sync(doctype(TITLE, name="Order Line"))
    shop.there_and_back(doctype(TITLE, name="Order line"), renamed_from="tabOrder Line")


def test_a_name_that_is_too_long_is_refused(shop):
    shop.sync(doctype(TITLE))
    plan = shop.plan(doctype(field("title"), field("x" * 60)))
    assert shop.script(plan)
    from dataclasses import replace

    column = replace(plan.operations[0].column, name="é" * 40)
    long = replace(plan, operations=(replace(plan.operations[0], column=column),))
    with pytest.raises(UnsupportedChangeError, match="80 bytes"):
        shop.script(long)


def test_nothing_is_left_of_an_alteration_without_clauses():
    assert Alteration().clauses == []
