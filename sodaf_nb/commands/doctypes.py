"""`doctypes` lists the loaded DocTypes; `doctypes load PATH` reads more."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import TYPE_CHECKING

from sodaf_nb.commands.context import Context
from sodaf_nb.commands.registry import Command
from sodaf_nb.commands.values import Listing
from sodaf_nb.errors import UsageError
from sodaf_nb.tabular import Tabular, counted

if TYPE_CHECKING:
    from sodaf_nb.doctype import DocType


def listing(doctypes: Iterable[DocType], *, title: str, remarks: tuple[str, ...] = ()) -> Listing:
    """Return DocTypes as rows."""
    shown = tuple(doctypes)
    rows = tuple({"doctype": d.name, "kind": _kind(d), "fields": len(d.fields)} for d in shown)
    empty = "None is loaded. Read some with doctypes load PATH"
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


def _list(context: Context, _args: argparse.Namespace) -> Tabular:
    return _listed(context)


def _listed(context: Context, *, remarks: tuple[str, ...] = ()) -> Listing:
    return listing(context.doctypes, title=f"{counted(len(context.doctypes), 'DocType')} loaded", remarks=remarks)


COMMAND = Command(
    name="doctypes",
    help="List the loaded DocTypes, or load more.",
    run=_list,
    actions=(
        Command(name="load", help="Read DocTypes from JSON files or folders.", configure=_configure_load, run=_load),
    ),
)
