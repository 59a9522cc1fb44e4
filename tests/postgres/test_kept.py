"""What no DocType mentions is kept, or the plan refuses and names it."""

import pytest

from sodaf_nb.errors import UnsupportedChangeError
from tests.postgres.making import doctype, field

TABLE = '"tabThing"'
TWO = doctype(field("title"), field("qty"))
RETYPED = doctype(field("title"), field("qty", "Int"))

# What somebody made by hand: SQL before the change, and a query whose answer stays the same.
FEATURES = {
    "a collation": (
        f'ALTER TABLE {TABLE} ALTER title TYPE varchar(140) COLLATE "POSIX"',
        (
            "SELECT collname FROM pg_collation c JOIN pg_attribute a ON a.attcollation = c.oid "
            "WHERE attrelid = '{t}'::regclass AND attname = 'title'"
        ),
    ),
    "comment on the table": (f"COMMENT ON TABLE {TABLE} IS 'it''s; ours'", "SELECT obj_description('{t}'::regclass)"),
    "comment on a column": (
        f"COMMENT ON COLUMN {TABLE}.qty IS 'pieces'",
        "SELECT description FROM pg_description WHERE objoid = '{t}'::regclass AND objsubid > 0",
    ),
    "comment on an index": (
        f"CREATE INDEX by_hand ON {TABLE} (qty); COMMENT ON INDEX by_hand IS 'mine'",
        "SELECT obj_description('by_hand'::regclass)",
    ),
    "grants": (
        f"GRANT SELECT, UPDATE ON {TABLE} TO PUBLIC; GRANT INSERT ON {TABLE} TO pg_monitor WITH GRANT OPTION",
        "SELECT relacl::text FROM pg_class WHERE oid = '{t}'::regclass",
    ),
    "grants on a column": (
        f"GRANT SELECT (qty), REFERENCES (qty) ON {TABLE} TO pg_monitor",
        "SELECT attacl::text FROM pg_attribute WHERE attrelid = '{t}'::regclass AND attname = 'qty'",
    ),
    "row security and a policy": (
        (
            f"ALTER TABLE {TABLE} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; "
            f"CREATE POLICY mine ON {TABLE} AS RESTRICTIVE FOR UPDATE TO pg_monitor "
            "USING (title <> '') WITH CHECK (true)"
        ),
        (
            "SELECT relrowsecurity, relforcerowsecurity, (SELECT count(*) FROM pg_policy) FROM pg_class "
            "WHERE oid = '{t}'::regclass"
        ),
    ),
    "a publication": (
        f"CREATE PUBLICATION p FOR TABLE {TABLE}",
        "SELECT prrelid = '{t}'::regclass FROM pg_publication_rel",
    ),
    "replica identity": (
        f"ALTER TABLE {TABLE} REPLICA IDENTITY FULL",
        "SELECT relreplident::text FROM pg_class WHERE oid = '{t}'::regclass",
    ),
    "replica identity by an index": (
        (
            f"ALTER TABLE {TABLE} ALTER qty SET NOT NULL; CREATE UNIQUE INDEX ri ON {TABLE} (qty); "
            f"ALTER TABLE {TABLE} REPLICA IDENTITY USING INDEX ri"
        ),
        "SELECT indisreplident FROM pg_index WHERE indexrelid = 'ri'::regclass",
    ),
    "a fill factor": (
        f"ALTER TABLE {TABLE} SET (fillfactor = 70)",
        "SELECT reloptions::text FROM pg_class WHERE oid = '{t}'::regclass",
    ),
    "a statistics target": (
        f"ALTER TABLE {TABLE} ALTER title SET STATISTICS 500, ALTER title SET STORAGE EXTERNAL",
        (
            "SELECT attstattarget, attstorage::text FROM pg_attribute "
            "WHERE attrelid = '{t}'::regclass AND attname = 'title'"
        ),
    ),
    "extended statistics": (
        f"CREATE STATISTICS st ON title, qty FROM {TABLE}",
        "SELECT stxname FROM pg_statistic_ext WHERE stxrelid = '{t}'::regclass",
    ),
    "a trigger": (
        (
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'; "
            f"CREATE TRIGGER tr BEFORE INSERT ON {TABLE} FOR EACH ROW EXECUTE FUNCTION f(); "
            f"ALTER TABLE {TABLE} DISABLE TRIGGER tr"
        ),
        "SELECT tgname, tgenabled::text FROM pg_trigger WHERE tgrelid = '{t}'::regclass AND NOT tgisinternal",
    ),
    "a rule": (
        f"CREATE TABLE log (x text); CREATE RULE r AS ON DELETE TO {TABLE} DO ALSO INSERT INTO log VALUES (old.title)",
        "SELECT rulename FROM pg_rewrite WHERE ev_class = '{t}'::regclass",
    ),
    "a named CHECK over two columns": (
        f"ALTER TABLE {TABLE} ADD CONSTRAINT sane CHECK (docstatus <= idx + 10) NOT VALID",
        "SELECT conname, convalidated FROM pg_constraint WHERE conrelid = '{t}'::regclass AND contype = 'c'",
    ),
    "a CHECK of one column": (
        f"ALTER TABLE {TABLE} ADD CONSTRAINT short CHECK (char_length(title) < 50)",
        "SELECT conname, convalidated FROM pg_constraint WHERE conrelid = '{t}'::regclass AND contype = 'c'",
    ),
    "an exclusion constraint": (
        f"ALTER TABLE {TABLE} ADD CONSTRAINT ex EXCLUDE USING btree (title WITH =)",
        "SELECT conname FROM pg_constraint WHERE conrelid = '{t}'::regclass AND contype = 'x'",
    ),
    "a unique constraint": (
        f"ALTER TABLE {TABLE} ADD CONSTRAINT un UNIQUE (title, qty) DEFERRABLE INITIALLY DEFERRED",
        "SELECT conname, condeferred FROM pg_constraint WHERE conrelid = '{t}'::regclass AND contype = 'u'",
    ),
    "a foreign key from here": (
        (
            f"CREATE TABLE city (id varchar(140) PRIMARY KEY); ALTER TABLE {TABLE} "
            "ADD CONSTRAINT fk FOREIGN KEY (title) REFERENCES city ON DELETE SET NULL"
        ),
        "SELECT conname, confdeltype::text FROM pg_constraint WHERE conrelid = '{t}'::regclass AND contype = 'f'",
    ),
    "a foreign key to here": (
        f"CREATE TABLE child (id int, thing varchar(140) REFERENCES {TABLE} ON DELETE CASCADE)",
        "SELECT conname, confdeltype::text FROM pg_constraint WHERE confrelid = '{t}'::regclass",
    ),
    "a partial index, one on an expression, one backwards": (
        (
            f"CREATE INDEX i1 ON {TABLE} (idx) WHERE docstatus = 1; CREATE INDEX i2 ON {TABLE} (lower(title)); "
            f'CREATE INDEX i3 ON {TABLE} (title COLLATE "POSIX" DESC NULLS LAST) INCLUDE (idx)'
        ),
        (
            "SELECT array_agg(pg_get_indexdef(indexrelid) ORDER BY indexrelid::regclass::text) FROM pg_index "
            "WHERE indrelid = '{t}'::regclass"
        ),
    ),
    "a column with a default that is computed": (
        f"ALTER TABLE {TABLE} ADD born timestamptz NOT NULL DEFAULT now()",
        (
            "SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = '{t}'::regclass AND adnum = "
            "(SELECT attnum FROM pg_attribute WHERE attrelid = '{t}'::regclass AND attname = 'born')"
        ),
    ),
    "a generated column of another column": (
        f"ALTER TABLE {TABLE} ADD shout text GENERATED ALWAYS AS (upper(title)) STORED",
        "SELECT attgenerated::text FROM pg_attribute WHERE attrelid = '{t}'::regclass AND attname = 'shout'",
    ),
    "a view of other columns, and one on it": (
        (
            f"CREATE VIEW v1 AS SELECT name, title FROM {TABLE}; CREATE VIEW v2 AS SELECT title FROM v1; "
            "GRANT SELECT ON v1 TO PUBLIC"
        ),
        "SELECT relname, relacl::text FROM pg_class WHERE relkind = 'v' AND relnamespace = 'public'::regnamespace",
    ),
    "a materialised view of other columns": (
        f"CREATE MATERIALIZED VIEW mv AS SELECT title FROM {TABLE}; CREATE INDEX mi ON mv (title)",
        "SELECT relname FROM pg_class WHERE relkind = 'm'",
    ),
    "a serial column": (
        f"ALTER TABLE {TABLE} ADD place serial",
        "SELECT pg_get_serial_sequence('{t}', 'place')",
    ),
}


