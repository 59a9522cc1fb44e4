"""What must not stand in any file of the project, and what its own papers must say."""

import importlib.metadata
import os
import re
import subprocess
import tomllib

import pytest

from tests.quality.project import ROOT, files, name

# Paths of one machine, spelled so that this file does not hold them itself.
MACHINE_PATH = re.compile(r"(?<![\w.~<-])/(?:" + "home|root|Users|work|tmp|opt|mnt" + r")/\w")
INDEX_ADDRESS = re.compile("--(?:extra-)?index" + r"-url|https?://[\w.-]*(?:pypi|pythonhosted)|find-" + "links")
SECRET = re.compile("BEGIN [A-Z ]*PRIVATE" + " KEY|AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}")

METADATA = tomllib.loads((ROOT / "pyproject.toml").read_text())


@pytest.mark.parametrize("what", [MACHINE_PATH, INDEX_ADDRESS, SECRET], ids=["machine path", "index address", "secret"])
def test_no_file_holds(what):
    found = [
        f"{name(path)}:{number}: {line.strip()[:100]}"
        for path in files()
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), start=1)
        if what.search(line)
    ]
    assert found == []


def test_the_changelog_has_the_version_and_the_installed_package_is_of_it():
    import sodaf_nb

    assert f"## {sodaf_nb.__version__}" in (ROOT / "CHANGELOG.md").read_text()
    assert importlib.metadata.version("sodaf_nb") == sodaf_nb.__version__


def test_constraints_pin_every_package_and_nothing_else():
    lines = [x for x in (ROOT / "constraints.txt").read_text().splitlines() if not x.startswith("#")]
    assert [x for x in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][\w.+!-]*", x)] == []
    names = [x.partition("==")[0].lower() for x in lines]
    assert names == sorted(set(names))


def test_constraints_have_every_dependency_that_pyproject_names():
    pinned = {normal(x.partition("==")[0]) for x in (ROOT / "constraints.txt").read_text().splitlines()}
    project = METADATA["project"]
    asked = [*project["dependencies"], *(d for extra in project["optional-dependencies"].values() for d in extra)]
    asked += METADATA["build-system"]["requires"]
    named = {normal(re.match(r"[\w.-]+", d)[0]) for d in asked} - {"sodaf-nb"}
    assert named <= pinned


def normal(package):
    return re.sub(r"[-_.]+", "-", package).lower()


@pytest.mark.parametrize("path", [".ci/run", "binder/postBuild"])
def test_script_can_be_run(path):
    assert os.access(ROOT / path, os.X_OK)
    subprocess.run(["bash", "-n", ROOT / path], check=True)


def test_binder_installs_this_project_on_a_python_it_supports():
    requirements = (ROOT / "binder/requirements.txt").read_text()
    assert "-c ../constraints.txt" in requirements
    assert ".[notebook]" in requirements
    assert (ROOT / "binder/runtime.txt").read_text().strip() == "python-3.11"


PAGES = [p for p in files() if p.suffix == ".md"]


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_every_link_to_a_file_of_the_project_leads_somewhere(path):
    targets = re.findall(r"\]\(([^)#\s]+)", path.read_text())
    inside = [t for t in targets if not re.match(r"[a-z]+:", t)]
    assert [t for t in inside if not (path.parent / t).exists()] == []


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_every_file_a_page_names_is_there(page):
    named = re.findall(r"`((?:sodaf_nb|tests|notebooks|scripts|docs|binder)/[\w./-]+)`", (ROOT / page).read_text())
    assert named
    assert [n for n in named if not (ROOT / n).exists()] == []


def test_make_targets_that_the_pages_name_exist():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {t for p in PAGES for t in re.findall(r"\bmake ([a-z-]+)`", p.read_text())}
    assert named <= targets
