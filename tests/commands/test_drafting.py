"""DocTypes drafted from what is there."""

import pandas as pd
import pytest

from sodaf_nb.commands import Context, run_line
from sodaf_nb.errors import InvalidDocTypeError, UsageError


@pytest.fixture
def session(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    variables = {"frame": pd.DataFrame({"city": ["a"], "visits": [3]})}
    context = Context(variables=variables)
    yield lambda line: run_line(context, line)
    context.close_all()


def test_a_frame_in_a_variable_becomes_a_file_that_loads(session, tmp_path):
    draft = session("doctypes from frame --name Customer --into doctypes")

    assert draft.heading() == "Draft of Customer from a DataFrame of 1 row"
    assert session("doctypes load doctypes").rows == ({"doctype": "Customer", "kind": "table", "fields": 2},)
    with pytest.raises(UsageError, match=r"customer\.json is there already"):
        session("doctypes from frame --name Customer --into doctypes")
    session("doctypes from frame --name Customer --into doctypes --overwrite")


def test_live_tables_become_drafts(session):
    session("connect shop.db --create")
    assert repr(session("doctypes from-database")).endswith("The database has no tables.")
    session("doctypes from frame --name Customer --into doctypes")
    session("doctypes load doctypes")
    session("apply Customer")

    both = session("doctypes from-database --into again")

    assert both.name == "Customer"
    assert session("doctypes load again").title == "1 DocType loaded"
    assert not session("diff Customer").has_changes


def test_several_tables_come_as_a_list_with_what_to_look_at(session):
    session("connect shop.db --create")
    with session("connect").items[0].database.write() as open_session:
        open_session.execute("CREATE TABLE one (a INTEGER)")
        open_session.execute("CREATE TABLE two (a BLOB)")

    listing = session("doctypes from-database")

    assert [row["doctype"] for row in listing.rows] == ["One", "Two"]
    assert any("comes nearest to Text" in remark for remark in listing.remarks)


def test_what_is_not_there_is_named(session):
    session("connect shop.db --create")
    with pytest.raises(UsageError, match="There is no table 'ones'"):
        session("doctypes from-database ones")
    with pytest.raises(UsageError, match="There is no variable 'nobody'"):
        session("doctypes from nobody")


def test_check_lists_the_problems_of_all_paths_and_loads_nothing(session, tmp_path):
    (tmp_path / "good.json").write_text('{"doctype": "DocType", "name": "Good", "fields": []}')
    (tmp_path / "bad.json").write_text('{"doctype": "DocType", "name": "Bad", "fields": [{"fieldtype": "Data"}]}')
    (tmp_path / "worse.json").write_text('{"doctype": "DocType", "fields": []}')

    assert session("doctypes check good.json").title == "1 DocType without a problem"
    with pytest.raises(InvalidDocTypeError) as caught:
        session("doctypes check good.json bad.json worse.json")
    assert [str(problem) for problem in caught.value.problems] == [
        "bad.json:$.fields[0].fieldname: is missing",
        "worse.json:$.name: is missing",
    ]
    assert session("doctypes").rows == ()


SHOP = """
CREATE TABLE authors (id INTEGER PRIMARY KEY, full_name VARCHAR(140) NOT NULL);
CREATE TABLE shops (city TEXT, street TEXT, PRIMARY KEY (city, street));
CREATE TABLE books (
  isbn VARCHAR(20) PRIMARY KEY, title VARCHAR(140) NOT NULL CHECK (length(title) > 0), price NUMERIC DEFAULT (1 + 1),
  author_id INTEGER REFERENCES authors(id) ON DELETE CASCADE, city TEXT, street TEXT, note TEXT,
  CONSTRAINT sane CHECK (price >= 0), FOREIGN KEY (city, street) REFERENCES shops
);
CREATE INDEX noted ON books (note);
CREATE TRIGGER watch AFTER INSERT ON books BEGIN SELECT 1; END;
CREATE VIEW dear AS SELECT * FROM books WHERE price > 100;
INSERT INTO authors VALUES (7, 'Ada'), (8, 'Bo');
INSERT INTO books (isbn, title, price, author_id) VALUES ('i1', 'One', 2.5, 7), ('i2', 'Two', 3, NULL);
"""


@pytest.fixture
def books(session, tmp_path):
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(tmp_path / "shop.db")) as raw:
        raw.executescript(SHOP)
    session("connect shop.db")
    return tmp_path / "shop.db"


