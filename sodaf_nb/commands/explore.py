"""`explore DOCTYPE` and `explore DOCTYPE.FIELD`: what the live rows hold, and what would not fit what is wanted."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sodaf_nb.commands.arguments import add_doctype, add_mask, required_doctype
from sodaf_nb.commands.context import Context
from sodaf_nb.commands.exploring import Subject, described, split_field, subject
from sodaf_nb.commands.parsing import count
from sodaf_nb.commands.registry import Command, field_paths
from sodaf_nb.commands.values import Sheet
from sodaf_nb.rehearsal import MASKED, is_masked
from sodaf_nb.tabular import Row, Tabular, counted

if TYPE_CHECKING:
    import pandas as pd

    from sodaf_nb.database.profile import ColumnProfile, TableProfile, Wanted
    from sodaf_nb.database.spread import Bar, Misfit, Spread
    from sodaf_nb.validation.evidence import Aspect

_LIMIT = 100
_WIDTH = 30
_ASPECTS: tuple[Aspect, ...] = ("inexact", "nulls", "too_long", "too_wide", "duplicates")
_FULL, _EIGHTHS = "█", " ▏▎▍▌▋▊▉"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Profile(Tabular):
    """What a table holds, column by column.

    Args:
        name: The DocType or table.
        found: The counts.
        remarks: Lines below the table.
    """

    name: str
    found: TableProfile
    remarks: tuple[str, ...] = ()

    @property
    def misfits(self) -> dict[str, dict[Aspect, int]]:
        """Column to the ways in which rows would not fit, with their numbers; empty when all would."""
        return {c.wanted.here.name: dict(c.misfits) for c in self.found.columns if c.misfits}

    def heading(self) -> str:
        """Return what was looked at, and how much would not fit."""
        bad = len(self.misfits)
        verdict = f"{counted(bad, 'column')} with values that would not fit" if bad else "all values would fit"
        return f"Profile of {self.name}: {counted(self.found.rows, 'row')}, {verdict}"

    def to_rows(self) -> list[Row]:
        """Return one row a column."""
        return [_shown(column, self.found) for column in self.found.columns]

    def frame_rows(self) -> list[Row]:
        """Return one row a column with all counts as numbers."""
        return [_details(column, self.found) for column in self.found.columns]

    def notes(self) -> list[str]:
        """Say what was sampled, and where to look next."""
        where = "spread over the table" if self.found.spread else "the first by key"
        sampled = f"Distinct and frequent values are those of {self.found.looked_at} rows, {where}; all else is exact."
        return [*([sampled] if self.found.sampled else []), *self.remarks]


def _shown(column: ColumnProfile, table: TableProfile) -> Row:
    here = column.wanted.here
    return {
        "column": here.name,
        "type": str(here.type),
        "wanted": _wanted_shape(column.wanted),
        "empty": (table.rows - column.filled + column.blank) or "",
        "distinct": f"{'≥ ' if table.sampled else ''}{column.distinct}",
        "lowest": _value(column.lowest, 20),
        "highest": _value(column.highest, 20),
        "longest": column.longest,
        "most frequent": ", ".join(f"{_value(v, 16)} ({n})" for v, n in column.top if n > 1),
        "would not fit": "; ".join(described(aspect, n, column.wanted) for aspect, n in column.misfits.items()),
    }


def _details(column: ColumnProfile, table: TableProfile) -> Row:
    counts = {f"misfit_{aspect}": column.misfits.get(aspect, 0) for aspect in _ASPECTS}
    return {
        "column": column.wanted.here.name,
        "type": str(column.wanted.here.type),
        "wanted": _wanted_shape(column.wanted),
        "rows": table.rows,
        "nulls": table.rows - column.filled,
        "blank": column.blank,
        "distinct": column.distinct,
        "min": column.lowest,
        "max": column.highest,
        "longest": column.longest,
        "top": list(column.top),
        **counts,
    }


def _wanted_shape(wanted: Wanted) -> str:
    """Return what a column is to be, in words; empty where it stays as it is."""
    here, after = wanted.here, wanted.after
    if after is None:
        return "no field"
    words = [after.name] if after.name != here.name else []
    words += [str(after.type)] if after.type != here.type else []
    words += ["required"] if here.nullable and not after.nullable else []
    words += ["unique"] if wanted.unique else []
    return " ".join(words)


def _value(value: object, most: int) -> str:
    text = "" if value is None else str(value) or "(blank)"
    return text if len(text) <= most else f"{text[: most - 1]}…"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Distribution(Tabular):
    """How the values of one column are spread, and the rows that would not fit.

    Args:
        name: The column, as `DocType.field`.
        spread: The counts.
        wanted: The column and what it is to be.
        misfits: The rows that would not fit, with the reason.
        hidden: True when values are not shown.
    """

    name: str
    spread: Spread
    wanted: Wanted
    misfits: Sheet
    hidden: bool = False

    @property
    def fits(self) -> bool:
        """True when every value would fit."""
        return not self.misfits.values  # noqa: PD011  no DataFrame

    def heading(self) -> str:
        """Return the counts in one line."""
        empty = f", {self.spread.nulls} without a value" if self.spread.nulls else ""
        rows, distinct = counted(self.spread.rows, "row"), counted(self.spread.distinct, "different value")
        return f"{self.name}: {rows}{empty}, {distinct}"

    def to_rows(self) -> list[Row]:
        """Return one row a bar: value or range, rows, share, and the bar drawn with blocks of text."""
        ends: list[tuple[str, int]] = [("(other values)", self.spread.rest), ("(no value)", self.spread.nulls)]
        listed = [(self._label(bar), bar.rows) for bar in self.spread.bars] + [end for end in ends if end[1]]
        most = max((rows for _, rows in listed), default=1) or 1
        return [
            {"value": label, "rows": rows, "share": _share(rows, self.spread.rows), "": drawn(rows / most)}
            for label, rows in listed
        ]

    def _label(self, bar: Bar) -> str:
        if self.hidden:
            return MASKED
        if bar.high is None:
            return _value(bar.low, 60)
        return f"{bar.low:.6g} to {bar.high:.6g}"

    def offending(self) -> pd.DataFrame:
        """Return the rows that would not fit as a pandas DataFrame."""
        return self.misfits.to_frame()

    def __repr__(self) -> str:
        return Tabular.__repr__(self) if self.fits else f"{Tabular.__repr__(self)}\n\n{self.misfits!r}"

    def _repr_html_(self) -> str:
        return Tabular._repr_html_(self) + ("" if self.fits else self.misfits._repr_html_())

    def notes(self) -> list[str]:
        """Say so when all values would fit."""
        return ["All values would fit."] if self.fits else []


def drawn(share: float) -> str:
    """Return a bar of block characters for a share of 0 to 1; anything above 0 is seen."""
    eighths = max(round(share * _WIDTH * 8), 1 if share else 0)
    return _FULL * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def _share(rows: int, of: int) -> str:
    percent = 100 * rows / of if of else 0
    return "<1 %" if 0 < percent < 1 else f"{percent:.0f} %"


def _configure(parser: argparse.ArgumentParser) -> None:
    add_doctype(parser, help="a DocType, or one of its fields as DOCTYPE.FIELD; a table without a DocType too")
    parser.add_argument("--limit", metavar="N", type=count, default=_LIMIT, help="most rows shown that would not fit")
    parser.add_argument(
        "--standard", action="store_true", help="the columns too that the application fills in by itself"
    )
    add_mask(parser)


def _run(context: Context, args: argparse.Namespace) -> Tabular:
    name, field = split_field(context, required_doctype(args))
    looked_at = subject(context, name)
    _require_known(looked_at, args.mask)
    return _table(context, looked_at, args) if field is None else _column(context, looked_at, field, args)


def _require_known(looked_at: Subject, mask: Collection[str]) -> None:
    for name in mask:
        looked_at.column(name)


def _table(context: Context, looked_at: Subject, args: argparse.Namespace) -> Profile:
    from sodaf_nb.database.profile import STANDARD, profile  # noqa: PLC0415  light start
    from sodaf_nb.database.spread import alike  # noqa: PLC0415

    with context.connection.database.looking() as session:
        asked = [w for w in looked_at.columns if args.standard or _is_of_interest(w, looked_at, STANDARD)]
        found = profile(session, looked_at.table, asked, args.mask)
        groups = [
            (
                ", ".join(names),
                alike(session, looked_at.table, [looked_at.column(n).here for n in names], loose=False, limit=1)[0],
            )
            for names in looked_at.together
        ]
    remarks = [f"{names} are to be unique together: {counted(n, 'group')} of equal values." for names, n in groups if n]
    if worst := next((c.wanted.here.name for c in found.columns if c.misfits), None):
        remarks.append(f"{context.program} explore {looked_at.name}.{worst} shows the rows that would not fit.")
    return Profile(name=looked_at.name, found=found, remarks=tuple(remarks))


def _is_of_interest(wanted: Wanted, looked_at: Subject, standard: Collection[str]) -> bool:
    return wanted.here.name not in standard or wanted.here.name in looked_at.table.primary_key


def _column(context: Context, looked_at: Subject, field: str, args: argparse.Namespace) -> Distribution:
    from sodaf_nb.database.spread import misfit_rows, spread  # noqa: PLC0415  light start

    wanted = looked_at.column(field)
    first, rest = _of_interest(looked_at, wanted)
    with context.connection.database.looking() as session:
        found = spread(session, looked_at.table, wanted.here)
        rows = misfit_rows(session, looked_at.table, wanted, (*first, *rest), args.limit)
    hidden = [is_masked(name, args.mask) for name in (*first, *rest)]
    return Distribution(
        name=f"{looked_at.name}.{wanted.here.name}",
        spread=found,
        wanted=wanted,
        misfits=Sheet(
            title=f"Rows that would not fit {_wanted_shape(wanted) or wanted.here.type}",
            columns=(*first, "why", *rest),
            values=tuple(_with_reason(row, wanted, hidden, len(first)) for row in rows),
        ),
        hidden=is_masked(wanted.here.name, args.mask),
    )


def _with_reason(row: Misfit, wanted: Wanted, hidden: Sequence[bool], place: int) -> tuple[object, ...]:
    seen = [MASKED if hide and value is not None else value for value, hide in zip(row.values, hidden, strict=True)]
    return (*seen[:place], described(row.aspect, 1, wanted).partition(" ")[2], *seen[place:])


def _of_interest(looked_at: Subject, wanted: Wanted) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the key and the column, and the columns that an application did not fill in by itself."""
    from sodaf_nb.database.profile import STANDARD  # noqa: PLC0415  light start

    first = tuple(dict.fromkeys((*looked_at.table.primary_key, wanted.here.name)))
    names = (column.name for column in looked_at.table.columns)
    return first, tuple(name for name in names if name not in first and name not in STANDARD)


COMMAND = Command(
    name="explore",
    help="Profile the live rows of a DocType, or one field of it: what is there, and what would not fit.",
    configure=_configure,
    run=_run,
    names=field_paths,
)