ALONE = "replica identity by an index"


def answers(pg, names):
    return {name: pg.execute(FEATURES[name][1].format(t=TABLE)).fetchall() for name in names}


@pytest.mark.parametrize("names", [[name for name in FEATURES if name != ALONE], [ALONE]], ids=["together", ALONE])
def test_a_change_keeps_what_somebody_made_beside_it(names, shop):
    shop.sync(TWO)
    shop.pg.execute("INSERT INTO \"tabThing\" (name, title, qty) VALUES ('A', NULL, '1')")
    for name in names:
        shop.pg.execute(FEATURES[name][0])
    before = answers(shop.pg, names)
    assert all(before.values())
    required = {"required": 1} if names == [ALONE] else {}
    shop.there_and_back(doctype(field("title"), field("qty", "Int", **required), field("added", "Date")))
    assert answers(shop.pg, names) == before
    assert shop.pg.execute('SELECT qty FROM "tabThing"').fetchall() == [("1",)]


@pytest.mark.parametrize(
    ("names", "kept"),
    [
        (["comment on a column", "grants on a column"], "title"),
        (["a collation", "a statistics target", "a CHECK of one column", "a foreign key from here"], "qty"),
    ],
)
def test_a_dropped_column_comes_back_with_what_was_its_own(names, kept, shop):
    shop.sync(TWO)
    for name in names:
        shop.pg.execute(FEATURES[name][0])
    before = answers(shop.pg, names)
    shop.there_and_back(doctype(field(kept)), drop_removed=True)
    assert answers(shop.pg, names) == before


