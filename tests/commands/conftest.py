"""The commands on a real database in memory."""

import pytest

from sodaf_nb.commands import Context, run_line
from sodaf_nb.options import ApplyOptions


@pytest.fixture
def context(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = Context(options=ApplyOptions(backup_dir=tmp_path / "backups"))
    yield made
    made.close_all()


@pytest.fixture
def run(context):
    """Run a line of an empty session and return its value."""

    def run_it(line, body=None):
        return run_line(context, line, body)

    return run_it


def doctype(name, *fields):
    """The JSON of a DocType whose fields are given as `name type`, with `,key=value` behind."""
    import json

    def field(text):
        words, *flags = text.split(",")
        fieldname, fieldtype = words.split(" ")
        return {"fieldname": fieldname, "fieldtype": fieldtype, **dict(flag.split("=") for flag in flags)}

    return json.dumps({"doctype": "DocType", "name": name, "fields": [field(text) for text in fields]})


@pytest.fixture
def shop(run, context):
    """One table with three rows, one of them with a page count that is no number."""
    run("connect sqlite:// --as shop")
    run("doctype", doctype("Book", "title Data", "pages Data"))
    run("apply Book")
    with context.connection.database.write() as session:
        for row in (("B1", "Emma", "474"), ("B2", "<b>Solaris</b>", "204 p."), ("B3", "Momo", None)):
            session.execute('INSERT INTO "tabBook" (name, title, pages) VALUES (?, ?, ?)', row)
    return run


@pytest.fixture
def rows(context):
    """All rows of a table, in order."""

    def read(table="tabBook"):
        with context.connection.database.read() as session:
            return session.rows(f'SELECT * FROM "{table}" ORDER BY name')

    return read


@pytest.fixture
def columns(context):
    def read(table="tabBook"):
        return context.connection.database.reflect().table(table).column_names()

    return read
