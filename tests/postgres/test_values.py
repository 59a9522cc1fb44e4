"""Conversions between all pairs of types, judged by the engine itself."""

import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sodaf_nb.schema import DataType, Kind
from sodaf_nb.schema.types import decimal, other, varchar
from sodaf_nb.sql.dialects.postgres import parse_type, type_sql
from sodaf_nb.sql.dialects.postgres_values import ASKS_BEFORE_CASTING, conversion

TEXTS = (
    *("", "0", "-0", "007", "1", "-12", "1.0", "1.5", "1.50", "-0.25", ".5", "1.", "1e3", "1e+20", "1e-07", "1e999"),
    *("1e+308", "1e+309", "5e-324", "1e-400", "abc", " 7", "7 ", "1,5", "inf", "Infinity", "-Infinity", "NaN", "+5"),
    *("32767", "32768", "2147483647", "2147483648", "-2147483649", "9223372036854775807", "9223372036854775808"),
    *("9" * 40, "0." + "1" * 30, "123456789012.123456789", "1234567890123", "0.30000000000000004", "-0.0", "--1"),
    *("2024-02-29", "2023-02-29", "2024-13-01", "2024-00-10", "0000-01-01", "0001-01-01", "9999-12-31", "2024-2-9"),
    *("2024-02-29 10:11:12", "2024-02-29 10:11:12.5", "2024-02-29 10:11:12.50", "2024-02-29T10:11:12"),
    *("2024-02-29 00:00:00", "2023-02-29 10:11:12", "10:11:12", "10:11:12.000001", "24:00:00", "25:00:00", "10:11"),
    *("now", "infinity", "today", "true", "yes", "٣", "2024-02-29\n", "1\n", "x" * 139, "é" * 140),
)
INTEGERS = ("0", "1", "-1", "7", "32767", "-32768")
REALS = (
    *("'0'", "'-0'", "'1'", "'-2'", "'1.5'", "'0.1'", "'0.30000000000000004'", "'1e30'", "'1e-30'", "'5e-324'"),
    *("'1.7976931348623157e308'", "'Infinity'", "'-Infinity'", "'NaN'", "'9007199254740992'", "'9007199254740994'"),
    *("'2147483647'", "'2147483648'", "'32768'", "'123456789012.123456789'"),
)
VALUES = {
    varchar(140): [f"'{text}'" for text in TEXTS],
    varchar(5): ["''", "'1'", "'1.5'", "'abcde'"],
    DataType(kind=Kind.TEXT): [f"'{text}'" for text in (*TEXTS, "y" * 141)],
    DataType(kind=Kind.SMALLINT): INTEGERS,
    DataType(kind=Kind.INTEGER): [*INTEGERS, "32768", "2147483647", "-2147483648"],
    DataType(kind=Kind.BIGINT): [
        *(*INTEGERS, "2147483648", "9223372036854775807", "-9223372036854775808"),
        *("9007199254740992", "9007199254740993"),
    ],
    DataType(kind=Kind.REAL): REALS,
    decimal(): ["0", "1", "1.5", "-0.000000001", "999999999999.999999999", "'NaN'", "32768", "2147483648", "100000.1"],
    decimal(3, 2): ["0", "9.99", "-1.5", "1.25", "'NaN'"],
    decimal(30, 0): ["0", "9" * 30, "1" + "0" * 18, "9223372036854775808"],
    DataType(kind=Kind.DATE): ["'2024-02-29'", "'0044-03-15 BC'", "'infinity'", "'-infinity'", "'5874897-12-31'"],
    DataType(kind=Kind.DATETIME): [
        *("'2024-02-29 00:00:00'", "'2024-02-29 10:11:12'", "'2024-02-29 10:11:12.000001'", "'infinity'"),
        *("'0044-03-15 10:00:00 BC'", "'294276-12-31 23:59:59'"),
    ],
    DataType(kind=Kind.TIME): ["'00:00:00'", "'10:11:12'", "'23:59:59.999999'", "'24:00:00'"],
    other("character varying"): [f"'{text}'" for text in TEXTS],
    other("boolean"): ["TRUE", "FALSE"],
    other("real"): ["0", "1.5", "0.1", "'Infinity'", "1e30"],
    other("numeric"): ["0", "1.5", "'NaN'", "1e40", "1.10"],
    other("uuid"): ["'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'"],
    other("jsonb"): ["""'{"a": 1}'""", "'1'"],
    other("bytea"): [r"'\x00ff'", "''"],
    other("timestamp with time zone"): ["'2024-02-29 10:11:12+00'", "'infinity'"],
}
TYPES = list(VALUES)

