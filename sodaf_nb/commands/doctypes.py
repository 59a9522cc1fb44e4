"""`doctypes` lists the loaded DocTypes; `doctypes load PATH` reads more."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from sodaf_nb.commands.context import Context
from sodaf_nb.commands.registry import Command
from sodaf_nb.commands.values import Listing
from sodaf_nb.commands.wording import how_to_load
from sodaf_nb.errors import InvalidDocTypeError, Problem, UsageError
from sodaf_nb.tabular import Tabular, counted

if TYPE_CHECKING:
    from sodaf_nb.doctype import DocType
    from sodaf_nb.doctype.drafting import Draft


def listing(
    doctypes: Iterable[DocType], *, title: str, remarks: tuple[str, ...] = (), empty: str = "nothing to show"
) -> Listing:
    """Return DocTypes as rows; `empty` is shown when there are none."""
    shown = tuple(doctypes)
    rows = tuple({"doctype": d.name, "kind": _kind(d), "fields": len(d.fields)} for d in shown)
    return Listing(title=title, rows=rows, items=shown, empty=empty, remarks=remarks)


def _kind(doctype: DocType) -> str:
    kinds = {
        "virtual": doctype.is_virtual,
        "single": doctype.is_single,
        "child table": doctype.is_table,
        "tree": doctype.is_tree,
    }
    return next((name for name, holds in kinds.items() if holds), "table")


def _configure_load(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "path",
        metavar="PATH",
        nargs="?",
        help="a JSON file, or a folder that is searched for them; without it the folder that pyproject.toml names",
    )


def _load(context: Context, args: argparse.Namespace) -> Tabular:
    path = args.path or context.config.doctypes
    if path is None:
        raise UsageError(
            "What to load is missing.", hint="name a file or a folder, or write doctypes = ... into pyproject.toml"
        )
    loaded = context.doctypes.load(path)
    return _listed(context, remarks=context.doctypes.notes(*(doctype.name for doctype in loaded)))


def _configure_check(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", metavar="PATH", nargs="+", help="JSON files, or folders that are searched for them")


def _check(_context: Context, args: argparse.Namespace) -> Tabular:
    from sodaf_nb.doctype import DocTypeEngine  # noqa: PLC0415  light start

    engine = DocTypeEngine()
    problems: list[Problem] = []
    for path in args.paths:
        try:
            engine.load(path)
        except InvalidDocTypeError as error:
            problems += error.problems
    if problems:
        raise InvalidDocTypeError(", ".join(args.paths), problems)
    own = [note for doctype in engine for note in engine.notes(doctype.name) if not note.startswith("Not loaded")]
    return listing(engine, title=f"{counted(len(engine), 'DocType')} without a problem", remarks=tuple(own))


def _configure_from_database(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "tables", metavar="TABLE", nargs="*", help="live tables, each one word or in quotes; all without"
    )
    _add_into(parser)


def _configure_from(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("variable", metavar="VARIABLE", help="a DataFrame, or a SQLAlchemy Table, MetaData or model")
    parser.add_argument("--name", metavar="NAME", help="what to call the DocType; needed for a DataFrame")
    _add_into(parser)


def _add_into(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--into", metavar="DIR", help="write a file for each into this folder")
    parser.add_argument("--overwrite", action="store_true", help="replace files that are there")


def _from_database(context: Context, args: argparse.Namespace) -> Tabular:
    database = context.connection.database
    live = database.reflect()
    unknown = [name for name in args.tables if live.table(name) is None]
    if unknown:
        near = difflib.get_close_matches(unknown[0], live.tables, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(live.tables) or 'none'}"
        raise UsageError(f"There is no table {unknown[0]!r}.", hint=hint)
    from sodaf_nb.commands.exchange.drafts import drafts_of  # noqa: PLC0415  light start
    from sodaf_nb.database.peers import kept, owner  # noqa: PLC0415  light start

    chosen = [table for name in args.tables if (table := live.table(name))]
    chosen = chosen or [table for table in live.tables.values() if owner(table.name) is None]
    return _drafts(drafts_of(chosen, live, database), args, kept(live.tables))


def _from_variable(context: Context, args: argparse.Namespace) -> Tabular:
    if (source := context.variables.get(args.variable)) is None:
        raise UsageError(f"There is no variable {args.variable!r}.", hint="run the cell that makes it first")
    from sodaf_nb.doctype.drafting import draft_doctypes  # noqa: PLC0415  light start

    return _drafts(draft_doctypes(source, args.name), args)


def _drafts(drafts: Sequence[Draft], args: argparse.Namespace, others: tuple[str, ...] = ()) -> Tabular:
    if args.into is not None:
        for draft in drafts:
            _save(draft, args.into, overwrite=args.overwrite)
    if len(drafts) == 1 and not others:
        return drafts[0]
    rows = tuple(
        {"doctype": d.name, "from": d.origin, "fields": len(d.to_rows()), "to look at": len(d.remarks)} for d in drafts
    )
    remarks = tuple(f"{draft.name}: {remark}" for draft in drafts for remark in draft.remarks)
    title = f"Drafts of {counted(len(drafts), 'DocType')}"
    return Listing(
        title=title, rows=rows, items=tuple(drafts), empty="The database has no tables.", remarks=(*remarks, *others)
    )


def _save(draft: Draft, folder: str, *, overwrite: bool) -> None:
    """Write a draft, and beside it the SQL that brings its rows over."""
    path = draft.save(folder, overwrite=overwrite)
    if draft.rows_sql:
        path.with_suffix(".rows.sql").write_text(draft.rows_sql + "\n", encoding="utf-8")


def _list(context: Context, _args: argparse.Namespace) -> Tabular:
    return _listed(context)


def _listed(context: Context, *, remarks: tuple[str, ...] = ()) -> Listing:
    title = f"{counted(len(context.doctypes), 'DocType')} loaded"
    empty = f"None is loaded. Read some with {how_to_load(context.program)}"
    return listing(context.doctypes, title=title, remarks=remarks, empty=empty)


COMMAND = Command(
    name="doctypes",
    help="List the loaded DocTypes, or load more.",
    run=_list,
    actions=(
        Command(name="load", help="Read DocTypes from JSON files or folders.", configure=_configure_load, run=_load),
        Command(
            name="check",
            help="Read DocTypes and list all their problems; loads nothing.",
            configure=_configure_check,
            run=_check,
        ),
        Command(
            name="from-database",
            help="Draft DocTypes from live tables; loads nothing.",
            configure=_configure_from_database,
            run=_from_database,
        ),
        Command(
            name="from",
            help="Draft DocTypes from a DataFrame or SQLAlchemy models in a variable; loads nothing.",
            configure=_configure_from,
            run=_from_variable,
        ),
    ),
)
