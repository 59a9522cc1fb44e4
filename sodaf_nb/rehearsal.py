"""What a rehearsal found: whether up and back work, which values change, and a few rows before and after.

Values are texts, cut to a bounded length and masked before they get here: a result never holds more of the
rows than it shows.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Literal

from sodaf_nb.tabular import Row, printable

Scope = Literal["full", "sample"]
What = Literal["converted", "filled", "nulled", "dropped", "added"]
Sample = tuple[str | None, str | None]
"""(value before, value after); None for NULL and for a side on which there is no column"""

MASKED = "***"

# The most characters of a value that are kept.
LONGEST = 60

# In a table of few columns a cell holds both sides.
_NULL = "NULL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """A migration that was carried out and taken back on a private copy of the database.

    Args:
        scope: Whether the copy had all rows of the tables concerned, or the first ones by key.
        rows: Rows of the tables the plan works on, on the copy.
        total_rows: The same in the live database.
        tables: Tables that were copied with rows and compared afterwards.
        limit: The most rows a table had on the copy; None when it had all.
        reason: Why a sample was taken; empty when none was.
        script: Hash of the statements that ran up; an apply of the same plan has the same.
        ran_up: True when every statement ran and led to the wanted catalog and number of rows.
        ran_down: True when the way back ran as well, data restored from a backup of the copy.
        rows_equal: True when after both ways every row was as before, storage classes included.
        objects_equal: True when after both ways every object of the schema was as before.
        problem: What went wrong; empty when nothing did.
        known: Why the structure cannot be taken back exactly, known without running; empty when it can.
        locked: Live tables that were locked meanwhile, and how; empty where nobody waits for readers.
        seconds_backup: Seconds to back up and prove the data at risk; of a large table measured on its first rows.
        seconds_up: Seconds from the first statement to the commit.
        seconds_down: The same for the way back.
        step_seconds: Seconds of each step of the script up, in their order, as long as they ran.
        seconds: Seconds in all, with making the copy and comparing.
    """

    scope: Scope
    rows: int
    total_rows: int
    tables: tuple[str, ...] = ()
    limit: int | None = None
    reason: str = ""
    script: str = ""
    ran_up: bool = False
    ran_down: bool = False
    rows_equal: bool = False
    objects_equal: bool = False
    problem: str = ""
    known: str = ""
    locked: tuple[str, ...] = ()
    # Times differ from run to run, so they stay out of a repr that a notebook may have recorded.
    seconds_backup: float = field(default=0.0, repr=False)
    seconds_up: float = field(default=0.0, repr=False)
    seconds_down: float = field(default=0.0, repr=False)
    step_seconds: tuple[float, ...] = field(default=(), repr=False)
    seconds: float = field(default=0.0, repr=False)

    @property
    def success(self) -> bool:
        """True when nothing went wrong; a way back that is known not to be exact counts as nothing wrong."""
        return not self.problem

    def to_text(self) -> str:
        """Return what was done and found in one line."""
        if self.problem:
            return f"The rehearsal on {self._copy()} FAILED: {self.problem}"
        if self.known:
            return f"Rehearsed on {self._copy()}: up; the way back is known not to be exact: {self.known}."
        return f"Rehearsed on {self._copy()}: up and back, rows and objects equal."

    def _copy(self) -> str:
        if self.scope == "sample":
            return f"a copy with the first {self.rows} of {self.total_rows} rows by key ({self.reason})"
        if not self.rows:
            return "a copy without rows"
        return f"a copy with {'its one row' if self.rows == 1 else f'all {self.rows} rows'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnChange:
    """What becomes of one column's values.

    Args:
        table: The table, as it is called afterwards.
        column: The column, as it is called afterwards; a dropped one by its former name.
        what: `converted` to another value or type, `filled` where it was NULL, `nulled` where it was not,
            `dropped` with its column, or `added` with a new one.
        rows: How many rows.
        samples: Values before and after of up to five of them, in the order of the keys.
    """

    table: str
    column: str
    what: What
    rows: int
    samples: tuple[Sample, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One value of one row, before and after.

    Args:
        before_name: The column's name before; None when it is added.
        after_name: Its name afterwards; None when it is dropped.
        before: The value before; None for NULL.
        after: The value afterwards; None for NULL.
    """

    before_name: str | None
    after_name: str | None
    before: str | None
    after: str | None

    @property
    def name(self) -> str:
        """The column's name, both where it is renamed."""
        names = dict.fromkeys(name for name in (self.before_name, self.after_name) if name is not None)
        return " -> ".join(names)

    def to_text(self) -> str:
        """Return both values in one text, one alone where they are the same; an added value has an arrow only."""
        before = None if self.before_name is None else (self.before or _NULL)
        after = "dropped" if self.after_name is None else (self.after or _NULL)
        if before is None:
            return f"-> {after}"
        return after if before == after and self.after_name else f"{before} -> {after}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewRow:
    """One row of the live table before and after.

    Args:
        table: The table, as it is called afterwards.
        key: The row's key before; its rowid where it has no key.
        cells: The columns that the plan names or that change.
    """

    table: str
    key: str
    cells: tuple[Cell, ...]

    def to_flat(self) -> Row:
        """Return the row with a column for each side of each value."""
        flat: dict[str, object] = {"table": self.table, "row": self.key}
        for cell in self.cells:
            flat |= {f"{cell.before_name} (before)": cell.before} if cell.before_name is not None else {}
            flat |= {f"{cell.after_name} (after)": cell.after} if cell.after_name is not None else {}
        return flat


def flat_columns(rows: Sequence[PreviewRow]) -> tuple[str, ...]:
    """Return the names of the columns of `PreviewRow.to_flat` over all rows, in order."""
    return tuple(dict.fromkeys(name for row in rows for name in ("table", "row", *row.to_flat())))


def compact(rows: Sequence[PreviewRow]) -> list[Row]:
    """Return rows for a small table, each cell with both sides; empty where a row's table has no such column."""
    names = dict.fromkeys(cell.name for row in rows for cell in row.cells)
    several = len({row.table for row in rows}) > 1
    return [_compact(row, list(names), several=several) for row in rows]


def _compact(row: PreviewRow, names: Sequence[str], *, several: bool) -> Row:
    texts = {cell.name: cell.to_text() for cell in row.cells}
    label = f"{row.table}: {row.key}" if several else row.key
    return {"row": label, **{name: texts.get(name, "") for name in names}}


def shown(value: object, *, masked: bool = False) -> str | None:
    """Return a stored value as SQL would write it, on one line, cut to a bounded length; None for NULL.

    Args:
        value: What the driver gave: texts as bytearray or str, blobs as bytes.
        masked: True shows nothing but that there is a value.
    """
    if value is None:
        return None
    return MASKED if masked else _literal(value)


def _literal(value: object) -> str:
    if isinstance(value, bytes):
        return f"x'{_cut(value.hex())}'"
    if isinstance(value, (bytearray, str)):
        text = value if isinstance(value, str) else value.decode(errors="backslashreplace")
        return f"'{_cut(printable(text))}'"
    return str(value)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def is_masked(name: str | None, mask: Collection[str]) -> bool:
    """Tell whether a column's values must not be shown, letter case ignored."""
    return name is not None and name.lower() in {each.lower() for each in mask}
