"""What one change of a plan means: its path and lock, what it endangers, and how it is undone."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field

from sodaf_nb.tabular import Row, Tabular, counted, printable

# Columns of a terminal that is not wide.
_WIDTH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One change, explained.

    Args:
        change: The change in words.
        path: How it is made: `metadata only`, `in place` or `rebuild`.
        why: Why it takes that path.
        locks: Whom it keeps out, and until when.
        endangers: What may be lost; empty when nothing may be.
        undo: The change back, and where the data comes from.
        seconds: What it took in the rehearsal, for all rows; None when it did not run there. Changes that are made
            by one step share its time.
    """

    change: str
    path: str
    why: str
    locks: str
    endangers: str
    undo: str
    # Times differ from run to run, so they stay out of a repr that a notebook may have recorded.
    seconds: float | None = field(default=None, repr=False)

    def to_text(self) -> str:
        """Return the change with what may be lost and the way back below it, in lines that fit on a terminal."""
        facts = [f"endangers {self.endangers}"] if self.endangers else []
        below = (
            textwrap.fill(text, _WIDTH, initial_indent="  ", subsequent_indent="    ")
            for text in [*facts, f"undo: {self.undo}"]
        )
        return "\n".join([textwrap.fill(printable(self.change), _WIDTH, subsequent_indent="  "), *map(str, below)])

    def to_row(self) -> Row:
        """Return what does not differ from run to run, in the order in which it is read."""
        return {
            "change": self.change,
            "path": self.path,
            "why": self.why,
            "locks": self.locks,
            "endangers": self.endangers or "nothing",
            "undo": self.undo,
        }


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Explanations(Tabular):
    """The changes of a plan, explained one by one.

    Args:
        doctype: The DocType it is for.
        items: The explanations, in the order of the plan.
    """

    doctype: str
    items: tuple[Explanation, ...] = ()

    def heading(self) -> str:
        """Return the count in one line."""
        return f"What the plan for {self.doctype} does: {counted(len(self.items), 'change')}"

    def to_rows(self) -> list[Row]:
        """Return one row a change."""
        return [item.to_row() for item in self.items]

    def frame_rows(self) -> list[Row]:
        """Return one row a change, with the seconds it took in the rehearsal."""
        return [{**item.to_row(), "seconds": item.seconds} for item in self.items]

    def empty_text(self) -> str:
        """Say that nothing happens."""
        return "No change, so nothing is locked or at risk."
