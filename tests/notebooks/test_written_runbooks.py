"""`runbook new` and `report`: a written runbook is run as a person and as a job would run it."""

import json
import os
import subprocess
import sys

import nbformat
import papermill
import pytest
from nbclient import NotebookClient

from sodaf_nb.commands import Context, run_line
from sodaf_nb.errors import UsageError
from tests.quality.project import ROOT

# A kernel's client warns about things that are not ours.
pytestmark = pytest.mark.filterwarnings("default")

CLEAN = "UPDATE tabBook SET isbn = NULL WHERE isbn = '' OR name IN ('BOOK-0024', 'BOOK-0031')"
QUIET = ["--log-level=ERROR"]


@pytest.fixture
def context(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    made = Context()
    yield made
    made.close_all()


@pytest.fixture
def run(context):
    """The sample's first version, filled and with its ISBNs put right; the second one loaded."""
    for line in (
        "sample library",
        "connect library.db --create",
        "doctypes load library/v1",
        "apply --all",
        "sample --rows",
        "doctypes load library/v2",
    ):
        run_line(context, line)
    with context.connection.database.write() as session:
        session.execute(CLEAN)
    return lambda line: run_line(context, line)


def dump(context):
    with context.connection.database.read() as session:
        return session.rows("SELECT * FROM tabBook ORDER BY name"), session.rows("SELECT sql FROM sqlite_master")


def executed(path):
    notebook = nbformat.read(path, as_version=4)
    folder = {"metadata": {"path": str(path.parent)}}
    NotebookClient(
        notebook, kernel_name="python3", timeout=60, record_timing=False, extra_arguments=QUIET, resources=folder
    ).execute()
    nbformat.write(notebook, path)
    return notebook


def test_a_written_runbook_is_tried_recorded_carried_out_and_reported(run, context, tmp_path):
    run("runbook new Book --drop-removed --accept DS03,DS08 --to book.ipynb")
    path = tmp_path / "book.ipynb"
    nbformat.validate(nbformat.read(path, as_version=4))
    before = dump(context)

    # A person runs it as it stands: a trial that leaves the database alone.
    executed(path)
    assert dump(context) == before

    # Recorded, it passes the strict comparison.
    asked = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-q", "-p", "no:cacheprovider"]
    asked += ["-p", "no:randomly", "-p", "no:xdist", "--rootdir", str(tmp_path), "-c", os.devnull, str(path)]
    compared = subprocess.run(asked, capture_output=True, text=True, cwd=tmp_path, timeout=100, check=False)
    assert compared.returncode == 0, compared.stdout[-3000:]

    # A job carries it out.
    papermill.execute_notebook(
        path, tmp_path / "done.ipynb", {"trial": False}, cwd=tmp_path, progress_bar=False, extra_arguments=QUIET
    )
    assert run("diff Book").has_changes is False
    assert "card_number" not in context.connection.database.reflect().table("tabBook").column_names()
    assert next(iter(context.applier.history.get_migration_history("Book"))).status == "applied"

    # And it becomes one page for the record.
    assert run("report done.ipynb").to_rows()[0]["failed"] == 0
    page = (tmp_path / "done.html").read_text()
    assert "Content-Security-Policy" in page
    assert "<script" not in page
    assert "Sign-off" in page
    with pytest.raises(UsageError, match="--force"):
        run("report done.ipynb")
    run("report done.ipynb --force")

    # Run again, it stops before it does anything: the plan is not needed any more.
    done = dump(context)
    with pytest.raises(papermill.PapermillExecutionError, match="changed since this runbook was written"):
        papermill.execute_notebook(
            path, tmp_path / "again.ipynb", {"trial": False}, cwd=tmp_path, progress_bar=False, extra_arguments=QUIET
        )
    assert dump(context) == done


def sources(path):
    return ["".join(cell["source"]) for cell in json.loads(path.read_text())["cells"]]


def test_a_runbook_claims_what_its_plan_promises(run, tmp_path):
    run("runbook new Book --drop-removed")
    text = "\n".join(sources(tmp_path / "runbook_book.ipynb"))
    assert "assert columns.isdisjoint({'shelf', 'card_number'})" in text
    assert """SELECT DISTINCT typeof("pages") FROM "tabBook\"""" in text
    assert 'GROUP BY "isbn" HAVING COUNT(*) > 1' in text
    assert "%migrate explore Book.card_number" in text
    assert str(tmp_path) not in text


def test_a_runbook_for_production_wants_the_name_typed(run, context, tmp_path):
    run("connect library.db --environment prod")
    run("runbook new Author")
    text = "\n".join(sources(tmp_path / "runbook_author.ipynb"))
    assert "**PRODUCTION**" in text
    assert "assert trial or confirm == 'library.db'" in text


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("runbook new Branch", "up to date"),
        ("runbook new Book --to book.txt", "no notebook"),
        ("runbook new Book --to gone/book.ipynb", "folder gone does not exist"),
        ("report nowhere.ipynb", "does not exist"),
        ("report library.db", "no notebook"),
    ],
)
def test_what_cannot_be_written_is_said(run, line, words):
    with pytest.raises(UsageError, match=words):
        run(line)


def test_a_runbook_is_never_written_over_and_one_that_was_not_run_is_not_reported(run):
    run("runbook new Book")
    with pytest.raises(UsageError, match="is there already"):
        run("runbook new Book")
    with pytest.raises(UsageError, match="was not executed"):
        run("report runbook_book.ipynb")
    assert repr(run("runbook")).startswith("usage: ")


def test_a_trial_copy_is_equal_and_apart(context, run, tmp_path):
    from sodaf_nb.database import trial_copy
    from sodaf_nb.errors import DatabaseError

    copy = trial_copy(context.connection.database, tmp_path / "copy.db")
    assert copy.reflect() == context.connection.database.reflect()
    with copy.write() as session:
        session.execute("DELETE FROM tabBook")
    assert dump(context)[0]
    copy.close()
    with pytest.raises(DatabaseError, match="is there already"):
        trial_copy(context.connection.database, tmp_path / "copy.db")


def test_nothing_is_copied_from_a_database_that_is_not_there(tmp_path):
    import sodaf_nb as sn
    from sodaf_nb.database import trial_copy

    with pytest.raises(sn.DatabaseError, match="does not exist"):
        trial_copy(sn.Database(f"sqlite:///{tmp_path}/none.db"), tmp_path / "copy.db")
    assert list(tmp_path.iterdir()) == []


def test_a_runbook_needs_a_file(context):
    run_line(context, "connect sqlite://")
    run_line(context, "doctype", '{"name": "Book", "fields": [{"fieldname": "title", "fieldtype": "Data"}]}')
    with pytest.raises(UsageError, match="needs a database in a file"):
        run_line(context, "runbook new Book")
