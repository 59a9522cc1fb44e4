"""How SQLite spells types, defaults, columns, names and literals, and reads them back."""

import math
import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sodaf_nb.errors import UnsupportedChangeError
from sodaf_nb.plan import AlterColumn, CreateTable
from sodaf_nb.schema import Column, DataType, Kind, Schema, SchemaObject, Table
from sodaf_nb.schema.types import decimal, other, varchar
from sodaf_nb.sql.dialect import BACKUP, EngineRefusedError
from sodaf_nb.sql.dialects.sqlite import can_add, column_sql, forward, keeps_values, parse_default, parse_type, type_sql
from sodaf_nb.sql.dialects.sqlite_dialect import SQLITE
from sodaf_nb.sql.dialects.sqlite_rebuild import rebuild
from sodaf_nb.sql.dialects.sqlite_reflection import reflect
from sodaf_nb.sql.dialects.sqlite_render import render
from sodaf_nb.sql.dialects.sqlite_shadow import Shadow, catalog
from sodaf_nb.sql.quoting import literal, quote
from tests.schema.strategies import RELAXED
from tests.sql.memory import memory

TEXT, INTEGER = DataType(kind=Kind.TEXT), DataType(kind=Kind.INTEGER)
SPELLED = {
    varchar(140): "VARCHAR(140)",
    TEXT: "TEXT",
    DataType(kind=Kind.SMALLINT): "SMALLINT",
    INTEGER: "INTEGER",
    DataType(kind=Kind.BIGINT): "BIGINT",
    DataType(kind=Kind.REAL): "REAL",
    decimal(21, 9): "DECIMAL(21,9)",
    DataType(kind=Kind.DATE): "DATE",
    DataType(kind=Kind.DATETIME): "DATETIME",
    DataType(kind=Kind.TIME): "TIME",
    other("JSONB"): "JSONB",
    other(""): "",
}


class Live:
    """A SQLite database in memory as the reflection reads it."""

    def __init__(self, *statements):
        self.db = memory(isolation_level=None)
        for statement in statements:
            self.db.execute(statement)

    def rows(self, sql, params=()):
        return self.db.execute(sql, params).fetchall()

    def close(self):
        self.db.close()


def reflected(*statements) -> Schema:
    with closing(Live(*statements)) as live:
        return reflect(live)


# ---------------------------------------------------------------- types


def test_every_kind_has_a_spelling():
    assert {t.kind for t in SPELLED} == set(Kind)


@pytest.mark.parametrize("data_type", SPELLED, ids=str)
def test_a_type_is_spelled_and_read_back(data_type):
    assert type_sql(data_type) == SPELLED[data_type]
    assert parse_type(type_sql(data_type)) == data_type
    column = reflected(f"CREATE TABLE t (x {type_sql(data_type)})").table("t").column("x")
    assert column.type == data_type


@pytest.mark.parametrize(
    ("declared", "data_type"),
    [
        ("varchar ( 20 )", varchar(20)),
        (" Text ", TEXT),
        ("INT", INTEGER),
        ("decimal(10)", decimal(10, 0)),
        ("Decimal( 10 , 2 )", decimal(10, 2)),
        ("VARCHAR", other("VARCHAR")),
        ("DECIMAL", other("DECIMAL")),
        ("NUMERIC(10,2)", other("NUMERIC(10,2)")),
        ("VARCHAR(20) CHARACTER SET x", other("VARCHAR(20) CHARACTER SET x")),
    ],
)
def test_other_spellings_are_read_or_kept_as_they_are(declared, data_type):
    assert parse_type(declared) == data_type


# ---------------------------------------------------------------- defaults


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, (None, None)),
        ("NULL", (None, None)),
        ("null", (None, None)),
        ("''", ("", None)),
        ("'it''s'", ("it's", None)),
        ("'NULL'", ("NULL", None)),
        ("0", (0, None)),
        ("-5", (-5, None)),
        ("9223372036854775807", (9223372036854775807, None)),
        ("-9223372036854775808", (-9223372036854775808, None)),
        ("9223372036854775808", (9223372036854775808.0, None)),
        ("9" * 5000, (None, "9" * 5000)),
        ("1.5", (1.5, None)),
        (".5", (0.5, None)),
        ("1e3", (1000.0, None)),
        ("'a' || 'b'", (None, "'a' || 'b'")),
        ("9e999", (None, "9e999")),
        ("1+1", (None, "1+1")),
        ("TRUE", (None, "TRUE")),
        ("x'00'", (None, "x'00'")),
        ("CURRENT_TIMESTAMP", (None, "CURRENT_TIMESTAMP")),
        ('"quoted"', (None, '"quoted"')),
    ],
)
def test_a_live_default_is_a_literal_or_an_expression(text, expected):
    assert parse_default(text) == expected
    assert type(parse_default(text)[0]) is type(expected[0])


