"""What a stored value becomes when its column's declared type changes, said in SQL and never left to affinity.

A SQLite column holds any storage class, and a plain copy converts silently (traps R15-R19, A12); CAST
converts without an error. So every conversion here is guarded: exact, or NULL and counted as lost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sodaf_nb.schema import DataType, Kind

# From 2^53 on neighbouring integers share one REAL.
_EXACT = "BETWEEN -9007199254740992 AND 9007199254740992"
_UNCHANGED = "'+0 days'"

# SQLite's rule, first hit wins: a piece of the declared type and the affinity it gives.
_AFFINITIES = (
    ("INT", "INTEGER"),
    ("CHAR", "TEXT"),
    ("CLOB", "TEXT"),
    ("TEXT", "TEXT"),
    ("BLOB", "BLOB"),
    ("REAL", "REAL"),
    ("FLOA", "REAL"),
    ("DOUB", "REAL"),
)
_TEXTS = frozenset({Kind.VARCHAR, Kind.TEXT})
_INTEGERS = frozenset({Kind.SMALLINT, Kind.INTEGER, Kind.BIGINT})


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


def conversion(column: str, source: DataType, target: DataType) -> Conversion:
    """Return how values stored as `source` become `target`.

    The rules go by each value's own storage class, since a declared type promises nothing; `source`
    only tells whether there is anything to do.

    Args:
        column: SQL text of the column, quoted and maybe qualified.
        source: The type now.
        target: The type wanted.
    """
    if source == target or _family(source.kind) == _family(target.kind) is not None:
        return Conversion(expression=column, inexact="0", trivial=True)
    rule = _other_rule(target) if target.kind is Kind.OTHER else _RULES[target.kind]
    cases = "".join(f" WHEN '{name}' THEN {sql}" for name, sql in rule(column).items())
    expression = f"CASE typeof({column}){cases} END"
    return Conversion(expression=expression, inexact=f"({column} IS NOT NULL AND {expression} IS NULL)", trivial=False)


def affinity(declared: str | None) -> str:
    """Return the affinity SQLite gives a declared type; None stands for a column without a type."""
    words = (declared or "BLOB").upper()
    return next((found for piece, found in _AFFINITIES if piece in words), "NUMERIC")


def _family(kind: Kind) -> str | None:
    """Return what kinds of equal affinity and without a format share; None for a type we cannot know."""
    if kind is Kind.OTHER:
        return None
    return "text" if kind in _TEXTS else "integer" if kind in _INTEGERS else str(kind)


# A rule maps each storage class to the SQL of its converted value; a class left out is lost.
Rule = Callable[[str], Mapping[str, str]]


def _to_text(x: str) -> Mapping[str, str]:
    return {"text": x, "blob": x, "integer": f"CAST({x} AS TEXT)", "real": _real_text(x)}


def _to_integer(x: str) -> Mapping[str, str]:
    whole = f"{x} = CAST({x} AS INTEGER) AND {x} {_EXACT}"
    return {
        "integer": x,
        "real": f"CASE WHEN {whole} THEN CAST({x} AS INTEGER) END",
        "text": f"CASE WHEN {_is_integer(x)} THEN CAST({x} AS INTEGER) END",
    }


def _to_real(x: str) -> Mapping[str, str]:
    # Not every integer beyond 2^53 is lost, but its neighbours are, so none is taken.
    whole = f"CASE WHEN {_is_integer(x)} AND CAST({x} AS INTEGER) {_EXACT} THEN CAST({x} AS REAL)"
    return {
        "integer": f"CASE WHEN {x} {_EXACT} THEN CAST({x} AS REAL) END",
        "real": x,
        "text": f"{whole} WHEN {_is_real(x)} OR {_is_padded(x)} THEN CAST({x} AS REAL) END",
    }


def _to_decimal(x: str) -> Mapping[str, str]:
    # A column of numbers does not tell 12.5 from 12.50, so zeros at the end are no loss; the spelling is in the
    # backup, and comes back with a rollback. Other spellings, such as 007 or +5, may mean more than a number.
    number = f"CAST({x} AS REAL)"
    whole = f"{number} = CAST({number} AS INTEGER) AND {number} {_EXACT}"
    padded = f"WHEN {_is_padded(x)} THEN CASE WHEN {whole} THEN CAST({number} AS INTEGER) ELSE {number} END"
    return {"integer": x, "real": x, "text": f"CASE {_decimal_cases(x)} {padded} END"}


def _decimal_cases(x: str) -> str:
    # NUMERIC affinity stores a whole real as an integer, so the text '1.0' would come back as '1'.
    number = f"CAST({x} AS REAL)"
    broken = f"{_is_real(x)} AND {number} <> CAST({number} AS INTEGER)"
    return f"WHEN {_is_integer(x)} THEN CAST({x} AS INTEGER) WHEN {broken} THEN {number}"


def _to_date(x: str) -> Mapping[str, str]:
    rest, zeros = f"substr({x}, 11)", f"{_is_fraction(f'substr({x}, 20)')} AND rtrim(substr({x}, 11), '0')"
    midnight = f"({rest} IN ('', ' 00:00:00') OR {zeros} = ' 00:00:00.')"
    return {"text": f"CASE WHEN {_is_valid('date', x, 10)} AND {midnight} THEN substr({x}, 1, 10) END"}


def _to_datetime(x: str) -> Mapping[str, str]:
    is_day = f"{_is_valid('date', x, 10)} AND substr({x}, 11) = ''"
    is_time = f"{_is_valid('datetime', x, 19)} AND {_is_fraction(f'substr({x}, 20)')}"
    return {"text": f"CASE WHEN {is_day} THEN {x} || ' 00:00:00' WHEN {is_time} THEN {x} END"}


def _to_time(x: str) -> Mapping[str, str]:
    return {"text": f"CASE WHEN {_is_valid('time', x, 8)} AND {_is_fraction(f'substr({x}, 9)')} THEN {x} END"}


_RULES: Mapping[Kind, Rule] = MappingProxyType(
    {
        Kind.VARCHAR: _to_text,
        Kind.TEXT: _to_text,
        Kind.SMALLINT: _to_integer,
        Kind.INTEGER: _to_integer,
        Kind.BIGINT: _to_integer,
        Kind.REAL: _to_real,
        Kind.DECIMAL: _to_decimal,
        Kind.DATE: _to_date,
        Kind.DATETIME: _to_datetime,
        Kind.TIME: _to_time,
    }
)


def _other_rule(target: DataType) -> Rule:
    """Return the rule of a type outside the closed table, whose meaning we do not know: by affinity only."""
    match affinity(target.declared):
        case "TEXT":
            return _to_text
        case "BLOB":
            return lambda x: dict.fromkeys(("integer", "real", "text", "blob"), x)
        case "REAL":
            return lambda x: {
                **_to_real(x),
                "text": _kept_text(x, f"WHEN {_is_real(x)} THEN CAST({x} AS REAL)"),
                "blob": x,
            }
        case _:
            return lambda x: {"integer": x, "real": x, "text": _kept_text(x, _decimal_cases(x)), "blob": x}


def _kept_text(x: str, numbers: str) -> str:
    # A comparison applies the affinity an insert would: a text that then still sorts behind every
    # number is one that does not look like a number and stays as it is.
    return f"CASE {numbers} WHEN CAST({x} AS TEXT) > CAST(9e999 AS REAL) THEN {x} END"


def _same(left: str, right: str) -> str:
    # The casts and the collation keep the column's own affinity and COLLATE NOCASE or RTRIM out.
    return f"CAST({left} AS TEXT) = CAST({right} AS TEXT) COLLATE BINARY"


def _is_valid(function: str, x: str, length: int) -> str:
    """Return SQL for: so many first characters are what SQLite's own date function makes of them."""
    # Without a modifier it hands back '2023-02-29' and '24:00:00' unread (measured on 3.40.1). A text with
    # a NUL, which would end the pattern and the function's view, is refused by its position.
    first = f"substr({x}, 1, {length})"
    year = f" AND {x} GLOB '[0-9][0-9][0-9][0-9]-*'" if length > len("HH:MM:SS") else ""
    return f"{_same(f'{function}({first}, {_UNCHANGED})', first)}{year} AND instr({x}, char(0)) = 0"


