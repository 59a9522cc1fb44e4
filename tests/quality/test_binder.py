"""What Binder is told: files that are there, and links that lead somewhere. `make binder` does the whole of it."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from tests.quality.project import ROOT, files

BINDER = ROOT / "binder"


def test_every_file_is_one_that_repo2docker_reads_and_none_shadows_another():
    known = {"requirements.txt", "runtime.txt", "apt.txt", "postBuild", "start"}
    assert {path.name for path in BINDER.iterdir()} <= known
    # With an environment.yml the runtime is ignored, and two folders are an error.
    assert not (BINDER / "environment.yml").exists()
    assert not (ROOT / ".binder").exists()


def test_its_python_is_one_the_project_supports():
    wanted = re.fullmatch(r"python-(\d+)\.(\d+)\n", (BINDER / "runtime.txt").read_text())
    assert (int(wanted[1]), int(wanted[2])) >= (3, 11)


def test_every_launch_link_opens_a_notebook_that_is_there():
    pages = [path for path in files() if path.suffix == ".md"]
    links = [link for p in pages for link in re.findall(r"urlpath=lab(?:%2F|/)tree(?:%2F|/)([\w./%-]+)", p.read_text())]
    assert [link for link in links if not (ROOT / link.replace("%2F", "/")).exists()] == []


def test_post_build_runs_and_quiets_the_first_screen(tmp_path):
    env = {**os.environ, "NB_PYTHON_PREFIX": str(tmp_path)}
    env |= {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    subprocess.run([BINDER / "postBuild"], env=env, cwd=ROOT, check=True, timeout=100)
    settings = json.loads((tmp_path / "share/jupyter/lab/settings/overrides.json").read_text())
    assert settings["@jupyterlab/apputils-extension:notification"]["fetchNews"] == "false"
