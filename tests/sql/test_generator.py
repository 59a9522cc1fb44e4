"""Plans become scripts that are run here on real databases, up and down."""

from contextlib import closing
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sodaf_nb.diff import Answers, compare
from sodaf_nb.errors import UnsupportedChangeError
from sodaf_nb.plan import (
    AddColumn,
    AlterColumn,
    CreateTable,
    DropColumn,
    DropTable,
    Plan,
    RestoreColumn,
    RestoreTable,
    RetargetReference,
)
from sodaf_nb.plan.planner import Context, make_plan
from sodaf_nb.plan.rollback import make_rollback
from sodaf_nb.schema import Column, DataType, Index, Kind, Table
from sodaf_nb.schema.types import decimal, varchar
from sodaf_nb.sql import Script, SQLGenerator, Step, syntax_errors
from sodaf_nb.sql.dialects.sqlite_dialect import SQLITE, SQLiteDialect
from sodaf_nb.sql.dialects.sqlite_reflection import reflect
from sodaf_nb.sql.dialects.sqlite_shadow import catalog
from tests.schema.strategies import PLAIN_KINDS, RELAXED
from tests.sql.memory import memory

TEXT, INTEGER, REAL = (DataType(kind=kind) for kind in (Kind.TEXT, Kind.INTEGER, Kind.REAL))
NAME = Column(name="name", type=varchar(), nullable=False)
TABLE = "tabSales Order"
BASE = (
    f'CREATE TABLE "{TABLE}" (name VARCHAR(140) NOT NULL PRIMARY KEY, a TEXT, b TEXT, c TEXT, d TEXT, e TEXT, f TEXT)'
)

ROW = f"INSERT INTO \"{TABLE}\" (name, a, b) VALUES ('SO-1', '1', 'bee')"


REBUILD = SQLiteDialect(most_passes=-1)
IN_PLACE = {SQLITE: "in place", REBUILD: "rebuild"}
every_path = pytest.mark.parametrize("dialect", [SQLITE, REBUILD], ids=["cheapest path", "rebuild"])


class Live:
    """A real database in memory that is migrated as the applier does it."""

    def __init__(self, *statements, dialect=SQLITE):
        self.generator = SQLGenerator(dialect)
        self.db = memory(isolation_level=None)
        self.run(statements)

    def run(self, statements):
        for statement in statements:
            self.db.execute(statement).fetchall()

    def rows(self, sql, params=()):
        return self.db.execute(sql, params).fetchall()

    def catalog(self):
        return catalog(reflect(self))

    def plan(self, wanted, *, references=(), backfill=None, **answers):
        live = reflect(self)
        found = compare(wanted.name.removeprefix("tab"), wanted, live, Answers(**answers))
        context = Context(live=live, made_for="f00d", references=references, backfill=backfill or {})
        return make_plan(found, context)

    def script(self, *operations, backup=()):
        plan = Plan(doctype="Sales Order", table=TABLE, operations=operations, made_for="f00d")
        return self.generator.generate(plan, reflect(self), backup=backup)

    def migrate(self, wanted, **given):
        script = self.generator.generate(self.plan(wanted, **given), reflect(self))
        self.run(script.sql)
        return script

    def close(self):
        self.db.close()


def wanted(*columns, name=TABLE, indexes=(), key=NAME):
    return Table(name=name, columns=(key, *columns), primary_key=("name",), indexes=indexes)


def texts(*names):
    return [Column(name=name, type=TEXT) for name in names]


def paths(script):
    return [step.path for step in script.up]


def there_and_back(live, table, **given):
    """Migrate and take the structure back; return the script."""
    before = live.catalog()
    script = live.migrate(table, **given)
    assert script.problem == ""
    assert live.catalog() == {(o.kind, o.name.lower()): live.catalog()[o.kind, o.name.lower()] for o in script.objects}
    live.run(script.rollback_sql)
    assert live.catalog() == before
    return script


# ---------------------------------------------------------------- any table, any change

KINDS = [varchar(140), varchar(5), decimal(), decimal(10, 2), *(DataType(kind=kind) for kind in PLAIN_KINDS)]
NUMBERS = {
    Kind.SMALLINT: st.integers(-(2**15), 2**15 - 1),
    Kind.INTEGER: st.integers(-(2**63), 2**63 - 1),
    Kind.BIGINT: st.integers(-(2**63), 2**63 - 1),
    Kind.REAL: st.floats(allow_nan=False, allow_infinity=False),
    Kind.DECIMAL: st.integers(-(10**9), 10**9) | st.floats(-1e9, 1e9),
}
WORDS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=9)
COLUMN_NAMES = ["a", "b", "c", "d", "e", "group", "order_by", "x1"]