def _is_integer(x: str) -> str:
    return _same(f"CAST({x} AS INTEGER)", x)


def _is_real(x: str) -> str:
    return _same(_real_text(f"CAST({x} AS REAL)"), x)


def _is_padded(x: str) -> str:
    """Return SQL for: a number written out with a point, and zeros at the end that do not count."""
    digits = f"rtrim({x}, '0')"
    shortest = f"CASE WHEN {x} GLOB '*.*' THEN {digits} || substr('0', 1, {digits} GLOB '*.') END"
    return (
        f"({x} GLOB '*[0-9].*0' AND {x} NOT GLOB '*[^-.0-9]*' AND {_same(_real_text(f'CAST({x} AS REAL)'), shortest)})"
    )


def _real_text(x: str) -> str:
    # CAST keeps 15 digits only (trap R18). What 17 digits do not bring back, or infinity, is lost.
    forms = (f"printf('%!.{digits}g', {x})" for digits in (15, 17))
    cases = " ".join(f"WHEN CAST({form} AS REAL) = {x} THEN {form}" for form in forms)
    return f"CASE {cases} END"


def _is_fraction(x: str) -> str:
    """Return SQL for: nothing, or a point and one to six digits."""
    return f"({x} = '' OR {x} GLOB '.[0-9]*' AND {x} NOT GLOB '.*[^0-9]*' AND length({x}) <= 7)"
