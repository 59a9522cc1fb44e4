"""Declared defaults to typed literals. No text of a DocType ever becomes an SQL expression (traps S14-S19)."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from types import MappingProxyType

from sodaf_nb.doctype.problems import shown
from sodaf_nb.schema import DataType, Kind

Raw = str | int | float

# Values the application fills in when a document is made; a database default cannot stand for them.
_APP_NAME = re.compile(r"__\w+", re.ASCII)  # __user
_APP_LOOKUP = re.compile(r":[A-Za-z][\w -]*", re.ASCII)  # :Company takes the field of the user's Company
_APP_WORDS = frozenset({"Today", "today", "Now", "now", "user"})
_SQL_CLOCK = re.compile(r"CURRENT_(DATE|TIME|TIMESTAMP)", re.IGNORECASE)

_WHOLE = re.compile(r"[+-]?[0-9]{1,19}(\.0+)?")
_NUMBER = re.compile(r"[+-]?([0-9]{1,30}(\.[0-9]{0,30})?|\.[0-9]{1,30})([eE][+-]?[0-9]{1,3})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:\.([0-9]{1,6}))?)?")
_TRUTH = MappingProxyType({"0": 0, "1": 1, "false": 0, "true": 1})

_TEMPORAL = frozenset({Kind.DATE, Kind.DATETIME, Kind.TIME})
_BITS = MappingProxyType({Kind.INTEGER: 31, Kind.BIGINT: 63})


class DefaultError(ValueError):
    """A default that its column could not hold."""


def default_literal(type_: DataType, raw: Raw | None, *, choices: Collection[str] = ()) -> Raw | None:
    """Return a declared default as a typed value.

    Args:
        type_: The column's type.
        raw: The default as the JSON has it.
        choices: The choices of a Select; a default among them is never read as an application-level word.

    Returns:
        An int, float or str; None when there is no default or the application fills it in.

    Raises:
        DefaultError: If the column could not hold it.
    """
    if raw is None or raw == "":
        return None
    if isinstance(raw, str) and raw not in choices and _is_filled_by_application(type_.kind, raw):
        return None
    return _READERS[type_.kind](type_, raw)


def _is_filled_by_application(kind: Kind, raw: str) -> bool:
    text = raw.strip()
    if kind in _TEMPORAL and _is_clock(text):
        return True
    if kind is Kind.VARCHAR and text in _APP_WORDS:
        return True
    return bool(_APP_NAME.fullmatch(text) or (kind is not Kind.TEXT and _APP_LOOKUP.fullmatch(text)))


def _is_clock(text: str) -> bool:
    return text.lower() in _APP_WORDS or "(" in text or bool(_SQL_CLOCK.fullmatch(text))


def _text(type_: DataType, raw: Raw) -> str:
    text = str(int(raw) if isinstance(raw, bool) else raw)
    if "\0" in text:
        raise DefaultError(f"{shown(text)} holds a NUL, which PostgreSQL cannot store")
    if type_.length is not None and len(text) > type_.length:
        raise DefaultError(f"{shown(text)} has {len(text)} characters, the column holds {type_.length}")
    return text


def _check(_type: DataType, raw: Raw) -> int:
    value = _TRUTH.get(str(raw).strip().lower())
    if value is None:
        raise DefaultError(f"{shown(str(raw))} is neither 0 nor 1")
    return value


def _integer(type_: DataType, raw: Raw) -> int:
    text = str(int(raw) if isinstance(raw, bool) else raw).strip()
    if not _WHOLE.fullmatch(text):
        raise DefaultError(f"{shown(text)} is not a whole number")
    value = int(text.partition(".")[0])
    limit = 1 << _BITS[type_.kind]
    if not -limit <= value < limit:
        raise DefaultError(f"{shown(text)} does not fit {type_}")
    return value


def _number(raw: Raw) -> Decimal:
    text = str(raw).strip()
    if isinstance(raw, bool) or not _NUMBER.fullmatch(text):
        raise DefaultError(f"{shown(text)} is not a number (no thousands separators, a point for decimals)")
    return Decimal(text)


def _plain(value: Decimal) -> int | float:
    # A whole number stays an int, so that 0 and 0.0 are one default and not a difference.
    return int(value) if value == value.to_integral_value() else float(value)


def _real(type_: DataType, raw: Raw) -> int | float:
    value = _number(raw)
    if value.adjusted() > _REAL_DIGITS:
        raise DefaultError(f"{shown(str(raw))} does not fit {type_}")
    return _plain(value) if abs(value) < _EXACT_INT else float(value)


_REAL_DIGITS = 300  # a double ends near 1.8e308
_EXACT_INT = 2**53  # up to here a double holds every integer


def _decimal(type_: DataType, raw: Raw) -> int | float:
    value = _number(raw)
    scale = type_.scale or 0
    try:
        held = round(value, scale)
    except InvalidOperation:  # far too many digits to round
        held = None
    if held != value or abs(value) >= 10 ** ((type_.precision or 0) - scale):
        raise DefaultError(f"{shown(str(raw))} does not fit {type_}")
    plain = _plain(value)
    if Decimal(repr(plain)) != value:
        raise DefaultError(f"{shown(str(raw))} has more digits than a default can carry exactly")
    return plain


def _parsed(text: str, pattern: re.Pattern[str], parse: Callable[[str], object], form: str) -> str:
    try:
        if pattern.fullmatch(text):
            parse(text)
            return text
    except ValueError:
        pass
    raise DefaultError(f"{shown(text)} is not a {form}")


def _date(_type: DataType, raw: Raw) -> str:
    return _parsed(str(raw).strip(), _DATE, date.fromisoformat, "date such as 2024-12-31")


def _clock_text(text: str) -> str:
    """Return `9:05` as `09:05:00`; a text of another form comes back unchanged, to be refused."""
    match = _TIME.fullmatch(text)
    if not match:
        return text
    hour, minute, second, fraction = match.groups()
    return f"{int(hour):02}:{minute}:{second or '00'}" + (f".{fraction:0<6}" if fraction else "")


def _time(_type: DataType, raw: Raw) -> str:
    return _parsed(_clock_text(str(raw).strip()), _TIME, time.fromisoformat, "time such as 23:59:00")


def _datetime(_type: DataType, raw: Raw) -> str:
    day, _, clock = str(raw).strip().replace("T", " ", 1).partition(" ")
    text = f"{day} {_clock_text(clock or '00:00:00')}"
    return _parsed(text, _MOMENT, datetime.fromisoformat, "date and time such as 2024-12-31 23:59:00")


_MOMENT = re.compile(rf"{_DATE.pattern} {_TIME.pattern}")

_READERS: Mapping[Kind, Callable[[DataType, Raw], Raw]] = MappingProxyType(
    {
        Kind.VARCHAR: _text,
        Kind.TEXT: _text,
        Kind.SMALLINT: _check,  # only Check is stored as SMALLINT
        Kind.INTEGER: _integer,
        Kind.BIGINT: _integer,
        Kind.REAL: _real,
        Kind.DECIMAL: _decimal,
        Kind.DATE: _date,
        Kind.DATETIME: _datetime,
        Kind.TIME: _time,
    }
)
