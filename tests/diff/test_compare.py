"""What differs between a wanted and a live table, and what does not."""

from dataclasses import replace

import pytest

from sodaf_nb.diff import ColumnRename
from sodaf_nb.errors import UnsupportedChangeError, UsageError
from sodaf_nb.schema import Table
from sodaf_nb.schema.types import decimal, varchar
from tests.diff.making import INTEGER, NAME, TEXT, column, diff, entry, index, live_index, names, table


def test_without_a_live_table_the_whole_one_is_new():
    wanted = table(column(), indexes=(index("city"),))
    found = diff(wanted)
    assert (found.created, found.added_indexes, found.has_changes) == (wanted, (index("city"),), True)


def test_equal_tables_have_no_difference():
    found = diff(table(column()), table(column(definition="city VARCHAR(140) -- live text")))
    assert (found.has_changes, found.is_destructive, found.to_rows()) == (False, False, [])


def test_letter_case_makes_no_difference():
    assert not diff(table(column("city")), table(column("City"))).has_changes


def test_the_order_of_columns_makes_no_difference():
    assert not diff(table(column("a"), column("b")), table(column("b"), column("a"))).has_changes


BASE = column()


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("type", TEXT),
        ("type", varchar(200)),
        ("type", decimal(10, 2)),
        ("nullable", False),
        ("default", ""),
        ("default", "Berlin"),
        ("default", 0),
        ("autoincrement", True),
    ],
)
def test_a_change_of_one_attribute_is_found_in_both_directions(attribute, value):
    other = replace(BASE, **{attribute: value})
    for before, after in ((BASE, other), (other, BASE)):
        (change,) = diff(table(after), table(before)).modified_columns
        assert (change.before, change.after) == (before, after)


def test_only_a_change_of_type_is_destructive():
    assert diff(table(column(data_type=TEXT)), table(column())).is_destructive
    assert not diff(table(column(nullable=False, default="x")), table(column())).is_destructive


def test_a_changed_column_keeps_the_name_it_has():
    (change,) = diff(table(column("city", TEXT)), table(column("City"))).modified_columns
    assert (change.before.name, change.after.name) == ("City", "City")


def test_a_default_that_is_an_expression_is_kept():
    """A DocType cannot say an expression, so it does not speak against one."""
    live = table(column(default_sql="lower('X')"))
    assert not diff(table(column()), live).has_changes
    (change,) = diff(table(column(data_type=TEXT)), live).modified_columns
    assert change.after.default_sql == "lower('X')"


def test_a_wanted_default_replaces_an_expression():
    (change,) = diff(table(column(default="x")), table(column(default_sql="lower('X')"))).modified_columns
    assert (change.after.default, change.after.default_sql) == ("x", None)


def test_a_new_field_is_added():
    assert names(diff(table(column("a"), column("b")), table(column("a"))).added_columns) == ["b"]


def test_a_removed_field_keeps_its_column():
    found = diff(table(), table(column("phone", INTEGER)))
    assert (names(found.orphan_columns), found.removed_columns) == (["phone"], ())
    assert (found.has_changes, found.is_destructive) == (False, False)


def test_a_removed_field_is_dropped_when_asked_for():
    found = diff(table(), table(column("phone", INTEGER)), drop_removed=True)
    assert (names(found.removed_columns), found.orphan_columns) == (["phone"], ())
    assert (found.has_changes, found.is_destructive) == (True, True)


def test_a_kept_column_that_is_required_is_relaxed_because_nobody_fills_it():
    (change,) = diff(table(), table(column("tax", nullable=False, definition="tax TEXT NOT NULL"))).modified_columns
    assert (change.after.nullable, change.after.definition) == (True, None)


@pytest.mark.parametrize("filled", [{"default": 0}, {"default_sql": "abs(1)"}, {"nullable": True}])
def test_a_kept_column_that_fills_itself_is_left_alone(filled):
    assert not diff(table(), table(column("tax", **{"nullable": False, **filled}))).has_changes


def test_a_dropped_column_is_not_relaxed_first():
    assert diff(table(), table(column("tax", nullable=False)), drop_removed=True).modified_columns == ()