@st.composite
def random_columns(draw, name):
    data_type = draw(st.sampled_from(KINDS))
    default = draw(st.none() | NUMBERS.get(data_type.kind, WORDS))
    nullable = default is None or draw(st.booleans())
    return Column(name=name, type=data_type, nullable=nullable, default=default)


@st.composite
def random_tables(draw):
    chosen = draw(st.lists(st.sampled_from(COLUMN_NAMES), unique=True, max_size=6))
    columns = [draw(random_columns(name)) for name in chosen]
    groups = st.lists(st.sampled_from(chosen), unique=True, min_size=1, max_size=2) if chosen else st.nothing()
    parts = st.builds(Index, table=st.just(TABLE), columns=groups.map(tuple), unique=st.booleans())
    indexes = draw(st.lists(parts, unique_by=Index.structure, max_size=3)) if chosen else []
    return wanted(*columns, indexes=tuple(indexes))


def possible_renames(before, after):
    gone = [c.name for c in before.columns if after.column(c.name) is None]
    new = [c.name for c in after.columns if before.column(c.name) is None]
    return list(zip(gone, new, strict=False))


@RELAXED
@given(random_tables(), random_tables(), st.booleans(), st.integers(0, 3))
def test_any_change_of_any_table_arrives_and_can_be_taken_back(before, after, drop, renames):
    answers = {"drop_removed": drop, "field_renames": dict(possible_renames(before, after)[:renames])}
    with closing(Live()) as live:
        there_and_back(live, before)
        live.migrate(before)
        assert not compare("Sales Order", before, reflect(live), Answers(drop_removed=True)).has_changes
        live.run([f"INSERT INTO \"{TABLE}\" (name) VALUES ('SO-1')"])
        kept = kept_columns(before, after)
        held = live.rows(f'SELECT {kept} FROM "{TABLE}"')
        there_and_back(live, after, **answers)
        assert live.rows(f'SELECT {kept} FROM "{TABLE}"') == held
        live.migrate(after, **answers)
        assert not compare("Sales Order", after, reflect(live), Answers(drop_removed=drop)).has_changes
        assert live.rows(f'SELECT {kept} FROM "{TABLE}"') == held


def kept_columns(before, after):
    same = [c.name for c in before.columns if (now := after.column(c.name)) and now.type == c.type and now.nullable]
    return ", ".join(f'"{name}"' for name in ("name", *same))


# ---------------------------------------------------------------- the cheapest path


def test_a_new_table_touches_no_row_and_its_indexes_are_made():
    with closing(Live()) as live:
        table = wanted(Column(name="a", type=TEXT), indexes=(Index(table=TABLE, columns=("a",), unique=True),))
        script = there_and_back(live, table)
        assert paths(script) == ["metadata only", "in place"]
        assert script.sql[0] == f'CREATE TABLE "{TABLE}" (\n  "name" VARCHAR(140) NOT NULL PRIMARY KEY,\n  "a" TEXT\n)'
        assert script.sql[1] == f'CREATE UNIQUE INDEX "ux_tabSales_Order_a" ON "{TABLE}" ("a")'


def test_a_new_column_at_the_end_touches_no_row():
    with closing(Live(BASE, ROW)) as live:
        script = there_and_back(
            live, wanted(*texts(*"abcdef"), Column(name="g", type=INTEGER, nullable=False, default=3))
        )
        assert paths(script) == ["metadata only"]
        assert script.sql == (f'ALTER TABLE "{TABLE}" ADD COLUMN "g" INTEGER NOT NULL DEFAULT 3',)


def test_a_backfilled_column_is_added_and_filled():
    with closing(Live(BASE, ROW)) as live:
        script = live.migrate(wanted(*texts(*"abcdefg")), backfill={"g": "it's"})
        assert paths(script) == ["in place"]
        assert live.rows(f'SELECT g FROM "{TABLE}"') == [("it's",)]


def test_a_required_column_with_a_backfill_is_filled_in_place():
    with closing(Live(BASE, ROW)) as live:
        script = live.migrate(
            wanted(*texts(*"abcdef"), Column(name="g", type=TEXT, nullable=False)), backfill={"g": "x"}
        )
        assert paths(script) == ["in place"]
        assert live.rows(f'SELECT name, a, g FROM "{TABLE}"') == [("SO-1", "1", "x")]


