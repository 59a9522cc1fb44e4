"""The magics in a real kernel, with a person in front of it and without."""

import os
from pathlib import Path

import pytest
from jupyter_client.manager import start_new_kernel

import sodaf_nb

LONG_WORK = """
import time
magics = get_ipython().magics_manager.registry["SodafMagics"]
with magics._progress.shown("auto"):
    magics._progress.report("copy", 1, 2)
    time.sleep(1.1)
    magics._progress.report("verify", 2, 2)
"""


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    root = str(Path(sodaf_nb.__file__).parent.parent)
    env = {**os.environ, "PYTHONPATH": root, "IPYTHONDIR": str(tmp_path_factory.mktemp("ipython"))}
    manager, client = start_new_kernel(env=env, extra_arguments=["--log-level=ERROR"])
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)
    manager.context.destroy()


@pytest.fixture
def outputs(kernel):
    """Run a cell and return what a front end is told to show: (kind, content)."""

    def run(code, *, allow_stdin=False):
        told = []

        def hook(message):
            if message["msg_type"] not in {"status", "execute_input"}:
                told.append((message["msg_type"], message["content"]))

        kernel.execute_interactive(code, allow_stdin=allow_stdin, output_hook=hook, timeout=60)
        return told

    assert run("%reload_ext sodaf_nb") == []
    return run


def test_nothing_of_the_progress_is_recorded_where_nobody_watches(outputs):
    assert outputs(LONG_WORK) == []


def test_a_person_sees_the_progress_and_the_recorded_output_holds_nothing_of_it(outputs):
    told = outputs(LONG_WORK, allow_stdin=True)
    assert [(kind, content["data"]) for kind, content in told] == [
        ("display_data", {"text/plain": "[2/2] verify"}),
        ("update_display_data", {}),
    ]


def test_a_front_end_is_told_of_errors_so_that_every_runner_sees_them(outputs):
    ((kind, content),) = outputs("%migrate dif Book")
    assert (kind, content["ename"]) == ("error", "UsageError")
    assert content["traceback"] == ["UsageError [USAGE]: There is no command named 'dif'. Hint: did you mean diff?"]


def test_a_value_is_shown_as_html_and_as_text(outputs):
    ((kind, content),) = outputs("%migrate help")
    assert kind == "execute_result"
    assert set(content["data"]) == {"text/html", "text/plain"}


SETUP = """
import tempfile, sodaf_nb as sn
folder = tempfile.TemporaryDirectory()
db, doctypes = sn.Database("sqlite://"), sn.DocTypeEngine()
doctypes.register({"name": "Customer", "fields": [{"fieldname": "city", "fieldtype": "Data"}]})
applier = sn.MigrationApplier(db, doctypes, sn.ApplyOptions(backup_dir=folder.name))
get_ipython().run_line_magic("migrate", "connect db --as shop")
get_ipython().magics_manager.registry["SodafMagics"].context.doctypes.register(doctypes.get("Customer").source)
"""
VIEW = "application/vnd.jupyter.widget-view+json"


@pytest.mark.parametrize("cell", ["applier.panel('Customer')", "%migrate panel Customer", "%migrate dry-run Customer"])
def test_controls_are_a_second_output_and_only_where_a_person_watches(outputs, cell):
    outputs(SETUP)

    def shown(**how):
        return [set(content["data"]) for kind, content in outputs(cell, **how) if kind == "display_data"]

    alone, watched = shown(), shown(allow_stdin=True)
    assert alone == [{"text/plain", "text/html"}]
    assert watched == [{"text/plain", "text/html"}, {VIEW}]
