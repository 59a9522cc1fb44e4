"""diagram: DocTypes and their links, as Mermaid and as text."""

import pytest

from sodaf_nb.errors import DocTypeNotFoundError


@pytest.fixture
def drawn(run):
    run("sample library")
    run("connect library.db --create")
    run("doctypes load library/v1")
    run("apply --all")
    run("doctypes load library/v2")
    return run


def test_changes_and_links_are_marked_in_the_text(drawn):
    text = repr(drawn("diagram Book"))
    assert "Book  (4 changes)" in text
    for line in (
        "  ~ pages  varchar(140) to integer",
        "  + audience  new",
        "  ~ shelf_mark  was shelf",
        "  = card_number  kept, no longer a field",
        "    author -> Author",
        "    copies => rows of Book Copy",
    ):
        assert line in text.splitlines()
    assert "Member  (" not in text


def test_the_drawing_names_every_box_and_arrow(drawn):
    text = drawn("diagram").mermaid()
    lines = text.splitlines()
    assert lines[0] == "erDiagram"
    assert '  Book_Copy["Book Copy (1 change)"] {' in lines
    assert '  Book }o--o| Author : "author"' in lines
    assert '  Book ||--o{ Book_Copy : "copies"' in lines
    assert '    integer pages "~ varchar(140) to integer"' in lines


def test_every_field_is_shown_when_asked_for(drawn):
    assert "    varchar title" not in drawn("diagram Book").mermaid().splitlines()
    assert "    varchar title" in drawn("diagram Book --full").mermaid().splitlines()


def test_a_front_end_gets_the_drawing_and_the_text(drawn):
    value = drawn("diagram")
    bundle = value._repr_mimebundle_()
    assert bundle == {"text/vnd.mermaid": value.mermaid(), "text/plain": repr(value)}


def test_without_a_connection_nothing_is_compared(run):
    run("sample library")
    run("doctypes load library/v1")
    assert "Author  (not compared)" in repr(run("diagram"))


def test_a_new_table_and_a_doctype_without_a_table_say_so(run):
    run("sample library")
    run("connect sqlite://")
    run("doctypes load library/v1")
    text = repr(run("diagram"))
    assert "Author  (new table)" in text
    assert "Library Settings  (no table of its own)" in text
    with pytest.raises(DocTypeNotFoundError):
        run("diagram Bok")