@pytest.mark.parametrize("expression", ["'a' || 'b'", "'it''s' || ''''", "abs(-1)", "'x'||lower('Y')"])
def test_an_expression_of_the_catalog_is_never_taken_for_a_text(expression):
    column = reflected(f"CREATE TABLE t (x DEFAULT ({expression}))").table("t").column("x")
    assert (column.default, column.default_sql) == (None, expression)


TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)


@RELAXED
@given(TEXTS | NUMBERS)
def test_a_default_comes_back_from_the_catalog_as_it_was_and_fills_rows(value):
    with closing(Live(f"CREATE TABLE t (a, {column_sql(Column(name='x', type=other(''), default=value))})")) as live:
        assert reflect(live).table("t").column("x").default == value
        live.rows("INSERT INTO t (a) VALUES (1)")
        # What the engine makes of the literal: of one real in ten thousand, 3.40 reads the neighbour (measured).
        assert live.rows("SELECT x FROM t") == live.rows(f"SELECT {literal(value)}")


# ---------------------------------------------------------------- names and literals


@pytest.mark.parametrize("name", ["city", "Sales Order", 'a"b', "x; DROP TABLE t", "select", "é", "'", "--", "a\nb"])
def test_a_quoted_name_is_one_name(name):
    with closing(Live(f"CREATE TABLE {quote(name)} ({quote(name)})")) as live:
        assert live.rows("SELECT name FROM sqlite_master") == [(name,)]
        assert reflect(live).table(name).column_names() == (name,)


@pytest.mark.parametrize("name", ["", "a\0b", "\0"])
def test_what_cannot_be_a_name_is_refused(name):
    with pytest.raises(ValueError, match="not a name"):
        quote(name)


def neighbours(value):
    """The value, and of a real the two beside it: of one in ten thousand, 3.40 reads one of them (measured)."""
    if not isinstance(value, float):
        return (value,)
    return value, math.nextafter(value, math.inf), math.nextafter(value, -math.inf)


@RELAXED
@given(st.none() | TEXTS | NUMBERS | st.booleans())
def test_a_literal_is_its_value(value):
    with closing(Live()) as live:
        (found,) = live.rows(f"SELECT {literal(value)}")[0]
        assert found in neighbours(value)
        assert isinstance(value, bool) or type(found) is type(value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), "a\0b"])
def test_what_has_no_literal_is_refused(value):
    with pytest.raises(ValueError, match=r"NUL|finite"):
        literal(value)


# ---------------------------------------------------------------- columns


@pytest.mark.parametrize(
    ("column", "primary_key", "text"),
    [
        (Column(name="city", type=varchar()), False, '"city" VARCHAR(140)'),
        (Column(name="n", type=INTEGER, nullable=False, default=0), False, '"n" INTEGER NOT NULL DEFAULT 0'),
        (Column(name="s", type=TEXT, default="it's"), False, "\"s\" TEXT DEFAULT 'it''s'"),
        (Column(name="d", type=TEXT, default_sql="CURRENT_DATE"), False, '"d" TEXT DEFAULT CURRENT_DATE'),
        (Column(name="name", type=TEXT, nullable=False), True, '"name" TEXT NOT NULL PRIMARY KEY'),
        (
            *(Column(name="name", type=INTEGER, nullable=False, autoincrement=True), True),
            '"name" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT',
        ),
        (
            Column(name="x", type=TEXT, definition="x TEXT COLLATE NOCASE -- kept"),
            False,
            "x TEXT COLLATE NOCASE -- kept",
        ),
    ],
)
def test_a_column_as_sql(column, primary_key, text):
    assert column_sql(column, primary_key=primary_key) == text


