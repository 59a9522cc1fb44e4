"""Each operation knows its reverse, its table, the data it endangers, and how it reads."""

from typing import get_args

import pytest
from hypothesis import given

from sodaf_nb.plan import (
    CreateIndex,
    CreateTable,
    DedupeColumn,
    DropIndex,
    DropTable,
    Operation,
    RestoreColumn,
    RestoreRows,
    RestoreTable,
    RetargetReference,
    RunPatch,
    describe,
    endangered,
    summary,
    table_of,
)
from sodaf_nb.plan.operations import RESTORES
from sodaf_nb.schema import Index
from sodaf_nb.schema.types import decimal, varchar
from tests.plan.making import DATE, INTEGER, TABLE, TEXT, add, alter, column, drop, rename, rename_table, table
from tests.schema.strategies import BY_CLASS, RELAXED

INDEX = Index(table=TABLE, columns=("city", "zip"), unique=True, name="ux_tabCustomer_city_zip")
EXAMPLES = {
    CreateTable(table=table()): ("+", "tabCustomer", "new table with 1 columns"),
    DropTable(table=table()): ("-", "tabCustomer", "table is dropped"),
    rename_table(TABLE, "tabClient"): ("~", "tabCustomer", "renamed to tabClient"),
    add("city"): ("+", "tabCustomer.city", "text"),
    drop("city", INTEGER): ("-", "tabCustomer.city", "integer is dropped"),
    rename("city", "town"): ("~", "tabCustomer.city", "renamed to town"),
    alter("city", TEXT, DATE, nullable=False): ("~", "tabCustomer.city", "text -> date not null"),
    CreateIndex(index=INDEX): ("+", "ux_tabCustomer_city_zip", "unique index on tabCustomer (city, zip)"),
    DropIndex(index=Index(table=TABLE, columns=("zip",), name="ix")): ("-", "ix", "index on tabCustomer (zip)"),
    RetargetReference(table=TABLE, column="link", old="A", new="B"): (
        *("~", "tabCustomer.link"),
        "rows naming 'A' name 'B'",
    ),
    DedupeColumn(table=TABLE, column="city", how="blank", key="name"): (
        *("~", "tabCustomer.city"),
        "the first row by key keeps a shared value, the others become empty",
    ),
    RestoreColumn(table=TABLE, column="city", key="name"): (
        *("<", "tabCustomer.city"),
        "values come back from the backup; later writes stay",
    ),
    RestoreTable(table=table()): ("<", "tabCustomer", "rows come back from the backup"),
    RunPatch(table=TABLE, name="tidy", language="python", body="...", columns=("city",), deletes=True): (
        *("*", "tabCustomer (tidy)"),
        "Python patch writes city, deletes rows",
    ),
    RestoreRows(table=TABLE, name="tidy", noted="a", mark="b", columns=("city",), on_conflict="stop"): (
        *("<", "tabCustomer (tidy)"),
        "what the patch changed comes back; a later write stops it",
    ),
}
each_class = pytest.mark.parametrize("cls", get_args(Operation), ids=lambda c: c.__name__)


def test_the_examples_here_are_all_of_the_family():
    assert {type(o) for o in EXAMPLES} == set(get_args(Operation)) == set(BY_CLASS)


@pytest.mark.parametrize("operation", EXAMPLES, ids=lambda o: type(o).__name__)
def test_an_operation_reads_as_a_sign_an_object_and_what_becomes_of_it(operation):
    assert summary(operation) == EXAMPLES[operation]


@pytest.mark.parametrize("operation", EXAMPLES, ids=lambda o: type(o).__name__)
def test_an_operation_knows_its_table_by_the_name_before_it(operation):
    assert table_of(operation) == TABLE


@each_class
def test_the_reverse_of_the_reverse_is_the_operation_itself(cls):
    @RELAXED
    @given(BY_CLASS[cls])
    def check(operation):
        assert operation.reverse().reverse() == operation

    check()


@each_class
def test_every_operation_is_shown_and_weighed(cls):
    @RELAXED
    @given(BY_CLASS[cls])
    def check(operation):
        sign, thing, change = summary(operation)
        assert (sign in {"+", "-", "~", "*", "<"}, isinstance(thing, str), change != "") == (True, True, True)
        assert isinstance(table_of(operation), str)
        assert all(at_risk == table_of(operation) for at_risk, _column in endangered(operation))

    check()


@pytest.mark.parametrize(
    ("operation", "at_risk"),
    [
        (DropTable(table=table()), [(TABLE, None)]),
        (drop("city"), [(TABLE, "city")]),
        (alter("city", TEXT, INTEGER), [(TABLE, "city")]),
        (alter("city", TEXT, TEXT, nullable=False, backfill=""), [(TABLE, "city")]),
        (alter("city", TEXT, TEXT, nullable=False, default="x"), [(TABLE, "city")]),
        (alter("city", TEXT, TEXT, nullable=False), []),
        (alter("city", TEXT, TEXT, default="x"), []),
        (CreateTable(table=table()), []),
        (add("city", backfill="x"), []),
        (rename("city", "town"), []),
        (rename_table(TABLE, "tabClient"), []),
        (CreateIndex(index=INDEX), []),
        (DropIndex(index=INDEX), []),
    ],
)
def test_what_an_operation_may_take_away_is_named(operation, at_risk):
    assert list(endangered(operation)) == at_risk


def test_a_reverse_is_the_opposite():
    assert add("city", after="name").reverse() == drop("city", after="name")
    assert drop("city", after="").reverse() == add("city", after="")
    assert rename("a", "b").reverse() == rename("b", "a")
    assert rename_table("a", "b").reverse() == rename_table("b", "a")
    assert alter("a", TEXT, INTEGER, backfill=3).reverse() == alter("a", INTEGER, TEXT, filler=3)
    assert add("a", backfill=3).reverse() == drop("a", filler=3)
    assert CreateIndex(index=INDEX).reverse() == DropIndex(index=INDEX)
    assert CreateTable(table=table()).reverse() == DropTable(table=table())


def test_restores_are_their_own_reverse():
    assert all(o.reverse() is o for o in EXAMPLES if isinstance(o, RESTORES))


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        (column("x", varchar(140), nullable=False, default="Open"), "varchar(140) not null default 'Open'"),
        (column("x", decimal(), default=0), "decimal(21,9) default 0"),
        (column("x", DATE, default_sql="CURRENT_DATE"), "date default CURRENT_DATE"),
        (column("x", INTEGER, nullable=False, autoincrement=True), "integer not null autoincrement"),
    ],
)
def test_a_column_reads_as_words(shape, words):
    assert describe(shape) == words
