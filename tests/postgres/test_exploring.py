"""Looking at rows on a server: the commands of SQLite, and a fence around conditions that a person writes."""

import datetime as dt
import json
import shlex
from decimal import Decimal

import pytest

from sodaf_nb.commands import Context, run_line
from sodaf_nb.database import profile as profiling
from sodaf_nb.errors import UsageError
from sodaf_nb.options import ApplyOptions
from tests.commands.conftest import doctype

_BOOKS = """INSERT INTO "tabBook" (name, title, pages, price, weight, published) VALUES
 ('B1', 'Emma', '474', 9.5, 1.5, '1815-12-23'), ('B2', 'Solaris', '204 p.', 12, 'NaN', '1961-01-01'),
 ('B3', ' emma', '474', 20, 'Infinity', 'infinity'), ('B4', NULL, NULL, NULL, NULL, NULL)"""


@pytest.fixture
def run(pg_url, pg, tmp_path, monkeypatch):
    monkeypatch.setenv("SHOP_URL", pg_url.render_as_string(hide_password=False))
    context = Context(options=ApplyOptions(backup_dir=tmp_path / "backups"))

    def run_one(line, body=None):
        return run_line(context, line, body)

    run_one("connect --env SHOP_URL --as shop")
    run_one("doctype", doctype("Book", "title Data", "pages Data", "price Currency", "weight Float", "published Date"))
    run_one("apply Book")
    pg.execute(_BOOKS)
    yield run_one
    context.close_all()


def test_explore_counts_what_would_not_fit(run):
    run("doctype", doctype("Book", "title Data,required=1", "pages Int", "price Int", "weight Float", "published Date"))
    found = run("explore Book")
    assert found.misfits == {"title": {"nulls": 1}, "pages": {"inexact": 1}, "price": {"inexact": 1}}
    rows = {row["column"]: row for row in found.frame_rows()}
    assert (rows["title"]["rows"], rows["title"]["nulls"], rows["title"]["distinct"]) == (4, 1, 3)
    assert (rows["price"]["min"], rows["price"]["max"]) == ("9.5", "20")
    assert rows["pages"]["top"][0] == ("474", 2)
    assert rows["published"]["max"] == "infinity"
    assert rows["weight"]["top"][0] == (1.5, 1)


def test_explore_shows_the_rows_that_would_not_fit(run):
    run("doctype", doctype("Book", "title Data", "pages Int"))
    found = run("explore Book.pages")
    assert [(bar.low, bar.rows) for bar in found.spread.bars] == [("474", 2), ("204 p.", 1)]
    assert found.misfits.values[0][:3] == ("B2", "204 p.", "no exact integer")


def test_numbers_are_counted_in_ranges(run, pg):
    pg.execute("""INSERT INTO "tabBook" (name, price) SELECT 'N' || n, n FROM generate_series(0, 100) AS n""")
    spread = run("explore Book.price").spread
    assert (spread.rows, spread.nulls, spread.rest) == (105, 1, 0)
    assert [bar.rows for bar in spread.bars] == [11, 11, 11, 10, 10, 10, 10, 10, 10, 11]


def test_a_large_table_is_sampled_all_over(run, pg, monkeypatch):
    monkeypatch.setattr(profiling, "MOST_EXACT", 100)
    monkeypatch.setattr(profiling, "SAMPLE", 50)
    pg.execute("""INSERT INTO "tabBook" (name, title) SELECT 'N' || n, n FROM generate_series(1, 3000) AS n""")
    found = run("explore Book").found
    assert found.sampled
    assert found.spread
    assert 10 < found.looked_at < 150
    assert run("explore Book").found == found, "the same rows each time"


def test_columns_of_any_type_are_explored(run, pg):
    kinds = {"a": "json", "b": "bytea", "c": "boolean", "d": "uuid", "e": "point", "f": "integer[]", "g": "interval"}
    pg.execute(f"CREATE TABLE other ({', '.join(f'{n} {t}' for n, t in kinds.items())})")
    pg.execute(
        """INSERT INTO other VALUES ('{"x": 1}', '\\x0001', TRUE, gen_random_uuid(), '(1,2)', '{1,2}', '1 day')"""
    )
    rows = {row["column"]: row for row in run("explore other").frame_rows()}
    assert [row["distinct"] for row in rows.values()] == [1] * 7
    assert (rows["a"]["min"], rows["b"]["min"], rows["c"]["min"]) == ('{"x": 1}', "2 bytes", "true")
    assert run("explore other.b").spread.bars[0].low == "2 bytes"
    assert run("rows other").values[0][2:3] == ("true",)
    assert run("duplicates other c").to_rows() == []


