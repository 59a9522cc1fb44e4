"""What a stored value becomes when its column's type changes: exact, or NULL and counted as lost.

A cast rounds, cuts or fails, each on its own terms (trap G12), so no value is cast before SQL has shown that
the cast is exact. Of a CASE, PostgreSQL evaluates the branch it takes only, constants aside; a column is none.
What is exact is the same as on SQLite wherever the types are: a text is a number when the number's own
text is that text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sodaf_nb.schema import DataType, Kind
from sodaf_nb.sql.dialects.postgres import type_sql
from sodaf_nb.sql.quoting import literal

_TEXTS = frozenset({Kind.VARCHAR, Kind.TEXT})
_BITS: Mapping[Kind, int] = MappingProxyType({Kind.SMALLINT: 15, Kind.INTEGER: 31, Kind.BIGINT: 63})
_NOTHING = "NULL"

# Beyond its least and greatest numbers a cast to a double fails.
_REAL_RANGE = "BETWEEN 5e-324 AND 1.7976931348623157e308"

# Up to here a double holds every integer.
_WHOLE_REAL = 2**53

_INTEGER = "^(0|-?[1-9][0-9]{0,18})$"
# A column of numbers does not tell 12.5 from 12.50, so zeros at the end are no loss; a minus before nothing is one.
_DECIMAL = r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?$"
_NO_NUMBER = r"^-0(\.0*)?$"
# With an exponent only as a double is written itself; one of three digits cannot overflow numeric.
_REAL = r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?(e[+-][0-9]{2,3})?$"
# Beyond this a text holds more zeros than a number has digits.
_LONGEST = 60
_DAY = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?"

# Years a text can say in four digits.
_FIRST, _LAST = "'0001-01-01'", "'9999-12-31 23:59:59.999999'"

# The first release that can ask whether a text is a value of a type without failing.
ASKS_BEFORE_CASTING = 160000


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """How one column's values become another type.

    Args:
        expression: SQL of the converted value; NULL where the value does not convert exactly.
        inexact: SQL that is true exactly for the rows whose value would be lost.
        trivial: True when no stored value can change; the expression is then the column itself.
    """

    expression: str
    inexact: str
    trivial: bool


def conversion(x: str, source: DataType, target: DataType, *, version: int = ASKS_BEFORE_CASTING) -> Conversion:
    """Return how values of one type become another.

    Args:
        x: SQL text of the value, quoted and maybe qualified.
        source: The type now.
        target: The type wanted.
        version: The server's version number.
    """
    if holds_all(source, target):
        return Conversion(expression=x, inexact="FALSE", trivial=True)
    value = _value(x, source, target, version)
    expression = f"CASE WHEN {x} IS NOT NULL THEN {value} END" if value != _NOTHING else f"NULL::{type_sql(target)}"
    return Conversion(
        expression=f"({expression})", inexact=f"({x} IS NOT NULL AND ({expression}) IS NULL)", trivial=False
    )


def holds_all(source: DataType, target: DataType) -> bool:
    """Return True when each value of the first type is the same value of the second, so that none can be lost."""
    if source == target:
        return True
    if source.kind is Kind.OTHER and source.declared == "character varying":
        return target.kind is Kind.TEXT
    if source.kind in _TEXTS and target.kind in _TEXTS:
        return target.length is None or (source.length is not None and source.length <= target.length)
    if source.kind in _BITS and target.kind in _BITS:
        return _BITS[source.kind] <= _BITS[target.kind]
    if source.kind is target.kind is Kind.DECIMAL:
        return (target.scale or 0) >= (source.scale or 0) and _whole_digits(target) >= _whole_digits(source)
    return False


def _whole_digits(data_type: DataType) -> int:
    return (data_type.precision or 0) - (data_type.scale or 0)


def _value(x: str, source: DataType, target: DataType, version: int) -> str:
    if target.kind is Kind.OTHER:
        return _to_other(x, source, target, version)
    if source.kind is Kind.OTHER:
        return _from_other(x, source, target)
    if source.kind in _TEXTS:
        return _FROM_TEXT[target.kind](x, target)
    if target.kind in _TEXTS:
        return _fitting(_TO_TEXT[source.kind](x), target)
    rule = _RULES.get((_family(source.kind), _family(target.kind)))
    return rule(x, target) if rule else _NOTHING


def _family(kind: Kind) -> Kind:
    return Kind.INTEGER if kind in _BITS else kind


Rule = Callable[[str, DataType], str]


def _when(condition: str, value: str) -> str:
    return f"CASE WHEN {condition} THEN {value} END"


# ------------------------------------------------------------------------------ into text


def _fitting(text: str, target: DataType) -> str:
    return text if target.length is None else _when(f"char_length({text}) <= {int(target.length)}", text)


def _real_text(x: str) -> str:
    # NaN counts as greater than all numbers, infinities are at the ends.
    return _when(f"{x} > '-Infinity' AND {x} < 'Infinity'", f"{x}::text")


_TO_TEXT: Mapping[Kind, Callable[[str], str]] = MappingProxyType(
    {
        Kind.SMALLINT: lambda x: f"{x}::text",
        Kind.INTEGER: lambda x: f"{x}::text",
        Kind.BIGINT: lambda x: f"{x}::text",
        Kind.REAL: _real_text,
        Kind.DECIMAL: lambda x: _when(f"{x} <> 'NaN'", f"trim_scale({x})::text"),
        Kind.DATE: lambda x: _when(f"{x} BETWEEN {_FIRST} AND '9999-12-31'", f"{x}::text"),
        Kind.DATETIME: lambda x: _when(f"{x} BETWEEN {_FIRST} AND {_LAST}", f"{x}::text"),
        Kind.TIME: lambda x: _when(f"{x} < '24:00'", f"{x}::text"),
    }
)

# ------------------------------------------------------------------------------ out of text


def _text_to_text(x: str, target: DataType) -> str:
    return _fitting(x, target)


def _text_to_integer(x: str, target: DataType) -> str:
    number = f"{x}::numeric"
    return _when(f"{x} ~ '{_INTEGER}'", _when(_in_range(number, target), f"{x}::{type_sql(target)}"))


def _text_to_real(x: str, _target: DataType) -> str:
    number, real = f"{x}::numeric", f"{x}::double precision"
    safe = f"{number} = 0 OR abs({number}) {_REAL_RANGE}"
    same = f"{real}::text = {x} OR ({x} !~ 'e' AND {real}::text::numeric = {number})"
    return _when(f"char_length({x}) <= {_LONGEST} AND {x} ~ '{_REAL}'", _when(safe, _when(same, real)))


def _text_to_decimal(x: str, target: DataType) -> str:
    longest = (target.precision or 0) + _LONGEST
    shape = f"char_length({x}) <= {longest} AND {x} ~ '{_DECIMAL}' AND {x} !~ '{_NO_NUMBER}'"
    return _when(shape, _number_to_decimal(f"{x}::numeric", target))


def _is_day(x: str) -> str:
    year, month = f"substr({x}, 1, 4)::int", f"substr({x}, 6, 2)::int"
    last = f"extract(day FROM make_date({year}, {month}, 1) + interval '1 month - 1 day')"
    return _when(f"substr({x}, 1, 4) <> '0000'", f"substr({x}, 9, 2)::int <= {last}")


def _text_to_date(x: str, _target: DataType) -> str:
    midnight = f"{x} ~ '^{_DAY}( 00:00:00(\\.0{{1,6}})?)?$'"
    return _when(midnight, _when(_is_day(x), f"substr({x}, 1, 10)::date"))


def _text_to_datetime(x: str, target: DataType) -> str:
    return _when(f"{x} ~ '^{_DAY}( {_CLOCK})?$'", _when(_is_day(x), f"{x}::{type_sql(target)}"))


def _text_to_time(x: str, target: DataType) -> str:
    return _when(f"{x} ~ '^{_CLOCK}$'", f"{x}::{type_sql(target)}")


_FROM_TEXT: Mapping[Kind, Rule] = MappingProxyType(
    {
        Kind.VARCHAR: _text_to_text,
        Kind.TEXT: _text_to_text,
        Kind.SMALLINT: _text_to_integer,
        Kind.INTEGER: _text_to_integer,
        Kind.BIGINT: _text_to_integer,
        Kind.REAL: _text_to_real,
        Kind.DECIMAL: _text_to_decimal,
        Kind.DATE: _text_to_date,
        Kind.DATETIME: _text_to_datetime,
        Kind.TIME: _text_to_time,
    }
)

# ------------------------------------------------------------------------------ between numbers, between times


def _in_range(number: str, target: DataType) -> str:
    limit = 1 << _BITS[target.kind]
    return f"{number} BETWEEN {-limit} AND {limit - 1}"


def _integer_to_integer(x: str, target: DataType) -> str:
    return _when(_in_range(x, target), f"{x}::{type_sql(target)}")


def _integer_to_real(x: str, _target: DataType) -> str:
    # Not every integer beyond is lost, but its neighbours are, so none is taken.
    return _when(f"{x} BETWEEN {-_WHOLE_REAL} AND {_WHOLE_REAL}", f"{x}::double precision")


def _number_to_decimal(number: str, target: DataType) -> str:
    fits = f"scale(trim_scale({number})) <= {int(target.scale or 0)} AND abs({number}) < 1e{_whole_digits(target)}"
    return _when(fits, f"({number})::{type_sql(target)}")


def _real_to_integer(x: str, target: DataType) -> str:
    limit = 1 << _BITS[target.kind]
    within = f"{x} BETWEEN {-min(_WHOLE_REAL, limit)} AND {min(_WHOLE_REAL, limit - 1)}"
    whole = f"{within} AND {x} = trunc({x}) AND {x}::text <> '-0'"
    return _when(whole, f"{x}::{type_sql(target)}")


def _real_to_decimal(x: str, target: DataType) -> str:
    # A cast to numeric keeps 15 digits only; the text has them all.
    within = f"abs({x}) < 1e{min(_whole_digits(target), 300)} AND {x}::text <> '-0'"
    return _when(within, _number_to_decimal(f"{x}::text::numeric", target))


def _decimal_to_integer(x: str, target: DataType) -> str:
    return _when(f"{_in_range(x, target)} AND {x} = trunc({x})", f"{x}::{type_sql(target)}")


def _decimal_to_real(x: str, _target: DataType) -> str:
    real = f"{x}::double precision"
    safe = f"{x} = 0 OR abs({x}) {_REAL_RANGE}"
    return _when(safe, _when(f"{real}::text::numeric = {x}", real))


def _decimal_to_decimal(x: str, target: DataType) -> str:
    return f"CASE WHEN {x} = 'NaN' THEN {x} ELSE {_number_to_decimal(x, target)} END"


def _date_to_datetime(x: str, target: DataType) -> str:
    return _when(f"{x} <= '294276-12-31' OR {x} = 'infinity'", f"{x}::{type_sql(target)}")


def _datetime_to_date(x: str, _target: DataType) -> str:
    return _when(f"{x} = date_trunc('day', {x})", f"{x}::date")


_RULES: Mapping[tuple[Kind, Kind], Rule] = MappingProxyType(
    {
        (Kind.INTEGER, Kind.INTEGER): _integer_to_integer,
        (Kind.INTEGER, Kind.REAL): _integer_to_real,
        (Kind.INTEGER, Kind.DECIMAL): lambda x, target: _number_to_decimal(f"{x}::numeric", target),
        (Kind.REAL, Kind.INTEGER): _real_to_integer,
        (Kind.REAL, Kind.DECIMAL): _real_to_decimal,
        (Kind.DECIMAL, Kind.INTEGER): _decimal_to_integer,
        (Kind.DECIMAL, Kind.REAL): _decimal_to_real,
        (Kind.DECIMAL, Kind.DECIMAL): _decimal_to_decimal,
        (Kind.DATE, Kind.DATETIME): _date_to_datetime,
        (Kind.DATETIME, Kind.DATE): _datetime_to_date,
    }
)

# ------------------------------------------------------------------------------ types outside the closed table

# What we know more of than how it is written: a type that holds all its values, and the cast to it.
_WIDER: Mapping[str, DataType] = MappingProxyType(
    {
        "character varying": DataType(kind=Kind.TEXT),
        "real": DataType(kind=Kind.REAL),
    }
)


def _from_other(x: str, source: DataType, target: DataType) -> str:
    if source.declared == "boolean":
        return _when(f"{x} IS NOT NULL", f"{_one_or_zero(x, target)}")
    wider = _WIDER.get(str(source.declared), DataType(kind=Kind.TEXT))
    # The text of a value is what a dump of the database would hold of it.
    cast = f"({x})::{type_sql(wider)}" if wider.kind is Kind.TEXT else f"({x})::text::{type_sql(wider)}"
    return cast if holds_all(wider, target) else _value(cast, wider, target, 0)


def _one_or_zero(x: str, target: DataType) -> str:
    if target.kind in _BITS:
        return f"{x}::int::{type_sql(target)}"
    return _value(f"({x})::text", DataType(kind=Kind.TEXT), target, 0)


def _to_other(x: str, source: DataType, target: DataType, version: int) -> str:
    declared = str(target.declared)
    text = _TO_TEXT[source.kind](x) if source.kind in _TO_TEXT else f"({x})::text"
    if declared == "character varying":
        return text
    if declared == "boolean" and source.kind in _BITS:
        return _when(f"{x} IN (0, 1)", f"{x}::int::boolean")
    if version < ASKS_BEFORE_CASTING:
        return _NOTHING  # no way to know before the cast fails; counted as lost, so a person is asked
    valid = f"pg_input_is_valid({text}, {literal(declared)})"
    return _when(valid, _when(f"({text}::{declared})::text = {text}", f"{text}::{declared}"))
