"""What a plan does to the values of rows: the copy after it compared with the copy before, by SQL.

Rows are counted exactly and read in small numbers only, so memory does not grow with the table.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sodaf_nb.database.copies import BEFORE
from sodaf_nb.database.sidefile import TableFacts, compare_tables, engine_errors, table_facts
from sodaf_nb.plan.pairs import ColumnPair, TablePair
from sodaf_nb.rehearsal import Cell, ColumnChange, PreviewRow, Sample, What, is_masked, shown
from sodaf_nb.sql.dialect import Dialect
from sodaf_nb.sql.quoting import quote

# Rows of a preview that are kept, and values of each change that are shown.
KEPT_ROWS = 50
SAMPLES = 5

# Bytes of a text or blob that are read; far more than is shown.
_READ = 400

# SQLite refuses expressions deeper than 1000.
_GROUP = 50


def same_rows(connection: sqlite3.Connection, name: str) -> bool:
    """Tell whether a table holds the same rows and counter in the copy and in the one before.

    Raises:
        SideFileError: If the engine refuses.
    """
    now, before = table_facts(connection, "main", name), table_facts(connection, BEFORE, name)
    if now is None or before is None or _shape(now) != _shape(before):
        return False
    return compare_tables(connection, before, "main", BEFORE)


def _shape(facts: TableFacts) -> tuple[object, ...]:
    return (facts.columns, facts.key, facts.rowid, facts.carries_rowid, facts.sequence)


def row_changes(
    connection: sqlite3.Connection, pairs: Sequence[TablePair], dialect: Dialect, mask: Collection[str]
) -> tuple[tuple[ColumnChange, ...], tuple[PreviewRow, ...]]:
    """Return what becomes of the columns' values, and rows before and after: those that change most first.

    Args:
        connection: The copy after the plan as `main`, the one before attached as `BEFORE`.
        pairs: The tables that the plan works on.
        dialect: Says how keys are converted.
        mask: Columns whose values are not shown.

    Raises:
        SideFileError: If the engine refuses.
    """
    with engine_errors():
        joined = [(pair, _joined(connection, pair, dialect)) for pair in pairs]
        connection.text_factory = bytearray  # a text is never decoded here, so none can be undecodable
        found = [_Comparison(connection, pair, rows, mask) for pair, rows in joined if rows is not None]
        changes = [change for each in found for change in each.changes()]
        return tuple(changes), tuple(row for each in found for row in each.rows())


def may_hold_minus_zero(facts: TableFacts) -> bool:
    """Tell whether a table may hold -0.0, which equals 0.0 in SQL; columns with a numeric or text type cannot."""
    return any(kind.upper() in {"", "ANY"} or "BLOB" in kind.upper() for _name, kind in facts.columns)


@dataclass(frozen=True, slots=True)
class _Joined:
    """Rows before (`a`) beside the same rows after (`b`), and what they are ordered and called by."""

    source: str
    key: tuple[str, ...]


def _joined(connection: sqlite3.Connection, pair: TablePair, dialect: Dialect) -> _Joined | None:
    before = _facts(connection, BEFORE, pair.before.name)
    table = f"{BEFORE}.{quote(before.name)}"
    key = tuple(f"a.{quote(name)}" for name in pair.before.primary_key) or tuple(f"a.{n}" for n in before.identity())
    if pair.after is None:
        return _Joined(f"{table} AS a", key)
    if not pair.matched:
        return None
    after = _facts(connection, "main", pair.after.name)
    other = f"main.{quote(after.name)} AS b"
    if before.rowid and after.rowid:
        source, place = _numbered(table, before, after, pair, dialect)
        return _Joined(f"{source} AS a JOIN {other} ON a.{place} = b.{after.rowid}", key)
    return _Joined(f"{table} AS a JOIN {other} ON {_same_key(before, pair, dialect)}", key)


def _facts(connection: sqlite3.Connection, schema: str, name: str) -> TableFacts:
    found = table_facts(connection, schema, name)
    if found is None:
        raise ValueError(f"there is no table {name}")
    return found


def _numbered(table: str, before: TableFacts, after: TableFacts, pair: TablePair, dialect: Dialect) -> tuple[str, str]:
    """Return the rows before and the name of the rowid each has afterwards.

    A rebuild keeps rowids, except where a text key becomes the number that the rowid is.
    """
    change = pair.rekeyed
    if change is None or not before.carries_rowid or after.carries_rowid:
        return table, str(before.rowid)
    number = dialect.renumbered(quote(change.before.name), change.before, change.after, table)
    return f"(SELECT *, {number} AS sodaf_key FROM {table})", "sodaf_key"


def _same_key(before: TableFacts, pair: TablePair, dialect: Dialect) -> str:
    names = {c.before: c.after for c in pair.columns if c.before is not None and c.after is not None}
    terms = []
    for name in before.key:
        value = f"a.{quote(name)}"
        change = pair.rekeyed if pair.rekeyed and pair.rekeyed.before.name == name else None
        converted = dialect.convert(value, change.before, change.after).expression if change else value
        terms.append(f"b.{quote(str(names[name]))} = {converted}")
    return " AND ".join(terms)


class _Comparison:
    """One table before and after.

    Args:
        connection: Where both are.
        pair: Which columns belong together.
        joined: How the rows do.
        mask: Columns whose values are not shown.
    """

    def __init__(self, connection: sqlite3.Connection, pair: TablePair, joined: _Joined, mask: Collection[str]) -> None:
        self._connection = connection
        self._pair = pair
        self._joined = joined
        self._mask = mask
        self._name = pair.after.name if pair.after else pair.before.name
        self._differing = self._differences()

    def _differences(self) -> list[ColumnPair]:
        """Return the columns of which a value changes, in one pass where only those the plan names do."""
        named = [column for column in self._pair.columns if column.touched]
        others = [column for column in self._pair.columns if not column.touched]
        *sums, strange = self._sums([*map(_differs, named), _any(others, _is_not)])
        found = {column for column, rows in zip(named, sums, strict=True) if rows}
        if strange:  # never seen; a preview that looked only where it expects a change would hide it
            rest = self._sums([_differs(column) for column in others])
            found |= {column for column, rows in zip(others, rest, strict=True) if rows}
        return [column for column in self._pair.columns if column in found]

    def _sums(self, conditions: Sequence[str]) -> list[int]:
        wanted = ", ".join(f"COALESCE(SUM({condition}), 0)" for condition in conditions)
        query = f"SELECT {wanted} FROM {self._joined.source}"
        return [int(n) for n in self._connection.execute(query).fetchone()]

    def changes(self) -> list[ColumnChange]:
        """Return the changes of all columns, each with its exact number of rows."""
        asked = [(column, what, test) for column in self._differing for what, test in _kinds(column)]
        counts = self._sums([test for _column, _what, test in asked]) if asked else []
        found = zip(asked, counts, strict=True)
        return [self._change(column, what, test, rows) for (column, what, test), rows in found if rows]

    def _change(self, column: ColumnPair, what: What, test: str, rows: int) -> ColumnChange:
        query = (
            f"SELECT {', '.join(_sides(column))} FROM {self._joined.source} "
            f"WHERE {test} ORDER BY {self._order()} LIMIT {SAMPLES}"
        )
        samples = [self._sample(column, row) for row in self._connection.execute(query)]
        name = column.after if column.after is not None else str(column.before)
        return ColumnChange(table=self._name, column=name, what=what, rows=rows, samples=tuple(samples))

    def rows(self) -> list[PreviewRow]:
        """Return rows before and after: values that change first, then lost, then added ones, then any."""
        columns = [c for c in self._pair.columns if c.touched or c in self._differing]
        sides = [side for column in columns for side in _sides(column)]
        wanted = ", ".join([*map(bounded, self._joined.key), *sides])
        found: list[PreviewRow] = []
        # One query a rank rather than a sorted one: each ends as soon as it has enough.
        for condition in self._ranks():
            query = f"SELECT {wanted} FROM {self._joined.source} WHERE {condition} ORDER BY {self._order()}"
            rows = self._connection.execute(f"{query} LIMIT {KEPT_ROWS - len(found)}")
            found += [self._row(row, columns) for row in rows]
        return found

    def _ranks(self) -> Iterator[str]:
        """Yield conditions that part the rows, those that change most first."""
        changed = [c for c in self._differing if c.before is not None and c.after is not None]
        lost = [c for c in self._differing if c.after is None]
        added = [c for c in self._differing if c.before is None]
        ahead: list[ColumnPair] = []
        for rank in (changed, lost, added):
            yield f"({_any(rank)}) AND NOT ({_any(ahead)})"
            ahead += rank
        yield f"NOT ({_any(ahead)})"

    def _order(self) -> str:
        return ", ".join(f"{key} COLLATE BINARY" for key in self._joined.key)

    def _row(self, row: tuple[Any, ...], columns: Sequence[ColumnPair]) -> PreviewRow:
        names, values = self._pair.before.primary_key, iter(row)
        parts = [next(values) for _key in self._joined.key]
        masks = [is_masked(names[place] if names else None, self._mask) for place in range(len(parts))]
        key = ", ".join(plain(shown(part, masked=hidden)) for part, hidden in zip(parts, masks, strict=True))
        cells = [self._cell(column, values) for column in columns]
        return PreviewRow(table=self._name, key=key, cells=tuple(cells))

    def _cell(self, column: ColumnPair, values: Iterator[Any]) -> Cell:
        before = next(values) if column.before is not None else None
        after = next(values) if column.after is not None else None
        texts = self._sample(column, (before, after))
        return Cell(before_name=column.before, after_name=column.after, before=texts[0], after=texts[1])

    def _sample(self, column: ColumnPair, values: Sequence[Any]) -> Sample:
        hidden = is_masked(column.before, self._mask) or is_masked(column.after, self._mask)
        texts = [shown(value, masked=hidden) for value in values]
        if len(texts) == 1:
            return (None, texts[0]) if column.before is None else (texts[0], None)
        return texts[0], texts[1]


def plain(text: str | None) -> str:
    """Return a key as people write it: a text without its quotes."""
    return "NULL" if text is None else text.removeprefix("'").removesuffix("'")


def _differs(column: ColumnPair) -> str:
    """Return SQL that is 1 for rows whose value changes, is lost, or is added."""
    if column.before is None:
        return f"b.{quote(str(column.after))} IS NOT NULL"
    one = f"a.{quote(column.before)}"
    if column.after is None:
        return f"{one} IS NOT NULL"
    two = f"b.{quote(column.after)}"
    # IS alone holds 1 for 1.0 and uses the column's collation.
    return f"NOT ({one} IS {two} COLLATE BINARY AND typeof({one}) = typeof({two}))"


def _kinds(column: ColumnPair) -> Iterator[tuple[What, str]]:
    test = _differs(column)
    if column.before is None:
        yield "added", test
    elif column.after is None:
        yield "dropped", test
    else:
        one, two = f"a.{quote(column.before)}", f"b.{quote(column.after)}"
        yield "converted", f"({one} IS NOT NULL AND {two} IS NOT NULL AND {test})"
        yield "nulled", f"({one} IS NOT NULL AND {two} IS NULL)"
        yield "filled", f"({one} IS NULL AND {two} IS NOT NULL)"


def _is_not(column: ColumnPair) -> str:
    # Of one type on both sides, the storage class follows from the value; asking for it costs three times as
    # much. That 1 did not become 1.0 is proven when the rows are compared after the way back.
    return f"a.{quote(str(column.before))} IS NOT b.{quote(str(column.after))} COLLATE BINARY"


def _any(columns: Sequence[ColumnPair], test: Callable[[ColumnPair], str] = _differs) -> str:
    tests = [test(column) for column in columns]
    groups = [" OR ".join(tests[start : start + _GROUP]) for start in range(0, len(tests), _GROUP)]
    return " OR ".join(f"({group})" for group in groups) or "0"


def _sides(column: ColumnPair) -> list[str]:
    sides = [f"a.{quote(column.before)}"] if column.before is not None else []
    return [bounded(side) for side in (*sides, *([f"b.{quote(column.after)}"] if column.after is not None else []))]


def bounded(value: str) -> str:
    """Return the SQL of a value of which no more is read than is shown."""
    # Only what is long is cut: substr makes NULL of an empty blob and ends a text at its first NUL.
    long = f"typeof({value}) IN ('text', 'blob') AND length(CAST({value} AS BLOB)) > {_READ}"
    return f"CASE WHEN {long} THEN substr({value}, 1, {_READ}) ELSE {value} END"
