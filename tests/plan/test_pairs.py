"""Which table and column of before a plan became which of afterwards."""

from dataclasses import replace

from sodaf_nb.plan import CreateTable, DropTable, RestoreColumn, RetargetReference
from sodaf_nb.plan.pairs import ColumnPair, table_pairs, touched_tables
from sodaf_nb.schema import Kind, Schema
from sodaf_nb.schema.types import varchar
from tests.plan.making import INTEGER, TABLE, add, alter, column, drop, plan, rename, rename_table, table


def schema(*tables):
    return Schema(tables={each.name: each for each in tables})


def pair(before, after, *, touched=False):
    return ColumnPair(before=before, after=after, touched=touched)


def test_columns_are_followed_through_renames_of_column_and_table():
    before = schema(table(column("city"), column("size"), column("fax"), name="tabClient"))
    after = schema(table(column("town"), column("size", INTEGER), column("vat")))
    made = plan(
        rename_table("tabClient", TABLE), rename("city", "town"), drop("fax"), alter("size"), add("vat"), made_for="x"
    )
    (found,) = table_pairs(made, before, after)
    assert (found.before.name, found.after.name, found.matched, found.rekeyed) == ("tabClient", TABLE, True, None)
    assert found.columns == (
        pair("name", "name"),
        pair("city", "town", touched=True),
        pair("size", "size", touched=True),
        pair(None, "vat", touched=True),
        pair("fax", None, touched=True),
    )
    assert touched_tables(made) == {"tabClient", TABLE}


def test_generated_columns_are_left_out():
    before = schema(table(column("a"), column("g", hidden=True)))
    (found,) = table_pairs(plan(alter("a")), before, schema(table(column("a"), column("g", hidden=True))))
    assert found.columns == (pair("name", "name"), pair("a", "a", touched=True))


def test_a_table_that_is_dropped_has_no_other_side_and_one_that_is_made_is_left_out():
    gone = table(column("a"))
    (found,) = table_pairs(plan(DropTable(table=gone)), schema(gone), schema())
    assert (found.after, found.columns) == (None, (pair("name", None, touched=True), pair("a", None, touched=True)))
    assert table_pairs(plan(CreateTable(table=gone)), schema(), schema(gone)) == ()


def test_tables_whose_rows_name_the_doctype_are_looked_at():
    other = table(column("ref_type"), column("x"), name="tabNote")
    both = schema(table(), other), schema(table(), other)
    change = RetargetReference(table="tabNote", column="ref_type", old="A", new="B")
    found = {each.before.name: each.columns for each in table_pairs(plan(change), *both)}
    assert found["tabNote"][1:] == (pair("ref_type", "ref_type", touched=True), pair("x", "x"))
    assert found[TABLE] == (pair("name", "name"),)


def test_keys_that_change_their_type_are_said_and_restored_ones_are_not_matched():
    before = table(column("a"))
    number = replace(before.columns[0], type=INTEGER)
    after = replace(before, columns=(number, before.columns[1]))
    change = alter("name", varchar(), INTEGER)
    (found,) = table_pairs(plan(change), schema(before), schema(after))
    assert (found.rekeyed, found.matched) == (change, True)
    restored = RestoreColumn(table=TABLE, column="name", key="name", retyped=change, key_retyped=change)
    (found,) = table_pairs(plan(change, restored), schema(before), schema(after))
    assert not found.matched
    assert after.columns[0].type.kind is Kind.INTEGER
    elsewhere = alter("name", varchar(), INTEGER, on="tabOther")
    assert table_pairs(plan(elsewhere), schema(before), schema(before))[0].rekeyed is None