# The text changes, what it says does not.
SAME_MEANING = r"'^[0-9]{4}-[0-9]{2}-[0-9]{2}( 00:00:00)?$|[.][0-9]*0$'"


@pytest.fixture
def stored(pg):
    """Return a function that makes a table of one type's values and returns the server's version."""
    pg.execute("SET timezone = 'UTC'")

    def make(data_type):
        pg.execute("DROP TABLE IF EXISTS t")
        pg.execute(f"CREATE TABLE t (x {type_sql(data_type)})")
        pg.execute("INSERT INTO t VALUES (NULL)")
        for value in VALUES[data_type]:
            pg.execute(f"INSERT INTO t VALUES (CAST({value} AS {type_sql(data_type)}))")
        return pg.info.server_version

    return make


@pytest.mark.parametrize("source", TYPES, ids=str)
def test_no_conversion_fails_and_what_is_converted_comes_back(source, stored, pg):
    version = stored(source)
    for target in TYPES:
        there = conversion("x", source, target, version=version)
        back = conversion("y", target, source, version=version)
        rows = pg.execute(
            f"SELECT x::text, y::text, lost, ({back.expression})::{type_sql(source)} = x AND "
            f"(NOT {source.kind is Kind.REAL} OR {back.expression}::text = x::text) OR x::text ~ {SAME_MEANING} "
            f"FROM (SELECT x, ({there.expression})::{type_sql(target)} AS y, {there.inexact} AS lost FROM t) AS c"
        ).fetchall()
        assert len(rows) == len(VALUES[source]) + 1
        for before, after, inexact, same in rows:
            assert inexact is (before is not None and after is None), (str(source), str(target), before)
            unknowable = source.kind is Kind.OTHER and version < ASKS_BEFORE_CASTING
            given = same or (same is None and Kind.OTHER in (source.kind, target.kind)) or unknowable
            assert after is None or given, (str(source), str(target), before, after)


@pytest.mark.parametrize("source", TYPES, ids=str)
def test_the_engine_takes_each_conversion_as_a_change_of_type(source, stored, pg):
    version = stored(source)
    for target in TYPES:
        there = conversion("x", source, target, version=version)
        lost = pg.execute(f"SELECT count(*) FROM t WHERE {there.inexact}").fetchone()[0]
        empty = pg.execute("SELECT count(*) FROM t WHERE x IS NULL").fetchone()[0]
        pg.execute("BEGIN")
        pg.execute(f"ALTER TABLE t ALTER COLUMN x TYPE {type_sql(target)} USING {there.expression}")
        assert pg.execute("SELECT count(*) FROM t WHERE x IS NULL").fetchone()[0] == empty + lost
        pg.execute("ROLLBACK")


