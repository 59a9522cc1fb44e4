"""From a difference to operations in a safe order."""

from dataclasses import replace

import pytest

from sodaf_nb.diff import SchemaDiff
from sodaf_nb.errors import UnsupportedChangeError
from sodaf_nb.plan import AddColumn, AlterColumn, CreateIndex, CreateTable, DropColumn, DropIndex, RetargetReference
from sodaf_nb.plan.planner import Context, make_plan
from tests.diff.making import INTEGER, TEXT, column, diff, entry, index, live_index, schema, table
from tests.plan.making import rename, rename_table


def planned(wanted, *live, objects=(), references=(), backfill=None, **answers):
    context = Context(
        live=schema(*live, objects=objects), made_for="f00d", references=references, backfill=backfill or {}
    )
    return make_plan(diff(wanted, *live, objects=objects, **answers), context)


def test_a_new_table_comes_before_its_indexes():
    wanted = table(column(), indexes=(index("city"), index("city", unique=True)))
    assert planned(wanted).operations == (
        CreateTable(table=table(column())),
        CreateIndex(index=index("city", name="ix_tabCustomer_city")),
        CreateIndex(index=index("city", unique=True, name="ux_tabCustomer_city")),
    )


def test_no_difference_is_no_operation():
    found = planned(table(column()), table(column()))
    assert (found.operations, found.doctype, found.table, found.made_for) == ((), "Customer", "tabCustomer", "f00d")
    assert (found.kind, found.undoes) == ("sync", None)


def test_a_doctype_without_a_table_is_no_operation_and_says_why():
    nothing = SchemaDiff(doctype="Settings", table="tabSettings", reason="A Single.")
    found = make_plan(nothing, Context(live=schema(), made_for="f00d"))
    assert (found.operations, found.empty_text()) == ((), "A Single.")


def test_the_order_is_renames_index_drops_drops_alters_adds_indexes():
    wanted = table(
        *(column("town"), column("size", INTEGER), column("vat")),
        indexes=(index("vat"),),
    )
    live = table(
        *(column("city"), column("size", TEXT), column("fax")),
        name="tabClient",
        indexes=(live_index("fax", table="tabClient", name="ix_tabClient_fax"),),
    )
    answers = {"field_renames": {"city": "town"}, "renamed_from": "tabClient", "drop_removed": True}
    found = planned(wanted, live, references=[("tabNote", "about")], **answers)
    kinds = [type(o).__name__ for o in found.operations]
    assert kinds == [
        "RenameTable",
        "RenameColumn",
        "DropIndex",
        "DropColumn",
        "AlterColumn",
        "AddColumn",
        "CreateIndex",
    ]
    assert found.operations[0] == rename_table("tabClient", "tabCustomer")
    assert found.operations[1] == rename("city", "town")
    assert found.operations[2].index.table == "tabCustomer"
    assert {o.table for o in found.operations[3:6]} == {"tabCustomer"}


def test_drops_go_from_last_to_first_and_know_their_places():
    live = table(column("a"), column("b"), column("c"))
    assert planned(table(), live, drop_removed=True).operations == (
        DropColumn(table="tabCustomer", column=column("c"), after="b"),
        DropColumn(table="tabCustomer", column=column("b"), after="a"),
        DropColumn(table="tabCustomer", column=column("a"), after="name"),
    )


def test_a_dropped_first_column_goes_back_to_the_front():
    live = table()
    live = replace(live, columns=(column("first"), *live.columns))
    (found,) = planned(table(), live, drop_removed=True).operations
    assert found.after == ""


def test_a_place_behind_a_renamed_column_bears_the_new_name():
    live = table(column("city"), column("fax"))
    found = planned(table(column("town")), live, drop_removed=True, field_renames={"city": "town"})
    assert found.operations == (
        rename("city", "town"),
        DropColumn(table="tabCustomer", column=column("fax"), after="town"),
    )


def test_a_backfill_goes_to_the_columns_it_names():
    wanted = table(column("a", nullable=False), column("b", nullable=False), column("c", nullable=False))
    found = planned(wanted, table(column("a"), column("b")), backfill={"a": "x", "c": 0})
    assert [(type(o), o.backfill) for o in found.operations] == [
        (AlterColumn, "x"),
        (AlterColumn, None),
        (AddColumn, 0),
    ]


def test_index_names_avoid_every_name_in_the_database():
    wanted = table(column(), indexes=(index("city"),))
    found = planned(wanted, table(column()), objects=[entry("index", "IX_tabCustomer_city", table="tabOther")])
    (created,) = found.operations
    assert created.index.name.startswith("ix_tabCustomer_city_")


def test_two_new_indexes_never_get_the_same_name():
    wanted = table(column("a"), column("a_b"), column("b"), indexes=(index("a", "b"), index("a_b")))
    found = planned(wanted, table(column("a"), column("a_b"), column("b")))
    assert len({o.index.name for o in found.operations}) == 2


def test_an_index_is_dropped_before_its_column():
    live = table(column("fax"), indexes=(live_index("fax", name="ix_tabCustomer_fax"),))
    assert [type(o) for o in planned(table(), live, drop_removed=True).operations] == [DropIndex, DropColumn]


@pytest.mark.parametrize(
    "blocking",
    [
        live_index("FAX", name="my_index"),
        live_index("name", "fax", name="ix_tabCustomer_part", where="1"),
        index("fax", unique=True, name="sqlite_autoindex_tabCustomer_2"),
    ],
    ids=["by hand", "partial", "constraint"],
)
def test_a_dropped_column_in_an_index_that_nobody_mentions_is_refused(blocking):
    with pytest.raises(UnsupportedChangeError, match="are used by") as caught:
        planned(table(), table(column("fax"), indexes=(blocking,)), drop_removed=True)
    assert caught.value.objects == (blocking.name,)


# ---------------------------------------------------------------- rows that name a renamed DocType

NOTE, CLIENT = table(column("about"), name="tabNote"), table(column("kind"), name="tabClient")


def retargets(*references):
    wanted = table(column("kind"))
    found = planned(wanted, CLIENT, NOTE, references=references, renamed_from="tabClient")
    return [o for o in found.operations if isinstance(o, RetargetReference)]


def test_rows_that_name_a_renamed_doctype_name_it_anew():
    expected = RetargetReference(table="tabNote", column="about", old="Client", new="Customer")
    assert retargets(("tabNote", "about")) == [expected]


def test_rows_of_the_renamed_table_itself_are_written_under_its_new_name():
    expected = RetargetReference(table="tabCustomer", column="kind", old="Client", new="Customer")
    assert retargets(("tabCustomer", "kind")) == [expected]


def test_references_that_are_not_in_the_database_yet_are_passed_over():
    assert retargets(("tabNote", "ghost"), ("tabGhost", "about")) == []


def test_without_a_rename_nothing_is_written_anew():
    assert planned(table(column()), table(column()), NOTE, references=[("tabNote", "about")]).operations == ()
