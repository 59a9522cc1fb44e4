"""How the values of one column are spread, which rows would not fit, and which rows are alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sodaf_nb.database.profile import Wanted, conditions, equal_values
from sodaf_nb.database.reading import order_by, shown_columns
from sodaf_nb.database.session import Session
from sodaf_nb.schema import Column, Table
from sodaf_nb.sql.quoting import quote
from sodaf_nb.validation.evidence import Aspect

# Bars of a chart.
BARS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """Rows that hold a value, or a number within a range.

    Args:
        low: The value, cut, or where the range begins.
        high: Where the range ends; None for a single value.
        rows: Rows of it.
    """

    low: Any
    high: float | None
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How the values of a column are spread.

    Args:
        rows: Rows of the table.
        nulls: Rows without a value.
        distinct: Different values.
        bars: The most frequent values, or the ranges of numbers in order.
        rest: Rows whose values have no bar.
    """

    rows: int
    nulls: int
    distinct: int
    bars: tuple[Bar, ...]
    rest: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """A row whose value would not fit.

    Args:
        aspect: What would not fit.
        values: The row, in the order that was asked for.
    """

    aspect: Aspect
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """Rows with equal values.

    Args:
        values: The values they share, cut.
        rows: How many they are.
        keys: The keys of a few, in order.
    """

    values: tuple[Any, ...]
    rows: int
    keys: tuple[str, ...]


def spread(session: Session, table: Table, column: Column) -> Spread:
    """Return how the values of a column are spread; counted in all rows."""
    look, name = session.dialect.look, quote(table.name)
    here = look.ordered(quote(column.name), column)
    rows, filled, distinct, low, high, numbers = session.rows(
        f"SELECT COUNT(*), COUNT({here}), COUNT(DISTINCT {here}), MIN({here}), MAX({here}), "
        f"COUNT(CASE WHEN {look.is_number(here, column)} THEN 1 END) FROM {name}"
    )[0]
    if numbers and numbers == filled and distinct > BARS:
        bars = _ranges(session, name, here, float(low), float(high))
    else:
        found = session.rows(
            f"SELECT {look.cut('v', column)}, n FROM (SELECT {here} AS v, COUNT(*) AS n FROM {name} "
            f"WHERE {here} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {BARS}) AS frequent"
        )
        bars = tuple(Bar(low=value, high=None, rows=count) for value, count in found)
    rest = filled - sum(bar.rows for bar in bars)
    return Spread(rows=rows, nulls=rows - filled, distinct=distinct, bars=bars, rest=rest)


def _ranges(session: Session, name: str, here: str, low: float, high: float) -> tuple[Bar, ...]:
    width = (high - low) / BARS
    ends = [low + n * width for n in range(1, BARS)]
    below = ", ".join(f"COUNT(CASE WHEN {here} < ? THEN 1 END)" for _ in ends)
    # The highest value belongs to the last range, which has no end of its own.
    counts = [0, *session.rows(f"SELECT {below}, COUNT({here}) FROM {name}", tuple(ends))[0]]
    return tuple(
        Bar(low=low + n * width, high=low + (n + 1) * width, rows=counts[n + 1] - counts[n]) for n in range(BARS)
    )


def misfit_rows(session: Session, table: Table, wanted: Wanted, columns: Sequence[str], limit: int) -> list[Misfit]:
    """Return rows whose value would not fit, by key, `limit` at most for each way in which one does not."""
    asked = list(conditions(session, table, wanted))
    if wanted.unique:
        here = session.dialect.look.ordered(quote(wanted.here.name), wanted.here)
        asked.append(("duplicates", f"{here} IN ({equal_values(session, table, wanted)})"))
    names = shown_columns(session, table, columns)
    # Equal values belong beside each other.
    order = {"duplicates": (wanted.here.name, *table.primary_key)}
    return [
        Misfit(aspect=aspect, values=row)
        for aspect, condition in asked
        for row in session.rows(
            f"SELECT {names} FROM {quote(table.name)} WHERE {condition}"
            f"{order_by(order.get(aspect, table.primary_key))} LIMIT {int(limit)}"
        )
    ]


def alike(
    session: Session, table: Table, columns: Sequence[Column], *, loose: bool, limit: int
) -> tuple[int, int, list[Alike]]:
    """Return the groups of rows with equal values, how many groups there are, and the rows in them.

    Args:
        session: The snapshot to read.
        table: The table.
        columns: The columns whose values are compared; a row without a value in one of them is alike to none.
        loose: True to compare without letter case (of A to Z) and outer blanks.
        limit: The most groups to return, the largest first.
    """
    look, names = session.dialect.look, [column.name for column in columns]
    here = [look.ordered(quote(column.name), column) for column in columns]
    terms = [f"LOWER(TRIM(CAST({c} AS TEXT)))" if loose else c for c in here]
    present = " AND ".join(f"{quote(name)} IS NOT NULL" for name in names)
    groups = f"FROM {quote(table.name)} WHERE {present} GROUP BY {', '.join(terms)} HAVING COUNT(*) > 1"
    count, rows = session.rows(f"SELECT COUNT(*), COALESCE(SUM(n), 0) FROM (SELECT COUNT(*) AS n {groups}) AS sizes")[0]
    shown = ", ".join(look.cut(f"MIN({c})", column) for c, column in zip(here, columns, strict=True))
    key = quote(table.primary_key[0]) if len(table.primary_key) == 1 else session.dialect.row_name
    found = session.rows(
        f"SELECT COUNT(*), MIN({key}), MAX({key}), {shown} {groups} ORDER BY 1 DESC, 2 LIMIT {int(limit)}"
    )
    return (
        count,
        int(rows),
        [Alike(values=tuple(values), rows=n, keys=(str(first), str(last))) for n, first, last, *values in found],
    )