def test_up_to_four_drops_are_done_in_place_and_five_are_one_rebuild():
    for left, path in (("ab", ["in place"] * 4), ("a", ["rebuild"])):
        with closing(Live(BASE, ROW)) as live:
            script = there_and_back(live, wanted(*texts(*left)), drop_removed=True)
            assert paths(script) == path
            assert live.rows(f'SELECT name, a FROM "{TABLE}"') == [("SO-1", "1")]


@every_path
def test_all_changes_of_a_table_that_need_it_share_one_rebuild(dialect):
    with closing(Live(BASE, ROW, dialect=dialect)) as live:
        a, *rest = texts(*"abcde")
        table = wanted(replace(a, type=INTEGER), *rest, Column(name="g", type=TEXT, default="new"))
        script = there_and_back(live, table, drop_removed=True)
        assert paths(script) == (["rebuild"] if dialect is REBUILD else ["in place", "in place", "metadata only"])
        assert script.paths == (("rebuild",) * 3 if dialect is REBUILD else tuple(paths(script)))
        assert {s.table for s in script.up} == {TABLE}
        live.migrate(table, drop_removed=True)
        assert live.rows(f'SELECT name, a, b, g FROM "{TABLE}"') == [("SO-1", 1, "bee", "new")]


def test_renames_touch_no_row():
    with closing(Live(BASE, ROW)) as live:
        table = wanted(*texts(*"zbcdef"), name="tabOrder")
        script = there_and_back(live, table, renamed_from=TABLE, field_renames={"a": "z"})
        assert paths(script) == ["metadata only", "metadata only"]
        live.migrate(table, renamed_from=TABLE, field_renames={"a": "z"})
        assert live.rows("SELECT name, z FROM tabOrder") == [("SO-1", "1")]


def test_a_rename_together_with_a_new_type_keeps_the_data():
    with closing(Live(BASE, ROW)) as live:
        table = wanted(Column(name="z", type=INTEGER), *texts(*"bcdef"))
        there_and_back(live, table, field_renames={"a": "z"})
        live.migrate(table, field_renames={"a": "z"})
        assert live.rows(f'SELECT z FROM "{TABLE}"') == [(1,)]


def test_a_table_renamed_in_letter_case_only():
    with closing(Live(BASE, ROW, f'CREATE INDEX i ON "{TABLE}" (a)')) as live:
        script = there_and_back(live, wanted(*texts(*"abcdef"), name="tabSALES Order"))
        assert [sql.count("RENAME TO") for sql in script.sql] == [1, 1]
        live.run(script.sql)
        assert live.rows("SELECT name, tbl_name FROM sqlite_master WHERE sql IS NOT NULL") == [
            ("tabSALES Order", "tabSALES Order"),
            ("i", "tabSALES Order"),
        ]


def test_rows_that_name_a_renamed_doctype_are_written_anew_and_back():
    with closing(
        Live(BASE, "CREATE TABLE tabNote (about TEXT)", "INSERT INTO tabNote VALUES ('Sales Order'), ('x')")
    ) as live:
        table = wanted(*texts(*"abcdef"), name="tabO'Order")
        given = {"references": [("tabNote", "about")], "renamed_from": TABLE}
        script = live.migrate(table, **given)
        assert live.rows("SELECT about FROM tabNote") == [("O'Order",), ("x",)]
        assert paths(script) == ["metadata only", "in place"]
        live.run(script.rollback_sql)
        assert live.rows("SELECT about FROM tabNote") == [("Sales Order",), ("x",)]


def test_an_index_that_is_no_longer_wanted_goes_and_comes_back():
    with closing(Live(BASE, f'CREATE INDEX "ix_tabSales_Order_a" ON "{TABLE}" ("a")')) as live:
        script = there_and_back(live, wanted(*texts(*"abcdef")))
        assert (script.sql, paths(script)) == (('DROP INDEX "ix_tabSales_Order_a"',), ["metadata only"])


# ---------------------------------------------------------------- what no DocType mentions is kept

RETYPED = wanted(Column(name="a", type=INTEGER), *texts(*"bcdef"))


