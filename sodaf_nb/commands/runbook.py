"""`runbook new DOCTYPE`: a notebook for one migration, to be reviewed, rehearsed and signed."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from sodaf_nb.commands.arguments import add_doctype, add_sync, required_doctype, sync_options
from sodaf_nb.commands.context import Context
from sodaf_nb.commands.registry import Command, doctype_names
from sodaf_nb.commands.values import Help, Listing
from sodaf_nb.errors import UsageError
from sodaf_nb.tabular import Tabular


def _configure(parser: argparse.ArgumentParser) -> None:
    add_doctype(parser)
    parser.add_argument("--to", metavar="FILE", help="the notebook; runbook_DOCTYPE.ipynb when not given")
    add_sync(parser)


def _new(context: Context, args: argparse.Namespace) -> Tabular:
    from sodaf_nb.commands import runbook_cells as cells  # noqa: PLC0415  light start

    name, options = required_doctype(args), sync_options(args)
    plan = context.applier.plan(name, options)
    if not plan.operations:
        raise UsageError(f"{name} is up to date: there is nothing to write a runbook for.")
    file = _file(args.to or f"runbook_{name.lower().replace(' ', '_')}.ipynb")
    connection = context.connection
    if connection.database.file is None:
        raise UsageError("A runbook needs a database in a file.", hint="one in memory is gone with its kernel")
    order = cells.Order(
        plan=plan,
        source=context.doctypes.get(name).to_json(),
        options=options,
        database=_from(file, connection.database.file),
        backup_dir=_from(file, Path(context.applier.options.backup_dir).resolve()),
        environment=connection.environment,
        production=connection.is_production,
        table_now=cells.table_now(plan),
        columns_now=cells.changed_columns(plan),
    )
    file.write_text(cells.text(order), encoding="utf-8")
    steps = tuple({"step": n, "what": what} for n, what in enumerate(_NEXT, start=1))
    return Listing(title=f"Runbook written: {file.name}", rows=steps, items=(file,))


_NEXT = (
    "read it: it has the very plan, and its id",
    "run it: it works on a copy, and takes the change back",
    "run it with trial = False: papermill IN OUT -p trial False",
)


def _file(path: str) -> Path:
    file = Path(path).expanduser().resolve()
    if file.suffix != ".ipynb":
        raise UsageError(f"{file.name} is no notebook.", hint="let its name end in .ipynb")
    if file.exists():
        raise UsageError(f"{file.name} is there already.", hint="take another name with --to, or remove it")
    if not file.parent.is_dir():
        raise UsageError(f"The folder {file.parent.name} does not exist.", hint="make it first")
    return file


def _from(file: Path, target: Path) -> str:
    """Return a path as seen from the folder of the runbook: it holds on every machine that has both."""
    return Path(os.path.relpath(target, file.parent)).as_posix()


def _explain(context: Context, _args: argparse.Namespace) -> Tabular:
    return Help(title="runbook", text=COMMAND.parser(f"{context.program} runbook").format_help())


COMMAND = Command(
    name="runbook",
    help="Write a notebook for one migration: look, try, gate, apply, verify, take back, sign.",
    run=_explain,
    actions=(
        Command(
            name="new",
            help="Write the runbook of a DocType's migration.",
            configure=_configure,
            run=_new,
            names=doctype_names,
        ),
    ),
)
