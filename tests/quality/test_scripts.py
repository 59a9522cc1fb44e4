"""The project's own scripts do what CI leans on them for."""

import importlib.util
import re
import sys

import nbformat
import pytest

from tests.quality.project import ROOT


def script(name):
    spec = importlib.util.spec_from_file_location(f"script_{name}", ROOT / "scripts" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its processes look for it there
    spec.loader.exec_module(module)
    return module


def report(tmp_path, cases):
    path = tmp_path / "report.xml"
    path.write_text(f"<testsuites><testsuite>{cases}</testsuite></testsuites>")
    return str(path)


def test_a_report_without_skips_passes(tmp_path):
    assert script("no_skips").main([report(tmp_path, '<testcase classname="a" name="b"/>')]) == 0


def test_a_skipped_test_fails_and_is_named_with_its_reason(tmp_path, capsys):
    case = '<testcase classname="a" name="b"><skipped type="pytest.skip" message="no corpus"/></testcase>'
    assert script("no_skips").main([report(tmp_path, case)]) == 1
    assert "a.b: no corpus" in capsys.readouterr().err


def test_an_expected_failure_is_no_skip(tmp_path):
    case = '<testcase classname="a" name="b"><skipped type="pytest.xfail" message="known"/></testcase>'
    assert script("no_skips").main([report(tmp_path, case)]) == 0


def test_a_report_without_tests_fails(tmp_path, capsys):
    assert script("no_skips").main([report(tmp_path, "")]) == 1
    assert "no test ran" in capsys.readouterr().err


def notebook(tmp_path, *sources, tags=()):
    cells = [nbformat.v4.new_code_cell(s, metadata={"tags": list(tags)}) for s in sources]
    path = tmp_path / "notebooks" / "book.ipynb"
    path.parent.mkdir()
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


needs_kernel = pytest.mark.filterwarnings("default")  # a kernel's client warns about things that are not ours


@needs_kernel
@pytest.mark.parametrize(
    ("source", "tags"),
    [("1 / 0", ()), ("%no_such_magic", ()), ("assert False", ()), ("1", ("raises-exception",))],
    ids=["error", "unknown magic", "assert", "refusal that did not come"],
)
def test_a_runbook_that_fails_as_a_job_is_reported(tmp_path, capsys, source, tags):
    assert script("run_runbooks").main([str(notebook(tmp_path, source, tags=tags))]) == 1
    assert "0 passed, 1 failed" in capsys.readouterr().out


@needs_kernel
def test_a_runbook_that_runs_as_a_job_is_left_as_it_was(tmp_path, capsys):
    path = notebook(tmp_path, "x = 1", "assert x == 1")
    before = path.read_bytes()
    assert script("run_runbooks").main([str(path)]) == 0
    assert "1 passed, 0 failed" in capsys.readouterr().out
    assert path.read_bytes() == before


@needs_kernel
def test_demo_writes_a_notebook_and_a_page_that_loads_nothing(tmp_path, capsys):
    view = '"application/vnd.jupyter.widget-view+json": {"model_id": "1"}'
    widget = f'display({{{view}, "text/plain": "a button"}}, raw=True)'
    path = notebook(tmp_path, widget, "print('ran')", "assert True")
    assert script("demo").main(path, tmp_path / "out") == 0
    page = (tmp_path / "out" / "book.html").read_text()
    assert "ran" in page
    assert loads(page) == []
    assert (tmp_path / "out" / "book.ipynb").exists()
    assert "3 cells ran" in capsys.readouterr().out


def loads(page):
    """Return what a browser would fetch when it opens the page."""
    return re.findall(r"""<script|<(?:link|img|iframe)[^>]*?(?:src|href)=["'](?:https?:)?//[^"']*|@import""", page)


@needs_kernel
def test_demo_writes_the_report_of_a_failed_run_too(tmp_path, capsys):
    path = notebook(tmp_path, "print('before')", "raise RuntimeError('broken on purpose')")
    assert script("demo").main(path, tmp_path / "out") == 1
    assert "broken on purpose" in capsys.readouterr().err
    assert "broken on purpose" in (tmp_path / "out" / "book.html").read_text()