@pytest.mark.parametrize("drop", [True, False])
def test_a_generated_column_is_left_alone(drop):
    found = diff(table(), table(column("total", hidden=True, nullable=False)), drop_removed=drop)
    assert not found.has_changes
    assert (found.orphan_columns, found.unmanaged) == ((), ("generated column total",))


# ---------------------------------------------------------------- renames of columns


def test_a_rename_by_answer_moves_the_data_along():
    found = diff(table(column("town")), table(column("City")), field_renames={"city": "town"})
    assert found.renamed_columns == (ColumnRename(old="City", new="town"),)
    assert (found.added_columns, found.orphan_columns, found.candidates) == ((), (), ())


def test_a_rename_by_hint_of_the_doctype():
    found = diff(table(column("town")), table(column("city")), hints={"town": "city"})
    assert found.renamed_columns == (ColumnRename(old="city", new="town"),)


def test_a_rename_together_with_a_new_type_is_both():
    found = diff(table(column("town", TEXT)), table(column("city")), field_renames={"city": "town"})
    assert found.renamed_columns == (ColumnRename(old="city", new="town"),)
    assert [(c.before.name, c.after.type) for c in found.modified_columns] == [("town", TEXT)]


def test_a_rename_that_was_done_before_is_nothing():
    for given in ({"field_renames": {"city": "town"}}, {"hints": {"town": "city"}}):
        assert not diff(table(column("town")), table(column("town")), **given).has_changes


def test_a_hint_that_does_not_fit_is_passed_over():
    wanted = table(column("town"), column("city"))
    found = diff(wanted, table(column("city")), hints={"town": "city", "city": "place"})
    assert (found.renamed_columns, names(found.added_columns)) == ((), ["town"])


def test_an_answer_goes_before_a_hint_for_the_new_field():
    live = table(column("a"), column("b"))
    found = diff(table(column("x")), live, field_renames={"a": "x"}, hints={"x": "b"})
    assert found.renamed_columns == (ColumnRename(old="a", new="x"),)


def test_no_column_is_renamed_twice():
    found = diff(table(column("x"), column("y")), table(column("a")), field_renames={"a": "x"}, hints={"y": "A"})
    assert (found.renamed_columns, names(found.added_columns)) == ((ColumnRename(old="a", new="x"),), ["y"])


@pytest.mark.parametrize(
    ("renames", "message"),
    [
        ({"city": "village"}, "'village' is not a field"),
        ({"county": "town"}, "has no column 'county' to rename"),
        ({"zip": "town"}, "'zip' is still a field"),
    ],
)
def test_an_answer_that_makes_no_sense_is_refused(renames, message):
    with pytest.raises(UsageError, match=message):
        diff(table(column("town"), column("zip")), table(column("city"), column("zip")), field_renames=renames)


def test_an_index_follows_its_renamed_column():
    wanted = table(column("town"), indexes=(index("town"),))
    live = table(column("city"), indexes=(live_index("City"),))
    found = diff(wanted, live, field_renames={"city": "town"})
    assert (found.added_indexes, found.removed_indexes) == ((), ())


def test_a_likely_rename_is_a_question_and_nothing_more():
    found = diff(table(column("phone_number")), table(column("phone")), drop_removed=True)
    assert [(c.old, c.new) for c in found.candidates] == [("phone", "phone_number")]
    assert (found.renamed_columns, names(found.removed_columns)) == ((), ["phone"])


# ---------------------------------------------------------------- renames of the table

CLIENT = table(column(), name="tabClient")


def test_a_renamed_doctype_renames_its_table():
    found = diff(table(column()), CLIENT, renamed_from="tabclient")
    assert (found.renamed_from, found.created, found.has_changes) == ("tabClient", None, True)


def test_the_former_name_in_the_doctype_does_the_same():
    assert diff(table(column()), CLIENT, former="tabClient").renamed_from == "tabClient"


def test_a_table_renamed_before_is_nothing():
    assert not diff(table(column()), table(column()), renamed_from="tabClient", former="tabClient").has_changes


def test_the_former_name_in_the_doctype_is_passed_over_when_the_table_is_there():
    assert diff(table(column()), table(column()), CLIENT, former="tabClient").renamed_from is None


