"""What tables and columns were called before a plan ran."""

from sodaf_nb.plan import CreateTable, DropTable
from sodaf_nb.plan.names import Origins, concerned, endangered_now
from tests.plan.making import TABLE, TEXT, add, alter, drop, rename, rename_table, table

OPERATIONS = (
    rename_table("tabClient", TABLE),
    rename("city", "town"),
    add("vat"),
    drop("fax"),
    alter("town"),
    rename("town", "place"),
)
END = len(OPERATIONS)


def test_a_table_is_followed_back_through_its_rename():
    origins = Origins(OPERATIONS)
    assert (origins.table(TABLE, until=END), origins.table("tabClient", until=0)) == ("tabClient", "tabClient")
    assert origins.table("tabOther", until=END) == "tabOther"


def test_a_table_that_the_plan_makes_was_nothing():
    operations = (CreateTable(table=table(name="tabNew")), rename_table("tabNew", TABLE))
    assert Origins(operations).table(TABLE, until=2) is None
    assert Origins(operations).table("tabNew", until=0) == "tabNew"


def test_a_column_is_followed_back_through_its_renames_and_those_of_its_table():
    origins = Origins(OPERATIONS)
    assert origins.column(TABLE, "place", until=END) == "city"
    assert origins.column(TABLE, "town", until=4) == "city"
    assert origins.column(TABLE, "size", until=END) == "size"


def test_a_column_renamed_before_its_table_is_followed_too():
    operations = (rename("a", "b", on="tabClient"), rename_table("tabClient", TABLE))
    assert Origins(operations).column(TABLE, "b", until=2) == "a"


def test_a_column_that_the_plan_adds_was_nothing():
    assert Origins(OPERATIONS).column(TABLE, "vat", until=END) is None
    assert Origins(OPERATIONS).column("tabOther", "vat", until=END) == "vat"


def test_live_data_at_risk_is_named_as_it_is_called_now():
    assert list(endangered_now(OPERATIONS)) == [(3, "tabClient", "fax"), (4, "tabClient", "city")]


def test_data_that_the_plan_makes_itself_is_not_at_risk():
    made = (CreateTable(table=table(name="tabNew")), drop("x", on="tabNew"), DropTable(table=table(name="tabNew")))
    assert list(endangered_now(made)) == []
    assert list(endangered_now((add("vat"), alter("vat", TEXT)))) == []


def test_a_dropped_table_is_at_risk_as_a_whole():
    operations = (rename_table("tabClient", TABLE), DropTable(table=table()))
    assert list(endangered_now(operations)) == [(1, "tabClient", None)]


def test_a_plan_concerns_every_name_its_table_bears():
    assert concerned(OPERATIONS, TABLE) == {"tabClient", TABLE}
    assert concerned((), TABLE) == {TABLE}
