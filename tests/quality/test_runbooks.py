"""Runbooks are recorded: comparing with a cell that never ran would prove nothing."""

import json
import re

import pytest

from tests.quality.project import ROOT, name

RUNBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
each_runbook = pytest.mark.parametrize("path", RUNBOOKS, ids=name)

# Differs from run to run or from machine to machine.
VOLATILE = {
    "address of an object": r"\bat 0x[0-9a-f]{6,}",
    "absolute path": r"(?<![\w.:/<])/(?:[\w.-]+/){2,}|[A-Z]:\\\\",
    "time of day": r"\b20\d\d-\d\d-\d\d[ T]\d\d:\d\d",
    "hash": r"\b[0-9a-f]{32,}\b",
}


def code_cells(path):
    cells = json.loads(path.read_text())["cells"]
    return [c for c in cells if c["cell_type"] == "code" and "".join(c["source"]).strip()]


def output_texts(cell):
    for output in cell["outputs"]:
        yield from ("".join(text) for text in output.get("data", {}).values())
        yield "".join(output.get("text", ""))
        yield "".join(output.get("traceback", ""))


def test_there_is_a_runbook_for_each_task():
    assert [path.name[:2] for path in RUNBOOKS] == ["00", "01", "02", "03", "04", "05", "06"]


@each_runbook
def test_every_cell_was_executed_once_and_in_order(path):
    assert [c["execution_count"] for c in code_cells(path)] == list(range(1, len(code_cells(path)) + 1))


@each_runbook
def test_an_error_is_recorded_exactly_where_the_tag_expects_one(path):
    cells = code_cells(path)
    failed = [any(o["output_type"] == "error" for o in c["outputs"]) for c in cells]
    assert failed == ["raises-exception" in c["metadata"].get("tags", []) for c in cells]


@each_runbook
def test_it_asserts_something(path):
    assert any(re.search(r"^\s*assert ", "".join(c["source"]), re.MULTILINE) for c in code_cells(path))


@each_runbook
@pytest.mark.parametrize("what", VOLATILE)
def test_no_output_holds(path, what):
    found = [m[0] for c in code_cells(path) for t in output_texts(c) for m in re.finditer(VOLATILE[what], t)]
    assert found == []


@each_runbook
def test_no_cell_is_left_out_of_the_comparison(path):
    tags = {tag for c in code_cells(path) for tag in c["metadata"].get("tags", [])}
    assert tags.isdisjoint({"nbval-skip", "nbval-ignore-output"})
    # nbval reads the same words out of comments as well.
    assert [
        c["id"] for c in code_cells(path) if re.search(r"#\s*NBVAL_|#\s*PYTEST_VALIDATE", "".join(c["source"]))
    ] == []


# nbval passes these over when it compares: a cell that shows nothing else is compared with nothing.
NOT_COMPARED = {"image/png", "image/jpeg", "application/vnd.jupyter.widget-view+json"}


@each_runbook
def test_every_output_is_one_that_is_compared(path):
    shown = [set(o.get("data", {})) for c in code_cells(path) for o in c["outputs"] if "data" in o]
    assert [kinds for kinds in shown if not kinds or kinds & NOT_COMPARED] == []


@each_runbook
def test_nothing_is_written_to_stderr(path):
    """A refused magic line writes there without an error that nbval sees; nbval does not tell the two streams apart."""
    assert [o for c in code_cells(path) for o in c["outputs"] if o.get("name") == "stderr"] == []


@each_runbook
def test_no_output_is_updated_or_cleared_later(path):
    """nbval keeps the first of several versions of an output, and knows nothing of clearing."""
    source = "\n".join("".join(c["source"]) for c in code_cells(path))
    assert re.findall(r"clear_output|display_id|\.update\(|widgets\.Output", source) == []


@each_runbook
def test_no_secret_stands_in_it(path):
    text = path.read_text()
    assert re.findall(r"AGE-SECRET-KEY-1\w|://[^/\s\"]*:[^@\s\"]+@|password\s*=\s*['\"]\w", text) == []


@each_runbook
def test_it_says_what_it_is_for_and_can_be_told_where_to_work(path):
    cells = json.loads(path.read_text())["cells"]
    assert "".join(cells[0]["source"]).startswith("# ")
    assert [c["id"] for c in cells if "parameters" in c["metadata"].get("tags", [])] == [cells[1]["id"]]


@each_runbook
def test_no_widget_state_is_stored(path):
    assert "widgets" not in json.loads(path.read_text())["metadata"]
