"""Run a runbook from start to end without a question, and write what happened as a notebook and as one HTML file."""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path
from time import monotonic

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from sodaf_nb.commands.report import page


def main(source: Path, folder: Path) -> int:
    """Run `source`, write both files into `folder`, and say where they are; return the exit code."""
    folder.mkdir(parents=True, exist_ok=True)
    notebook = nbformat.read(source, as_version=4)
    started = monotonic()
    failure = run(notebook, source.parent)
    seconds = monotonic() - started
    executed, report = folder / source.name, folder / f"{source.stem}.html"
    nbformat.write(notebook, executed)
    report.write_text(page(notebook, source.stem), encoding="utf-8")
    print(f"executed notebook  {executed.resolve()}\nHTML report        {report.resolve()}")
    if failure is not None:
        print(f"\nFAILED, and written up to the cell that failed:\n{failure}", file=sys.stderr)
        return 1
    print("\n".join(summary(notebook, seconds)))
    return 0


def run(notebook: nbformat.NotebookNode, companions: Path) -> CellExecutionError | None:
    """Execute all cells in a kernel of this environment, in a folder that is gone afterwards."""
    for cell in code_cells(notebook):
        cell.outputs, cell.execution_count = [], None
    with tempfile.TemporaryDirectory(prefix="sodaf-demo-") as folder:
        for path in companions.iterdir():
            if path.suffix != ".ipynb" and not path.name.startswith("."):
                (Path(folder) / path.name).symlink_to(path.resolve())
        client = NotebookClient(
            notebook,
            kernel_name="python3",
            timeout=120,
            store_widget_state=False,  # the state would make the report load the widgets' code from elsewhere
            record_timing=False,
            extra_arguments=["--log-level=ERROR"],  # else each kernel warns that it talks over loopback
            resources={"metadata": {"path": folder}},
        )
        try:
            client.execute()
        except CellExecutionError as error:
            return error
    return None


def summary(notebook: nbformat.NotebookNode, seconds: float) -> list[str]:
    """Return two lines: how much ran, and what it was about."""
    cells = code_cells(notebook)
    asserts = sum(len(re.findall(r"^\s*assert ", cell.source, re.MULTILINE)) for cell in cells)
    texts = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    chapters = [title for text in texts for title in re.findall(r"^## (?:\d+\. )?(.+)$", text, re.MULTILINE)]
    return [
        f"{len(cells)} cells ran in {seconds:.0f} s, and {asserts} assertions about the live rows held.",
        f"Chapters: {'; '.join(chapters)}.",
    ]


def code_cells(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    """Return the cells that hold code."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