ADDABLE = [
    Column(name="x", type=TEXT),
    Column(name="x", type=TEXT, nullable=False, default=""),
    Column(name="x", type=TEXT, definition="x TEXT COLLATE NOCASE CHECK (x <> 'y')"),
]
HARD = [
    Column(name="x", type=TEXT, nullable=False),
    Column(name="x", type=TEXT, default_sql="abs(1)"),
    Column(name="x", type=TEXT, default_sql="CURRENT_TIMESTAMP"),
    Column(name="x", type=TEXT, definition="x TEXT UNIQUE"),
    Column(name="x", type=TEXT, definition="x TEXT PRIMARY KEY"),
    Column(name="x", type=TEXT, default="d", definition="x TEXT DEFAULT 'd' REFERENCES t (a)"),
    Column(name="x", type=TEXT, definition="x AS (a) STORED", hidden=True),
]


@pytest.mark.parametrize("column", ADDABLE, ids=column_sql)
def test_a_column_that_can_be_added_is_taken_by_a_table_with_rows(column):
    assert can_add(column)
    with closing(Live("CREATE TABLE t (a)", "INSERT INTO t VALUES (1)")) as live:
        live.rows(f"ALTER TABLE t ADD COLUMN {column_sql(column)}")
        assert live.rows("SELECT x FROM t") == [(column.default,)]


@pytest.mark.parametrize("column", HARD, ids=column_sql)
def test_a_column_that_cannot_be_added_to_a_table_with_rows_is_known(column):
    assert not can_add(column)


def test_no_value_changes_between_two_text_types_but_between_text_and_number():
    assert keeps_values(varchar(5), TEXT)
    assert not keeps_values(TEXT, INTEGER)


@pytest.mark.parametrize(
    ("value", "backfill", "nullable", "default", "becomes"),
    [
        ("'7'", None, True, None, 7),
        ("'seven'", None, True, None, None),
        ("'seven'", 0, True, None, 0),
        ("NULL", None, False, 3, 3),
        ("NULL", 1, False, 3, 1),
        ("NULL", None, True, 3, None),
    ],
)
def test_what_a_value_becomes_when_its_column_changes(value, backfill, nullable, default, becomes):
    before = Column(name="x", type=TEXT)
    after = Column(name="x", type=INTEGER, nullable=nullable, default=default)
    with closing(Live()) as live:
        assert live.rows(f"SELECT {forward(before, after, backfill, 'v')} FROM (SELECT {value} AS v)") == [(becomes,)]


# ---------------------------------------------------------------- reflection


def test_a_table_is_reflected_with_all_it_has():
    schema = reflected(
        "CREATE TABLE tabNote (id INTEGER PRIMARY KEY AUTOINCREMENT, a VARCHAR(9) NOT NULL DEFAULT 'x' UNIQUE, "
        "b AS (a || 'b'), c TEXT)",
        "CREATE UNIQUE INDEX plain ON tabNote (c)",
        "CREATE INDEX part ON tabNote (c, a) WHERE c > 'where'",
        "CREATE INDEX expr ON tabNote (lower(c), a)",
    )
    table = schema.table("TABNOTE")
    assert [(c.name, c.nullable, c.default, c.autoincrement, c.hidden) for c in table.columns] == [
        ("id", True, None, True, False),
        ("a", False, "x", False, False),
        ("b", True, None, False, True),
        ("c", True, None, False, False),
    ]
    assert table.column("a").definition == "a VARCHAR(9) NOT NULL DEFAULT 'x' UNIQUE"
    assert table.primary_key == ("id",)
    assert {(i.name, i.columns, i.unique, i.where) for i in table.indexes} == {
        ("sqlite_autoindex_tabNote_1", ("a",), True, None),
        ("plain", ("c",), True, None),
        ("part", ("c", "a"), False, "c > 'where'"),
        ("expr", ("", "a"), False, None),
    }


def test_a_key_of_several_columns_is_in_its_own_order():
    assert reflected("CREATE TABLE t (a, b, c, PRIMARY KEY (c, a))").table("t").primary_key == ("c", "a")


def test_the_tables_of_the_engine_and_our_own_are_not_part_of_the_schema():
    schema = reflected(
        "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT)",
        "CREATE TABLE tabMigrationHistory (id)",
        "CREATE INDEX h ON tabMigrationHistory (id)",
    )
    assert (list(schema.tables), [o.name for o in schema.objects]) == (["t"], ["t"])


def test_a_virtual_table_is_seen_without_column_texts():
    table = reflected("CREATE VIRTUAL TABLE docs USING fts5(body)").table("docs")
    assert table.column("body").definition is None


# ---------------------------------------------------------------- the empty copy