def test_rows_come_by_key_with_their_values(run):
    found = run("rows Book --where \"pages LIKE '4%'\" --columns name,price,published")
    assert found.values == (("B1", Decimal("9.500000000"), "1815-12-23"), ("B3", Decimal("20.000000000"), "infinity"))
    assert len(run("rows Book --limit 3").values) == 3
    assert run("rows Book --mask title").values[0][1] != "Emma"


NOT_ONLY_READING = (
    ("pg_sleep(60) IS NULL", "would call pg_sleep"),
    ("EXISTS (SELECT 1 FROM pg_sleep(60))", "would call pg_sleep"),
    ("nextval('s') > 0", "would call nextval"),
    ("set_config('row_security', 'on', false) IS NULL", "would call set_config"),
    ("(SELECT passwd FROM pg_shadow LIMIT 1) IS NULL", "would read pg_shadow"),
    ("EXISTS (SELECT query FROM pg_stat_activity)", "would read pg_stat_activity"),
    ('EXISTS (WITH d AS (DELETE FROM "tabBook" RETURNING 1) SELECT 1 FROM d)', "data-modifying"),
    ("no_such_column = 1", "no_such_column"),
    ("title", "boolean"),
    ("1 / 0 = 1", "division by zero"),
    ("mine(title)", "would call mine"),
)


def test_a_condition_only_reads(run, pg):
    pg.execute("CREATE SEQUENCE s")
    pg.execute("CREATE FUNCTION mine(text) RETURNS boolean LANGUAGE sql AS 'SELECT TRUE'")
    for condition, reason in NOT_ONLY_READING:
        with pytest.raises(UsageError, match=reason):
            run(f"rows Book --where {shlex.quote(condition)}")
    assert pg.execute('SELECT count(*), (SELECT is_called FROM s) FROM "tabBook"').fetchone() == (4, False)


def test_rows_may_be_looked_for_in_other_tables(run, pg):
    pg.execute("CREATE TABLE seen AS SELECT 'B2'::text AS book, now() AS at")
    found = run('rows Book --where "EXISTS (SELECT 1 FROM seen WHERE book = name AND at <= now())"')
    assert [row[0] for row in found.values] == ["B2"]


def test_duplicates_are_found_loosely_as_well(run):
    assert run("duplicates Book title").to_rows() == []
    (group,) = run("duplicates Book title --loose").to_rows()
    assert (group["rows"], group["first key"], group["last key"]) == (2, "B1", "B3")
    (group,) = run("duplicates Book pages").to_rows()
    assert (group["values"], group["rows"]) == ("474", 2)


def test_orphans_are_columns_rows_and_links(run, pg):
    run("doctype", json.dumps({"doctype": "DocType", "name": "Shelf", "autoname": "autoincrement", "fields": []}))
    run("apply Shelf")
    run("doctype", doctype("Book", "title Data", "shelf Link,options=Shelf"))
    run("apply Book")
    pg.execute("""INSERT INTO "tabShelf" DEFAULT VALUES; UPDATE "tabBook" SET shelf = '1' WHERE name = 'B1'""")
    pg.execute("""UPDATE "tabBook" SET shelf = CASE name WHEN 'B2' THEN '7' ELSE '' END WHERE name IN ('B2', 'B3')""")
    found = {row["object"]: (row["rows"], row["such as"]) for row in run("orphans Book").to_rows()}
    assert found["tabBook.shelf"] == (1, "B2")
    assert found["tabBook.pages"] == (3, "")


def test_looking_leaves_nothing_behind(run, pg):
    run("rows Book --where 'TRUE'")
    run("explore Book")
    assert pg.execute("SELECT relname FROM pg_class WHERE relname LIKE 'sodaf_condition%'").fetchall() == []
    assert dt.date(1815, 12, 23) in {d for (d,) in pg.execute("SELECT published FROM \"tabBook\" WHERE name = 'B1'")}
