"""Types and defaults: what we write is what the catalog shows, and what it shows is read back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sodaf_nb.doctype.fieldtypes import FIELDTYPES
from sodaf_nb.errors import UnsupportedChangeError
from sodaf_nb.schema import Column, DataType, Kind
from sodaf_nb.schema.types import decimal, varchar
from sodaf_nb.sql.dialects.postgres import column_sql, name_sql, parse_default, parse_type, type_sql
from sodaf_nb.sql.dialects.postgres_text import comparable, redirected, split, tokens

CLOSED = [
    *sorted({row.type for row in FIELDTYPES.values() if row.type}, key=str),
    varchar(5),
    decimal(30, 0),
    DataType(kind=Kind.BIGINT),
]


def live(pg, column):
    pg.execute(f'CREATE TABLE t ("{column.name}" {column_sql(column)})')
    return pg.execute(
        "SELECT format_type(atttypid, atttypmod), pg_get_expr(adbin, adrelid), attnotnull FROM pg_attribute "
        "LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum WHERE attrelid = 't'::regclass AND attnum = 1"
    ).fetchone()


@pytest.mark.parametrize("data_type", CLOSED, ids=str)
def test_each_type_comes_back_as_it_was_written(data_type, pg):
    found, _default, required = live(pg, Column(name="x", type=data_type, nullable=False))
    assert (found, parse_type(found), required) == (type_sql(data_type), data_type, True)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        *((Kind.TEXT, text) for text in ("Open", "", "it's", "a\\b", ":x 100%", "a; b", "'::text", "NULL", "1", "--")),
        *((Kind.SMALLINT, n) for n in (0, 1, -1)),
        *((Kind.INTEGER, n) for n in (0, 5, -5, 2**31 - 1, -(2**31))),
        *((Kind.BIGINT, n) for n in (0, 5, 2**31, -(2**63), 2**63 - 1)),
        *((Kind.REAL, n) for n in (0, 1, 1.5, -1e-07, 1e300, -1e-300, 0.1, 2**52)),
        *((Kind.DATE, text) for text in ("2024-02-29", "0001-01-01")),
        *((Kind.DATETIME, text) for text in ("2024-02-29 10:11:12", "2024-02-29 10:11:12.5")),
        *((Kind.TIME, text) for text in ("10:11:12", "00:00:00")),
    ],
)
def test_each_default_comes_back_as_it_was_written(kind, value, pg):
    data_type = DataType(kind=kind)
    _type, text, _required = live(pg, Column(name="x", type=data_type, default=value))
    assert parse_default(text, data_type) == (value, None)


@pytest.mark.parametrize("value", [0, 1, 5, 0.1, -1.5, 100000, 1e-09])
def test_each_exact_default_comes_back(value, pg):
    _type, text, _required = live(pg, Column(name="x", type=decimal(), default=value))
    assert parse_default(text, decimal()) == (value, None)


@pytest.mark.parametrize(
    "text", ["now()", "(1 + 1)", "nextval('s'::regclass)", "upper('x'::text)", "('a'::text || 'b')"]
)
def test_an_expression_stays_one(text):
    assert parse_default(text, DataType(kind=Kind.TEXT)) == (None, text)
    assert parse_default(text, DataType(kind=Kind.INTEGER)) == (None, text)


def test_no_default_is_no_default():
    assert parse_default(None, varchar()) == parse_default("NULL::character varying", varchar()) == (None, None)


def test_a_name_that_would_be_cut_is_refused():
    assert name_sql("é" * 31) == f'"{"é" * 31}"'
    with pytest.raises(UnsupportedChangeError, match="64 bytes"):
        name_sql("é" * 32)


def test_statements_end_outside_of_literals_only():
    text = """a ';' "b;" $$;$$ $x$;$$;$x$ E'\\';' /* ; */ (;) [;]; c -- ;\n; """
    assert len(split(text, ";")) == 2


@given(st.text(alphabet="ab'\"$;-/*(),. \n\\x", max_size=60))
def test_tokens_are_the_text(text):
    assert "".join(token for _kind, token in tokens(text)) == text


def test_only_qualified_names_of_the_schema_are_placed_elsewhere():
    text = """ALTER TABLE "public"."tabX" ADD "public" text DEFAULT '"public"."tabX"'; SELECT $$"public".y$$"""
    assert redirected(text, "public", lambda name: f'"s_{name}"') == text.replace('TABLE "public".', 'TABLE "s_tabX".')


def test_the_order_of_columns_and_spacing_do_not_count():
    one = 'CREATE TABLE "t" ("a" numeric(5,2) DEFAULT \'x, y\', "b" integer);\nCOMMENT ON TABLE t IS \'c\';ALTER x'
    two = 'CREATE  TABLE "t" ("b" integer,\n "a" numeric(5,2) DEFAULT \'x, y\'); ALTER x; COMMENT ON TABLE t IS \'c\''
    assert comparable(one) == comparable(two)
    assert comparable(one) != comparable(one.replace("x, y", "x,  y"))
