"""Which catalog entries a change concerns, and the hash that notices edits of them."""

from dataclasses import replace

import pytest

from sodaf_nb.schema import Schema, SchemaObject, Table
from sodaf_nb.schema.closure import closure, mentions, neighbours, schema_fingerprint


def entry(kind, name, table, sql):
    return SchemaObject(kind=kind, name=name, table=table, sql=sql)


TABLE = entry("table", "tabNote", "tabNote", "CREATE TABLE tabNote (name)")
INDEX = entry("index", "ix", "tabnote", "CREATE INDEX ix ON tabnote (name)")
CHILD = entry("table", "tabChild", "tabChild", 'CREATE TABLE "tabChild" (note REFERENCES "TABNOTE" (name))')
VIEW = entry("view", "notes", "notes", "CREATE VIEW notes AS SELECT * FROM tabNote")
TRIGGER = entry("trigger", "log", "tabOther", "CREATE TRIGGER log ... DELETE FROM [tabNote]; END")
AUTO = entry("index", "auto", "tabOther", None)
OTHER = entry("table", "tabOther", "tabOther", "CREATE TABLE tabOther (name)")
ALL = (TABLE, INDEX, CHILD, VIEW, TRIGGER, AUTO, OTHER)


def test_everything_that_belongs_to_a_table_or_names_it_is_concerned():
    assert closure(Schema(objects=ALL), ["tabNote"]) == (TABLE, INDEX, CHILD, VIEW, TRIGGER)


def test_several_tables_are_taken_together():
    assert closure(Schema(objects=ALL), ["TABCHILD", "tabOther"]) == (CHILD, TRIGGER, AUTO, OTHER)


@pytest.mark.parametrize("moved", [TABLE, INDEX, CHILD, VIEW, TRIGGER], ids=lambda o: o.kind + " " + o.name)
def test_the_fingerprint_moves_with_each_of_them(moved):
    edited = tuple(replace(o, sql=f"{o.sql} -- edited") if o is moved else o for o in ALL)
    assert schema_fingerprint(Schema(objects=edited), ["tabNote"]) != schema_fingerprint(
        Schema(objects=ALL), ["tabNote"]
    )


def test_the_fingerprint_stays_when_something_else_moves_or_the_order_does():
    edited = (*ALL[::-1], entry("table", "new", "new", "CREATE TABLE new (x)"))
    assert schema_fingerprint(Schema(objects=edited), ["tabNote"]) == schema_fingerprint(
        Schema(objects=ALL), ["tabNote"]
    )


def test_neighbours_are_tables_tied_by_references_and_triggers_both_ways():
    parent = entry("table", "tabCity", "tabCity", "CREATE TABLE tabCity (name)")
    far = entry("table", "tabFar", "tabFar", "CREATE TABLE tabFar (city REFERENCES tabCity)")
    note = replace(TABLE, sql="CREATE TABLE tabNote (name, city REFERENCES tabCity(name))")
    objects = (note, INDEX, CHILD, VIEW, TRIGGER, OTHER, parent, far)
    schema = Schema(
        tables={o.name: Table(name=o.name, columns=()) for o in objects if o.kind == "table"}, objects=objects
    )
    assert neighbours(schema, ["TABNOTE"]) == {"tabNote", "tabChild", "tabOther", "tabCity"}
    assert neighbours(schema, ["tabFar"]) == {"tabFar", "tabCity"}


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ('REFERENCES "tabItem" (name)', True),
        ("REFERENCES TABITEM(name)", True),
        ("FROM [tabItem];", True),
        ("FROM `tabItem`", True),
        ('REFERENCES "tabItem Price" (name)', False),
        ("FROM tabItems", False),
        ("FROM mytabItem", False),
        ("FROM tabItem$", False),
        (None, False),
    ],
)
def test_a_longer_name_is_another_name(sql, found):
    assert mentions(sql, "tabItem") is found


def test_a_name_with_a_quote_is_found_where_it_is_doubled():
    assert mentions('FROM "a""b"', 'a"b')
