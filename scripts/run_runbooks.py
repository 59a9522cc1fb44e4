"""Run runbooks as jobs from a clean copy with papermill, or record their outputs anew in place.

papermill sees failures that the comparison with recorded outputs does not: a magic that is not there, a bad
argument, an exception behind a button.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import nbformat
import papermill
from nbclient import NotebookClient

TIMEOUT_S = 120
QUIET_KERNEL = ["--log-level=CRITICAL"]  # else kernels warn of loopback and of the interrupt that ends them


def main(arguments: list[str] | None = None) -> int:
    """Run every runbook named; return 1 when one fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--in-place", action="store_true", help="record the outputs in the files themselves")
    parser.add_argument("runbooks", nargs="+", type=Path)
    asked = parser.parse_args(arguments)
    run, workers = (record, 1) if asked.in_place else (run_as_job, os.cpu_count())
    # papermill changes the folder of its process, so threads would be in each other's way.
    with ProcessPoolExecutor(workers) as pool:
        problems = dict(zip(asked.runbooks, pool.map(run, asked.runbooks), strict=True))
    for path, problem in problems.items():
        if problem:
            print(f"{path}: {problem}", file=sys.stderr)
    failed = sum(map(bool, problems.values()))
    print(f"runbooks: {len(problems) - failed} passed, {failed} failed")
    return 1 if failed else 0


def run_as_job(path: Path) -> str:
    """Run one runbook in a copy of its folder, its outputs removed; return what is wrong, or nothing."""
    with tempfile.TemporaryDirectory(prefix="sodaf-runbook-") as temporary:
        folder = Path(temporary) / "notebooks"
        shutil.copytree(path.parent, folder, ignore=shutil.ignore_patterns(".*", "__pycache__"))
        source, result = folder / path.name, Path(temporary) / "result.ipynb"
        nbformat.write(without_outputs(nbformat.read(source, as_version=4)), source)
        try:
            papermill.execute_notebook(
                source,
                result,
                cwd=folder,
                kernel_name="python3",
                progress_bar=False,
                execution_timeout=TIMEOUT_S,
                extra_arguments=QUIET_KERNEL,
            )
        except Exception as error:  # noqa: BLE001  whatever it is, it is reported and the next runbook runs
            return f"{type(error).__name__}: {error}"
        return fault(nbformat.read(result, as_version=4))


def record(path: Path) -> str:
    """Run one runbook and write it back with its outputs and nothing that differs from run to run."""
    notebook = without_outputs(nbformat.read(path, as_version=4))
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=TIMEOUT_S,
        store_widget_state=False,
        record_timing=False,
        extra_arguments=QUIET_KERNEL,
        resources={"metadata": {"path": str(path.parent)}},
    )
    client.execute()
    # The patch version of the interpreter would change the file on another machine.
    notebook.metadata.get("language_info", {}).pop("version", None)
    nbformat.write(notebook, path)
    return fault(notebook)


def without_outputs(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Return the notebook as if it had never run."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


def fault(notebook: nbformat.NotebookNode) -> str:
    """Return what an executed runbook must not have: a cell that did not run, or an error nobody asked for."""
    ran = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    counts = [cell.execution_count for cell in ran]
    if not ran or counts != list(range(1, len(ran) + 1)):
        return f"cells did not run once each and in order: {counts}"
    for cell in ran:
        expected = "raises-exception" in cell.metadata.get("tags", ())
        failed = any(output.output_type == "error" for output in cell.outputs)
        if failed is not expected:
            return f"cell {cell.execution_count} {'failed' if failed else 'did not fail as its tag says'}"
    return ""


if __name__ == "__main__":
    sys.exit(main())
