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
