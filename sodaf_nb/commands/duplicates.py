"""`duplicates DOCTYPE COLUMNS`: rows that hold the same values."""

from __future__ import annotations

import argparse

from sodaf_nb.commands.context import Context
from sodaf_nb.commands.exploring import Subject, subject
from sodaf_nb.commands.parsing import count, name_list
from sodaf_nb.commands.registry import Command, doctype_names
from sodaf_nb.commands.values import Listing
from sodaf_nb.errors import SodafError, UsageError
from sodaf_nb.tabular import Row, Tabular, counted

_LIMIT = 20


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "words",
        metavar="DOCTYPE [COLUMNS]",
        nargs="+",
        help="a DocType, and columns such as city,zip; without them those that are to be unique",
    )
    parser.add_argument("--loose", action="store_true", help="letter case (A to Z) and outer blanks do not count")
    parser.add_argument("--limit", metavar="N", type=count, default=_LIMIT, help="most groups shown, the largest first")


def _run(context: Context, args: argparse.Namespace) -> Tabular:
    looked_at, names = _meant(context, args.words)
    asked = [tuple(looked_at.column(name).here.name for name in names)] if names else _to_be_unique(looked_at)
    if not asked:
        raise UsageError(f"No field of {looked_at.name} is to be unique.", hint="name columns, such as city,zip")
    parts = [_found(context, looked_at, columns, args) for columns in asked]
    groups, rows = sum(part[0] for part in parts), sum(part[1] for part in parts)
    shown = tuple(row for part in parts for row in part[2])
    remarks = (f"{groups - len(shown)} more groups; --limit shows more.",) if groups > len(shown) else ()
    title = f"Duplicates in {looked_at.name}: {counted(groups, 'group')}, {counted(rows, 'row')}"
    empty = f"No two rows are alike in {', '.join(' and '.join(columns) for columns in asked)}."
    return Listing(title=title, rows=shown, empty=empty, remarks=remarks)


def _meant(context: Context, words: list[str]) -> tuple[Subject, list[str]]:
    """Return the table and the columns; a DocType's name may be several words, so the whole line is tried first."""
    whole = " ".join(words)
    try:
        return subject(context, whole), []
    except SodafError:
        if len(words) == 1:
            raise
    # Columns hold no blank, but one may stand behind a comma.
    head, _, tail = whole.replace(", ", ",").rpartition(" ")
    return subject(context, head), name_list(tail)


def _to_be_unique(looked_at: Subject) -> list[tuple[str, ...]]:
    return [*((w.here.name,) for w in looked_at.columns if w.unique), *looked_at.together]


def _found(
    context: Context, looked_at: Subject, columns: tuple[str, ...], args: argparse.Namespace
) -> tuple[int, int, list[Row]]:
    from sodaf_nb.database.spread import alike  # noqa: PLC0415  light start

    asked = [looked_at.column(name).here for name in columns]
    with context.connection.database.looking() as session:
        groups, rows, found = alike(session, looked_at.table, asked, loose=args.loose, limit=args.limit)
    shown: list[Row] = [
        {
            "columns": ", ".join(columns),
            "values": " | ".join(str(value) if value != "" else "(blank)" for value in group.values),
            "rows": group.rows,
            "first key": group.keys[0],
            "last key": group.keys[-1],
        }
        for group in found
    ]
    return groups, rows, shown


COMMAND = Command(
    name="duplicates",
    help="Show groups of rows that hold the same values in some columns.",
    configure=_configure,
    run=_run,
    names=doctype_names,
    fields_follow=True,
)