@every_path
@pytest.mark.parametrize(
    "unmanaged",
    [
        f'CREATE TRIGGER log AFTER UPDATE ON "{TABLE}" BEGIN SELECT new.b; END',
        f"CREATE INDEX part ON \"{TABLE}\" (b COLLATE NOCASE, c DESC) WHERE a <> ''",
        f'CREATE UNIQUE INDEX expr ON "{TABLE}" (lower(name))',
        f'CREATE VIEW seen AS SELECT name, a FROM "{TABLE}"',
        f'CREATE TABLE child (parent REFERENCES "{TABLE}" (name))',
        f'CREATE TRIGGER outside AFTER DELETE ON x BEGIN DELETE FROM "{TABLE}"; END',
    ],
    ids=["trigger", "partial index", "expression index", "view", "child table", "trigger of another table"],
)
def test_an_object_on_the_table_is_kept_word_for_word(unmanaged, dialect):
    with closing(Live(BASE, ROW, "CREATE TABLE x (y)", unmanaged, dialect=dialect)) as live:
        script = there_and_back(live, RETYPED)
        assert paths(script) == [IN_PLACE[dialect]]
        live.run(script.sql)
        assert (unmanaged,) in live.rows("SELECT sql FROM sqlite_master")
        assert live.rows(f'SELECT a FROM "{TABLE}"') == [(1,)]


@every_path
def test_triggers_do_not_fire(dialect):
    with closing(Live(BASE, ROW, "CREATE TABLE log (x)", dialect=dialect)) as live:
        live.run(
            [f'CREATE TRIGGER log_{e} AFTER {e} ON "{TABLE}" BEGIN INSERT INTO log VALUES (1); END' for e in EVENTS]
        )
        live.migrate(RETYPED)
        assert live.rows("SELECT * FROM log") == []


EVENTS = ("INSERT", "UPDATE", "DELETE")


def test_a_generated_column_goes_along():
    base = BASE.replace("f TEXT)", "f TEXT, g AS (a || b), h TEXT AS (b || '!') STORED)")
    with closing(Live(base, ROW)) as live:
        there_and_back(live, RETYPED)
        script = live.migrate(RETYPED)
        assert paths(script) == ["rebuild"]
        assert live.rows(f'SELECT a, g, h FROM "{TABLE}"') == [(1, "1bee", "bee!")]


def test_a_generated_column_is_not_filled_when_it_comes_back():
    live = Live(BASE.replace("f TEXT)", "f TEXT, g TEXT AS (b || '!') STORED)"), ROW)
    with closing(live):
        column = reflect(live).table(TABLE).column("g")
        script = live.script(DropColumn(table=TABLE, column=column, after="f"))
        live.run(script.sql)
        live.run(script.rollback_sql)
        assert (paths(script), script.down[0].path, script.problem) == (["rebuild"], "rebuild", "")
        assert live.rows(f'SELECT g FROM "{TABLE}"') == [("bee!",)]


CONSTRAINED = (
    f'CREATE TABLE "{TABLE}" (name TEXT NOT NULL PRIMARY KEY, a TEXT, '
    "b TEXT COLLATE NOCASE CHECK (b <> 'x'), -- note\n"
    "c TEXT REFERENCES other (x) DEFERRABLE, UNIQUE (b, c) ON CONFLICT REPLACE)"
)


@pytest.mark.parametrize("ending", ["", " STRICT", " WITHOUT ROWID", " STRICT, WITHOUT ROWID"])
def test_constraints_comments_and_the_kind_of_table_are_kept(ending):
    with closing(Live(CONSTRAINED + ending, ROW)) as live:
        key = replace(NAME, type=TEXT)
        table = wanted(Column(name="a", type=INTEGER), *texts("b", "c"), Column(name="z", type=TEXT), key=key)
        there_and_back(live, table)
        script = live.migrate(table)
        # A strict table has no columns without a type, but this change needs none.
        assert paths(script) == ["in place", "metadata only"]
        (sql,) = live.rows("SELECT sql FROM sqlite_master WHERE name = ?", (TABLE,))[0]
        assert sql.endswith(f"ON CONFLICT REPLACE){ending}")
        assert all(text in sql for text in ("COLLATE NOCASE CHECK (b <> 'x'), -- note", "DEFERRABLE"))
        assert live.rows(f'SELECT name, a, b, z FROM "{TABLE}"') == [("SO-1", 1, "bee", None)]


