"""The folder of a Frappe application loads as it lies, among all the other files it holds."""

import json
from functools import cache

import pytest

from sodaf_nb import ApplyOptions, Database, DocTypeEngine, MigrationApplier
from tests.doctype.corpus import versions

AROUND = {
    "hooks.py": "app_name = 'app'",
    "patches.txt": "app.patches.one",
    "package.json": '{"name": "app", "dependencies": {}}',
    "app/fixtures/custom_field.json": '[{"doctype": "Custom Field", "name": "User-x", "fieldname": "x"}]',
    "app/core/report/sales/sales.json": '{"doctype": "Report", "name": "Sales"}',
    "app/core/workspace/home/home.json": '{"doctype": "Workspace", "name": "Home", "content": "[]"}',
    "app/custom/user.json": '{"custom_fields": [], "doctype": "User", "property_setters": []}',
    "app/public/dist/locale/de.json": '{"Save": "Sichern"}',
    "node_modules/x/tsconfig.json": '{"compilerOptions": {}}  // comments are usual there\n',
}


@cache
def all_newest():
    return {(version["app"], version["doctype"]): version for version in versions()}


def newest(app):
    """The last version of each DocType of an application."""
    return [version for (of, _doctype), version in all_newest().items() if of == app]


@pytest.fixture
def folder(tmp_path):
    def written(app):
        for version in newest(app):
            path = tmp_path / version["path"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps({"doctype": "DocType", **version["doc"]}))
            path.with_suffix(".py").write_text("import frappe")
        for name, text in AROUND.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        return tmp_path

    return written


@pytest.mark.parametrize("app", ["builder", "gameplan", "helpdesk", "lms", "payments", "wiki"])
def test_an_application_loads_as_it_lies(folder, app):
    engine = DocTypeEngine()
    loaded = engine.load(folder(app))

    assert {doctype.name for doctype in loaded} == {version["doc"]["name"] for version in newest(app)}


def test_a_whole_application_comes_to_an_empty_database_and_needs_nothing_more(folder, tmp_path):
    engine = DocTypeEngine()
    engine.load(folder("wiki"))
    applier = MigrationApplier(Database("sqlite://"), engine, ApplyOptions(backup_dir=tmp_path / "backups"))

    assert applier.sync_all_doctypes().success
    assert not any(applier.diff(d.name).has_changes for d in engine if d.has_table)
