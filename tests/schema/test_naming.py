"""Names of indexes: readable, at most 63 bytes, free."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sodaf_nb.schema import Index
from sodaf_nb.schema.naming import LONGEST, index_name, is_ours
from tests.schema.strategies import RELAXED


def index(*columns, table="tabSales Order", **attributes):
    return Index(table=table, columns=columns, **attributes)


def test_a_name_says_table_and_columns():
    assert index_name(index("customer"), ()) == "ix_tabSales_Order_customer"
    assert index_name(index("customer", "status", unique=True), ()) == "ux_tabSales_Order_customer_status"


def test_a_taken_name_gets_a_hash_and_stays_the_same_from_run_to_run():
    taken = {"ix_tabsales_order_customer"}
    assert index_name(index("customer"), taken) == "ix_tabSales_Order_customer_79d928b4"


def test_a_taken_hash_leads_to_another_one():
    taken = {"ix_tabsales_order_customer"}
    first = index_name(index("customer"), taken)
    second = index_name(index("customer"), taken | {first.lower()})
    assert len({first, second, "ix_tabSales_Order_customer"}) == 3


def test_63_bytes_stand_as_they_are_and_64_are_cut_to_63_with_a_hash():
    fits, long = index("c" * 45), index("c" * 46)
    assert index_name(fits, ()) == "ix_tabSales_Order_" + "c" * 45
    assert index_name(long, ()) == "ix_tabSales_Order_" + "c" * 36 + "_03272a6d"
    assert (len(index_name(fits, ())), len(index_name(long, ()))) == (63, 63)


def test_long_names_that_differ_at_the_end_stay_different():
    assert index_name(index("c" * 60, "a"), ()) != index_name(index("c" * 60, "b"), ())


@RELAXED
@given(st.text(min_size=1, max_size=90), st.integers(0, 3))
def test_a_name_never_has_more_than_63_bytes_and_is_never_taken(column, rounds):
    taken = set()
    for _ in range(rounds + 1):
        name = index_name(index(column.replace("\ud800", "")), taken)
        assert len(name.encode()) <= LONGEST
        assert name.lower() not in taken
        taken.add(name.lower())


SQL = "CREATE INDEX ..."


@pytest.mark.parametrize(
    ("found", "ours"),
    [
        (index("a", name="ix_tabSales_Order_a", sql=SQL), True),
        (index("a", name="UX_TABSALES_ORDER_A", sql=SQL, unique=True), True),
        (index("a", name="my_index", sql=SQL), False),
        (index("a", name="ix_tabSales_Order_a", sql=SQL, where="a > 0"), False),
        (index("", name="ix_tabSales_Order_a", sql=SQL), False),
        (index("a", name="ix_tabSales_Order_a"), False),
        (index("a", sql=SQL), False),
    ],
    ids=["plain", "upper case", "another name", "partial", "expression", "of a constraint", "wanted"],
)
def test_only_plain_indexes_with_our_names_are_ours(found, ours):
    assert is_ours(found) is ours