def test_a_type_that_a_strict_table_does_not_have_is_refused():
    with closing(Live(BASE.replace("VARCHAR(140)", "TEXT") + " STRICT")) as live:
        table = wanted(*texts(*"abcdef"), Column(name="g", type=varchar()), key=replace(NAME, type=TEXT))
        with pytest.raises(UnsupportedChangeError, match=r"is STRICT and .* it would get g VARCHAR"):
            live.migrate(table)


@every_path
def test_row_numbers_are_kept(dialect):
    with closing(Live(BASE, ROW, f'UPDATE "{TABLE}" SET rowid = 77', dialect=dialect)) as live:
        live.migrate(RETYPED)
        assert live.rows(f'SELECT rowid, a FROM "{TABLE}"') == [(77, 1)]


def test_a_table_whose_columns_hide_the_row_number_is_rebuilt_all_the_same():
    with closing(
        Live("CREATE TABLE tabT (name TEXT NOT NULL PRIMARY KEY, rowid TEXT, oid TEXT, _rowid_ TEXT)")
    ) as live:
        live.run(["INSERT INTO tabT VALUES ('a', '1', '2', '3')"])
        columns = [Column(name=n, type=INTEGER) for n in ("rowid", "oid", "_rowid_")]
        live.migrate(wanted(*columns, name="tabT", key=replace(NAME, type=TEXT)))
        assert live.rows("SELECT * FROM tabT") == [("a", 1, 2, 3)]


COUNTED = "CREATE TABLE tabLog (name INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT)"
KEY = Column(name="name", type=INTEGER, autoincrement=True)


@every_path
def test_an_autoincrement_counter_goes_on_where_it_was(dialect):
    with closing(Live(COUNTED, "INSERT INTO tabLog VALUES (9, '5')", "DELETE FROM tabLog", dialect=dialect)) as live:
        table = wanted(Column(name="a", type=INTEGER), name="tabLog", key=KEY)
        there_and_back(live, table)
        live.migrate(table)
        live.run(["INSERT INTO tabLog (a) VALUES (1)"])
        assert live.rows("SELECT name FROM tabLog") == [(10,)]


def test_a_text_key_becomes_numbers_the_others_getting_the_next_free_ones():
    with closing(Live("CREATE TABLE tabLog (name TEXT NOT NULL PRIMARY KEY)")) as live:
        live.run([f"INSERT INTO tabLog VALUES ('{name}')" for name in ("7", "x", "3", "y")])
        script = live.migrate(wanted(name="tabLog", key=replace(KEY, nullable=False)))
        assert live.rows("SELECT name FROM tabLog ORDER BY name") == [(3,), (7,), (8,), (9,)]
        assert script.problem == ""
        live.run(script.rollback_sql)
        assert live.rows("SELECT name FROM tabLog ORDER BY name") == [("3",), ("7",), ("8",), ("9",)]


@every_path
def test_an_integer_key_without_a_counter_stays_the_row_number(dialect):
    with closing(
        Live(
            "CREATE TABLE tabLog (name INTEGER PRIMARY KEY, a TEXT)",
            "INSERT INTO tabLog VALUES (4, '2')",
            dialect=dialect,
        )
    ) as live:
        live.migrate(wanted(Column(name="a", type=INTEGER), name="tabLog", key=replace(KEY, autoincrement=False)))
        assert live.rows("SELECT rowid, name, a FROM tabLog") == [(4, 4, 2)]


def test_a_key_of_several_columns_is_kept_and_so_are_row_numbers():
    composite = BASE.replace(" PRIMARY KEY", "").replace("f TEXT)", "f TEXT, PRIMARY KEY (name, b))")
    with closing(Live(composite, ROW, f'UPDATE "{TABLE}" SET rowid = 77')) as live:
        script = live.script(AlterColumn(table=TABLE, before=texts("a")[0], after=Column(name="a", type=INTEGER)))
        live.run(script.sql)
        assert (paths(script), script.problem) == (["in place"], "")
        assert live.rows(f'SELECT rowid, name, a FROM "{TABLE}"') == [(77, "SO-1", 1)]


@every_path
def test_a_key_that_stands_in_a_constraint_is_kept(dialect):
    with closing(Live("CREATE TABLE tabLog (name TEXT NOT NULL, a TEXT, PRIMARY KEY (name))", dialect=dialect)) as live:
        there_and_back(live, wanted(Column(name="a", type=INTEGER), name="tabLog", key=replace(NAME, type=TEXT)))


