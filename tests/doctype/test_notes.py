"""What is said about a valid DocType: slips of the pen, reqd, links to what is not loaded."""

from pathlib import Path

import pytest

from sodaf_nb.doctype import DocTypeEngine
from sodaf_nb.errors import DocTypeNotFoundError

# Attributes of real DocTypes and their fields that sodaf_nb does not read.
GENUINE = [tuple(line.split()) for line in (Path(__file__).parent / "attributes.txt").read_text().splitlines()]


def notes_of(**attributes):
    engine = DocTypeEngine()
    field = {"fieldname": "title", "fieldtype": "Data", **attributes.pop("field", {})}
    engine.register({"name": "Book", "fields": [field], **attributes})
    return engine.notes()


@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        ("lenght", "length"),
        ("lenth", "length"),
        ("requred", "required"),
        ("reqiured", "required"),
        ("notnullable", "not_nullable"),
        ("uniqe", "unique"),
        ("defualt", "default"),
        ("precission", "precision"),
        ("search_indx", "search_index"),
        ("searchIndex", "search_index"),
        ("optoins", "options"),
        ("oldfieldnam", "oldfieldname"),
        ("renamedFrom", "renamed_from"),
    ],
)
def test_a_slip_in_a_field_is_noted_with_what_was_meant(slip, meant):
    assert notes_of(field={slip: 1}) == (f"Book: $.fields[0].{slip} is not known and ignored; did you mean {meant!r}?",)


@pytest.mark.parametrize(("slip", "meant"), [("istabel", "istable"), ("is_table", "istable"), ("indexs", "indexes")])
def test_a_slip_in_a_doctype_is_noted_with_what_was_meant(slip, meant):
    assert notes_of(**{slip: 0}) == (f"Book: $.{slip} is not known and ignored; did you mean {meant!r}?",)


@pytest.mark.parametrize(("place", "key"), GENUINE)
def test_a_genuine_attribute_is_no_slip(place, key):
    assert notes_of(**{"field": {key: 0}} if place == "field" else {key: 0}) == ()


def test_reqd_gives_one_note_a_doctype_that_says_how_to_make_it_not_null():
    engine = DocTypeEngine()
    fields = [{"fieldname": f"f{n}", "fieldtype": "Data", "reqd": 1} for n in range(7)]
    engine.register({"name": "Book", "fields": fields})
    (note,) = engine.notes("Book")
    assert note.startswith("Book: reqd (f0, f1, f2, f3, f4 and 2 more) is enforced by the application")
    assert "write required, or use DocTypeEngine(reqd_not_null=True)" in note
    strict = DocTypeEngine(reqd_not_null=True)
    strict.register({"name": "Book", "fields": fields})
    assert strict.notes() == ()


def test_reqd_beside_required_needs_no_note():
    assert notes_of(field={"reqd": 1, "required": 1}) == ()


def test_links_to_what_is_not_loaded_are_noted_until_it_is():
    engine = DocTypeEngine()
    link = {"fieldname": "author", "fieldtype": "Link", "options": "Author"}
    engine.register({"name": "Book", "fields": [link, {"fieldname": "me", "fieldtype": "Link", "options": "Book"}]})
    assert engine.notes() == ("Not loaded, but named by Link or Table fields: Author",)
    assert engine.missing_targets("Book") == ("Author",)
    engine.register({"name": "Author", "fields": []})
    assert engine.notes() == ()


@pytest.mark.parametrize("content", [None, '{"doctype": "Report", "name": "Sales"}'])
def test_a_folder_without_a_doctype_is_refused(tmp_path, content):
    if content:
        (tmp_path / "report.json").write_text(content)
    with pytest.raises(DocTypeNotFoundError, match="There is no DocType in"):
        DocTypeEngine().load(tmp_path)