def copy(*statements, backup=()):
    return closing(Shadow(reflected(*statements), backup=backup))


def test_the_copy_has_every_object_and_no_rows():
    statements = (
        "CREATE TABLE t (a)",
        "CREATE VIEW v AS SELECT a FROM t",
        "CREATE INDEX i ON t (a)",
        "CREATE TRIGGER g AFTER INSERT ON t BEGIN DELETE FROM t; END",
        "CREATE VIRTUAL TABLE docs USING fts5(body)",
    )
    with copy(*statements, "INSERT INTO t VALUES (1)") as shadow:
        assert catalog(shadow.schema()) == catalog(reflected(*statements))
        assert shadow.rows("SELECT * FROM t") == []


def test_the_copy_can_read_a_backup_of_no_rows():
    with copy("CREATE TABLE t (a)", backup=('CREATE TABLE "t" ("a" TEXT)',)) as shadow:
        assert shadow.rows(f"SELECT a FROM {BACKUP}.t") == []


def test_a_refused_statement_is_an_error_of_ours_with_the_reason():
    with copy("CREATE TABLE t (a)") as shadow:
        assert shadow.refusal("DROP TABLE ghost") == "no such table: ghost"
        assert shadow.refusal("SELECT 1") == ""
        with pytest.raises(EngineRefusedError, match="no such table"):
            shadow.run("DROP TABLE ghost")


CREATE_U = CreateTable(table=Table(name="u", columns=(Column(name="a", type=TEXT),)))
GHOST = AlterColumn(table="ghost", before=Column(name="a", type=TEXT), after=Column(name="a", type=INTEGER))


def test_a_failed_trial_is_taken_back():
    with copy("CREATE TABLE t (a)") as shadow:
        with pytest.raises(EngineRefusedError), shadow.trial():
            render((CREATE_U, GHOST), shadow)
        assert list(shadow.schema().tables) == ["t"]
        with shadow.trial():
            shadow.run("CREATE TABLE u (a)")
        assert list(shadow.schema().tables) == ["t", "u"]


def test_views_and_triggers_that_no_longer_compile_are_found():
    statements = (
        "CREATE TABLE t (a, b)",
        "CREATE TABLE u (x)",
        "CREATE VIEW v AS SELECT b FROM t",
        "CREATE TRIGGER g AFTER UPDATE ON u BEGIN INSERT INTO t (b) VALUES (1); END",
        "CREATE TRIGGER fine AFTER UPDATE ON t BEGIN SELECT 1; END",
    )
    with copy(*statements) as shadow:
        assert shadow.broken() == {}
        shadow.run("PRAGMA legacy_alter_table=ON")
        shadow.run("ALTER TABLE t RENAME TO other")
        assert list(shadow.broken()) == ["view v", "trigger g"]


BOTH = ("CREATE TABLE t (a, b)", "CREATE TABLE u (x)")


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ('CREATE VIEW v AS SELECT "b" FROM t', 'view v, where "b" is a text'),
        (
            'CREATE TRIGGER g AFTER INSERT ON u BEGIN INSERT INTO u SELECT "b" FROM t; END',
            'trigger g, where "b" is a text',
        ),
        ("CREATE VIRTUAL TABLE f USING fts5(b, content='t')", "table f"),
    ],
    ids=["view", "trigger", "external content"],
)
def test_what_sqlite_accepts_and_no_longer_works_is_found(statement, broken):
    with copy(*BOTH, statement) as shadow:
        assert shadow.broken() == {}
        shadow.run("DROP TABLE t")
        shadow.run("CREATE TABLE t (a)")
        assert list(shadow.broken()) == [broken]


def test_a_trigger_of_a_column_that_is_not_there_is_found():
    fine = "CREATE TRIGGER fine AFTER UPDATE OF A, rowid ON t BEGIN SELECT 1; END"
    with copy(*BOTH, fine, "CREATE TRIGGER g AFTER UPDATE OF b, ghost ON t BEGIN SELECT 1; END") as shadow:
        assert shadow.broken() == {"trigger g": "no such column: ghost"}


def test_a_text_in_double_quotes_that_was_one_before_is_no_news():
    with copy(*BOTH, 'CREATE VIEW v AS SELECT "just a text" AS "Label", "a" FROM t') as shadow:
        assert list(shadow.broken()) == ['view v, where "just a text" is a text']