def test_a_default_that_is_an_expression_fills_rows_when_its_column_comes_back():
    """ADD COLUMN takes an expression on an empty copy and refuses it where there are rows."""
    base = BASE.replace("f TEXT)", "f TEXT, g TEXT DEFAULT ('x' || 'y'))")
    with closing(Live(base, ROW)) as live:
        script = there_and_back(live, wanted(*texts(*"abcdef")), drop_removed=True)
        assert [s.path for s in script.down] == ["rebuild"]
        assert live.rows(f'SELECT g FROM "{TABLE}"') == [("xy",)]


def test_a_default_that_is_an_expression_survives_a_new_type():
    base = BASE.replace("a TEXT", "a TEXT DEFAULT (1 + 1)")
    with closing(Live(base)) as live:
        there_and_back(live, RETYPED)
        live.migrate(RETYPED)
        live.run([ROW.replace("a, b", "b").replace("'1', ", "")])
        assert live.rows(f'SELECT a FROM "{TABLE}"') == [(2,)]


def test_a_dropped_column_comes_back_at_its_old_place_with_its_old_text():
    with closing(Live(BASE.replace("b TEXT", "b TEXT COLLATE NOCASE /* why */"))) as live:
        there_and_back(live, wanted(*texts(*"acdef")), drop_removed=True)
        there_and_back(live, wanted(*texts("d")), drop_removed=True)


def test_the_first_column_comes_back_to_the_front():
    with closing(Live("CREATE TABLE tabT (fax TEXT, name VARCHAR(140) NOT NULL PRIMARY KEY)")) as live:
        there_and_back(live, wanted(name="tabT"), drop_removed=True)


# ---------------------------------------------------------------- what would break is refused


def refused(wanted_table, *statements, match, **given):
    with closing(Live(BASE, ROW, *statements)) as live:
        before = live.catalog(), live.rows(f'SELECT * FROM "{TABLE}"')
        with pytest.raises(UnsupportedChangeError, match=match) as caught:
            live.migrate(wanted_table, **given)
        assert (live.catalog(), live.rows(f'SELECT * FROM "{TABLE}"')) == before
        return caught.value


@pytest.mark.parametrize("left", ["bcdef", "b"], ids=["in place", "rebuild"])
@pytest.mark.parametrize(
    ("statement", "name"),
    [
        (f'CREATE VIEW seen AS SELECT a FROM "{TABLE}"', "view seen"),
        (f'CREATE TRIGGER log AFTER INSERT ON "{TABLE}" BEGIN SELECT new.a; END', "trigger log"),
    ],
    ids=["view", "trigger"],
)
def test_a_drop_that_would_break_a_view_or_a_trigger_is_refused_by_its_name(statement, name, left):
    error = refused(wanted(*texts(*left)), statement, match=name.split()[1], drop_removed=True)
    assert error.objects == (name,)
    assert f"would break {name}" in error.message


@pytest.mark.parametrize(
    "statement",
    [
        f"CREATE INDEX part ON \"{TABLE}\" (b) WHERE a > ''",
        f'CREATE INDEX expr ON "{TABLE}" (lower(a))',
    ],
    ids=["partial", "expression"],
)
def test_a_drop_that_an_index_condition_needs_is_refused(statement):
    error = refused(wanted(*texts(*"bcdef")), statement, match="a: index", drop_removed=True)
    assert error.objects == (f"index {statement.split()[2]}",)


def test_a_drop_that_checks_and_generated_columns_need_is_refused_by_all_their_names():
    base = BASE.replace(
        "f TEXT)", """f TEXT, made AS ("a" || 1), CONSTRAINT named CHECK ("a" <> ''), CHECK (a <> b))"""
    )
    with closing(Live(base, ROW)) as live, pytest.raises(UnsupportedChangeError, match="keep the columns") as caught:
        live.migrate(wanted(*texts(*"bcdef")), drop_removed=True)
    assert caught.value.objects == ('made AS ("a" || 1)', "CONSTRAINT named CHECK (\"a\" <> '')", "CHECK (a <> b)")


def test_a_view_with_the_dropped_column_in_double_quotes_does_not_show_its_name_as_a_value():
    for left in ("bcdef", "b"):
        view = f'CREATE VIEW seen AS SELECT "a" FROM "{TABLE}"'
        error = refused(wanted(*texts(*left)), view, match="seen", drop_removed=True)
        assert error.objects == ('view seen, where "a" is a text',)


