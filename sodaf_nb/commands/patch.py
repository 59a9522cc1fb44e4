"""`%%migrate patch DOCTYPE`: run a data step between schema steps; what it would do is shown unless it is applied."""

from __future__ import annotations

import argparse
from pathlib import Path

from sodaf_nb.commands.arguments import accept_of, add_accept, add_mask
from sodaf_nb.commands.context import Context
from sodaf_nb.commands.registry import Command, doctype_names
from sodaf_nb.commands.wording import in_shell
from sodaf_nb.errors import UsageError
from sodaf_nb.options import PatchOptions
from sodaf_nb.tabular import Tabular


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "doctype", metavar="DOCTYPE", help="DocType whose rows it writes; quote a name of several words"
    )
    parser.add_argument("file", metavar="FILE", nargs="?", help="file with the SQL or Python; in a cell, the body")
    parser.add_argument("--name", metavar="NAME", help="what it is called in the history")
    parser.add_argument("--python", action="store_true", help="it is Python: change(row), or an expression of row")
    how = parser.add_mutually_exclusive_group()
    how.add_argument(
        "--dry-run", action="store_true", default=True, help="show what would be done; so it is without --apply as well"
    )
    how.add_argument("--apply", dest="dry_run", action="store_false", help="do it, after a verified backup")
    add_accept(parser)
    add_mask(parser)


def _run(context: Context, args: argparse.Namespace) -> Tabular:
    body, options = _body(context, args), _options(args)
    if args.dry_run:
        return context.applier.dry_run_patch(args.doctype, body, options)
    return context.applier.patch(args.doctype, body, options)


def _preview(context: Context, args: argparse.Namespace) -> Tabular:
    return context.applier.dry_run_patch(args.doctype, _body(context, args), _options(args))


def _options(args: argparse.Namespace) -> PatchOptions:
    return PatchOptions(
        name=args.name,
        language="python" if args.python else "sql",
        accept=accept_of(args),
        mask=tuple(args.mask),
        yes_on=getattr(args, "yes_on", None),
    )


def _body(context: Context, args: argparse.Namespace) -> str:
    inside = getattr(args, "body", None)
    if inside and args.file:
        raise UsageError("The patch stands in the cell and in a file.", hint="give one of them")
    if args.file:
        return _read(Path(args.file))
    if not (inside or "").strip():
        written = f"write it below %{context.program} patch {args.doctype} in the cell"
        shell = f"name its file: {context.program} patch {args.doctype} split.sql"
        raise UsageError("The patch is missing.", hint=shell if in_shell(context.program) else written)
    return str(inside)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"The file {path.name!r} cannot be read: {getattr(error, 'strerror', None) or 'it is no UTF-8 text'}.",
            hint="check the path and the current folder",
        ) from None


COMMAND = Command(
    name="patch",
    help="Change rows by SQL or Python between schema steps: tried on a copy, backed up, taken back like any.",
    configure=_configure,
    run=_run,
    takes_body=True,
    names=doctype_names,
    writes=True,
    preview=_preview,
)
