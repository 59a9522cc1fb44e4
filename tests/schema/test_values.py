"""Columns, indexes, tables, schemas, and how a type reads."""

from types import MappingProxyType

import pytest
from hypothesis import given

from sodaf_nb.schema import Column, DataType, Index, Kind, Schema, SchemaObject, Table
from sodaf_nb.schema.types import decimal, other, varchar
from tests.schema.strategies import RELAXED, changed_fields, columns

TITLE, CITY = Column(name="Title", type=varchar()), Column(name="city", type=DataType(kind=Kind.TEXT))
NOTE = Table(name="tabNote", columns=(TITLE, CITY), primary_key=("Title",))


@pytest.mark.parametrize(
    ("data_type", "text"),
    [
        (varchar(), "varchar(140)"),
        (varchar(7), "varchar(7)"),
        (decimal(), "decimal(21,9)"),
        (decimal(10, 0), "decimal(10,0)"),
        (DataType(kind=Kind.DECIMAL, precision=10), "decimal(10,0)"),
        (DataType(kind=Kind.BIGINT), "bigint"),
        (other("JSONB"), "JSONB"),
        (other(""), "untyped"),
    ],
)
def test_a_type_reads_as_a_person_writes_it(data_type, text):
    assert str(data_type) == text


@RELAXED
@given(columns, columns)
def test_the_shape_of_a_column_is_all_but_its_name_and_its_live_text(column, another):
    for name, changed in changed_fields(column, another):
        assert (changed.shape() == column.shape()) == (name in {"name", "definition", "hidden"})


def test_a_column_is_found_in_any_letter_case():
    assert NOTE.column("TITLE") is TITLE
    assert NOTE.column("cit") is None


def test_a_column_knows_what_stands_before_it():
    assert (NOTE.before("Title"), NOTE.before("city")) == (None, "Title")
    assert NOTE.column_names() == ("Title", "city")


def test_indexes_are_the_same_by_columns_and_uniqueness_alone():
    one = Index(table="t", columns=("A", "b"), name="x", sql="...")
    assert one.structure() == Index(table="u", columns=("a", "B")).structure()
    assert one.structure() != Index(table="t", columns=("b", "a")).structure()
    assert one.structure() != Index(table="t", columns=("a", "b"), unique=True).structure()


def test_a_schema_finds_tables_and_their_objects_in_any_letter_case():
    table, trigger = entry("table", "tabNote", "tabNote"), entry("trigger", "watch", "TABNOTE")
    schema = Schema(tables=MappingProxyType({"tabNote": NOTE}), objects=(table, trigger, entry("view", "v", "v")))
    assert schema.table("tabnote") is NOTE
    assert schema.table("tabOther") is None
    assert list(schema.of_table("tabnote")) == [table, trigger]


def test_an_empty_schema_has_nothing():
    assert (dict(Schema().tables), Schema().objects) == ({}, ())


def test_values_cannot_be_changed():
    with pytest.raises(AttributeError):
        NOTE.name = "x"


def entry(kind, name, table):
    return SchemaObject(kind=kind, name=name, table=table, sql="CREATE ...")
