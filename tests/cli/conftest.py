"""A command line in a folder of its own, with the sample application in two versions."""

import json
import os
import shutil

import pytest

from sodaf_nb.cli import main
from sodaf_nb.sample import write_sample


@pytest.fixture
def here(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith("SODAF_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(here, capsys):
    """Run words and return the exit code, stdout and stderr."""

    def run_it(*words):
        code = main(words)
        out, err = capsys.readouterr()
        return code, out, err

    return run_it


@pytest.fixture
def answer(run):
    """Run words with --json and return the document."""

    def run_it(*words):
        code, out, err = run("--json", *words)
        document = json.loads(out)
        assert err == ""
        assert document["exit_code"] == code
        return document

    return run_it


@pytest.fixture(scope="session")
def filled(tmp_path_factory):
    """A folder with both versions of the sample and a database with the first one, filled; only to be copied."""
    folder = tmp_path_factory.mktemp("library")
    write_sample(folder)
    first = ("--database", f"{folder}/lib.db", "--doctypes", f"{folder}/v1", "--backup-dir", f"{folder}/backups")
    assert main([*first, "--create", "apply", "--all"]) == 0
    assert main([*first, "sample", "--rows"]) == 0
    return folder


@pytest.fixture
def library(filled, here):
    """The first version applied and filled, here; returns the words that name the second one."""
    shutil.copytree(filled, here, dirs_exist_ok=True)
    return "--database", "lib.db", "--doctypes", "v2"