def test_triggers_of_a_view_are_compiled_event_by_event_and_die_with_it():
    statements = (
        "CREATE VIEW v AS SELECT a FROM t",
        "CREATE TRIGGER g INSTEAD OF DELETE ON v BEGIN DELETE FROM t WHERE a = old.a; END",
    )
    with copy(*BOTH, *statements) as shadow:
        assert shadow.broken() == {}
        shadow.run("DROP TABLE t")
        assert list(shadow.broken()) == ["view v", "trigger g"]


def test_the_copy_is_asked_again_after_a_change_without_harm():
    # Stepping a cached EXPLAIN of a statement with triggers after a change read freed memory, and crashed.
    events = ("INSERT", "UPDATE", "DELETE")
    triggers = (f"CREATE TRIGGER g{e} AFTER {e} ON t BEGIN INSERT INTO u VALUES ('{e}'); END" for e in events)
    with copy(*BOTH, *triggers) as shadow:
        for name in "cdefghij":
            assert shadow.broken() == {}
            shadow.run(f"ALTER TABLE t RENAME COLUMN {chr(ord(name) - 1)} TO {name}")


def test_a_table_whose_name_begins_like_a_virtual_one_is_copied():
    statements = (
        "CREATE VIRTUAL TABLE docs USING fts5(body)",
        "CREATE TABLE docs_old (x)",
        "CREATE INDEX i ON docs_old (x)",
    )
    with copy(*statements) as shadow:
        assert catalog(shadow.schema()) == catalog(reflected(*statements))


def test_what_only_the_application_can_read_is_refused_by_name():
    text = "CREATE INDEX i ON t (theirs(a))"
    live = Schema(objects=(SchemaObject(kind="index", name="i", table="t", sql=text),))
    with pytest.raises(UnsupportedChangeError, match="index i: no such table") as raised:
        Shadow(live)
    assert raised.value.objects == ("index i",)


def test_the_copy_has_statistics_where_there_are_some():
    with copy(*BOTH, "INSERT INTO t VALUES (1, 2)", "CREATE INDEX i ON t (a)", "ANALYZE") as shadow:
        assert shadow.rows("SELECT * FROM sqlite_stat1") == []
    with copy(*BOTH) as shadow:
        assert shadow.refusal("SELECT * FROM sqlite_stat1") == "no such table: sqlite_stat1"


def test_catalogs_are_equal_whatever_the_spelling():
    assert catalog(reflected('CREATE TABLE "T" ("a" text)')) == catalog(reflected("create table t(A TEXT) -- x"))
    assert catalog(reflected("CREATE TABLE t (a)")) != catalog(reflected("CREATE TABLE t (a, b)"))


def test_an_index_of_a_constraint_is_part_of_the_catalog_by_its_table():
    entry = SchemaObject(kind="index", name="Auto", table="T", sql=None)
    assert catalog(Schema(objects=(entry,))) == catalog(Schema(objects=(entry,)))
    assert list(catalog(Schema(objects=(entry,)))) == [("index", "auto")]


# ---------------------------------------------------------------- the dialect as one object


def test_the_dialect_says_its_version():
    assert SQLITE.version == f"SQLite {sqlite3.sqlite_version}"


def test_the_dialect_is_its_modules():
    schema = reflected("CREATE TABLE t (a)")
    with closing(Live("CREATE TABLE t (a)")) as live:
        assert SQLITE.reflect(live) == schema
    with closing(SQLITE.copy(schema, backup=())) as shadow:
        assert SQLITE.render((), shadow) == ()
    assert SQLITE.catalog(schema) == catalog(schema)
    before, after = Column(name="a", type=TEXT), Column(name="a", type=INTEGER)
    assert SQLITE.convert('"a"', before, after).trivial is SQLITE.keeps_values(before.type, after.type) is False


def test_a_change_of_a_table_that_is_not_there_is_refused():
    with copy("CREATE TABLE t (a)") as shadow, pytest.raises(EngineRefusedError, match="no such table: ghost"):
        render((GHOST,), shadow)


def test_a_table_without_a_text_cannot_be_rebuilt():
    table = reflected("CREATE VIRTUAL TABLE docs USING fts5(body)").table("docs")
    with pytest.raises(UnsupportedChangeError):
        rebuild(table, (), Schema())


def test_bytes_that_are_no_text_are_not_taken_for_a_refusal():
    shadow = Shadow(Schema())
    assert shadow.refusal("SELECT CAST(x'58ff' AS TEXT)") == ""
    shadow.close()
