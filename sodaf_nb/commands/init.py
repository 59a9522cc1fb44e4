"""`init [DIR]`: a project to start from: a folder of DocTypes, the configuration, and a first runbook."""

from __future__ import annotations

import argparse
import json
import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from sodaf_nb.commands.context import Context
from sodaf_nb.commands.registry import Command
from sodaf_nb.commands.runbook_cells import Cell, as_notebook
from sodaf_nb.commands.values import Listing
from sodaf_nb.errors import UsageError
from sodaf_nb.tabular import Tabular

_CONFIGURATION, _DOCTYPES, _BACKUPS, _RUNBOOK = "pyproject.toml", "doctypes", "backups", "migrate.ipynb"
_NEW = "app"

_EXAMPLE = """{
 "doctype": "DocType",
 "name": "Customer",
 "fields": [
  {"fieldname": "customer_name", "label": "Customer Name", "fieldtype": "Data", "not_nullable": 1},
  {"fieldname": "city", "label": "City", "fieldtype": "Data"},
  {"fieldname": "since", "label": "Since", "fieldtype": "Date"}
 ]
}
"""

_IGNORE = "# Backups hold rows of the database; they belong to no version control.\n*\n"


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", metavar="DIR", nargs="?", default=".", help="folder, made when missing; this one")


def _run(context: Context, args: argparse.Namespace) -> Tabular:
    folder = Path(args.directory).expanduser()
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder.name} is no folder.", hint="name a folder, or one that is to be made")
    name, source = _source(context, folder)
    files = dict(_files(folder, name, source, new=not context.has_database))
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (folder / _DOCTYPES).mkdir(exist_ok=True)
    rows = tuple({"file": path.relative_to(folder).as_posix(), "what it is": _WHAT[path.name]} for path in files)
    return Listing(title="Project written", rows=rows, items=tuple(files), remarks=_next(context, name))


_WHAT = {
    _CONFIGURATION: "where DocTypes and backups are, and the connection",
    "customer.json": "a DocType to begin with; change it, or put your own beside it",
    ".gitignore": "keeps backups out of version control",
    _RUNBOOK: "the first runbook: connect, look, and what comes next",
}


def _source(context: Context, folder: Path) -> tuple[str, str]:
    """Return the connection's name and the line that says where its database is; never an address with a secret."""
    if not context.has_database:
        return _NEW, f"url = {json.dumps(f'sqlite:///{_NEW}.db')}"
    database = context.connection.database
    if database.file is None:
        return "server", 'env = "SODAF_DATABASE_URL" # the variable that holds the address'
    path = Path(os.path.relpath(database.file, folder.resolve())).as_posix()
    # Quotes of JSON are quotes of TOML.
    return re.sub(r"[^A-Za-z0-9_-]", "_", database.file.stem), f"url = {json.dumps(f'sqlite:///{path}')}"


def _files(folder: Path, name: str, source: str, *, new: bool) -> Iterator[tuple[Path, str]]:
    """Yield every file that is to be written with its text.

    Raises:
        UsageError: If the folder is a project already, or its configuration cannot be read.
    """
    yield folder / _CONFIGURATION, _configuration(folder / _CONFIGURATION, name, source)
    if new and not any((folder / _DOCTYPES).rglob("*.json")):
        yield folder / _DOCTYPES / "customer.json", _EXAMPLE
    if not (folder / _BACKUPS / ".gitignore").exists():
        yield folder / _BACKUPS / ".gitignore", _IGNORE
    if (folder / _RUNBOOK).exists():
        raise UsageError(f"{_RUNBOOK} is there already.", hint="rename it, or take another folder")
    yield folder / _RUNBOOK, as_notebook(_new_cells(name) if new else _live_cells(name))


def _configuration(file: Path, name: str, source: str) -> str:
    section = (
        f'[tool.sodaf_nb]\ndoctypes = "{_DOCTYPES}"\nbackup_dir = "{_BACKUPS}"\n\n'
        f'[tool.sodaf_nb.connections.{name}]\n{source}\nenvironment = "dev"\n'
    )
    if not file.exists():
        return section
    try:
        before = file.read_text(encoding="utf-8")
        known = tomllib.loads(before)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{file.name} cannot be read: {error}.", hint="mend it first; nothing was written") from None
    if "sodaf_nb" in known.get("tool", {}):
        raise UsageError(f"{file.name} has a [tool.sodaf_nb] already.", hint="change it there, or take another folder")
    return f"{before.rstrip()}\n\n{section}"


def _new_cells(name: str) -> Iterator[Cell]:
    yield "markdown", "# First migration\n\nThe DocTypes in `doctypes/` say what the database is to be.", ()
    yield "code", f"%load_ext sodaf_nb\n%migrate connect {name} --create", ()
    yield "code", "%migrate doctypes load", ()
    yield "markdown", "What would happen, tried on a copy; nothing is changed.", ()
    yield "code", "%migrate dry-run Customer", ()
    yield "markdown", "Apply it. A second run finds nothing to do.", ()
    yield "code", "%migrate apply Customer", ()
    yield "code", "%migrate status", ()
    yield "markdown", _NEXT_CHANGE, ()


_NEXT_CHANGE = """\
## The next change

Change a DocType, load it again, and look at `%migrate dry-run Customer` before `%migrate apply Customer`.
`%migrate history` lists what was done, `%migrate rollback 1` takes the first one back, `%migrate help` lists the
commands."""


def _live_cells(name: str) -> Iterator[Cell]:
    yield "markdown", "# First look\n\nThe database is there already; nothing in this runbook changes it.", ()
    yield "code", f"%load_ext sodaf_nb\n%migrate connect {name}", ()
    yield "markdown", "The tables, drafted as DocTypes, and what each draft leaves out.", ()
    yield "code", "%migrate doctypes from-database", ()
    yield "markdown", _AFTER_DRAFTS, ()


_AFTER_DRAFTS = """\
## Next

Write the drafts with `%migrate doctypes from-database --into doctypes`, read them, load them with `%migrate doctypes
load`, and see with `%migrate status` what differs: the standard columns, and tables without the prefix. Then look at
`%migrate dry-run`."""


def _next(context: Context, name: str) -> tuple[str, ...]:
    database = "" if context.program.startswith("%") else f"--database {name} "
    if context.has_database:
        return (f"Next: {context.program} {database}doctypes from-database --into {_DOCTYPES}, or open {_RUNBOOK}.",)
    create = "--create " if database else ""
    return (f"Next: open {_RUNBOOK}, or in that folder: {context.program} {database}{create}dry-run Customer",)


COMMAND = Command(
    name="init",
    help="Write a project to start from: DocTypes, configuration, a first runbook.",
    configure=_configure,
    run=_run,
)
