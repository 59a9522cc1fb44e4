"""`report NOTEBOOK`: an executed runbook as one HTML file for the record."""

from __future__ import annotations

import argparse
import logging
import re
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sodaf_nb.commands.context import Context
from sodaf_nb.commands.registry import Command
from sodaf_nb.commands.values import Listing
from sodaf_nb.errors import UsageError
from sodaf_nb.tabular import Tabular, counted

if TYPE_CHECKING:
    from types import ModuleType

# nbconvert's page loads scripts from elsewhere (formulas, diagrams, widgets); a report is read, so it has none.
_SCRIPT = re.compile(r"<script\b.*?</script>", re.DOTALL)

# Whatever an output holds, a browser fetches and runs nothing for it.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:"


def page(notebook: Any, title: str) -> str:
    """Return a notebook as one HTML page that needs no other file and no network, and runs no script."""
    exporter = _needed("nbconvert").HTMLExporter(embed_images=True)
    logging.getLogger("traitlets").setLevel(logging.ERROR)  # nbconvert wishes for texts that describe images
    body, _ = exporter.from_notebook_node(notebook, {"metadata": {"name": title}})
    policy = f'<meta http-equiv="Content-Security-Policy" content="{escape(_POLICY)}">'
    return _SCRIPT.sub("", str(body)).replace("<head>", f"<head>{policy}", 1)


def _needed(name: str) -> ModuleType:
    import importlib  # noqa: PLC0415  only here

    try:
        return importlib.import_module(name)
    except ImportError:
        raise UsageError(f"A report needs {name}.", hint="pip install 'sodaf_nb[notebook]'") from None


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("notebook", metavar="NOTEBOOK", help="an executed notebook")
    parser.add_argument("--to", metavar="FILE", help="the page; beside the notebook when not given")
    parser.add_argument("--force", action="store_true", help="write over a page that is there")


def _run(_context: Context, args: argparse.Namespace) -> Tabular:
    source = Path(args.notebook).expanduser()
    notebook = _read(source)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    ran = [cell for cell in cells if cell.execution_count is not None]
    if not ran:
        raise UsageError(f"{source.name} was not executed: there is nothing to report.", hint="run it first")
    target = Path(args.to).expanduser() if args.to else source.with_suffix(".html")
    if target.exists() and not args.force:
        raise UsageError(f"{target.name} is there already.", hint="--force writes over it, --to takes another name")
    target.write_text(page(notebook, source.stem), encoding="utf-8")
    failed = sum(_failed(cell) for cell in ran)
    asserts = sum(len(re.findall(r"^\s*assert ", cell.source, re.MULTILINE)) for cell in ran)
    facts = {"cells run": f"{len(ran)} of {len(cells)}", "assertions": asserts, "failed": failed}
    remarks = () if len(ran) == len(cells) and not failed else ("Not a complete, successful run; the page shows it.",)
    title = f"Report written: {target.name}, {counted(len(ran), 'cell')}"
    return Listing(title=title, rows=(facts,), items=(target,), remarks=remarks)


def _read(source: Path) -> Any:
    nbformat = _needed("nbformat")
    try:
        return nbformat.read(source, as_version=4)
    except FileNotFoundError:
        raise UsageError(f"{source.name} does not exist.", hint="name an executed notebook") from None
    except Exception as error:  # noqa: BLE001  the reader has no error of its own for what is no notebook
        raise UsageError(f"{source.name} is no notebook: {type(error).__name__}.") from None


def _failed(cell: Any) -> bool:
    expected = "raises-exception" in cell.metadata.get("tags", ())
    return not expected and any(output.output_type == "error" for output in cell.outputs)


COMMAND = Command(
    name="report",
    help="Turn an executed runbook into one HTML file that needs no network and runs no script.",
    configure=_configure,
    run=_run,
)