VIEWS = (
    f"CREATE VIEW v1 AS SELECT qty FROM {TABLE}; CREATE VIEW v2 AS SELECT qty FROM v1; "
    f"CREATE MATERIALIZED VIEW v3 AS SELECT qty FROM {TABLE}"
)
IN_THE_WAY = {
    "views, also on views": (VIEWS, ("view v1", "view v2", "view v3")),
    "a policy": (f"CREATE POLICY p ON {TABLE} USING (qty <> '')", ("policy p",)),
    "a generated column": (f"ALTER TABLE {TABLE} ADD g text GENERATED ALWAYS AS (qty) STORED", ("generated column g",)),
    "a trigger of that column": (
        (
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'; "
            f"CREATE TRIGGER tr BEFORE UPDATE OF qty ON {TABLE} FOR EACH ROW EXECUTE FUNCTION f()"
        ),
        ("trigger tr",),
    ),
    "a rule": (f"CREATE RULE r AS ON INSERT TO {TABLE} WHERE new.qty = '' DO INSTEAD NOTHING", ("rule r",)),
}


@pytest.mark.parametrize("wanted", [RETYPED, doctype(field("title"))], ids=["retype", "drop"])
@pytest.mark.parametrize("what", IN_THE_WAY)
def test_a_change_is_refused_by_the_names_of_all_that_uses_the_column(what, wanted, shop):
    make, names = IN_THE_WAY[what]
    shop.sync(TWO)
    shop.pg.execute(make)
    with pytest.raises(UnsupportedChangeError) as error:
        shop.script(shop.plan(wanted, drop_removed=True))
    assert error.value.objects == names


