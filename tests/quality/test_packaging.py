"""What people install: everything the package needs, and nothing else."""

import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile

import pytest
import yaml

from tests.quality.project import ROOT


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", folder], cwd=ROOT, check=True, capture_output=True
    )
    return folder


def test_the_wheel_has_every_file_of_the_package_and_no_other(built):
    (wheel,) = built.glob("*.whl")
    names = {name for name in zipfile.ZipFile(wheel).namelist() if not name.startswith("sodaf_nb-")}
    package = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "sodaf_nb").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    assert names == package
    assert {"sodaf_nb/py.typed", "sodaf_nb/cli/answer.schema.json"} <= names
    assert wheel.stat().st_size < 1_000_000  # code alone: no picture, notebook or database strayed in


def test_the_wheel_names_its_command_and_its_licence(built):
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as opened:
        (metadata,) = [name for name in opened.namelist() if name.endswith(".dist-info/METADATA")]
        (entries,) = [name for name in opened.namelist() if name.endswith("entry_points.txt")]

        assert "sodaf-nb = sodaf_nb.cli:main" in opened.read(entries).decode()
        assert "License-Expression: MIT" in opened.read(metadata).decode()


def test_the_source_archive_has_what_the_tests_need(built):
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}

    assert {
        "pyproject.toml",
        "Makefile",
        "constraints.txt",
        "LICENSE",
        "CHANGELOG.md",
        "tests/quality/project.py",
    } <= names
    assert not any(name.startswith((".venv", "build", ".git/")) for name in names)


def test_each_supported_python_is_tested_by_the_workflow():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    workflow = yaml.safe_load((ROOT / ".github/workflows/tests.yml").read_text())
    tested = workflow["jobs"]["tests"]["strategy"]["matrix"]["python"]

    assert project["requires-python"] == f">={tested[0]}"
    declared = re.findall(r"Python :: (3\.\d+)", "\n".join(project["classifiers"]))
    assert set(declared) <= set(tested)


def test_the_hook_runs_a_command_that_exists():
    from sodaf_nb.commands import commands

    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    program, command, action = hook["entry"].split()

    assert program == "sodaf-nb"
    assert commands()[command].action(action) is not None
    assert re.search(hook["files"], "doctypes/customer.json")
    assert re.search(hook["files"], "shop/shop/doctype/customer/customer.json")
    assert not re.search(hook["files"], "package.json")
