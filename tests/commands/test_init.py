"""`init` writes a project that works as it stands."""

import json
import tomllib

import pytest

from sodaf_nb.errors import UsageError


def cells(path):
    notebook = json.loads(path.read_text())
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]


def test_a_new_project_has_a_runbook_that_runs(run, tmp_path, monkeypatch):
    import nbformat
    from IPython.core.interactiveshell import InteractiveShell

    written = run("init shop")

    assert [row["file"] for row in written.to_rows()] == [
        "pyproject.toml",
        "doctypes/customer.json",
        "backups/.gitignore",
        "migrate.ipynb",
    ]
    monkeypatch.chdir(tmp_path / "shop")
    nbformat.validate(nbformat.read("migrate.ipynb", as_version=4))
    shell = InteractiveShell()
    for cell in cells(tmp_path / "shop" / "migrate.ipynb"):
        shell.run_cell(cell, store_history=False).raise_error()
    shell.run_cell("%unload_ext sodaf_nb").raise_error()
    assert (tmp_path / "shop" / "app.db").exists()
    run("connect app")
    assert run("doctypes load").rows[0]["doctype"] == "Customer"
    assert not run("diff Customer").has_changes


def test_around_a_database_that_is_there_it_names_it_and_changes_nothing(run, tmp_path):
    run("connect 'my shop.db' --create")
    before = (tmp_path / "my shop.db").read_bytes()

    written = run("init project")

    config = tomllib.loads((tmp_path / "project" / "pyproject.toml").read_text())["tool"]["sodaf_nb"]
    assert config["connections"] == {"my_shop": {"url": "sqlite:///../my shop.db", "environment": "dev"}}
    assert not list((tmp_path / "project" / "doctypes").iterdir())
    assert "%migrate doctypes from-database" in cells(tmp_path / "project" / "migrate.ipynb")
    assert "from-database --into doctypes" in written.remarks[0]
    assert (tmp_path / "my shop.db").read_bytes() == before


def test_what_is_there_is_kept(run, tmp_path):
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "shop"\n')
    (tmp_path / "doctypes").mkdir()
    (tmp_path / "doctypes" / "mine.json").write_text('{"doctype": "DocType", "name": "Mine", "fields": []}')

    run("init")

    config = tomllib.loads((tmp_path / "pyproject.toml").read_text())
    assert config["project"] == {"name": "shop"}
    assert config["tool"]["sodaf_nb"]["doctypes"] == "doctypes"
    assert [path.name for path in (tmp_path / "doctypes").iterdir()] == ["mine.json"]


@pytest.mark.parametrize(
    ("file", "text", "what"),
    [
        ("pyproject.toml", "[tool.sodaf_nb]\n", "has a .tool.sodaf_nb. already"),
        ("pyproject.toml", "[tool", "cannot be read"),
        ("migrate.ipynb", "{}", "migrate.ipynb is there already"),
    ],
)
def test_a_project_is_not_written_over(run, tmp_path, file, text, what):
    (tmp_path / file).write_text(text)

    with pytest.raises(UsageError, match=what):
        run("init")

    assert [path.name for path in tmp_path.iterdir()] == [file]
    assert (tmp_path / file).read_text() == text


def test_a_file_is_no_project(run, tmp_path):
    (tmp_path / "shop").touch()
    with pytest.raises(UsageError, match="is no folder"):
        run("init shop")