@pytest.mark.parametrize(
    ("make", "names"),
    [
        (f"CREATE STATISTICS st ON title, qty FROM {TABLE}", ["statistics tabthing.st"]),
        (f"ALTER TABLE {TABLE} ADD CONSTRAINT sane CHECK (title <> qty)", ["constraint tabthing.sane"]),
        (
            (
                "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN new.qty := 1; RETURN new; END'; "
                f"CREATE TRIGGER tr BEFORE INSERT ON {TABLE} FOR EACH ROW EXECUTE FUNCTION f()"
            ),
            ["function f()"],
        ),
        (
            f"CREATE FUNCTION g() RETURNS bigint LANGUAGE sql AS 'SELECT count(qty) FROM {TABLE}'",
            ["function g()"],
        ),
    ],
)
def test_a_drop_is_refused_by_what_the_engine_would_lose_or_break_silently(make, names, shop):
    shop.sync(TWO)
    shop.pg.execute(make)
    with pytest.raises(UnsupportedChangeError) as error:
        shop.script(shop.plan(doctype(field("title")), drop_removed=True))
    assert list(error.value.objects) == names


def test_a_function_of_another_column_is_nobodys_business(shop):
    shop.sync(TWO)
    shop.pg.execute(f"CREATE FUNCTION g() RETURNS bigint LANGUAGE sql AS 'SELECT count(title) FROM {TABLE}'")
    shop.there_and_back(doctype(field("title")), drop_removed=True)


def test_a_view_follows_a_renamed_column(shop):
    shop.sync(doctype(field("city")))
    shop.pg.execute(f"CREATE VIEW v AS SELECT city FROM {TABLE}")
    shop.there_and_back(doctype(field("town")), field_renames={"city": "town"})


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        ("CREATE TABLE {t} ({c}) PARTITION BY LIST (name)", "partitioned"),
        ("CREATE TABLE {t} ({c}); CREATE TABLE child () INHERITS ({t})", "inherited"),
    ],
)
def test_tables_of_a_kind_that_is_not_tested_are_not_changed(make, reason, shop):
    columns = (
        "name varchar(140) NOT NULL PRIMARY KEY, creation timestamp, modified timestamp, modified_by varchar(140), "
        "owner varchar(140), docstatus smallint NOT NULL DEFAULT 0, idx integer NOT NULL DEFAULT 0"
    )
    shop.pg.execute(make.format(t=TABLE, c=columns))
    with pytest.raises(UnsupportedChangeError, match=reason):
        shop.script(shop.plan(doctype(field("title"))))


def test_an_index_that_a_failed_build_left_behind_is_not_taken_for_the_wanted_one(shop):
    shop.sync(doctype(field("title")))
    shop.pg.execute("INSERT INTO \"tabThing\" (name, title) VALUES ('A', 'x'), ('B', 'x')")
    import psycopg

    with pytest.raises(psycopg.errors.UniqueViolation):
        shop.pg.execute(f"CREATE UNIQUE INDEX CONCURRENTLY left_over ON {TABLE} (title)")
    plan = shop.plan(doctype(field("title", unique=1)))
    assert [type(o).__name__ for o in plan.operations] == ["CreateIndex"]


def test_objects_of_other_schemas_are_left_out(shop):
    shop.pg.execute("CREATE SCHEMA other; CREATE TABLE other.t (x int)")
    assert shop.live().objects == ()


def test_a_copy_names_nothing_live_whatever_the_order_in_which_things_were_made(shop):
    shop.sync(doctype(field("title"), field("city")))
    shop.pg.execute("CREATE TABLE city (id varchar(140) PRIMARY KEY)")
    shop.pg.execute(f"ALTER TABLE {TABLE} ADD CONSTRAINT fk FOREIGN KEY (city) REFERENCES city")
    shop.pg.execute(f"CREATE VIEW a AS SELECT 1 AS x; CREATE VIEW b AS SELECT title FROM {TABLE}")
    shop.pg.execute("CREATE OR REPLACE VIEW a AS SELECT 1 AS x, title FROM b")
    plan = shop.plan(doctype(field("title"), field("city"), field("added")))
    shop.pg.execute('BEGIN; LOCK TABLE city, "tabThing", a, b IN ROW EXCLUSIVE MODE')
    script = shop.script(plan)
    shop.pg.execute("COMMIT")
    assert "public" not in " ".join(str(o.sql) for o in script.objects)
    shop.run(script.up)
    assert set(shop.live().objects) == set(script.objects)