def test_both_tables_there_cannot_be_solved_by_us():
    with pytest.raises(UnsupportedChangeError, match="Both tabClient and tabCustomer exist") as caught:
        diff(table(column()), table(column()), CLIENT, renamed_from="tabClient")
    assert caught.value.objects == ("tabClient", "tabCustomer")


def test_a_table_in_another_letter_case_is_renamed():
    assert diff(table(column()), table(column(), name="tabCUSTOMER")).renamed_from == "tabCUSTOMER"
    found = diff(table(column()), table(column(), name="tabCUSTOMER"), renamed_from="tabCUSTOMER")
    assert (found.renamed_from, found.added_columns) == ("tabCUSTOMER", ())


# ---------------------------------------------------------------- keys and indexes


@pytest.mark.parametrize("key", [(), ("city",), ("name", "city")])
def test_another_primary_key_is_refused(key):
    live = Table(name="tabCustomer", columns=(NAME, column()), primary_key=key)
    with pytest.raises(UnsupportedChangeError, match="primary key of tabCustomer") as caught:
        diff(table(column()), live)
    assert caught.value.objects == ("tabCustomer",)


def test_a_primary_key_in_another_letter_case_is_the_same():
    live = Table(name="tabCustomer", columns=(replace(NAME, name="Name"),), primary_key=("Name",))
    assert not diff(table(), live).has_changes


def test_a_missing_index_is_added():
    wanted = table(column(), indexes=(index("city"), index("city", unique=True)))
    assert diff(wanted, table(column())).added_indexes == wanted.indexes


def test_a_field_that_becomes_unique_swaps_its_index():
    found = diff(table(column(), indexes=(index("city", unique=True),)), table(column(), indexes=(live_index("city"),)))
    assert found.added_indexes == (index("city", unique=True),)
    assert found.removed_indexes == (live_index("city"),)


def test_an_index_with_other_columns_is_swapped():
    found = diff(
        table(column("a"), column("b"), indexes=(index("b", "a"),)),
        table(column("a"), column("b"), indexes=(live_index("a", "b"),)),
    )
    assert [i.columns for i in (*found.added_indexes, *found.removed_indexes)] == [("b", "a"), ("a", "b")]


def test_an_index_that_somebody_else_made_counts_when_it_is_the_wanted_one():
    assert not diff(table(column(), indexes=(index("city"),)), table(column(), indexes=(mine(),))).has_changes


def test_an_index_that_somebody_else_made_is_never_removed():
    found = diff(table(column()), table(column(), indexes=(mine(),)), objects=[entry("index", "my_index")])
    assert (found.removed_indexes, found.unmanaged) == ((), ("index my_index",))


def mine():
    return live_index("city", name="my_index")


@pytest.mark.parametrize("special", [live_index("city", where="city > ''"), live_index("")])
def test_a_partial_or_expression_index_does_not_stand_for_a_wanted_one(special):
    wanted = table(column(), indexes=(index("city"),))
    found = diff(wanted, table(column(), indexes=(special,)))
    assert (found.added_indexes, found.removed_indexes) == (wanted.indexes, ())


def test_the_index_of_a_unique_constraint_stands_for_a_wanted_one():
    constraint = index("city", unique=True, name="sqlite_autoindex_tabCustomer_2")
    wanted = table(column(), indexes=(index("city", unique=True),))
    assert not diff(wanted, table(column(), indexes=(constraint,))).has_changes


def test_objects_that_no_doctype_mentions_are_listed():
    found = diff(
        table(column(), indexes=(index("city"),)),
        table(column(), indexes=(live_index("city"), live_index("city", name="part", where="1"))),
        objects=[
            entry("table", "tabCustomer"),
            entry("index", "ix_tabCustomer_city"),
            entry("index", "part"),
            entry("index", "sqlite_auto", sql=None),
            entry("trigger", "log"),
            entry("trigger", "elsewhere", table="tabOther"),
        ],
    )
    assert found.unmanaged == ("index part", "trigger log")


def test_two_renames_to_one_field_are_refused():
    with pytest.raises(UsageError, match="cannot both become"):
        diff(table(column("x")), table(column("a"), column("b")), field_renames={"a": "x", "b": "x"})