@every_path
def test_statistics_survive(dialect):
    made = (BASE, ROW, f'CREATE INDEX i ON "{TABLE}" (b)', "CREATE TABLE x (y)", "ANALYZE")
    with closing(Live(*made, dialect=dialect)) as live:
        held = live.rows("SELECT * FROM sqlite_stat1 ORDER BY tbl, idx")
        assert len(held) == 2
        script = there_and_back(live, RETYPED)
        assert live.rows("SELECT * FROM sqlite_stat1 ORDER BY tbl, idx") == held
        assert paths(script) == [IN_PLACE[dialect]]


def test_what_was_broken_before_does_not_stop_a_change():
    with closing(Live(BASE, ROW, "CREATE VIEW bad AS SELECT * FROM ghost")) as live:
        live.migrate(RETYPED)
        assert live.rows(f'SELECT a FROM "{TABLE}"') == [(1,)]


def test_the_drop_of_a_table_with_a_trigger_that_nobody_mentions_is_refused():
    trigger = f'CREATE TRIGGER log AFTER INSERT ON "{TABLE}" BEGIN SELECT 1; END'
    with closing(Live(BASE, trigger)) as live:
        with pytest.raises(UnsupportedChangeError, match="would lose trigger log") as caught:
            live.script(DropTable(table=reflect(live).table(TABLE)))
        assert caught.value.objects == ("trigger log",)


def test_the_drop_of_a_table_takes_its_own_indexes_along():
    with closing(Live(BASE, f'CREATE INDEX ix_tabSales_Order_a ON "{TABLE}" (a)')) as live:
        script = live.script(DropTable(table=reflect(live).table(TABLE)))
        assert script.sql == (f'DROP TABLE "{TABLE}"',)
        assert script.problem == "the way back leaves index ix_tabsales_order_a different"


def test_a_way_back_that_the_engine_refuses_is_said():
    with closing(Live(BASE)) as live:
        gone = Column(name="a", type=TEXT, definition="a TEXT REFERENCES")
        script = live.script(DropColumn(table=TABLE, column=gone, after="name"))
        assert script.down == ()
        assert script.problem.startswith("the way back fails: ")


def test_a_change_of_a_table_that_is_gone_is_refused():
    with closing(Live(BASE)) as live, pytest.raises(UnsupportedChangeError, match="no such table: ghost"):
        live.script(AddColumn(table="ghost", column=Column(name="x", type=TEXT, nullable=False)))


def test_a_drop_of_a_table_that_is_gone_is_refused():
    with closing(Live(BASE)) as live, pytest.raises(UnsupportedChangeError, match="no such table"):
        live.script(DropTable(table=wanted(name="ghost")))


# ---------------------------------------------------------------- data comes back from a backup


def backed_up(live, sql):
    """Attach a copy of the table as the backup; return the CREATE TABLE text the generator reads."""
    live.run(["ATTACH ':memory:' AS sodaf_backup", sql])
    return (live.rows("SELECT sql FROM sodaf_backup.sqlite_master")[0][0],)


def undo(live, plan, risks):
    """Apply a plan with a full backup, then return (the script of its rollback)."""
    backup = backed_up(live, f'CREATE TABLE sodaf_backup."{TABLE}" AS SELECT * FROM "{TABLE}"')
    live.run(SQLGenerator().generate(plan, reflect(live)).sql)
    back = make_rollback(plan, undoes="M1", made_for="", backed_up=frozenset(risks))
    return SQLGenerator().generate(back, reflect(live), backup=backup)


def test_a_dropped_column_comes_back_with_its_values_and_newer_rows_stay():
    with closing(Live(BASE, ROW)) as live:
        script = undo(live, live.plan(wanted(*texts(*"acdef")), drop_removed=True), [(TABLE, "b")])
        live.run([f"INSERT INTO \"{TABLE}\" (name) VALUES ('SO-2')"])
        live.run(script.sql)
        assert live.rows(f'SELECT name, b FROM "{TABLE}" ORDER BY name') == [("SO-1", "bee"), ("SO-2", None)]
        assert script.up[-1].path == "in place"


