"""The values of commands for which the core has none of its own: lists and help."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sodaf_nb.errors import PYTHON, Step, UsageError, Words
from sodaf_nb.tabular import Row, Tabular, counted

if TYPE_CHECKING:
    import pandas as pd

# Rows of a sheet that are shown; `to_frame()` has all.
_SHOWN = 10

# A number this short is a running number of a list; ids of migrations and backups are longer.
_LONGEST_NUMBER = 6


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Listing(Tabular):
    """Rows under a heading.

    Args:
        title: The line above the table.
        rows: What is shown, one row an item.
        items: The values behind the rows, in the same order; empty when the rows are all there is.
        empty: The line shown when there are no rows.
        remarks: Lines below the table.
        details: Rows of its DataFrame, with what differs from run to run; empty takes the rows that are shown.
        blocks: (title, text) of what is shown word for word below.
        pending: How many of the things listed wait to be applied; None when the list does not compare.
    """

    title: str
    rows: tuple[Row, ...]
    items: tuple[object, ...] = ()
    empty: str = "nothing to show"
    remarks: tuple[str, ...] = ()
    details: tuple[Row, ...] = ()
    blocks: tuple[tuple[str, str], ...] = ()
    pending: int | None = None

    def heading(self) -> str:
        """Return the title."""
        return self.title

    def to_rows(self) -> list[Row]:
        """Return the rows."""
        return list(self.rows)

    def empty_text(self) -> str:
        """Return the line shown when there are no rows."""
        return self.empty

    def notes(self) -> Sequence[str]:
        """Return the remarks."""
        return self.remarks

    def frame_rows(self) -> list[Row]:
        """Return the details, or the rows."""
        return list(self.details or self.rows)

    def code(self) -> Sequence[tuple[str, str]]:
        """Return the blocks."""
        return self.blocks

    def pending_changes(self) -> int | None:
        """Return how many things wait to be applied."""
        return self.pending


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Sheet(Tabular):
    """The rows of a table; shows the first few and keeps all.

    Args:
        title: The line above the table.
        columns: Names of the columns.
        values: The rows, in the order of the columns.
        words: How it is said where all rows are.
    """

    title: str
    columns: tuple[str, ...]
    values: tuple[tuple[object, ...], ...]
    words: Words = field(default_factory=lambda: PYTHON, compare=False)

    def heading(self) -> str:
        """Return the title with the number of rows."""
        return f"{self.title}, {counted(len(self.values), 'row')}"

    def to_rows(self) -> list[Row]:
        """Return the first rows."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.values[:_SHOWN]]

    def empty_text(self) -> str:
        """Say that the table was empty."""
        return "no rows"

    def notes(self) -> list[str]:
        """Say how many rows are not shown."""
        rest = len(self.values) - _SHOWN
        return [f"... and {rest} more; {self.words['frame'](())} has all."] if rest > 0 else []

    def in_words(self, words: Words) -> Sheet:
        """Return it with where all rows are as it is said on another surface."""
        return replace(self, words=words)

    def to_frame(self) -> pd.DataFrame:
        """Return all rows as a pandas DataFrame whose columns keep their Python values."""
        import pandas as pd  # noqa: PLC0415  heavy, and only needed here

        # dtype object: pandas would turn whole numbers beside a NULL into floats and lose digits.
        return pd.DataFrame(list(self.values), columns=list(self.columns), dtype=object)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Help(Tabular):
    """What a command is for and how it is written.

    Args:
        title: The command.
        text: Its usage, as argparse writes it; empty for the list of all commands.
        rows: One row a command, for the list of all commands.
    """

    title: str
    text: str = ""
    rows: tuple[Row, ...] = ()

    def heading(self) -> str:
        """Return the command."""
        return self.title

    def to_rows(self) -> list[Row]:
        """Return one row a command."""
        return list(self.rows)

    def __repr__(self) -> str:
        # The usage is laid out already; "nothing to show" above it would be wrong.
        return self.text.rstrip() if self.text else Tabular.__repr__(self)

    def _repr_html_(self) -> str:
        # Usage lines are aligned, so they need the one font that keeps them so.
        return f"<pre>{html.escape(self.text.rstrip())}</pre>" if self.text else Tabular._repr_html_(self)


def is_number(word: str) -> bool:
    """Return True for a running number such as `3` or `#3`."""
    digits = word.removeprefix("#")
    return digits.isdecimal() and len(digits) <= _LONGEST_NUMBER


def by_number(what: str, word: str, ids: Sequence[str]) -> str:
    """Return the id that a running number stands for; any other word is taken for an id.

    Args:
        what: The kind of thing, for the error.
        word: What the user wrote, such as `3`.
        ids: All ids, oldest first; the first one is number 1.

    Raises:
        UsageError: If there is no such number.
    """
    if not is_number(word):
        return word
    digits = word.removeprefix("#")
    if not 1 <= int(digits) <= len(ids):
        raise UsageError(
            f"There is no {what} number {digits}.",
            hint=(f"there are {len(ids)}, listed by ", Step("history" if what == "migration" else "backups")),
        )
    return ids[int(digits) - 1]