@pytest.mark.parametrize(
    ("source", "target", "kept", "lost"),
    [
        ("text", "integer", ("0", "-12", "2147483647"), ("007", "1.0", "", "x", " 7", "1e3", "2147483648", "-0")),
        ("text", "bigint", ("9223372036854775807",), ("9223372036854775808",)),
        (
            "text",
            "double precision",
            ("1.5", "2", "-0.250", "1e+20", "-0"),
            ("+1.5", "inf", "abc", ".5", "1e999", "1e20"),
        ),
        ("text", "numeric(21,9)", ("12.50", "3", "1.0"), ("007", "1,5", "", "1234567890123", "0.0000000001")),
        ("text", "date", ("2024-02-29", "2024-02-29 00:00:00"), ("2023-02-29", "29.02.2024", "2024-2-9", "0000-01-01")),
        ("text", "timestamp without time zone", ("2024-02-29 10:11:12", "2024-02-29"), ("now", "2024-02-29T10:11:12")),
        ("text", "time without time zone", ("10:11:12", "10:11:12.50"), ("25:00:00", "10:11", "24:00:00")),
        ("text", "character varying(5)", ("abcde", "ééééé"), ("abcdef",)),
        ("integer", "text", ("5", "-5"), ()),
        ("integer", "smallint", ("1",), ("32768",)),
        ("integer", "date", (), ("20240229",)),
        ("bigint", "double precision", ("9007199254740992",), ("9007199254740993",)),
        ("bigint", "integer", ("1",), ("1099511627776",)),
        ("double precision", "integer", ("5", "-2"), ("1.5", "1e30", "NaN", "Infinity", "-0")),
        ("double precision", "text", ("0.30000000000000004", "1.5"), ("Infinity", "NaN")),
        ("double precision", "numeric(21,9)", ("1.5", "2"), ("0.30000000000000004", "1e300", "NaN", "-Infinity")),
        ("numeric(21,9)", "double precision", ("1.5", "0.1"), ("123456789012.123456789",)),
        ("numeric(21,9)", "text", ("1.5", "2"), ("NaN",)),
        ("numeric(21,9)", "numeric(5,2)", ("1.25", "999.99"), ("1.125", "1000")),
        ("date", "timestamp without time zone", ("2024-02-29", "infinity"), ("5874897-12-31",)),
        ("timestamp without time zone", "date", ("2024-02-29 00:00:00",), ("2024-02-29 10:11:12",)),
        ("timestamp without time zone", "time without time zone", (), ("2024-02-29 10:11:12",)),
        ("boolean", "smallint", ("true", "false"), ()),
        ("real", "double precision", ("0.1",), ()),
    ],
)
def test_a_conversion_keeps_and_loses(source, target, kept, lost, pg):
    there = conversion("x", parse_type(source), parse_type(target), version=pg.info.server_version)
    pg.execute(f"CREATE TABLE t (x {source})")
    with pg.cursor() as cursor:
        cursor.executemany("INSERT INTO t VALUES (%s)", [(value,) for value in (*kept, *lost)])
    found = {text for (text,) in pg.execute(f"SELECT x::text FROM t WHERE {there.inexact}")}
    canonical = {t for value in lost for (t,) in pg.execute(f"SELECT '{value}'::{source}::text")}
    assert found == canonical


def test_a_narrower_text_is_no_catalog_change_and_a_wider_one_is():
    pairs = {(str(a), str(b)): conversion("x", a, b).trivial for a, b in itertools.product(TYPES, TYPES)}
    assert pairs["varchar(5)", "varchar(140)"]
    assert pairs["varchar(140)", "text"]
    assert not pairs["varchar(140)", "varchar(5)"]
    assert not pairs["text", "varchar(140)"]
    assert pairs["smallint", "bigint"]
    assert not pairs["bigint", "integer"]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    texts=st.lists(
        st.one_of(
            st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30),
            st.from_regex(r"-?[0-9]{1,20}(\.[0-9]{0,12})?(e[+-]?[0-9]{1,4})?", fullmatch=True),
            st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}( [0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,7})?)?", fullmatch=True),
        ),
        max_size=40,
    )
)
def test_no_text_makes_a_conversion_fail(texts, pg):
    pg.execute("CREATE TEMP TABLE IF NOT EXISTS any_text (x text); TRUNCATE any_text")
    with pg.cursor() as cursor:
        cursor.executemany("INSERT INTO any_text VALUES (%s)", [(text,) for text in texts])
    text = DataType(kind=Kind.TEXT)
    asked = ", ".join(f"count({conversion('x', text, t, version=pg.info.server_version).expression})" for t in TYPES)
    pg.execute(f"SELECT {asked} FROM any_text").fetchall()
