"""Conversions are run in SQLite itself: every value arrives as the same value or is counted as lost."""

import math
import re
from datetime import date, datetime, time
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sodaf_nb.schema import DataType, Kind
from sodaf_nb.schema.types import decimal, other, varchar
from sodaf_nb.sql.dialects.sqlite_values import affinity, conversion
from tests.sql.memory import memory

SPELLING = {
    Kind.VARCHAR: (varchar(140), "VARCHAR(140)"),
    Kind.DECIMAL: (decimal(), "DECIMAL(21,9)"),
    Kind.OTHER: (other("BLOB"), "BLOB"),
}
TYPES = {k: SPELLING.get(k, (DataType(kind=k), k.upper())) for k in Kind}
TEXTS = {Kind.VARCHAR, Kind.TEXT}
INTEGERS = {Kind.SMALLINT, Kind.INTEGER, Kind.BIGINT}
BIG = 9007199254740993
VALUES = [
    None, 0, 7, -1, BIG, -BIG, 2**53, 2**63 - 1, -(2**63), 20240229,
    0.0, -0.0, 1.0, 2.5, 0.1 + 0.2, 1 / 3, 1e15, 1e16, 2.0**60, 1e308, -1e308, 5e-324, math.inf, -math.inf,
    b"", b"\x00", b"7", b"2024-02-29", b"\xff\xfe",
    "", "abc", "a\0b", "7\0", "7\0x", "007", "7", "-7", "-0", "+5", "  7 ", "1e3", "1.0", "0.5", "-2.5", "12.50",
    ".5", "5.", "0x1F", "inf", "Infinity", "nan", "9223372036854775807", "9223372036854775808",
    "-9223372036854775808", str(BIG), "0.30000000000000004", "é", "12abc", "now", "true",
    "2024-02-29", "2023-02-29", "2024-1-1", "24-01-01", "2024-01-01 ", "2024-01-01\0", "0000-00-00", "-2024-01-01",
    "2024-02-29 00:00:00", "2024-02-29 00:00:00.000000", "2024-02-29 00:00:00.000001", "2024-02-29 12:30:45",
    "2024-02-29 12:30:45.5", "2024-02-29 12:30:45.123456", "2024-02-29 12:30:45.1234567", "2024-02-29 12:30:45.",
    "2024-02-29 12:30", "2024-02-29T12:30:45", "2024-02-29 24:00:00", "2024-02-29 23:59:60", "2024-02-29 12:30:45Z",
    "2024-02-29 12:30:45.5\0x", "2024-02-29 12:30:45+02:00", "2024-02-29 00:00:00.0\0x", "2023-02-29 10:00:00",
    "12:30:45", "12:30:45.5", "12:30:45.123456", "12:30:45.1234567", "12:30", "24:00:00", "1:02:03", "12:30:45.5\0x",
    "12:30:45 ",
]  # fmt: skip


def convert_all(values, source, target, *, collate=""):
    """Yield (stored in the source column, stored in the target column, counted as inexact) of each value."""
    db = memory()
    (source_type, source_sql), (target_type, target_sql) = TYPES.get(source, source), TYPES.get(target, target)
    db.execute(f'CREATE TABLE s ("x y" {source_sql} {collate})')
    db.execute(f'CREATE TABLE t ("x y" {target_sql})')
    db.executemany("INSERT INTO s VALUES (?)", [(value,) for value in values])
    made = conversion('s."x y"', source_type, target_type)
    db.execute(f"INSERT INTO t SELECT {made.expression} FROM s ORDER BY rowid")
    before = db.execute(f'SELECT "x y", {made.inexact} FROM s ORDER BY rowid').fetchall()
    after = db.execute('SELECT "x y" FROM t ORDER BY rowid').fetchall()
    db.close()
    assert {lost for _, lost in before} <= {0, 1}
    return [(old, new, bool(lost)) for (old, lost), (new,) in zip(before, after, strict=True)]


def convert(value, source, target, *, collate=""):
    return convert_all([value], source, target, collate=collate)[0]


LOST = object()


def parsed(cls, text):
    try:
        return cls.fromisoformat(text)
    except ValueError:
        return None


def as_text(value):
    return LOST if isinstance(value, float) and math.isinf(value) else str(value) if isinstance(value, int) else value


def is_integer_text(value):
    return bool(re.fullmatch(r"0|-?[1-9][0-9]*", value)) and -(2**63) <= int(value) < 2**63


def as_integer(value):
    if isinstance(value, str) and is_integer_text(value):
        return int(value)
    if isinstance(value, float) and value.is_integer() and abs(value) <= 2**53:
        return int(value)
    return value if isinstance(value, int) else LOST


def real_text(number):
    """Say a real in the fewest of 15 and 17 digits that read back; the 17th differs between versions of SQLite."""
    db = memory()
    texts = db.execute("SELECT printf('%!.15g', :x), printf('%!.17g', :x)", {"x": number}).fetchone()
    db.close()
    return next(text for text in texts if float(text) == number)


def is_real_text(value):
    if not isinstance(value, str) or not re.fullmatch(r"-?[0-9]+\.[0-9]+(e[-+][0-9]+)?", value):
        return False
    return real_text(float(value)) == value


