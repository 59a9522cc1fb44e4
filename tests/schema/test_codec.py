"""What is stored comes back as the same value, and its hash names it."""

import json
import math
from dataclasses import dataclass, fields
from enum import Enum
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sodaf_nb.plan import AddColumn, Operation, Plan
from sodaf_nb.schema import Column, DataType, Kind, canonical, decode, encode, fingerprint
from sodaf_nb.schema.types import varchar
from tests.schema.strategies import BY_CLASS, RELAXED, changed_fields, columns, indexes, objects, plans, tables, types

CITY = Column(name="city", type=varchar(140))
PLAN = Plan(
    doctype="Customer",
    table="tabCustomer",
    operations=(AddColumn(table="tabCustomer", column=CITY),),
    made_for="f00d",
)


def through_json(value):
    return decode(json.loads(canonical(value)))


@RELAXED
@given(st.one_of(types, columns, indexes, tables, objects))
def test_schema_values_come_back_as_they_were(value):
    assert through_json(value) == value


@pytest.mark.parametrize("cls", get_args(Operation), ids=lambda c: c.__name__)
def test_every_operation_comes_back_as_it_was(cls):
    @RELAXED
    @given(BY_CLASS[cls])
    def check(operation):
        assert through_json(operation) == operation
        assert type(through_json(operation)) is cls

    check()


@RELAXED
@given(plans)
def test_a_plan_comes_back_with_the_same_id(plan):
    back = through_json(plan)
    assert (back, back.id) == (plan, plan.id)


@pytest.mark.parametrize("value", [0, -1, 2**63, 1.0, -0.0, 1e308, 5e-324, "", "a\0b", "\ud800", "'; DROP", True])
def test_a_default_keeps_its_type_and_its_value(value):
    back = through_json(Column(name="x", type=varchar(), default=value)).default
    assert (type(back), repr(back)) == (type(value), repr(value))


def test_fields_that_hold_their_default_are_left_out():
    assert encode(CITY) == {"$": "Column", "name": "city", "type": {"$": "DataType", "kind": "varchar", "length": 140}}


def test_the_id_of_a_plan_stays_when_a_default_is_written_out():
    """A field added later with a default must not change the ids of reviewed plans."""
    written_out = Plan(
        doctype="Customer",
        table="tabCustomer",
        operations=(AddColumn(table="tabCustomer", column=CITY, after=None, backfill=None),),
        made_for="f00d",
        kind="sync",
        undoes=None,
        reason="",
    )
    assert written_out.id == PLAN.id
    assert decode({**encode(PLAN), "kind": "sync"}).id == PLAN.id


def test_the_id_of_a_plan_is_the_same_on_every_machine():
    assert PLAN.id == "cb82d1c75fbc9312ac3ef9a2c685d4fbec069c7b46a1d0206d29e679edcb2b54"
    assert canonical(PLAN).startswith('{"$":"Plan","doctype":"Customer","made_for":"f00d","operations":[{"$":"AddC')


@RELAXED
@given(plans, plans)
def test_the_id_of_a_plan_moves_with_every_field(plan, other):
    for name, changed in changed_fields(plan, other):
        assert changed.id != plan.id, name


@RELAXED
@given(columns, columns)
def test_the_fingerprint_of_a_column_moves_with_every_field(column, other):
    for name, changed in changed_fields(column, other):
        assert fingerprint(changed) != fingerprint(column), name


def test_every_field_of_a_plan_counts_for_its_id():
    counting = {"doctype", "table", "operations", "made_for", "kind", "undoes", "reason"}
    assert {f.name for f in fields(Plan)} == counting | {"review", "remarks"}, (
        "what it was reviewed with is no part of it"
    )


@pytest.mark.parametrize("name", ["Path", "os.system", "", "Kind", None, 7, ["Column"], {"$": "Column"}])
def test_an_unknown_class_is_refused(name):
    with pytest.raises(ValueError, match="unknown stored class"):
        decode({"$": name, "name": "x"})


def test_an_unknown_class_deep_inside_is_refused():
    with pytest.raises(ValueError, match="'Evil'"):
        decode({"$": "Plan", "operations": [{"$": "AddColumn", "column": {"$": "Evil"}}]})


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="'money' is not a valid Kind"):
        decode({"$": "DataType", "kind": "money"})


def test_a_stored_type_has_the_kind_itself_not_its_text():
    assert through_json(DataType(kind=Kind.DATE)).kind is Kind.DATE


def test_plain_data_goes_through():
    assert decode(encode({"a": [1, "x", None, {"b": 2.5}], 3: True})) == {"a": (1, "x", None, {"b": 2.5}), "3": True}


class Colour(Enum):
    RED = "red"


def test_an_enum_is_stored_as_its_value():
    assert encode([Colour.RED, Kind.TEXT]) == ["red", "text"]


@dataclass(frozen=True)
class Stranger:
    x: object


@pytest.mark.parametrize(
    "value", [b"x", {1, 2}, object(), Column, Stranger(x=b"")], ids=["bytes", "set", "object", "class", "inside"]
)
def test_what_has_no_json_form_is_refused(value):
    with pytest.raises(TypeError, match="has no JSON form"):
        encode(value)


def test_a_value_of_an_unregistered_class_is_written_but_never_built():
    with pytest.raises(ValueError, match="unknown stored class 'Stranger'"):
        decode(encode(Stranger(x=1)))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_that_json_does_not_have_are_refused(value):
    with pytest.raises(ValueError, match="JSON"):
        canonical(value)


def test_the_canonical_text_does_not_depend_on_the_order_of_keys():
    assert canonical({"b": 1, "a": "é"}) == canonical({"a": "é", "b": 1}) == '{"a":"\\u00e9","b":1}'
