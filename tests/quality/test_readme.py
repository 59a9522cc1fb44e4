"""The example that a newcomer copies first runs as it stands."""

import json
import re

import pytest

from tests.quality.project import ROOT

README = (ROOT / "README.md").read_text()
CUSTOMER = {"name": "Customer", "fields": [{"fieldname": "city", "fieldtype": "Data"}]}


def block(language):
    return re.search(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)[1]


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """Stand in an empty folder that has what the README takes for granted."""
    (tmp_path / "doctypes").mkdir()
    (tmp_path / "doctypes" / "customer.json").write_text(json.dumps(CUSTOMER))
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("shop")
def test_python_example():
    names = {}
    exec(compile(block("python"), "README.md", "exec"), names)
    assert names["result"].outcome == "applied"
    assert names["undone"].success
    assert names["db"].reflect().table("tabCustomer") is None
    names["db"].close()


@pytest.mark.usefixtures("shop")
def test_notebook_example():
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell()
    for line in block("text").splitlines():
        shell.run_cell(line, store_history=False).raise_error()
    shell.run_cell("%unload_ext sodaf_nb").raise_error()
