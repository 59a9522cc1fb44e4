"""A plan as a value: its reverse and how it shows."""

from sodaf_nb.plan import RestoreColumn, RestoreTable
from tests.plan.making import TABLE, add, drop, plan, rename, table


def test_a_plan_is_taken_back_from_its_end():
    assert plan(rename("a", "b"), drop("c"), add("d")).reversed() == (drop("d"), add("c"), rename("b", "a"))


def test_restores_have_no_part_in_the_way_back():
    restores = (RestoreColumn(table=TABLE, column="a", key="name"), RestoreTable(table=table()))
    assert plan(add("a"), *restores).reversed() == (drop("a"),)


def test_a_plan_shows_one_row_a_change():
    shown = plan(add("city"), drop("fax"))
    assert shown.heading() == "Plan for Customer: 2 changes"
    assert shown.to_rows() == [
        {"": "+", "object": "tabCustomer.city", "change": "text"},
        {"": "-", "object": "tabCustomer.fax", "change": "text is dropped"},
    ]
    assert plan(add("city")).heading() == "Plan for Customer: 1 change"


def test_a_plan_tells_how_many_changes_wait():
    assert plan(add("city"), add("note")).pending_changes() == 2


def test_an_empty_plan_says_why():
    assert plan().empty_text() == "No changes: the database matches the DocType."
    assert plan(reason="A virtual DocType.").empty_text() == "A virtual DocType."


def test_neither_id_nor_fingerprint_is_in_what_a_plan_shows():
    shown = plan(add("city"), made_for="f00dbabe")
    assert shown.id not in repr(shown) + shown._repr_html_()
    assert "f00dbabe" not in repr(shown) + shown._repr_html_()
