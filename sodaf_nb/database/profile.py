"""What a table holds, column by column, counted by the engine: its rows are never pulled whole."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from sodaf_nb.database.questions import misfits
from sodaf_nb.database.session import Session
from sodaf_nb.doctype import DocType
from sodaf_nb.doctype.standard import standard_columns
from sodaf_nb.rehearsal import MASKED, is_masked
from sodaf_nb.schema import Column, Kind, Table
from sodaf_nb.sql.quoting import quote
from sodaf_nb.validation.evidence import Aspect

# Up to this many rows, distinct and frequent values are counted exactly; that sorts each column once (0.1 s
# a column of 100 000 texts), while everything else is counted in one scan of any table.
MOST_EXACT = 100_000
SAMPLE = 50_000

STANDARD = frozenset(column.name for column in standard_columns(DocType(name="Any")))
"""Columns that the application fills in by itself"""

# Frequent values of a column that are kept.
_TOP = 3

# Results of one scan; SQLite allows 2000 columns.
_PER_SCAN = 1000

# Columns looked at in one statement; SQLite takes 500 parts.
_PER_LOOK = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A live column and what it is to be.

    Args:
        here: The live column.
        after: The wanted one; None when no DocType asks for it.
        unique: True when no two rows may hold the same value.
    """

    here: Column
    after: Column | None = None
    unique: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnProfile:
    """What one column holds.

    Args:
        wanted: The column and what it is to be.
        filled: Rows that hold a value.
        blank: Rows that hold an empty text.
        distinct: Different values, of the rows that were looked at for it.
        lowest: The first value in the engine's order, cut; None without any.
        highest: The last one.
        longest: Characters of the longest value of a text column; None elsewhere.
        top: (value, rows) of the most frequent ones, of the rows that were looked at for it.
        misfits: Aspect to the rows that would not fit (groups of equal values for `duplicates`).
    """

    wanted: Wanted
    filled: int
    blank: int
    distinct: int
    lowest: Any
    highest: Any
    longest: int | None
    top: tuple[tuple[Any, int], ...]
    misfits: Mapping[Aspect, int] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class TableProfile:
    """What a table holds.

    Args:
        table: Its name.
        rows: Its rows.
        looked_at: Rows in which distinct and frequent values were counted; `rows` when in all of them.
        spread: True when those are spread over the whole table, not the first ones by key.
        columns: Its columns in order.
    """

    table: str
    rows: int
    looked_at: int
    spread: bool
    columns: tuple[ColumnProfile, ...]

    @property
    def sampled(self) -> bool:
        """True when distinct and frequent values are those of a sample."""
        return self.looked_at < self.rows


def profile(session: Session, table: Table, columns: Sequence[Wanted], mask: Collection[str] = ()) -> TableProfile:
    """Return what a table holds: one scan for all counts, and one of all or of a sample for frequent values.

    Args:
        session: The snapshot to read.
        table: The live table.
        columns: Its columns, with what they are to be.
        mask: Columns whose values are hidden.
    """
    rows = int(session.value(f"SELECT COUNT(*) FROM {quote(table.name)}"))
    source, spread = _source(session, table, rows)
    looked_at, frequent = _frequent(session, source, [w.here for w in columns])
    counted = [
        counts | {"duplicates": _groups(session, table, wanted)}
        for wanted, counts in zip(columns, _scan(session, table, columns), strict=True)
    ]
    made = [
        _column(wanted, counts, found, hide=is_masked(wanted.here.name, mask))
        for wanted, counts, found in zip(columns, counted, frequent, strict=True)
    ]
    return TableProfile(table=table.name, rows=rows, looked_at=looked_at, spread=spread, columns=tuple(made))


