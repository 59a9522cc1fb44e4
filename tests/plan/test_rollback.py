"""From a recorded plan to the plan that takes it back."""

import pytest

from sodaf_nb.plan import AddColumn, CreateIndex, CreateTable, DropIndex, DropTable, RestoreColumn, RestoreTable
from sodaf_nb.plan.rollback import make_rollback
from sodaf_nb.schema import Index
from sodaf_nb.schema.types import varchar
from tests.plan.making import DATE, INTEGER, TABLE, TEXT, add, alter, drop, plan, rename, rename_table, table


def undone(*operations, backed_up=()):
    return make_rollback(plan(*operations), undoes="M1", made_for="cafe", backed_up=frozenset(backed_up))


def test_a_rollback_says_what_it_undoes_and_what_it_was_made_for():
    found = undone(add("city"))
    assert (found.kind, found.undoes, found.made_for, found.doctype) == ("rollback", "M1", "cafe", "Customer")
    assert (found.table, found.operations) == (TABLE, (drop("city"),))


def test_a_rollback_speaks_of_the_table_by_its_first_name():
    found = undone(rename_table("tabClient", TABLE), add("city"))
    assert found.table == "tabClient"
    assert found.operations == (drop("city"), rename_table(TABLE, "tabClient"))


def test_a_created_table_is_dropped():
    found = undone(CreateTable(table=table()))
    assert (found.table, found.operations) == (TABLE, (DropTable(table=table()),))


def test_structure_comes_back_before_the_data():
    found = undone(drop("city", after="name"), backed_up=[(TABLE, "city")])
    assert found.operations == (add("city", after="name"), RestoreColumn(table=TABLE, column="city", key="name"))


def test_what_was_not_backed_up_is_not_restored():
    assert undone(drop("city"), drop("fax"), backed_up=[(TABLE, "fax")]).operations == (
        *(add("fax"), add("city")),
        RestoreColumn(table=TABLE, column="fax", key="name"),
    )


def test_restored_data_goes_by_the_names_of_before():
    operations = (rename_table("tabClient", TABLE), rename("city", "town"), alter("town", TEXT, INTEGER))
    (restore,) = undone(*operations, backed_up=[("tabClient", "city")]).operations[3:]
    assert (restore.table, restore.column, restore.retyped) == ("tabClient", "city", operations[2])


def test_a_dropped_table_comes_back_with_its_rows():
    found = undone(DropTable(table=table()), backed_up=[(TABLE, None)])
    assert found.operations == (CreateTable(table=table()), RestoreTable(table=table()))


@pytest.mark.parametrize(
    ("data_type", "filler"),
    [(TEXT, ""), (varchar(), ""), (DATE, ""), (INTEGER, 0)],
    ids=["text", "varchar", "date", "int"],
)
def test_a_required_column_comes_back_with_a_filler_for_rows_written_since(data_type, filler):
    (back,) = undone(drop("city", data_type, nullable=False)).operations
    assert back == add("city", data_type, nullable=False, backfill=filler)


@pytest.mark.parametrize("filled", [{"default": "x"}, {"default_sql": "lower('X')"}, {"nullable": True}])
def test_a_column_that_fills_itself_needs_no_filler(filled):
    (back,) = undone(drop("city", **{"nullable": False, **filled})).operations
    assert back.backfill is None


def test_a_relaxed_column_is_required_again_with_a_filler():
    (back,) = undone(alter("city", TEXT, TEXT, was={"nullable": False})).operations
    assert (back.after.nullable, back.backfill) == (False, "")


def test_a_column_that_was_required_all_along_needs_no_filler():
    (back,) = undone(alter("city", TEXT, INTEGER, was={"nullable": False}, nullable=False)).operations
    assert back.backfill is None


def test_the_key_is_restored_last_because_the_others_are_matched_by_it():
    key, other = alter("name", varchar(), INTEGER), alter("size", TEXT, INTEGER)
    found = undone(key, other, drop("fax"), backed_up=[(TABLE, "name"), (TABLE, "size"), (TABLE, "fax")])
    restores = [o for o in found.operations if isinstance(o, RestoreColumn)]
    assert [(o.column, o.retyped) for o in restores] == [("size", other), ("fax", None), ("name", key)]
    assert {o.key_retyped for o in restores} == {key}


def test_a_rollback_can_be_taken_back_itself():
    first = plan(add("city"), drop("fax", after="name"))
    back = make_rollback(first, undoes="M1", made_for="cafe", backed_up=frozenset({(TABLE, "fax")}))
    again = make_rollback(back, undoes="M2", made_for="beef", backed_up=frozenset({(TABLE, "city")}))
    assert again.operations == (
        add("city"),
        drop("fax", after="name"),
        RestoreColumn(table=TABLE, column="city", key="name"),
    )


# ---------------------------------------------------------------- unique indexes wait for the values


def unique(*columns, on=TABLE):
    return Index(table=on, columns=columns, unique=True, name="ux_tabCustomer_code")


def test_an_index_on_restored_values_is_made_after_them():
    """Before, a required column holds the same filler in every row, which a unique index would refuse."""
    operations = (DropIndex(index=unique("code")), drop("code", nullable=False))
    assert undone(*operations, backed_up=[(TABLE, "code")]).operations == (
        add("code", nullable=False, backfill=""),
        RestoreColumn(table=TABLE, column="code", key="name"),
        CreateIndex(index=unique("code")),
    )


def test_an_index_on_other_columns_comes_back_in_its_turn():
    operations = (DropIndex(index=unique("zip")), drop("code"))
    found = undone(*operations, backed_up=[(TABLE, "code")]).operations
    assert [type(o) for o in found] == [AddColumn, CreateIndex, RestoreColumn]


def test_an_index_that_waits_speaks_by_the_names_of_before():
    operations = (
        *(rename_table("tabClient", TABLE), rename("code", "number")),
        *(DropIndex(index=unique("number")), alter("number", TEXT, INTEGER)),
    )
    found = undone(*operations, backed_up=[("tabClient", "code")]).operations
    assert found[-1] == CreateIndex(index=unique("code", on="tabClient"))


def test_restores_have_no_part_in_taking_a_rollback_back():
    found = undone(add("code"), RestoreColumn(table=TABLE, column="code", key="name"))
    assert found.operations == (drop("code"),)