def is_padded_text(value):
    """Tell whether a text is a number written out, with zeros at the end that do not count."""
    if not isinstance(value, str) or not re.fullmatch(r"-?[0-9]+\.[0-9]*0", value):
        return False
    digits = value.rstrip("0")
    return real_text(float(value)) == (f"{digits}0" if digits.endswith(".") else digits)


def as_real(value):
    if isinstance(value, float) or is_real_text(value) or is_padded_text(value):
        return float(value)
    number = as_integer(value)
    return LOST if number is LOST or abs(number) > 2**53 else float(number)


def as_decimal(value):
    if isinstance(value, float) or (
        is_real_text(value) and (not float(value).is_integer() or abs(float(value)) > 1e19)
    ):
        return float(value)
    if is_padded_text(value):
        number = float(value)
        return int(number) if number.is_integer() and abs(number) <= 2**53 else number
    return as_integer(value)


def as_date(value):
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d( 00:00:00(\.0{1,6})?)?", value):
        return value[:10] if parsed(date, value[:10]) else LOST
    return LOST


def as_datetime(value):
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d(\.\d{1,6})?)?", value):
        return LOST
    whole = value if len(value) > 10 else f"{value} 00:00:00"
    return whole if parsed(datetime, whole[:19]) else LOST


def as_time(value):
    good = isinstance(value, str) and re.fullmatch(r"\d\d:\d\d:\d\d(\.\d{1,6})?", value)
    return value if good and parsed(time, value[:8]) else LOST


ORACLE = dict.fromkeys(TEXTS, as_text) | dict.fromkeys(INTEGERS, as_integer)
ORACLE |= {Kind.REAL: as_real, Kind.DECIMAL: as_decimal, Kind.DATE: as_date, Kind.DATETIME: as_datetime}
ORACLE |= {Kind.TIME: as_time, Kind.OTHER: lambda value: value}


def expected(value, source, target):
    if value is None or conversion("x", TYPES[source][0], TYPES[target][0]).trivial:
        return value
    return ORACLE[target](value)


@pytest.mark.parametrize(("source", "target"), list(product(Kind, Kind)), ids=str)
def test_each_value_arrives_as_the_oracle_says_or_is_counted_as_lost(source, target):
    for value, (before, after, lost) in zip(VALUES, convert_all(VALUES, source, target), strict=True):
        wanted = expected(before, source, target)
        assert lost == (wanted is LOST), value
        if lost:
            assert after is None, value
        elif isinstance(before, float) and isinstance(after, str):
            assert float(after) == before, value
        else:
            assert after == wanted, value
            assert isinstance(after, str) == isinstance(wanted, str), value


@pytest.mark.parametrize(
    ("text", "number"),
    [("12.50", 12.5), ("12.00", 12), ("-0.50", -0.5), ("100.0", 100), ("1234567890123456.50", 1234567890123456.5)],
)
def test_zeros_behind_the_point_are_no_loss_to_a_column_of_numbers(text, number):
    assert convert(text, Kind.TEXT, Kind.DECIMAL) == (text, number, False)
    assert convert(text, Kind.TEXT, Kind.REAL) == (text, float(number), False)
    assert convert(text, Kind.TEXT, Kind.INTEGER) == (text, None, True)


@pytest.mark.parametrize(
    "text", ["007", "+5", "00.50", ".50", "5.", "-0.00", "1.50e3", "12.50 ", "1.2.30", "9007199254740993.00"]
)
def test_any_other_spelling_of_a_number_is_a_loss(text):
    assert convert(text, Kind.TEXT, Kind.DECIMAL) == (text, None, True)


@pytest.mark.parametrize("text", ["2024", "007", "1e3", "20240101"])
def test_a_number_like_text_never_slips_into_a_date_column(text):
    assert convert(text, Kind.TEXT, Kind.DATE) == (text, None, True)


@pytest.mark.parametrize("collate", ["COLLATE NOCASE", "COLLATE RTRIM"])
@pytest.mark.parametrize("target", [Kind.INTEGER, Kind.REAL, Kind.DECIMAL, Kind.DATE, Kind.DATETIME, Kind.TIME])
@pytest.mark.parametrize("text", ["7 ", "1.5 ", "1.0E+300", "2024-01-01 ", "2024-01-01 10:00:00 ", "10:00:00 "])
def test_the_columns_collation_does_not_loosen_the_rules(collate, target, text):
    assert convert(text, Kind.TEXT, target, collate=collate) == (text, None, True)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (varchar(140), DataType(kind=Kind.TEXT)),
        (DataType(kind=Kind.TEXT), varchar(20)),
        (varchar(140), varchar(3)),
        (DataType(kind=Kind.SMALLINT), DataType(kind=Kind.BIGINT)),
        (decimal(21, 9), decimal(3, 2)),
        (DataType(kind=Kind.DATE), DataType(kind=Kind.DATE)),
        (other("ANY"), other("ANY")),
    ],
)
def test_between_types_that_store_alike_nothing_is_done(source, target):
    made = conversion('"x"', source, target)
    assert (made.expression, made.inexact, made.trivial) == ('"x"', "0", True)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (Kind.TEXT, Kind.DATE),
        (Kind.DATE, Kind.DATETIME),
        (Kind.DATETIME, Kind.TIME),
        (Kind.INTEGER, Kind.DECIMAL),
        (Kind.OTHER, Kind.TEXT),
        (Kind.TEXT, Kind.OTHER),
    ],
)
def test_everything_else_is_never_called_trivial(source, target):
    assert not conversion("x", TYPES[source][0], TYPES[target][0]).trivial


