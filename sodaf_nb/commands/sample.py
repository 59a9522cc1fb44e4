"""`sample DIR` writes the sample application; `sample --rows` fills its tables."""

from __future__ import annotations

import argparse

from sodaf_nb.commands.context import Context
from sodaf_nb.commands.registry import Command
from sodaf_nb.commands.values import Listing
from sodaf_nb.errors import UsageError
from sodaf_nb.tabular import Tabular, counted


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", metavar="DIR", nargs="?", help="folder for the DocTypes, v1 and v2")
    parser.add_argument("--rows", action="store_true", help="fill the connected database, once v1 is applied")


def _run(context: Context, args: argparse.Namespace) -> Tabular:
    if args.rows == (args.directory is not None):
        raise UsageError("Name a folder, or give --rows.", hint=f"write {context.program} sample library")
    return _seeded(context) if args.rows else _written(args.directory)


def _written(directory: str) -> Tabular:
    from sodaf_nb.sample import write_sample  # noqa: PLC0415  only this command needs it

    paths = write_sample(directory)
    rows = tuple({"version": p.parent.name, "file": p.name} for p in paths.files())
    return Listing(title="Sample written: a public library in two versions", rows=rows, items=(paths,))


def _seeded(context: Context) -> Tabular:
    from sodaf_nb.sample import seed  # noqa: PLC0415  only this command needs it

    counts = seed(context.connection.database)
    rows = tuple({"doctype": doctype, "rows": count} for doctype, count in counts.items())
    return Listing(title=f"Filled {counted(len(rows), 'table')} with {counted(sum(counts.values()), 'row')}", rows=rows)


COMMAND = Command(
    name="sample",
    help="Write a sample application to practise on, or fill its tables.",
    configure=_configure,
    run=_run,
    writes=True,
)
