"""doctypes, doctype and sample."""

import pytest

from sodaf_nb.errors import DocTypeNotFoundError, InvalidDocTypeError, UsageError
from tests.commands.conftest import doctype


def test_a_folder_is_loaded_and_listed(run):
    run("sample library")
    assert [(row["doctype"], row["kind"]) for row in run("doctypes load library/v1").to_rows()] == [
        ("Author", "table"),
        ("Book", "table"),
        ("Book Copy", "child table"),
        ("Branch", "table"),
        ("Genre", "tree"),
        ("Library Settings", "single"),
        ("Loan", "table"),
        ("Member", "table"),
    ]
    assert run("doctypes").items == tuple(run("doctypes load library/v1").items)


def test_without_any_the_way_to_load_is_shown(run):
    assert repr(run("doctypes")) == "0 DocTypes loaded\nNone is loaded. Read some with %migrate doctypes load PATH"


def test_a_missing_folder_and_broken_json_are_named(run, tmp_path):
    with pytest.raises(DocTypeNotFoundError):
        run("doctypes load nowhere")
    (tmp_path / "broken.json").write_text('{"doctype": "DocType",')
    with pytest.raises(InvalidDocTypeError, match=r"broken\.json"):
        run("doctypes load broken.json")


def test_a_body_registers_a_doctype_and_a_later_one_takes_its_place(run):
    run("doctype", doctype("Book", "title Data"))
    value = run("doctype", doctype("Book", "title Data", "pages Int"))
    assert repr(value).startswith("Registered Book\n")
    assert run("doctypes").to_rows() == [{"doctype": "Book", "kind": "table", "fields": 2}]


def test_a_body_that_is_no_doctype_names_every_problem(run):
    with pytest.raises(InvalidDocTypeError) as caught:
        run("doctype", doctype("Book", "title Dato", "9 Int"))
    assert len(caught.value.problems) == 2


@pytest.mark.parametrize("body", [None, "", "  \n"])
def test_an_empty_body_says_where_the_json_goes(run, body):
    with pytest.raises(UsageError, match="write %%migrate doctype and the JSON below it"):
        run("doctype", body)


def test_the_sample_is_written_and_its_rows_come_after_its_tables(run, tmp_path):
    value = run("sample library")
    assert len(value.to_rows()) == 16
    assert (tmp_path / "library" / "v2" / "book.json").is_file()
    run("connect sqlite://")
    run("doctypes load library/v1")
    with pytest.raises(UsageError, match="load the sample's v1 and apply it first"):
        run("sample --rows")
    run("apply --all")
    assert repr(run("sample --rows")).startswith("Filled 7 tables with 207 rows\n")


def test_what_a_doctype_says_and_does_not_do_is_noted(run, tmp_path):
    value = run("doctype", doctype("Book", "title Data,lenght=200,reqd=1", "author Link,options=Author"))
    assert list(value.notes()) == [
        "Book: $.fields[0].lenght is not known and ignored; did you mean 'length'?",
        (
            "Book: reqd (title) is enforced by the application, not by the database; "
            "for NOT NULL write required, or use DocTypeEngine(reqd_not_null=True)"
        ),
        "Not loaded, but named by Link or Table fields: Author",
    ]
    (tmp_path / "shelf.json").write_text(doctype("Shelf", "room Data,requred=1"))
    value = run("doctypes load shelf.json")
    assert repr(value).startswith("2 DocTypes loaded\n")
    assert list(value.notes()) == ["Shelf: $.fields[0].requred is not known and ignored; did you mean 'required'?"]


def test_one_doctype_is_counted_as_one(run):
    run("doctype", doctype("Book", "title Data"))
    assert repr(run("doctypes")).startswith("1 DocType loaded\n")


def test_a_folder_without_doctypes_is_refused(run, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DocTypeNotFoundError, match="There is no DocType in 'empty'"):
        run("doctypes load empty")


def test_a_link_to_what_is_not_loaded_is_in_the_diff(run):
    run("connect sqlite://")
    run("doctype", doctype("Book", "author Link,options=Author"))
    assert "Named by Link or Table fields, but not loaded: Author." in repr(run("diff Book"))
