"""A real IPython shell that keeps no history and lives for one test."""

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from sodaf_nb.notebook.extension import load_ipython_extension, unload_ipython_extension


@pytest.fixture
def bare_shell(tmp_path, monkeypatch):
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.chdir(tmp_path)
    shell = InteractiveShell(config=Config({"HistoryManager": {"enabled": False}}))
    yield shell
    unload_ipython_extension(shell)
    shell.restore_sys_module_state()


@pytest.fixture
def shell(bare_shell):
    load_ipython_extension(bare_shell)
    return bare_shell


@pytest.fixture
def offered(bare_shell):
    """What Tab offers at the end of a text, asked for in the way a kernel does."""

    def complete(text):
        with provisionalcompleter():
            return [completion.text for completion in bare_shell.Completer.completions(text, len(text))]

    return complete


@pytest.fixture
def run(shell):
    """Run a cell, and return its value or raise its error."""

    def run_cell(text):
        result = shell.run_cell(text)
        result.raise_error()
        return result.result

    return run_cell


@pytest.fixture
def loaded(run):
    """The sample's first version, loaded; an empty database as the open connection."""
    run("%migrate sample library")
    run("%migrate connect sqlite:///library.db --create")
    run("%migrate doctypes load library/v1")
    return run


@pytest.fixture
def library(loaded):
    """The sample's first version, applied and filled."""
    run = loaded
    run("%migrate apply --all")
    run("%migrate sample --rows")
    return run