OTHERS = ["BOOLEAN", "TIMESTAMP", "FLOATING POINT", "DOUBLE", "CLOB", "STRING", "", "MEDIUMINT"]


@pytest.mark.parametrize("declared", OTHERS)
@pytest.mark.parametrize("source", [Kind.TEXT, Kind.REAL, Kind.INTEGER, Kind.OTHER])
def test_an_unknown_target_keeps_a_value_or_counts_it(declared, source):
    rows = convert_all(VALUES, source, (other(declared), declared))
    for value, (before, after, lost) in zip(VALUES, rows, strict=True):
        if lost:
            assert after is None, value
        elif isinstance(before, (int, float)) and isinstance(after, str):
            assert type(before)(after) == before, value
        elif isinstance(before, str) and isinstance(after, float):
            assert before in {real_text(after), f"{after:.0f}"}, value
        elif isinstance(before, str) and isinstance(after, int):
            assert before == str(after), value
        else:
            assert after == before, value


@pytest.mark.parametrize("text", ["yes", "2024-01-01", "", "0x1F"])
def test_a_text_that_affinity_leaves_alone_goes_back_into_an_unknown_type(text):
    assert convert(text, Kind.TEXT, (other("BOOLEAN"), "BOOLEAN")) == (text, text, False)


@pytest.mark.parametrize("text", ["007", " 7 ", "1e3", "12.50", "1.0"])
def test_a_text_that_affinity_would_rewrite_is_lost_to_an_unknown_type(text):
    assert convert(text, Kind.TEXT, (other("BOOLEAN"), "BOOLEAN")) == (text, None, True)


def test_no_value_is_null_and_never_lost():
    for source, target in product(Kind, Kind):
        assert convert(None, source, target) == (None, None, False)


@pytest.mark.parametrize("declared", [*OTHERS, "CHARINT", "NVARCHAR(5)", "REAL", "FLOAT", "LONGBLOB", "DATE", "any"])
def test_affinity_is_what_sqlite_itself_does(declared):
    db = memory()
    db.execute(f"CREATE TABLE t (x {declared})")
    db.executemany("INSERT INTO t VALUES (?)", [("1",), (1,), (1.5,)])
    classes = tuple(row[0] for row in db.execute("SELECT typeof(x) FROM t"))
    known = {"TEXT": ("text",) * 3, "BLOB": ("text", "integer", "real"), "REAL": ("real",) * 3}
    assert classes == known.get(affinity(declared), ("integer", "integer", "real"))


def test_an_untyped_column_has_no_affinity():
    assert affinity(None) == affinity("") == "BLOB"


numbers = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False)
stored = (
    numbers | st.text(st.characters(exclude_categories=["Cs"])) | st.from_regex(r"[-+]?[0-9]{1,17}(\.[0-9]{1,17})?")
)


@settings(max_examples=400, deadline=None)
@given(value=stored, source=st.sampled_from(list(Kind)[:-1]), target=st.sampled_from(list(Kind)))
def test_what_is_not_lost_comes_back_the_same(value, source, target):
    before, after, lost = convert(value, source, target)
    if lost:
        assert after is None
        return
    natural = str if source in TEXTS else int if source in INTEGERS else (int, float)
    _, back, lost_back = convert(after, target, source)
    if isinstance(before, str) and target is Kind.REAL and is_integer_text(before):
        before, back = float(before), float(back)  # '7' became 7.0: the natural change of type
    # A value of a class its column was not made for may be refused on the way back, but never changed.
    assert back is None if lost_back else back == before
    if target is Kind.DECIMAL and isinstance(before, float) and abs(before) > 2**53:
        return  # stored as an integer, whose neighbours a real cannot hold: refused on the way back, so backed up
    assert not lost_back or source in {Kind.DATE, Kind.DATETIME, Kind.TIME} or not isinstance(before, natural)


@settings(max_examples=200, deadline=None)
@given(value=st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15))
def test_a_real_survives_as_text(value):
    before, after, lost = convert(value, Kind.REAL, Kind.TEXT)
    assert lost or convert(after, Kind.TEXT, Kind.REAL) == (after, before, False)


@settings(max_examples=200, deadline=None)
@given(value=st.datetimes())
def test_every_python_datetime_is_a_datetime(value):
    text = str(value)
    assert convert(text, Kind.TEXT, Kind.DATETIME) == (text, text, False)
    assert convert(text[:10], Kind.TEXT, Kind.DATE) == (text[:10], text[:10], False)
    assert convert(text[11:], Kind.TEXT, Kind.TIME) == (text[11:], text[11:], False)