def test_a_draft_names_all_that_it_leaves_out(session, books):
    drafts = {draft.name: draft for draft in session("doctypes from-database").items}
    fields = {field["fieldname"]: field for field in drafts["Books"].document["fields"]}

    assert fields["author_id"]["fieldtype"] == "Link"
    assert fields["author_id"]["options"] == "Authors"
    left = "left out; the new table does not have it"
    assert set(drafts["Books"].remarks) >= {
        "author_id: foreign key to authors; a Link to Authors, which the database does not enforce",
        "city, street: foreign key to shops, left out; no Link can stand for it",
        f"CHECK (length(title) > 0): {left}",
        f"CHECK (price >= 0): {left}",
        f"trigger watch: {left}",
        f"view dear: {left}",
        "index noted of books: left out, for some rows, a Text or an expression",
    }
    assert any(remark.startswith("price: ") and "default" in remark for remark in drafts["Books"].remarks)
    assert drafts["Shops"].rows_sql == ""


def test_the_rows_of_a_table_without_the_prefix_come_over_by_the_sql_of_its_draft(session, books, tmp_path):
    import sqlite3
    from contextlib import closing

    session("doctypes from-database authors books --into doctypes")
    session("doctypes load doctypes")
    session("apply --all")
    with closing(sqlite3.connect(books)) as raw:
        for name in ("authors", "books"):
            raw.executescript((tmp_path / "doctypes" / f"{name}.rows.sql").read_text())
        linked = raw.execute(
            'SELECT b.name, typeof(b.price), b.price, a.full_name FROM "tabBooks" b '
            'LEFT JOIN "tabAuthors" a ON a.name = b.author_id ORDER BY 1'
        ).fetchall()
        kept = raw.execute("SELECT count(*) FROM books").fetchone()

    assert [(name, float(price), author) for name, _type, price, author in linked] == [
        ("i1", 2.5, "Ada"),
        ("i2", 3.0, None),
    ]
    assert kept == (2,)
    assert not session("diff Books").has_changes


def test_foreign_keys_of_a_table_that_stays_in_place_become_links_without_a_difference(session, tmp_path):
    standard = (
        "name VARCHAR(140) NOT NULL PRIMARY KEY, creation DATETIME, modified DATETIME, modified_by VARCHAR(140), "
        "owner VARCHAR(140), docstatus SMALLINT NOT NULL DEFAULT 0, idx INTEGER NOT NULL DEFAULT 0"
    )
    session("connect shop.db --create")
    with session("connect").items[0].database.write() as opened:
        opened.execute(f'CREATE TABLE "tabCity" ({standard})')
        opened.execute(
            f'CREATE TABLE "tabShop" ({standard}, city VARCHAR(140) REFERENCES "tabCity", n INT CHECK (n > 0))'
        )
    drafts = {draft.name: draft for draft in session("doctypes from-database --into doctypes").items}

    assert drafts["Shop"].document["fields"][0]["fieldtype"] == "Link"
    assert "CHECK (n > 0): kept as it is; the DocType does not mention it" in drafts["Shop"].remarks
    assert drafts["Shop"].rows_sql == ""
    session("doctypes load doctypes")
    assert not session("diff Shop").has_changes


def test_the_bookkeeping_of_other_tools_is_named_and_left_alone(session, tmp_path):
    from sodaf_nb.database import Database

    database = Database(tmp_path / "shop.db")
    with database.write() as opened:
        opened.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
        opened.execute("INSERT INTO alembic_version VALUES ('abc')")
        opened.execute('CREATE TABLE "tabPatch Log" (name VARCHAR(140) PRIMARY KEY, patch TEXT)')
        opened.execute('CREATE TABLE "tabDocType" (name VARCHAR(140) PRIMARY KEY)')
    named = (
        "Left alone: alembic_version, what Alembic keeps here.",
        "Left alone: tabDocType, tabPatch Log, what Frappe keeps here.",
    )

    def theirs():
        with database.read() as opened:
            catalog = opened.rows("SELECT * FROM sqlite_master WHERE tbl_name IN ('alembic_version','tabPatch Log')")
            return catalog, opened.rows("SELECT * FROM alembic_version")

    before = theirs()
    session("connect shop.db")
    drafts = session("doctypes from-database")
    assert drafts.rows == ()
    assert drafts.remarks == named
    session("doctypes from frame --name Customer --into doctypes")
    session("doctypes load doctypes")
    session("apply --all")
    session("rollback --last Customer")

    assert session("status").remarks == named
    assert theirs() == before
    database.close()
