"""A backup's rows beside the live ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sodaf_nb.commands.context import Context
from sodaf_nb.commands.values import Sheet
from sodaf_nb.tabular import Row, counted, frame_of

if TYPE_CHECKING:
    import pandas as pd

_KEY = "name"
_SAME = "as saved"
_GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class OpenedBackup(Sheet):
    """The rows in a backup, and what became of each.

    Args:
        compared: The columns that are still in the live table, the key first; empty when rows cannot be compared.
        live: The live rows by key, in the order of `compared`.
    """

    compared: tuple[str, ...] = ()
    live: Mapping[Any, tuple[Any, ...]]

    def to_rows(self) -> list[Row]:
        """Return the first rows as they were saved, with what became of each."""
        shown = Sheet.to_rows(self)
        return [{**row, "now": self._now(row)} for row in shown] if self.compared else shown

    def notes(self) -> list[str]:
        """Count what became of the rows."""
        if not self.compared:
            return [*Sheet.notes(self), "Not compared with the live rows: the table or its key is not there."]
        fates = [self._now(row) for row in self._saved()]
        gone, same = fates.count(_GONE), fates.count(_SAME)
        missing = [name for name in self.columns if name not in self.compared]
        left = [f"Not in the live table: {', '.join(missing)}."] if missing else []
        counts = f"{same} as saved, {counted(len(fates) - gone - same, 'differs', 'differ')}, {gone} gone"
        return [*Sheet.notes(self), f"Live rows: {counts}. .beside() shows both.", *left]

    def beside(self) -> pd.DataFrame:
        """Return one row a saved one as a pandas DataFrame: each column as saved and as it is `(live)`, and `now`."""
        rows = [self._both(row) for row in self._saved()]
        names = [n for c in self.columns for n in ((c, f"{c} (live)") if c in self.compared[1:] else (c,))]
        return frame_of(rows, [*names, "now"])

    def _saved(self) -> list[Row]:
        return [dict(zip(self.columns, row, strict=True)) for row in self.values]

    def _both(self, row: Row) -> Row:
        here = dict(zip(self.compared, self.live.get(row.get(_KEY), ()), strict=False))
        return {**row, **{f"{name} (live)": value for name, value in here.items()}, "now": self._now(row)}

    def _now(self, row: Row) -> str:
        live = self.live.get(row.get(_KEY))
        if live is None:
            return _GONE
        differ = [n for n, value in zip(self.compared, live, strict=True) if not _same(row[n], value)]
        return f"differs: {', '.join(differ)}" if differ else _SAME


def _same(saved: object, live: object) -> bool:
    # 1 and 1.0 are equal in Python and two values in the engine.
    return type(saved) is type(live) and saved == live


def opened(
    context: Context, title: str, table: str, columns: Sequence[str], rows: tuple[tuple[Any, ...], ...]
) -> OpenedBackup:
    """Return a backup's rows beside the live ones of the same keys."""
    from sodaf_nb.database.reading import rows_by_key  # noqa: PLC0415  light start

    there = context.connection.database.reflect().table(table)
    still = [name for name in columns if there and there.column(name) is not None and name != _KEY]
    compared = (_KEY, *still) if _KEY in columns else ()
    keys = [row[list(columns).index(_KEY)] for row in rows] if compared else []
    live = rows_by_key(context.connection.database, table, compared, keys) if compared else None
    return OpenedBackup(
        title=title,
        columns=tuple(columns),
        values=rows,
        compared=compared if live is not None else (),
        live=live or {},
    )