def _source(session: Session, table: Table, rows: int) -> tuple[str, bool]:
    """Return where frequent values are counted, as SQL, and whether that is spread over the whole table."""
    name = quote(table.name)
    if rows <= MOST_EXACT:
        return name, True
    spread = session.spread(table, rows // SAMPLE)
    return (spread, True) if spread else (f"(SELECT * FROM {name} LIMIT {SAMPLE})", False)


def _scan(session: Session, table: Table, columns: Sequence[Wanted]) -> list[dict[str, Any]]:
    asked = [_asked(session, table, wanted) for wanted in columns]
    flat = [sql for questions in asked for sql in questions.values()]
    answers: list[Any] = []
    for start in range(0, len(flat), _PER_SCAN):
        part = ", ".join(flat[start : start + _PER_SCAN])
        answers.extend(session.rows(f"SELECT {part} FROM {quote(table.name)}")[0])
    values = iter(answers)
    return [{name: next(values) for name in questions} for questions in asked]


def _asked(session: Session, table: Table, wanted: Wanted) -> dict[str, str]:
    """Return what is counted of a column in the one scan, by name, as SQL."""
    look = session.dialect.look
    here = look.ordered(quote(wanted.here.name), wanted.here)
    texts = wanted.here.type.kind in _TEXTS
    questions = {
        "filled": f"COUNT({here})",
        "blank": f"COUNT(CASE WHEN {here} = '' THEN 1 END)" if texts else "0",
        "lowest": look.cut(f"MIN({here})", wanted.here),
        "highest": look.cut(f"MAX({here})", wanted.here),
        "longest": f"MAX(LENGTH({here}))" if texts else "NULL",
    }
    return questions | {
        aspect: f"COUNT(CASE WHEN {condition} THEN 1 END)" for aspect, condition in conditions(session, table, wanted)
    }


def conditions(session: Session, table: Table, wanted: Wanted) -> Iterator[tuple[Aspect, str]]:
    """Yield (aspect, SQL condition) for the rows whose value would not fit what the column is to be.

    Standard columns that stay as they are are not asked: the application writes them, and it would double the time.
    """
    if wanted.after is None or (wanted.after.type == wanted.here.type and wanted.here.name in STANDARD):
        return
    here = quote(wanted.here.name)
    yield from misfits(table.name, here, wanted.here, wanted.after, session.dialect)


def equal_values(session: Session, table: Table, wanted: Wanted) -> str:
    """Return SQL of the values that several rows hold; NULLs are distinct to the engine."""
    here = session.dialect.look.ordered(quote(wanted.here.name), wanted.here)
    return f"SELECT {here} FROM {quote(table.name)} WHERE {here} IS NOT NULL GROUP BY {here} HAVING COUNT(*) > 1"


def _frequent(session: Session, source: str, columns: Sequence[Column]) -> tuple[int, list[list[tuple[Any, int, int]]]]:
    """Return the rows looked at, and for each column (value, rows, different values) of its most frequent ones."""
    found: list[list[tuple[Any, int, int]]] = [[] for _ in columns]
    looked_at = 0
    for start in range(0, len(columns), _PER_LOOK):
        parts = [_top(session, number, c) for number, c in enumerate(columns[start : start + _PER_LOOK], start=start)]
        # Materialised, so that a sample is drawn in one scan for all of these columns.
        how = "MATERIALIZED" if source.startswith("(") else "NOT MATERIALIZED"
        rows = session.rows(
            f"WITH looked_at AS {how} (SELECT * FROM {source}) "
            f"SELECT -1, NULL, COUNT(*), 0 FROM looked_at UNION ALL {' UNION ALL '.join(parts)}"
        )
        looked_at = int(rows[0][2])
        for number, value, count, different in rows[1:]:
            found[number].append((value, count, different))
    return looked_at, found


def _top(session: Session, number: int, column: Column) -> str:
    look = session.dialect.look
    here = look.ordered(quote(column.name), column)
    return (
        f"SELECT * FROM (SELECT {number}, {look.cut('v', column)}, n, different FROM ("
        f"SELECT {here} AS v, COUNT(*) AS n, COUNT(*) OVER () AS different FROM looked_at "
        f"WHERE {here} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {_TOP}) AS frequent) AS shown"
    )


_TEXTS = frozenset({Kind.VARCHAR, Kind.TEXT, Kind.OTHER})
_ASPECTS: tuple[Aspect, ...] = ("inexact", "nulls", "too_long", "duplicates")


def _column(
    wanted: Wanted, counts: Mapping[str, Any], frequent: Sequence[tuple[Any, int, int]], *, hide: bool
) -> ColumnProfile:
    found = {aspect: counts[aspect] for aspect in _ASPECTS if counts.get(aspect)}
    return ColumnProfile(
        wanted=wanted,
        filled=counts["filled"],
        blank=counts["blank"],
        distinct=frequent[0][2] if frequent else 0,
        lowest=_hidden(counts["lowest"], hide=hide),
        highest=_hidden(counts["highest"], hide=hide),
        longest=counts["longest"],
        top=tuple((_hidden(value, hide=hide), rows) for value, rows, _ in frequent),
        misfits=MappingProxyType(found),
    )


def _groups(session: Session, table: Table, wanted: Wanted) -> int:
    if not wanted.unique:
        return 0
    return int(session.value(f"SELECT COUNT(*) FROM ({equal_values(session, table, wanted)}) AS groups"))


def _hidden(value: Any, *, hide: bool) -> Any:
    return MASKED if hide and value is not None else value
