"""How a difference shows."""

from sodaf_nb.diff import SchemaDiff
from tests.diff.making import INTEGER, column, diff, entry, index, live_index, table


def test_every_kind_of_difference_is_a_row():
    wanted = table(
        column("town"), column("size", INTEGER, nullable=False, default=3), column("vat"), indexes=(index("vat"),)
    )
    live = table(column("city"), column("size"), column("fax"), indexes=(live_index("size", unique=True),))
    found = diff(wanted, live, field_renames={"city": "town"}, drop_removed=True)
    assert [tuple(row.values()) for row in found.to_rows()] == [
        ("~", "column", "town", "city", "renamed"),
        ("+", "column", "vat", "", "varchar(140)"),
        ("~", "column", "size", "varchar(140)", "integer not null default 3"),
        ("-", "column", "fax", "varchar(140)", "dropped"),
        ("+", "index", "vat", "", "index"),
        ("-", "index", "size", "unique index", "dropped"),
    ]
    assert found.heading() == "Diff of Customer: 6 differences"


def test_a_new_table_is_a_row_and_so_are_its_indexes():
    found = diff(table(column(), indexes=(index("city", unique=True),)))
    assert [tuple(row.values()) for row in found.to_rows()] == [
        ("+", "table", "tabCustomer", "", "2 columns"),
        ("+", "index", "city", "", "unique index"),
    ]


def test_a_renamed_table_is_a_row():
    found = diff(table(), table(name="tabClient"), renamed_from="tabClient")
    assert [tuple(row.values()) for row in found.to_rows()] == [("~", "table", "tabCustomer", "tabClient", "renamed")]
    assert found.heading() == "Diff of Customer: 1 difference"


def test_a_kept_column_is_shown_and_not_counted():
    found = diff(table(), table(column("fax")))
    assert found.to_rows()[0][""] == "="
    assert found.heading() == "Diff of Customer: 0 differences"


def test_questions_and_kept_objects_are_notes():
    found = diff(table(column("fax_no")), table(column("fax")), objects=[entry("trigger", "log")])
    question, kept = found.notes()
    assert question.startswith("? fax -> fax_no may be a rename: names are ")
    assert kept == "Kept as it is: trigger log."


def test_no_difference_says_so():
    assert repr(diff(table(), table())) == (
        "Diff of Customer: 0 differences\nNo changes: the database matches the DocType."
    )
    assert SchemaDiff(doctype="S", table="tabS", reason="Nothing to do.").empty_text() == "Nothing to do."
