"""The commands of notebook and shell on a server: the same lines, the same words."""

import pytest

from sodaf_nb.commands import Context, run_line
from sodaf_nb.errors import UsageError
from sodaf_nb.options import ApplyOptions
from tests.commands.conftest import doctype


@pytest.fixture
def run(pg_url, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SHOP_URL", pg_url.render_as_string(hide_password=False))
    context = Context(options=ApplyOptions(backup_dir=tmp_path / "backups"))
    yield lambda line, body=None: run_line(context, line, body)
    context.close_all()


def test_a_migration_from_connect_to_rollback(run, pg):
    assert run("connect --env SHOP_URL --as shop").heading().startswith("Connected to sodaf_")
    run("doctype", doctype("Book", "title Data", "pages Data"))
    assert run("apply Book").outcome == "applied"
    pg.execute(
        """INSERT INTO "tabBook" (name, title, pages) VALUES ('B1', 'Emma', '474'), ('B2', 'Solaris', '204 p.')"""
    )
    run("doctype", doctype("Book", "title Data", "pages Int"))
    dry = run("dry-run Book")
    assert [f.rule for f in dry.findings] == ["DS08"]
    assert "all 2 rows" in dry.rehearsal.to_text()
    assert run("apply Book --accept DS08").outcome == "applied"
    assert pg.execute('SELECT pages FROM "tabBook" ORDER BY name').fetchall() == [(474,), (None,)]
    assert run("rollback 2").outcome == "applied"
    assert pg.execute('SELECT pages FROM "tabBook" ORDER BY name').fetchall() == [("474",), ("204 p.",)]
    assert [row["status"] for row in run("history").to_rows()] == ["applied", "rolled_back", "applied"]
    assert "Book" in str(run("status"))


def test_a_backup_is_restored_and_opened_beside_the_live_rows(run, pg):
    run("connect --env SHOP_URL")
    run("doctype", doctype("Book", "title Data", "price Float"))
    run("apply Book")
    pg.execute("""INSERT INTO "tabBook" (name, title, price) VALUES ('B1', 'Emma', 1.5), ('B2', 'Solaris', 2)""")
    backup = run("backup create Book").items[0].id
    pg.execute("""UPDATE "tabBook" SET title = 'Other' WHERE name = 'B2'""")
    assert [row["now"] for row in run(f"backup open {backup}").to_rows()] == ["as saved", "differs: title"]
    assert run(f"backup restore {backup}").to_rows()[0]["changed"] == 1
    assert pg.execute('SELECT title FROM "tabBook" ORDER BY name').fetchall() == [("Emma",), ("Solaris",)]


def test_a_password_in_a_line_is_refused(run):
    with pytest.raises(UsageError, match="password"):
        run("connect postgresql://me:hidden@host/shop")