def test_a_converted_value_comes_back_unless_somebody_changed_it_since():
    with closing(
        Live(BASE, ROW, ROW.replace("SO-1", "SO-2"), ROW.replace("SO-1", "SO-3").replace("'1'", "'x'"))
    ) as live:
        script = undo(live, live.plan(RETYPED), [(TABLE, "a")])
        live.run([f"UPDATE \"{TABLE}\" SET a = 99 WHERE name = 'SO-2'"])
        live.run(script.sql)
        assert live.rows(f'SELECT name, a FROM "{TABLE}" ORDER BY name') == [
            ("SO-1", "1"),
            ("SO-2", "99"),
            ("SO-3", "x"),
        ]


def test_a_dropped_table_comes_back_with_its_rows_but_not_its_generated_values():
    with closing(Live(BASE.replace("f TEXT)", "f TEXT, g AS (a || b))"), ROW)) as live:
        plan = Plan(
            doctype="X", table=TABLE, operations=(DropTable(table=reflect(live).table(TABLE)),), made_for="f00d"
        )
        script = undo(live, plan, [(TABLE, None)])
        assert [type(s) for s in script.up] == [Step, Step]
        live.run(script.sql)
        assert live.rows(f'SELECT name, a, g FROM "{TABLE}"') == [("SO-1", "1", "1bee")]


def test_keys_that_became_numbers_come_back_as_texts_and_so_do_the_other_values():
    base = f'CREATE TABLE "{TABLE}" (name TEXT NOT NULL PRIMARY KEY, fax TEXT)'
    rows = [f"INSERT INTO \"{TABLE}\" VALUES ('{name}', '{name}!')" for name in ("7", "x", "3")]
    with closing(Live(base, *rows)) as live:
        plan = live.plan(wanted(key=replace(KEY, nullable=False)), drop_removed=True)
        script = undo(live, plan, [(TABLE, "name"), (TABLE, "fax")])
        live.run(script.sql)
        assert live.rows(f'SELECT name, fax FROM "{TABLE}" ORDER BY name') == [("3", "3!"), ("7", "7!"), ("x", "x!")]


def test_a_restore_into_a_table_without_its_key_is_refused():
    with closing(Live(BASE)) as live, pytest.raises(UnsupportedChangeError, match="no such"):
        live.script(RestoreColumn(table=TABLE, column="a", key="name"))


# ---------------------------------------------------------------- the script as a value


def test_a_script_joins_its_steps_and_is_named_by_its_statements():
    one, two = (Step(title="t", path="in place", table="t", statements=(s, s)) for s in ("A", "B"))
    script = Script(up=(one, two), down=(two,))
    assert (script.sql, script.rollback_sql) == (("A", "A", "B", "B"), ("B", "B"))
    assert script.digest == Script(up=(one, two), problem="x").digest != Script(up=(two, one)).digest


def test_an_empty_plan_is_an_empty_script():
    with closing(Live(BASE)) as live:
        script = live.script()
        assert (script.sql, script.rollback_sql, script.problem) == ((), (), "")
        assert script.objects == reflect(live).objects


def test_a_step_says_what_it_does():
    with closing(Live(BASE)) as live:
        (step,) = live.script(AlterColumn(table=TABLE, before=texts("a")[0], after=Column(name="a", type=INTEGER))).up
        assert (step.title, step.table) == ("~ tabSales Order.a: text -> integer", TABLE)


def test_the_same_plan_gives_the_same_script():
    with closing(Live(BASE)) as live:
        plan = live.plan(RETYPED)
        assert SQLGenerator().generate(plan, reflect(live)) == SQLGenerator().generate(plan, reflect(live))


def test_the_first_statement_that_the_engine_refuses_is_a_syntax_error():
    step = Step(title="t", path="in place", table="t", statements=("SELECT 1", "ALTER TABLE", "DROP TABLE ghost"))
    with closing(Live(BASE)) as live:
        assert syntax_errors(Script(up=(step,)), reflect(live)) == (("ALTER TABLE", "incomplete input"),)
        assert syntax_errors(live.script(CreateTable(table=wanted(name="new"))), reflect(live)) == ()


def test_a_restored_table_and_a_retarget_are_statements_of_their_own():
    with closing(Live(BASE)) as live:
        backup = (BASE,)
        retarget = RetargetReference(table=TABLE, column="a", old="x'y", new="z")
        script = live.script(retarget, RestoreTable(table=reflect(live).table(TABLE)), backup=backup)
        assert script.sql[0] == f"UPDATE \"{TABLE}\" SET \"a\" = 'z' WHERE \"a\" = 'x''y'"
        assert script.sql[1].startswith(f'INSERT INTO main."{TABLE}" ("name", "a"')
