"""A folder for each page: the sample application in two versions, the first one applied and filled."""

import shutil

import pytest

from sodaf_nb.cli import main
from sodaf_nb.sample import write_sample
from tests.docs.pages import Reader


@pytest.fixture(scope="session")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("docs")
    write_sample(folder)
    first = ("--database", f"{folder}/library.db", "--doctypes", f"{folder}/v1", "--backup-dir", f"{folder}/backups")
    assert main([*first, "--create", "apply", "--all"]) == 0
    assert main([*first, "sample", "--rows"]) == 0
    return folder


@pytest.fixture
def reader(library, tmp_path, monkeypatch):
    shutil.copytree(library, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    for name in ("SODAF_DATABASE_URL", "SODAF_NB_IDENTITY", "SODAF_NB_IDENTITY_FILE", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    made = Reader()
    yield made
    made.close()
